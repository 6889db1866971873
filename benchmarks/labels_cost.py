"""What does reading a label cost: milliseconds a photo for decoding, bars, text, facts and verdicts?

Each photo is decoded once; then bars are decoded, the text is read, values are found in it, and the
claims made of them are verified, one stage after the other in one thread of ours (onnxruntime uses
OMP_NUM_THREADS or all cores). Nothing is cached. The table gives median, 95th percentile and mean
over photos, and the share of each stage in the whole.

Limits of speed: the recogniser's matrix products, a few milliseconds a line.

    python -m benchmarks.labels_cost [--data packages --data product_labels] [--save]
"""

import argparse
import statistics
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager

from benchmarks.common import report
from skulens import pictures
from skulens.catalog.open import open_catalog
from skulens.claims import Seen
from skulens.errors import PictureError
from skulens.extract.labels import claims_of
from skulens.records import Image, Product
from skulens.verify.bars import ladder
from skulens.verify.chain import verify_claims
from skulens.verify.checks.readings import readings_of
from skulens.verify.look import languages_of
from skulens.verify.text import open_text_reader

STAGES = ("decode", "bars", "text", "facts", "verdicts")


@contextmanager
def timed(spent: dict[str, list[float]], stage: str) -> Iterator[None]:
    start = time.perf_counter()
    yield
    spent[stage].append(1000 * (time.perf_counter() - start))


def measure(product: Product, image: Image, reader, spent: dict[str, list[float]]) -> int:
    """One photo; how many words stood in it."""
    with timed(spent, "decode"):
        picture = pictures.load(image)
    with timed(spent, "bars"):
        codes = ladder.decode_bars(picture)
    with timed(spent, "text"):
        lines = reader.read(picture, languages_of(product))
    seen = Seen(product.id, (image,), {"a": codes}, {"a": lines}, {"a": picture.size})
    with timed(spent, "facts"):
        readings_of(seen)
    claims = list(claims_of(seen, (), "benchmark"))
    with timed(spent, "verdicts"):
        verify_claims(claims, seen)
    return sum(len(line.text.split()) for line in lines)


def row(stage: str, values: list[float], whole: float) -> dict[str, object]:
    values = sorted(values)
    return {
        "stage": stage,
        "photos": len(values),
        "median ms": round(statistics.median(values), 1),
        "p95 ms": round(values[int(0.95 * (len(values) - 1))], 1),
        "mean ms": round(statistics.mean(values), 1),
        "share": f"{sum(values) / whole:.2f}",
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", action="append", help="datasets")
    parser.add_argument("--reader", default="routed")
    parser.add_argument("--limit", type=int, default=0, help="photos of each; 0 is all")
    parser.add_argument("--save", action="store_true", help="write the result file")
    asked = parser.parse_args()
    data = asked.data or ["packages", "product_labels"]
    reader, spent, words = open_text_reader(asked.reader), defaultdict[str, list[float]](list), 0
    warm = True
    for name in data:
        products = list(open_catalog(name).products())
        for product in products[: asked.limit or None]:
            for image in product.images:
                try:
                    if warm:  # models load at the first picture
                        measure(product, image, reader, defaultdict(list))
                        warm = False
                    words += measure(product, image, reader, spent)
                except PictureError as e:
                    print(f"{image.path}: {e}")
    whole = sum(map(sum, spent.values()))
    rows = [row(stage, spent[stage], whole) for stage in STAGES]
    settings = {"data": data, "reader": reader.info.identity, "words": words,
                "words per s of text": round(1000 * words / sum(spent["text"]), 1)}  # fmt: skip
    report("labels_cost", rows, settings, asked.save)


if __name__ == "__main__":
    main()
