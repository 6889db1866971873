"""Cold end-to-end images/s against the limit that decoding and the forward pass set.

On a CPU decode+resize (D images/s on all cores alone) and the forward pass (F images/s on all
cores alone) share the cores, so nothing can be faster than 1 / (1/F + 1/D); an accelerator's
limit is min(F, D). F is the better of one stream with all compute threads and one
single-threaded stream per core, so that the limit is not understated. All are measured in this
process, in turn, `--repeats` times; the ratio is of medians. What limits: the slower of the two.

    python -m benchmarks.end_to_end --photos ../shared/data/groceries --encoder mini
"""

import argparse
import itertools
import os
from typing import Literal, get_args

import torch

from benchmarks.common import report, spread, time_call
from skulens import pictures
from skulens.catalog.open import open_catalog
from skulens.encode import open_encoder
from skulens.encode.batching import Batching
from skulens.encode.embed import Embedder
from skulens.encode.pipeline import core_pool
from skulens.protocols import Numerics
from skulens.records import Image, chunks

Dtype = Literal["auto", "float32", "bfloat16"]


def decode_all(encoder, images: list[Image], cores: int) -> list:
    """Decoded and prepared, one thread per core, nothing else running."""

    def job(part):
        return [encoder.prepare_image(pictures.decode(image.read())) for image in part]

    with core_pool(cores) as pool:
        return list(itertools.chain.from_iterable(pool.map(job, list(chunks(images, 16)))))


def forward_all(encoder, prepared: list, batch: int, streams: int) -> None:
    """Bare batched forward passes in `streams` threads."""
    parts = list(chunks(prepared, batch))
    if streams == 1:
        for part in parts:
            encoder.encode_batch("image", part)
        return
    with core_pool(streams) as pool:
        list(pool.map(lambda part: encoder.encode_batch("image", part), parts))


def measure(name: str, images: list[Image], batch: int, repeats: int, dtype: Dtype) -> dict:
    cores = len(os.sched_getaffinity(0))
    encoder = open_encoder(name, numerics=Numerics(dtype)).model
    embedder = Embedder([encoder], batching=Batching(batch=batch, progress=False))
    prepared = decode_all(encoder, images, cores)
    forward_all(encoder, prepared[: 2 * batch], batch, 1)  # warm up
    took: dict[str, list[float]] = {"decode": [], "one stream": [], "streams": [], "end to end": []}
    for _ in range(repeats):
        took["decode"].append(time_call(lambda: decode_all(encoder, images, cores)))
        took["one stream"].append(time_call(lambda: forward_all(encoder, prepared, batch, 1)))
        took["streams"].append(time_call(lambda: forward_all(encoder, prepared, batch, cores)))
        took["end to end"].append(time_call(lambda: embedder.embed_parts(images)))
    rate = {k: spread([len(images) / s for s in v]) for k, v in took.items()}
    d, e = rate["decode"]["median"], rate["end to end"]["median"]
    f = max(rate["one stream"]["median"], rate["streams"]["median"])
    on_cpu = encoder.device == "cpu"
    limit = 1 / (1 / f + 1 / d) if on_cpu else min(f, d)
    shown = {
        "D images/s": rate["decode"],
        "F one stream": rate["one stream"],
        "F stream per core": rate["streams"],
    }
    return {
        "encoder": name,
        "dtype": encoder.info.dtype,
        **shown,
        "end to end": rate["end to end"],
        "limit": round(limit, 1),
        "ratio": round(e / limit, 3),
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--photos", default="groceries", help="catalogue whose test photos are encoded"
    )
    parser.add_argument("--encoder", action="append", default=None)
    parser.add_argument("--n", type=int, default=400)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--dtype", default="auto", choices=get_args(Dtype))
    parser.add_argument("--save", action="store_true")
    args = parser.parse_args()
    queries = itertools.islice(open_catalog(args.photos).queries("test"), args.n)
    images = [part for q in queries for part in q.item.parts if isinstance(part, Image)]
    rows = [
        measure(name, images, args.batch, args.repeats, args.dtype)
        for name in args.encoder or ["mini"]
    ]
    report("end_to_end", rows, vars(args) | {"torch_threads": torch.get_num_threads()}, args.save)


if __name__ == "__main__":
    main()
