"""What a run cost: rates of what it computed, latency and memory of each encoder by itself.

Latency and memory are measured in a process of their own (`own_process`), so that they depend on
the encoder, the photos, the settings and the machine, and on nothing else that the command does.
They are remembered, and a second command does not measure them again.
"""

import hashlib
import os
import time
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import numpy as np

from skulens.bench.leakage import content_hashes
from skulens.bench.own_process import NotMeasured, measure_alone
from skulens.bench.result import OWN_PROCESS, machine
from skulens.bench.task import Tools
from skulens.encode.batching import Encoded
from skulens.encode.memo import Memo
from skulens.protocols import Encoder
from skulens.records import Image, Item

PROBES = 32
"""Single probes timed for the latency, after three for warming up."""
RANKINGS = 9
"""Rankings timed; their median is part of the latency of every probe."""
SIZES = ("params_image", "params_text", "gflops_image", "gflops_text")


@dataclass
class CostMeter:
    """Measures what the encoders of a run cost; latency and memory of each once."""

    tools: Tools
    data: str
    """What was embedded; rates are remembered for it."""
    sample: Sequence[Image]
    """Photos that a process of its own embeds."""
    _now: dict[str, dict] = field(default_factory=dict)
    """What this run measured, by key."""

    def measure(self, encoder: Encoder, answers: Sequence[Encoded], rows: np.ndarray) -> dict:
        """`Result.cost` of an encoder.

        Args:
            answers: what was embedded.
            rows: gallery vectors, (items, dim).
        """
        rates, alone = self._rates(encoder, answers), dict(self._alone(encoder))
        if probe_ms := alone.pop("probe_ms", None):
            alone |= describe_latency(np.array(probe_ms), rank_ms(np.nan_to_num(rows)))
        earlier = any(name.endswith("_measured_at") for name in (*rates, *alone))
        sizes = {name: getattr(encoder.info, name) for name in SIZES}
        return rates | alone | {"measured": "earlier" if earlier else "now"} | sizes

    def _rates(self, encoder: Encoder, answers: Sequence[Encoded]) -> dict:
        """Parts per second of what this run computed, else of what an earlier one did."""
        key = self._key("rates", encoder, self.data)
        found = join_rates(answers)
        if not found:
            return recall(self.tools.memo, key, "rates_measured_at")
        before = recall(self.tools.memo, key, "")
        if found.get("images_timed", 0) >= before.get("images_timed", 0):
            keep(self.tools.memo, key, before | found)
        return found

    def _alone(self, encoder: Encoder) -> dict:
        """Latencies and memory of a process of its own, or why they are unknown."""
        if not self.sample:
            return {}
        key = self._key("alone", encoder, self._hash_sample())
        if key in self._now:
            return self._now[key]
        if before := recall(self.tools.memo, key, "latency_measured_at"):
            return before
        if not self.tools.time_probes:
            return {}
        opening = getattr(encoder, "opening", None)
        try:
            found = measure_alone(opening, self.sample, self.tools.batching)
            found["process"] = OWN_PROCESS
            keep(self.tools.memo, key, found)
        except NotMeasured as e:  # tried again by the next command
            found = {"not_measured": str(e)}
        self._now[key] = found
        return found

    def _hash_sample(self) -> str:
        [hashes] = content_hashes([Item("", tuple(self.sample))], self.tools.memo)
        return hashlib.sha256(" ".join(map(str, hashes)).encode()).hexdigest()

    def _key(self, what: str, encoder: Encoder, of: str) -> str:
        """All that decides a number."""
        b = self.tools.batching
        threads = os.environ.get("OMP_NUM_THREADS", "")
        how = [b.batch, b.cores, b.upright, threads, getattr(encoder, "opening", {})]
        return f"cost {what} {encoder.info.identity} {sorted(machine().items())} {how} {of}"


def join_rates(answers: Sequence[Encoded]) -> dict:
    """{"images_per_s", "images_timed" ...} of all that was computed."""
    timed: Counter[str] = Counter()
    seconds: dict[str, float] = defaultdict(float)
    for answer in answers:
        for modality, rate in answer.per_second.items():
            n = answer.timed.get(modality, answer.forwarded)
            timed[modality] += n
            seconds[modality] += n / rate
    found: dict[str, float] = {}
    for modality, n in timed.items():
        found[f"{modality}s_per_s"] = round(n / seconds[modality], 2)
        found[f"{modality}s_timed"] = n
    return found


def rank_ms(gallery: np.ndarray) -> float:
    """Median milliseconds of ranking a whole gallery for one probe."""
    took = []
    for row in range(min(RANKINGS, len(gallery))):
        start = time.perf_counter()
        np.argsort(-(gallery @ gallery[row]))
        took.append((time.perf_counter() - start) * 1e3)
    return float(np.median(took)) if took else 0.0


def describe_latency(probe_ms: np.ndarray, ranking_ms: float) -> dict[str, float]:
    """p50 and p95 of one probe from file to ranked gallery, batch 1, in milliseconds."""
    total = probe_ms + ranking_ms
    return {
        "latency_ms_p50": round(float(np.median(total)), 3),
        "latency_ms_p95": round(float(np.percentile(total, 95)), 3),
    }


def keep(memo: Memo | None, key: str, measured: Mapping) -> None:
    """Remember numbers with the time at which they were measured."""
    if memo is not None:
        at = datetime.now(UTC).isoformat(timespec="seconds")
        memo.set_note(key, {**measured, "at": at})


def recall(memo: Memo | None, key: str, at: str) -> dict:
    """The numbers of an earlier run, when they were measured under the name `at`; {} if none."""
    found = dict((memo and memo.note(key)) or {})
    when = found.pop("at", "")
    return found | ({at: when} if found and at else {})


def remember_reader(memo: Memo | None, identity: str, measured: dict) -> dict:
    """What reading products cost now, else what it cost on this machine before.

    A run served from the cache computes nothing; `measured` says which ("now" or "earlier").
    """
    key = f"cost reader {identity} {sorted(machine().items())}"
    if measured:
        keep(memo, key, measured)
        return measured | {"measured": "now"}
    before = recall(memo, key, "rates_measured_at")
    if when := before.get("rates_measured_at"):
        before["latency_measured_at"] = when
    return before | {"measured": "earlier" if before else "now"}
