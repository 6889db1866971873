"""What a suite says of a system: one record, its scores, and the tables behind them.

`Result.record()` is what `--json` prints and `result.json` holds. Tables are Arrow: `per_query`
(or `per_claim`) holds the `Scores`, `groups` their sums by group, `run` and `qrels` candidates and
judgements, `claims` and `gold` what was read and what is true.
"""

import hashlib
import json
import platform
import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from functools import cache, cached_property
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from skulens import __version__
from skulens.errors import DataError
from skulens.evaluate.intervals import Interval
from skulens.evaluate.scores import Scores
from skulens.machine import count_cores
from skulens.records import EncoderInfo, Reject, SystemInfo, escape_surrogates

if TYPE_CHECKING:
    import pyarrow as pa

FORMAT = 2
"""Of stored results; 1 had no number, an encoder and a gallery."""
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
TRAINED = "SKUs"
"""The slice by what a system has seen in training; the variant of a run on unseen ones alone."""
GROUPS = "groups"
"""Name of the table of sums by group."""
OWN_PROCESS = "own"
"""`cost["process"]` where latency and memory are of a process of their own."""
RUN_DEPTH = 100
"""Candidates kept per query: what a result's table "run" holds."""
NOT_SCORES = ("relevant", "first_rank", "tied")
"""Columns of `per_query` that describe a query and are no metric."""


@dataclass(frozen=True, slots=True)
class Data:
    """What was measured on."""

    name: str
    """As the user named it."""
    fingerprint: str
    """Hash of queries, gallery and judgements: contents, not paths."""
    split: str = ""
    dataset: str = ""
    """The dataset's own name, "world" for any procedural shop; empty in results of earlier versions."""
    queries: str = ""
    """Hash of queries and judgements alone: equal for the same questions to other galleries."""

    def __post_init__(self):
        object.__setattr__(self, "name", escape_surrogates(self.name))

    @property
    def short(self) -> str:
        """The last part of its name."""
        return Path(self.name).name


