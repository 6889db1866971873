"""What a run cost: rates, latency of one probe, peak memory; remembered for cached runs."""

import resource
import sys
import time
from collections.abc import Sequence

import numpy as np

from skulens import pictures
from skulens.bench.result import machine
from skulens.encode.batching import Encoded
from skulens.encode.memo import Memo
from skulens.errors import PictureError
from skulens.protocols import Encoder
from skulens.records import Image

PROBES = 32
"""Single probes timed for the latency, after three for warming up."""


def measure_encoder(
    encoder: Encoder,
    answers: Sequence[Encoded],
    sample: Sequence[Image],
    rows: np.ndarray,
    *,
    memo: Memo | None,
    upright: bool,
) -> dict:
    """What a run cost, and the sizes of the encoder.

    Args:
        answers: what was embedded, probes first.
        sample: probes to time one by one; none are timed where nothing had to be computed.
        rows: gallery vectors, (items, dim).
    """
    measured: dict[str, float] = {}
    for answer in reversed(answers):  # probes last: their rates are from more pictures
        measured |= {f"{m}s_per_s": round(rate, 2) for m, rate in answer.per_second.items()}
    if measured and sample:
        measured |= latency_ms(encoder, sample, np.nan_to_num(rows), upright)
    memory = {"peak_memory_mb": peak_memory_mb()} if measured else {}
    fixed = {
        k: getattr(encoder.info, k)
        for k in ("params_image", "params_text", "gflops_image", "gflops_text")
    }
    return remember(memo, encoder, measured | memory) | fixed


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


def remember(memo: Memo | None, encoder: Encoder, measured: dict) -> dict:
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
