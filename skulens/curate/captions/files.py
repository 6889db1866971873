"""Captions on disk: a catalogue that is measured like any other, and beside it how each was made.

captions.parquet   one row per product: source, caption, every attempt, checks, tokens
captions.json      engine, prompt, settings and counts
rejects.jsonl      products that could not be asked about, with the reason
products.parquet, queries.parquet ...   the catalogue in the format skulens/1, with the text
                   role `Plan.role` added; pictures are referred to where they lie, or copied
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa

from skulens.catalog.folder import MANIFEST, write_catalog, write_table
from skulens.curate.captions.captioner import Captioned
from skulens.curate.captions.checks import Rules, failures, new_words
from skulens.errors import DataError, SkulensError, StoreError
from skulens.files import write_record, write_whole
from skulens.protocols import Catalog
from skulens.records import DatasetInfo, Product, Query, Reject

RECORD, TABLE, REJECTS = "captions.json", "captions.parquet", "rejects.jsonl"
TABLES = ("products.parquet", "queries.parquet", "judgments.parquet", "splits.parquet")
Keep = Literal["source", "best", "none"]
STATES = ("pass", "marked", "failed", "short")
TEXT = pa.string()
CHECK = pa.struct({"check": TEXT, "verdict": TEXT, "reason": TEXT})
ATTEMPT = pa.struct(
    {"caption": TEXT, "failed": pa.list_(TEXT), "error": TEXT, "reason": TEXT, "key": TEXT,
     "cached": pa.bool_()}
)  # fmt: skip
TOKENS = pa.struct(
    {"encoder": TEXT, "before": pa.int32(), "after": pa.int32(), "limit": pa.int32()}
)
ROW = pa.schema(
    {
        "product_id": TEXT,
        "state": TEXT,
        "caption": TEXT,
        "text": TEXT,
        "text_from": TEXT,
        "source": TEXT,
        "attempts": pa.list_(ATTEMPT),
        "checks": pa.list_(CHECK),
        "tokens": pa.list_(TOKENS),
        "new_words": pa.list_(TEXT),
        "error": TEXT,
        "reason": TEXT,
        "engine": TEXT,
        "engine_identity": TEXT,
        "prompt": TEXT,
        "prompt_sha256": TEXT,
    }
)
"""state: see `Captioned.state`. text: what stands for the product in the gallery. text_from:
"caption", "source" or empty. checks: of the attempt that is kept. new_words: of the caption, not
in the source; for people to look at."""


@dataclass(frozen=True)
class Plan:
    """How captions become a catalogue."""

    role: str = "refined"
    """The text role that gallery texts get."""
    keep: Keep = "source"
    """What stands for a product whose captions all fail a check: its source text, so that nothing
    false enters the gallery (an encoder may cut it); the best caption, marked; or nothing. Without
    any caption "best" takes the source."""
    pictures: Literal["refer", "copy"] = "refer"
    queries: bool = True
    """Carry queries and judgements over."""


@dataclass(frozen=True)
class Maker:
    """Who made the captions."""

    engine: str
    engine_identity: str
    prompt: str
    prompt_sha256: str


@dataclass
class Counts:
    """What happened, summed up as captions come by."""

    states: Counter[str] = field(default_factory=Counter)
    checks: dict[str, Counter[str]] = field(default_factory=dict)
    """Of the attempts kept: check -> verdict -> captions."""
    first: dict[str, Counter[str]] = field(default_factory=dict)
    """The same of the first attempts."""
    errors: Counter[str] = field(default_factory=Counter)
    """Of all attempts."""
    passed_at: Counter[int] = field(default_factory=Counter)
    """Attempt (from 1) -> captions that passed then."""
    asked: int = 0
    from_store: int = 0
    equal: int = 0
    """Captions that another product has too."""
    carried_queries: int = 0
    no_queries: str = ""
    """Why queries were not carried over."""

    def add(self, done: Captioned) -> None:
        self.states[done.state] += 1
        for attempt in done.attempts:
            self.asked += not attempt.cached
            self.from_store += attempt.cached
            if attempt.error:
                self.errors[attempt.error] += 1
        if done.state == "pass":
            self.passed_at[next(i for i, a in enumerate(done.attempts, 1) if a.passes)] += 1
        kept = done.best.checks if done.best else ()
        first = done.attempts[0].checks if done.attempts else ()
        for counts, checks in ((self.checks, kept), (self.first, first)):
            for check in checks:
                counts.setdefault(check.name, Counter())[check.verdict] += 1

    def record(self) -> dict[str, Any]:
        return {
            "products": self.states.total(),
            "states": {s: self.states[s] for s in STATES},
            "passed_at_attempt": {str(k): v for k, v in sorted(self.passed_at.items())},
            "checks": {k: dict(v) for k, v in self.checks.items()},
            "checks_of_first_attempts": {k: dict(v) for k, v in self.first.items()},
            "errors": dict(self.errors),
            "asked": self.asked,
            "from_store": self.from_store,
            "captions_equal_to_another": self.equal,
            "queries": self.carried_queries,
            "no_queries": self.no_queries,
        }


def text_of(done: Captioned, keep: Keep) -> tuple[str, str]:
    """(gallery text of a product, where it comes from)."""
    if done.state == "pass":
        return done.caption, "caption"
    if done.state == "short" or keep == "source" or (keep == "best" and not done.caption):
        return done.source.text, "source"
    return (done.caption, "caption") if keep == "best" else ("", "")


def caption_row(done: Captioned, plan: Plan, maker: Maker, rules: Rules) -> dict[str, Any]:
    """A row of captions.parquet."""
    text, text_from = text_of(done, plan.keep)
    best = done.best
    return {
        "product_id": done.source.id,
        "state": done.state,
        "caption": done.caption,
        "text": text,
        "text_from": text_from,
        "source": done.source.everything,
        "attempts": [
            {"caption": a.caption, "failed": [c.name for c in failures(a.checks)],
             "error": a.error, "reason": a.reason, "key": a.key, "cached": a.cached}
            for a in done.attempts
        ],
        "checks": [
            {"check": c.name, "verdict": c.verdict, "reason": c.reason}
            for c in (best.checks if best else ())
        ],
        "tokens": [
            {"encoder": name, "before": done.before[name], "after": done.after[name],
             "limit": limit}
            for name, (_, limit) in rules.counters.items()
        ],
        "new_words": new_words(done.caption, done.source),
        "error": best.error if best else "",
        "reason": best.reason if best else "",
        **asdict(maker),
    }  # fmt: skip


class CaptionFolder:
    """Where the results of one run go.

    Raises:
        StoreError: the folder holds a catalogue that is not of captions, or captions of other data.
    """

    def __init__(self, folder: Path, catalog: Catalog, plan: Plan, rules: Rules, maker: Maker):
        self.folder, self.catalog, self.plan = Path(folder), catalog, plan
        self.rules, self.maker = rules, maker
        self.counts = Counts()
        self.rejects: list[Reject] = []
        self.texts: dict[str, str] = {}
        self._check_folder()
        self._check_pictures()

    def _check_folder(self) -> None:
        """Only what an earlier run of the same data left may be replaced."""
        if not self.folder.exists():
            return
        if not self.folder.is_dir():
            raise StoreError(f"{self.folder} is a file; give a folder to --out")
        mine = read_record(self.folder)
        if not mine and any((self.folder / t).exists() for t in (*TABLES, TABLE)):
            raise StoreError(
                f"{self.folder} holds a catalogue already; give another folder to --out"
            )
        data = mine.get("data", {}).get("source")
        if mine and data != source_of(self.catalog.info):
            raise StoreError(
                f"{self.folder} holds captions of {data}, not of {source_of(self.catalog.info)}; "
                "give another folder to --out"
            )

    def _check_pictures(self) -> None:
        """Whether pictures can be referred to is known before the first question costs anything."""
        if self.plan.pictures == "copy":
            return
        first = next((i for p in self.catalog.products() for i in p.images), None)
        if first is not None and first.own_file is None:
            raise DataError(
                "the catalogue's pictures lie inside another file or in memory and cannot be "
                "referred to; give --pictures copy"
            )

    def write(self, captioned: Iterable[Captioned], record: Mapping[str, Any]) -> Counts:
        """Write everything; the manifest comes last, so that a folder without it is unfinished.

        Args:
            record: what else captions.json says.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        for name in (MANIFEST, RECORD, *TABLES):  # of an earlier run
            (self.folder / name).unlink(missing_ok=True)
        self._write_record(record, finished=False)
        write_table(self.folder / TABLE, ROW, self._rows(captioned))
        shown = Counter(t for t in self.texts.values() if t)
        self.counts.equal = sum(n for n in shown.values() if n > 1)
        write_lines(self.folder / REJECTS, (asdict(r) for r in self.rejects))
        write_catalog(
            self.folder, self._products(), self._queries(), self._info(), self.plan.pictures
        )
        self._write_record(record, finished=True)
        return self.counts

    def _rows(self, captioned: Iterable[Captioned]) -> Iterator[dict[str, Any]]:
        for done in captioned:
            self.counts.add(done)
            self.texts[done.source.id] = text_of(done, self.plan.keep)[0]
            yield caption_row(done, self.plan, self.maker, self.rules)

    def _products(self) -> Iterator[Product]:
        """Products that were asked about or rejected; ids that occur twice once."""
        unasked = {r.item for r in self.rejects}
        seen: set[str] = set()
        for product in self.catalog.products():
            if product.id in seen or product.id not in self.texts.keys() | unasked:
                continue
            seen.add(product.id)
            text = self.texts.get(product.id)
            texts = {**product.texts, self.plan.role: text} if text else dict(product.texts)
            yield replace(product, texts=texts)

    def _queries(self) -> dict[str, list[Query]] | None:
        """Queries of all splits that have an answer among the products."""
        if not self.plan.queries:
            return None
        found: dict[str, list[Query]] = {}
        try:
            for split in self.catalog.info.splits:
                found[split] = [
                    q
                    for q in self.catalog.queries(split)
                    if any(p in self.texts for p in q.answers) or not q.answers
                ]
        except SkulensError as e:
            self.counts.no_queries = str(e)
            return None
        self.counts.carried_queries = sum(map(len, found.values()))
        return found if self.counts.carried_queries else None

    def _info(self) -> DatasetInfo:
        """Of the same data, so that encoders trained on them are still known to be."""
        info = self.catalog.info
        return replace(
            info,
            title=f"{info.title}, captions by {self.maker.engine}",
            gallery_text=(self.plan.role,),
        )

    def _write_record(self, record: Mapping[str, Any], finished: bool) -> None:
        info = self.catalog.info
        written = {
            "format": "skulens-captions/1",
            "finished": finished,
            "data": {"name": info.name, "source": source_of(info), "licence": info.licence},
            **asdict(self.maker),
            "role": self.plan.role,
            "keep": self.plan.keep,
            "limits": {name: limit for name, (_, limit) in self.rules.counters.items()},
            "start": self.rules.start,
            **record,
            **(self.counts.record() if finished else {}),
            "rejects": len(self.rejects),
        }
        write_record(self.folder / RECORD, written)


def source_of(info: DatasetInfo) -> str:
    return f"{info.name} ({info.source})" if info.source else info.name


def read_record(folder: Path) -> dict[str, Any]:
    """captions.json of a folder; {} where there is none that we wrote."""
    try:
        found = json.loads((folder / RECORD).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    ours = isinstance(found, dict) and str(found.get("format", "")).startswith("skulens-captions/")
    return found if ours else {}


def read_captions(folder: Path) -> list[dict[str, Any]]:
    """The rows of captions.parquet.

    Raises:
        DataError: the folder is not one of `skulens curate captions`.
    """
    import pyarrow.parquet as pq

    path = Path(folder) / TABLE
    if not path.is_file():
        raise DataError(f"{folder} holds no {TABLE}; give the --out folder of `curate captions`")
    try:
        return pq.read_table(path).to_pylist()
    except (pa.ArrowException, OSError) as e:
        raise DataError(f"{path} cannot be read ({e}); make the captions again") from None


def write_lines(path: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    """JSON lines, whole or not at all."""
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    write_whole(path, lambda file: file.write(text.encode()))
