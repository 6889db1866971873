"""What a run cost: rates, latency of one probe, peak memory; remembered for cached runs."""

import resource
import sys
import time
from collections.abc import Sequence

import numpy as np

from skulens import pictures
from skulens.bench.result import machine
from skulens.encode.memo import Memo
from skulens.errors import PictureError
from skulens.protocols import Encoder
from skulens.records import Image

PROBES = 32
"""Single probes timed for the latency, after three for warming up."""


def latency_ms(
    encoder: Encoder, images: Sequence[Image], gallery: np.ndarray, upright: bool
) -> dict[str, float]:
    """p50 and p95 of one probe from file to ranked gallery, batch 1, in milliseconds."""
    took = []
    for image in images[: PROBES + 3]:
        start = time.perf_counter()
        try:
            batch = [encoder.prepare_image(pictures.load(image, upright))]
        except PictureError:
            continue
        scores = gallery @ encoder.encode_batch("image", batch)[0]
        np.argsort(-scores)
        took.append((time.perf_counter() - start) * 1e3)
    took = took[3:] or took
    if not took:
        return {}
    return {
        "latency_ms_p50": round(float(np.median(took)), 3),
        "latency_ms_p95": round(float(np.percentile(took, 95)), 3),
    }


def peak_memory_mb() -> float:
    """Most resident memory of this process so far, in 10^6 bytes."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak * (1 if sys.platform == "darwin" else 1024) / 1e6, 1)


def remembered(memo: Memo | None, encoder: Encoder, measured: dict) -> dict:
    """Merge what was measured now with what this encoder measured on this machine before.

    A run served from the cache computes nothing, so its rates are those of the run that
    filled the cache; `measured` says which ("now" or "earlier").
    """
    if memo is None:
        return measured | {"measured": "now"}
    key = f"speed {encoder.info.identity} {sorted(machine().items())}"
    before = memo.note(key) or {}
    if measured:
        memo.set_note(key, before | measured)
    return before | measured | {"measured": "now" if measured else "earlier"}
