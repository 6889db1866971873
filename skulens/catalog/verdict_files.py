"""Verdicts on disk: a Parquet table, and beside it the rows that could not be used."""

import json
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any

import pyarrow as pa
import pyarrow.parquet as pq

from skulens.catalog.claim_rows import Told
from skulens.catalog.claims import VERDICTS, verdict_row
from skulens.claims import Verdict
from skulens.errors import StoreError
from skulens.files import aside_name
from skulens.records import Reject

ROWS = 5000
"""Rows of a row group."""
SHOWN = 5
"""Rejects that are shown; all of them are in the file."""


class VerdictFiles:
    """Writes verdicts.parquet and verdicts.rejects.jsonl, aside until `finish`.

    Args:
        out: the table of verdicts.
        keep_off: a file that must not be overwritten, such as the claims.
    Raises:
        StoreError: `out` is that file.
    """

    def __init__(self, out: Path, keep_off: Path | None = None):
        self.out = Path(out)
        if keep_off is not None and self.out.resolve() == Path(keep_off).resolve():
            raise StoreError(f"{out} holds the claims themselves; give another file to --out")
        self.rejects_path = self.out.with_name(f"{self.out.stem}.rejects.jsonl")
        self.rejects = self.written = 0
        self.first: list[Reject] = []
        """The first rejects, to show."""
        self._rows: list[dict[str, Any]] = []
        self._kept = ExitStack()
        self._open: IO[str] | None = None
        self.out.parent.mkdir(parents=True, exist_ok=True)
        self._aside = self.out.with_name(aside_name(self.out.name, ".tmp"))
        self._rejects_aside = self.out.with_name(aside_name(self.rejects_path.name, ".tmp"))

    def __enter__(self) -> "VerdictFiles":
        self._writer = self._kept.enter_context(
            pq.ParquetWriter(self._aside, VERDICTS, compression="zstd")
        )
        return self

    def __exit__(self, *_: object) -> None:
        """What was not finished leaves nothing behind."""
        self._kept.close()
        self._aside.unlink(missing_ok=True)
        self._rejects_aside.unlink(missing_ok=True)

    def add(self, told: Sequence[Told], verdicts: Sequence[Verdict]) -> None:
        """The claims of one item with their verdicts, same order."""
        for one, verdict in zip(told, verdicts, strict=True):
            self._rows.append(verdict_row(one.claim, verdict, one.where))
        if len(self._rows) >= ROWS:
            self._flush()

    def reject(self, reject: Reject) -> None:
        """A row or picture that cannot be used."""
        if self._open is None:
            self._open = self._kept.enter_context(
                self._rejects_aside.open("w", encoding="utf-8", newline="\n")
            )
        self._open.write(json.dumps(asdict(reject), ensure_ascii=False) + "\n")
        self.rejects += 1
        if len(self.first) < SHOWN:
            self.first.append(reject)

    def _flush(self) -> None:
        if self._rows:
            self._writer.write_table(pa.Table.from_pylist(self._rows, schema=VERDICTS))
            self.written += len(self._rows)
            self._rows = []

    def finish(self) -> None:
        """Put both files into their places; without rejects, remove those of an earlier run."""
        self._flush()
        self._kept.close()
        self._aside.replace(self.out)
        if self._open is not None:
            self._rejects_aside.replace(self.rejects_path)
        else:
            self.rejects_path.unlink(missing_ok=True)
