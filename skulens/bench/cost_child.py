"""What `cost` starts: opens one encoder, embeds a batch, times single probes, says what it took.

    python -m skulens.bench.cost_child      a request on stdin, JSON lines on stdout

The process does nothing else, so what it needs is what the encoder needs. It imports as little of
skulens as it can.
"""

import json
import os
import resource
import sys
import time
from collections.abc import Sequence
from itertools import cycle, islice
from pathlib import Path
from typing import Any

from skulens import pictures
from skulens.encode import open_encoder
from skulens.errors import PictureError
from skulens.protocols import Encoder, Numerics
from skulens.records import Image

WARM_UP = 3
"""Single probes before those that are timed."""
ENOUGH, SECONDS = 5, 10.0
"""A slow encoder is timed on so many probes, once they have taken so long."""
TEXT = "Organic whole bean coffee, medium roast, 1 kg bag with resealable valve, fair trade"
"""Stands for the texts of a gallery, so that no gallery decides the number."""


def main() -> None:
    """Read the request, measure, write the answer as the last line."""
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what libraries print is no answer
    volunteer()
    asked = json.load(sys.stdin)

    def tell(said: object) -> None:
        print(json.dumps(said), file=out, flush=True)

    numerics = Numerics(**asked["numerics"])
    encoder = open_encoder(
        asked["name"], numerics=numerics, device=asked["device"], revision=asked["revision"]
    )
    images = [Image(path) for path in asked["images"]]
    embed_batch(encoder, images, asked["batch"], asked["upright"])
    tell("batch")
    took_ms = []
    start = time.perf_counter()
    for image in images:
        ms = time_probe(encoder, image, asked["upright"])
        took_ms += [] if ms is None else [ms]
        tell("probe")
        if len(took_ms) >= WARM_UP + ENOUGH and time.perf_counter() - start > SECONDS:
            break
    tell({"probe_ms": took_ms[WARM_UP:] or took_ms, "peak_memory_mb": peak_memory_mb()})


def volunteer() -> None:
    """Where memory runs out, the system ends this process and not the one that waits for it."""
    try:
        Path("/proc/self/oom_score_adj").write_text("1000")
    except OSError:  # no Linux, or not allowed to
        return


def embed_batch(encoder: Encoder, images: Sequence[Image], batch: int, upright: bool) -> None:
    """One forward pass of a full batch of each modality, whatever a gallery holds."""
    ready: list[Any] = []
    for image in islice(cycle(images), batch):
        try:
            ready.append(encoder.prepare_image(pictures.load(image, upright)))
        except PictureError:
            continue
    if ready:
        encoder.encode_batch("image", ready)
    del ready
    if "text" in encoder.info.modalities:
        encoder.encode_batch("text", [encoder.prepare_text(TEXT, "document")] * batch)


def time_probe(encoder: Encoder, image: Image, upright: bool) -> float | None:
    """Milliseconds from file to vector, batch 1; None where the picture cannot be read."""
    start = time.perf_counter()
    try:
        encoder.encode_batch("image", [encoder.prepare_image(pictures.load(image, upright))])
    except PictureError:
        return None
    return (time.perf_counter() - start) * 1e3


def peak_memory_mb() -> float:
    """Most resident memory of this process so far, in 10^6 bytes.

    Linux keeps it for each program; `getrusage` there counts what the starting process held when
    it made this one, too.
    """
    try:
        status = Path("/proc/self/status").read_text()
        [kib] = (line.split()[1] for line in status.splitlines() if line.startswith("VmHWM:"))
        return round(int(kib) * 1024 / 1e6, 1)
    except (OSError, ValueError):
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return round(peak * (1 if sys.platform == "darwin" else 1024) / 1e6, 1)


if __name__ == "__main__":
    main()
