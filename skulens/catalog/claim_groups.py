"""Claims by item, whatever their order in the file: on disk, so that memory stays flat."""

import json
import sqlite3
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

from skulens.catalog.claim_rows import Told
from skulens.catalog.claims import read_evidence, write_evidence
from skulens.claims import Claim
from skulens.records import Reject

TABLE = (
    "CREATE TABLE told (row INTEGER PRIMARY KEY, item TEXT, same TEXT, place TEXT, claim TEXT, "
    "UNIQUE (item, same))"
)


class ClaimGroups:
    """Claims of a table by item; the file goes when the context ends."""

    def __init__(self) -> None:
        self._kept = ExitStack()
        folder = self._kept.enter_context(tempfile.TemporaryDirectory(prefix="skulens-claims-"))
        base = sqlite3.connect(Path(folder, "claims.sqlite"), isolation_level=None)
        self._base = self._kept.enter_context(closing(base))
        self._base.execute("PRAGMA synchronous=OFF")
        self._base.execute("PRAGMA journal_mode=OFF")
        self._base.execute(TABLE)
        self._taken: set[str] = set()

    def __enter__(self) -> "ClaimGroups":
        return self

    def __exit__(self, *_: object) -> None:
        self._kept.close()

    def add(self, told: Iterable[Told], reject: Callable[[Reject], object]) -> None:
        """Take claims in; one that stands in the table already is rejected."""
        self._base.execute("BEGIN")
        for one in told:
            key = _encode(json.dumps([one.claim.field, one.claim.value, one.claim.unit]))
            item = _encode(one.claim.item)
            row = (item, key, one.where, _write(one.claim))
            done = self._base.execute(
                "INSERT OR IGNORE INTO told (item, same, place, claim) VALUES (?, ?, ?, ?)", row
            )
            if not done.rowcount:
                [first] = self._base.execute(
                    "SELECT place FROM told WHERE item = ? AND same = ?", (item, key)
                ).fetchone()
                reason = f"the same claim of {one.claim.field} as {first}"
                reject(Reject(one.where, one.claim.item, reason, "delete one of them"))
        self._base.execute("COMMIT")

    def count(self) -> tuple[int, int]:
        """(claims, items)"""
        found = self._base.execute("SELECT count(*), count(DISTINCT item) FROM told").fetchone()
        return found[0], found[1]

    def take(self, item: str) -> list[Told]:
        """The claims of an item in the order of the file, once; [] for an item without any."""
        if item in self._taken:
            return []
        rows = self._base.execute(
            "SELECT claim, place FROM told WHERE item = ? ORDER BY row", (_encode(item),)
        ).fetchall()
        if rows:
            self._taken.add(item)
        return [Told(_read(item, claim), place) for claim, place in rows]

    def left(self) -> Iterator[Told]:
        """The claims of all items that were not taken."""
        for item, claim, place in self._base.execute(
            "SELECT item, claim, place FROM told ORDER BY row"
        ):
            if item not in self._taken:
                yield Told(_read(item, claim), place)


def _encode(text: str) -> str:
    """SQLite takes no half characters."""
    return text.encode("utf-8", "backslashreplace").decode()


def _write(claim: Claim) -> str:
    return json.dumps(
        [claim.field, claim.value, claim.unit, claim.language, claim.confidence, claim.predictor,
         claim.n, write_evidence(claim.evidence)]
    )  # fmt: skip


def _read(item: str, text: str) -> Claim:
    path, value, unit, language, confidence, predictor, n, evidence = json.loads(text)
    found = read_evidence(evidence)
    return Claim(item, path, value, unit, language, found, confidence, predictor, n)
