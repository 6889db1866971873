"""What was measured: one folder per (suite, data, encoder, settings), never overwritten silently.

`result.json` is the record (the object of `--json` plus provenance), `per_query.parquet`
the value of every metric for every query, `run.parquet` and `qrels.parquet` the candidates
and the judgements, `examples.json` misses and hits with thumbnails.
"""

import hashlib
import json
import platform
import re
import shutil
import uuid
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from functools import cache
from importlib import metadata
from pathlib import Path

import pyarrow.parquet as pq

from skulens import __version__
from skulens.errors import StoreError
from skulens.evaluate.summaries import Evaluation
from skulens.records import EncoderInfo, Qrels, Reject, Run

PACKAGES = (
    "numpy",
    "pillow",
    "pyarrow",
    "torch",
    "open_clip_torch",
    "timm",
    "transformers",
    "sentence-transformers",
    "onnxruntime",
)
RUN_DEPTH = 100
"""Candidates kept per query in the stored run."""


@dataclass(frozen=True)
class Result:
    """One encoder on one suite; `record()` is what `--json` prints."""

    suite: str
    data: str
    gallery: str
    name: str
    """The encoder as the user named it."""
    encoder: EncoderInfo
    n_queries: int
    n_gallery: int
    metrics: dict[str, dict]
    """Name -> {"value", "low", "high"} with a 95 % interval."""
    speed: dict[str, object]
    settings: dict[str, object]
    data_hash: str
    counts: dict[str, int] = field(default_factory=dict)
    """What else was counted: groups, ties, forwards, rejects, unanswerable queries."""
    rejects: tuple[Reject, ...] = ()
    evaluation: Evaluation | None = None
    run: Run | None = None
    qrels: Qrels | None = None
    look: Callable[[], dict] | None = None
    """Examples and confusions for the report; made only for a result that is new."""

    @property
    def key(self) -> str:
        """Folder name: readable, and unique by data, encoder identity and settings."""
        what = json.dumps(
            [self.suite, self.data_hash, self.encoder.identity, self.settings], sort_keys=True
        )
        slug = re.sub(
            r"[^\w.-]+", "-", f"{self.suite}-{Path(self.data).name}-{self.gallery}-{self.name}"
        ).strip("-")
        return f"{slug[:80]}-{hashlib.sha256(what.encode()).hexdigest()[:10]}"

    def record(self) -> dict:
        return {
            "suite": self.suite,
            "data": self.data,
            "gallery": self.gallery,
            "encoder": self.name,
            "n_queries": self.n_queries,
            "n_gallery": self.n_gallery,
            "metrics": self.metrics,
            "cmc": self.evaluation.cmc if self.evaluation else {},
            "speed": self.speed,
            "counts": self.counts,
            "settings": self.settings,
            "encoder_info": asdict(self.encoder),
            "rejects": [asdict(reject) for reject in self.rejects],
            "data_hash": self.data_hash,
        }


def provenance() -> dict:
    """When, where and with which versions."""
    return {
        "skulens": __version__,
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine(),
        "python": platform.python_version(),
        "packages": {p: v for p in PACKAGES if (v := installed(p))},
    }


def installed(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


@cache
def machine() -> dict:
    """Processor, cores this process may use, memory in GiB."""
    import os

    cpu = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        names = re.findall(r"^model name\s*:\s*(.+)$", info.read_text(), re.M)
        cpu = names[0] if names else cpu
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {
        "cpu": cpu,
        "cores": len(os.sched_getaffinity(0)),
        "memory_gib": round(memory),
        "system": platform.system(),
    }


class ResultStore:
    """Results as folders of files, readable without skulens."""

    def __init__(self, folder: Path):
        self.folder = folder

    def add(self, result: Result) -> tuple[Path, str]:
        """Store a result; (its folder, "new", "unchanged" or "differs").

        A result measured before with the same numbers is left as it is. One with other
        numbers goes beside it under the next number, and the caller should say so.
        """
        number, status = 1, "new"
        while True:
            place = self.folder / (result.key if number == 1 else f"{result.key}.{number}")
            if not place.exists():
                break
            if read_record(place)["metrics"] == result.metrics:
                return place, "unchanged"
            number, status = number + 1, "differs"
        self._write(place, result)
        return place, status

    def _write(self, place: Path, result: Result) -> None:
        aside = self.folder / f".{uuid.uuid4().hex}"
        try:
            aside.mkdir(parents=True)
            record = result.record() | {"provenance": provenance()}
            (aside / "result.json").write_text(json.dumps(record, indent=1, ensure_ascii=False))
            if result.evaluation is not None:
                pq.write_table(result.evaluation.per_query, aside / "per_query.parquet")
            if result.run is not None:
                pq.write_table(result.run.cut(RUN_DEPTH).to_arrow(), aside / "run.parquet")
            if result.qrels is not None:
                pq.write_table(result.qrels.to_arrow(), aside / "qrels.parquet")
            if result.look is not None:
                (aside / "examples.json").write_text(json.dumps(result.look(), ensure_ascii=False))
            aside.rename(place)
        except OSError as e:
            shutil.rmtree(aside, ignore_errors=True)
            if place.exists():  # another process stored the same result first
                return
            raise StoreError(
                f"cannot write results to {self.folder}: {e.strerror or e}; use --results DIR"
            ) from e

    def records(self) -> list[dict]:
        """Every stored record, oldest first."""
        found = [read_record(p.parent) for p in sorted(self.folder.glob("*/result.json"))]
        return sorted(found, key=lambda r: r["provenance"]["measured_at"])


def read_record(place: Path) -> dict:
    try:
        return json.loads((place / "result.json").read_text()) | {"folder": str(place)}
    except (OSError, ValueError) as e:
        raise StoreError(
            f"{place} is no readable result ({e}); remove the folder and measure again"
        ) from e