@dataclass(frozen=True)
class Result:
    """One system on one suite."""

    suite: str
    data: Data
    system: SystemInfo
    name: str
    """The system as the user named it."""
    variant: Mapping[str, str]
    """What beside the system decides the numbers and is printed with it: {"gallery": "text"}."""
    settings: Mapping[str, object]
    metrics: Mapping[str, Interval]
    tables: Mapping[str, "pa.Table"]
    slices: Mapping[str, Mapping[str, Mapping[str, Interval]]] = field(default_factory=dict)
    """Slice -> value -> metric -> interval."""
    errors: Mapping[str, Interval] = field(default_factory=dict)
    """Kind of error -> its share of the units whose first answer is wrong."""
    curves: Mapping[str, Mapping[str, list]] = field(default_factory=dict)
    """"cmc": {"k", "value", "low", "high"}."""
    cost: Mapping[str, object] = field(default_factory=dict)
    """images_per_s, latency_ms_p50, peak_memory_mb, params_image ...; `rates_measured_at` and
    `latency_measured_at` where an earlier run measured these, `images_timed` pictures of the rate,
    `process`, and `not_measured`: why latency and memory are unknown (docs/metrics.md)."""
    counts: Mapping[str, int] = field(default_factory=dict)
    """What else was counted: units, groups, gallery, ties, forwards, rejects."""
    rejects: tuple[Reject, ...] = ()
    provenance: Mapping[str, object] = field(default_factory=dict)
    """When, where and with which versions, and "reader"; but for this, empty until it is stored."""
    folder: Path | None = None
    look: Callable[[], Mapping[str, object]] | None = None
    """Makes examples and confusions for the report; called only for a result that is new."""

    @property
    def key(self) -> str:
        """Folder name: readable, and unique by data, system identity and settings."""
        what = json.dumps(
            [self.suite, self.data.fingerprint, self.system.identity, dict(self.settings)],
            sort_keys=True,
        )
        family, colon, argument = self.name.rpartition(":")
        local = argument.startswith((".", "/", "~")) or argument.count("/") > 1
        system = family + colon + (Path(argument).name if local else argument)  # no folders of ours
        parts = (self.suite, self.data.short, self.variant.get("gallery", ""), system)
        words = "-".join(filter(None, parts))
        slug = re.sub(r"[^\w.-]+", "-", words).strip("-")
        return f"{slug[:80]}-{hashlib.sha256(what.encode()).hexdigest()[:10]}"

    @cached_property
    def scores(self) -> Scores:
        """Per unit where units are known, else per group. Raises DataError where neither is."""
        for name, table in self.tables.items():
            if name.startswith("per_"):
                return Scores.from_arrow(table, skip=NOT_SCORES)
        if GROUPS in self.tables:
            return Scores.from_arrow(self.tables[GROUPS])
        raise DataError(f"{self.name}: neither units nor groups are known, only means")

    @cached_property
    def sums(self) -> Scores | None:
        """Sums by group; None where only means are known."""
        if GROUPS in self.tables:
            return Scores.from_arrow(self.tables[GROUPS])
        return self.scores.by_group() if any(n.startswith("per_") for n in self.tables) else None

    @property
    def has_shared_memory(self) -> bool:
        """Whether its peak memory is that of a process with other work, as earlier versions
        measured encoders; it compares with nothing."""
        known = self.cost.get("peak_memory_mb") is not None
        is_encoder = self.system.kind == "encoder"
        return known and is_encoder and self.cost.get("process") != OWN_PROCESS

    @property
    def machine(self) -> Mapping | None:
        found = self.provenance.get("machine")
        return found if isinstance(found, Mapping) else None

    @property
    def reader(self) -> dict[str, object]:
        """Options with which the data were opened, such as {"map": {"id": "sku"}}."""
        said = self.provenance.get("reader")
        return dict(said) if isinstance(said, Mapping) else {}

    def variants(self) -> str:
        """The variant in a few words: "text, shots max"."""
        return ", ".join(v if k == "gallery" else f"{k} {v}" for k, v in self.variant.items())

    def record(self) -> dict:
        """A JSON object.

        `encoder`, `gallery`, `n_queries`, `n_gallery`, `speed`, `encoder_info` and `data_hash` are
        the names that earlier versions gave to parts of it.
        """
        system = {"name": self.name, **asdict(self.system)}
        old = {"encoder": self.name, "gallery": self.variant.get("gallery", "")}
        return {
            "format": FORMAT,
            "suite": self.suite,
            "data": self.data.name,
            **old,
            "n_queries": self.counts.get("units", 0),
            "n_gallery": self.counts.get("gallery", 0),
            "system": system,
            "variant": dict(self.variant),
            "metrics": {name: i.as_dict() for name, i in self.metrics.items()},
            "slices": {
                s: {v: {m: i.as_dict() for m, i in found.items()} for v, found in values.items()}
                for s, values in self.slices.items()
            },
            "errors": {kind: share.as_dict() for kind, share in self.errors.items()},
            "cmc": self.curves.get("cmc", {}),
            "speed": dict(self.cost),
            "counts": dict(self.counts),
            "settings": dict(self.settings),
            "encoder_info": self._encoder_info(),
            "rejects": [asdict(reject) for reject in self.rejects],
            "data_hash": self.data.fingerprint,
            "data_split": self.data.split,
            "data_queries": self.data.queries,
            "dataset": self.data.dataset,
        }

    def _encoder_info(self) -> dict:
        """The encoder as format 1 described it; empty for any other system."""
        if not isinstance(self.system, EncoderInfo):
            return {}
        said = [w.sentence for w in self.system.warnings]
        return asdict(self.system) | {"lint": said, "mode": self.settings.get("mode", "sound")}


def describe_run() -> dict:
    """When (by the microsecond: of two runs the later is the newer), where and with which versions."""
    return {
        "skulens": __version__,
        "measured_at": datetime.now(UTC).isoformat(timespec="microseconds"),
        "machine": machine(),
        "python": platform.python_version(),
        "packages": {p: v for p in PACKAGES if (v := _installed(p))},
    }


def _installed(package: str) -> str | None:
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
        "cores": count_cores(),
        "memory_gib": round(memory),
        "system": platform.system(),
    }
