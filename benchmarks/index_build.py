"""Products/s of `build_index` over the encoder alone, on the same pictures in one run.

Encoder alone: `Embedder.embed_parts` on the pictures that the build embeds, decoding included, no
cache; the build adds reading the catalogue, hashing, thumbnails, documents, an fsync for each group
and the indexes of the store. What limits it is the forward pass. Both start from files in the page
cache and without an embedding cache; encoders and the store's engine are loaded and warm. Pairs are
run in turns, which of the two is first changing; the ratio is the median over turns. CPU seconds of
the process say what others on the machine cannot disturb: their ratio is the bound for a build that
leaves no core idle. A second build, with nothing to do, is timed from the start of its process.

`--views` instead compares products' vectors made of their first picture and of the mean of all, on a
catalogue with several pictures per product: the photos of its splits search for their product, and
one that is a gallery picture too is taken out of the mean. Rule, set before the run: the mean is the
default unless the first view is significantly better (hit rate at 1, interval over SKUs). The
procedural shop and groceries have one gallery picture per product, so they cannot say.

    python -m benchmarks.index_build DATA... --encoder mini --save
    python -m benchmarks.index_build apparel_catalogue --encoder mini --views
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks.common import report, spread, time_call
from skulens.catalog.open import open_catalog
from skulens.encode import open_encoder
from skulens.encode.batching import Batching
from skulens.encode.embed import Embedder
from skulens.encode.fusion import fuse
from skulens.encode.memo import Memo
from skulens.records import Image, Product
from skulens.search.indexing.build import build_index


class Repeated:
    """A catalogue as it would be with `times` as many products, each with pictures of its own."""

    def __init__(self, catalog, folder: Path, times: int):
        self.info, self.rejects = catalog.info, []
        self.listed = [
            copy_product(p, n, folder) for n in range(times) for p in catalog.products() if p.images
        ]

    def products(self):
        return iter(self.listed)


def copy_product(product: Product, n: int, folder: Path) -> Product:
    """A product with copies of its pictures; a comment behind the end makes each file another."""
    images = []
    for view, image in enumerate(product.images):
        path = folder / f"{n}-{abs(hash(product.id))}-{view}.jpg"
        path.write_bytes(image.read() + f"{n}".encode())
        images.append(Image(path=str(path)))
    given = {f: getattr(product, f) for f in ("title", "texts", "category", "attributes", "price")}
    return Product(f"{product.id}/{n}", images=tuple(images), extras=product.extras, **given)


def measure(name: str, catalog: Repeated, engine: str, folder: Path, repeats: int) -> dict:
    encoder = open_encoder(name, memo=Memo(folder / "memo"))
    embedder = Embedder([encoder], batching=Batching(progress=False))
    pictures = [image for p in catalog.products() for image in p.images]
    embedder.embed_parts(pictures[:64])  # warm up
    build_warm(catalog, f"{engine}{folder / 'warm'}", encoder)
    took: dict[str, list[tuple[float, float]]] = {"encoder": [], "build": []}
    for turn in range(repeats):
        place = folder / f"store-{turn}"
        work = {
            "encoder": partial(embedder.embed_parts, pictures, "document"),
            "build": partial(build_warm, catalog, f"{engine}{place}", encoder),
        }
        for kind in sorted(work, reverse=turn % 2 == 0):
            took[kind].append(time_both(work[kind]))
        shutil.rmtree(place, ignore_errors=True)
    count = len(catalog.listed)
    rate = {k: spread([count / wall for wall, _ in v]) for k, v in took.items()}
    cpu = {k: spread([1000 * cpu / count for _, cpu in v]) for k, v in took.items()}
    turns = [np.divide(e, b) for e, b in zip(took["encoder"], took["build"], strict=True)]
    return {
        "encoder": name,
        "products": count,
        "pictures": len(pictures),
        "encoder alone, products/s": rate["encoder"],
        "build, products/s": rate["build"],
        "build / encoder alone": spread([float(wall) for wall, _ in turns]),
        "encoder alone, CPU ms/product": cpu["encoder"],
        "build, CPU ms/product": cpu["build"],
        "encoder alone / build, CPU": spread([float(cpu) for _, cpu in turns]),
    }


def time_both(work: Callable[[], object]) -> tuple[float, float]:
    """Wall seconds of a call, and CPU seconds of the process."""
    cpu = time.process_time()
    wall = time_call(work)
    return wall, time.process_time() - cpu


def build_warm(catalog: Repeated, address: str, encoder) -> None:
    """A build with an encoder that is loaded."""
    from skulens.search.indexing import columns

    real = columns.open_encoder
    columns.open_encoder = lambda name, memo=None: encoder
    try:
        built = build_index(catalog, address, encoder=encoder.name)
    finally:
        columns.open_encoder = real
    assert built.written == len(catalog.listed) and built.rejects.count == 0


def idle_seconds(data: str, name: str, engine: str, folder: Path, repeats: int) -> dict:
    """Seconds of `skulens index build` on a store that is up to date, Python's start included."""
    environment = os.environ | {"SKULENS_CACHE": str(folder / "cache")}
    command = [sys.executable, "-m", "skulens.cli", "index", "build", data, "--encoder", name]
    command += ["--store", f"{engine}{folder / 'idle'}", "--json"]

    def run() -> dict:
        out = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        return json.loads(out.stdout)

    run()
    time.sleep(3)  # files are trusted once they have rested
    run()
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        assert run()["written"] == 0
        seconds.append(time.perf_counter() - start)
    return spread(seconds)


# ----- which views ----------------------------------------------------------------------------


def compare_views(data: str, name: str) -> dict:
    """Hit rate at 1 of photos of products, by the first view and by the mean of all."""
    catalog = open_catalog(data)
    products = [p for p in catalog.products() if p.images]
    embedder = Embedder([open_encoder(name)], batching=Batching(progress=False))
    views = [image for p in products for image in p.images]
    owners = np.repeat(np.arange(len(products)), [len(p.images) for p in products])
    vectors = fuse(
        embedder.embed_parts(views, "document")[0].vectors, np.arange(len(views)), len(views)
    )
    firsts = np.flatnonzero(np.r_[True, owners[1:] != owners[:-1]])
    place = {p.id: i for i, p in enumerate(products)}
    hits: dict[str, list[float]] = {"first": [], "mean": []}
    groups = []
    for split in catalog.info.splits:
        queries = [q for q in catalog.queries(split) if q.answers and q.answers[0] in place]
        photos = [next(p for p in q.item.parts if isinstance(p, Image)) for q in queries]
        asked = embedder.embed_parts(photos, "query")[0].vectors
        for query, vector, photo in zip(queries, asked, photos, strict=True):
            target = place[query.answers[0]]
            left = [i for i, view in enumerate(views) if view.path != photo.path]
            mean = fuse(vectors[left], owners[left], len(products))
            for kind, gallery in (("first", vectors[firsts]), ("mean", mean)):
                scores = np.nan_to_num(gallery @ vector, nan=-np.inf)
                hits[kind].append(float(scores.argmax() == target))
            groups.append(target)
    low, high = interval(np.array(hits["mean"]) - np.array(hits["first"]), np.array(groups))
    return {
        "data": data,
        "encoder": name,
        "products": len(products),
        "with several views": sum(len(p.images) > 1 for p in products),
        "photos": len(groups),
        "hit rate, first": round(float(np.mean(hits["first"])), 4),
        "hit rate, mean": round(float(np.mean(hits["mean"])), 4),
        "mean - first, 95 %": f"[{low:+.4f}, {high:+.4f}]",
    }


def interval(differences: np.ndarray, groups: np.ndarray, draws: int = 5000) -> tuple[float, float]:
    """95 % of the mean difference when SKUs are drawn with replacement; seed 0."""
    names, at = np.unique(groups, return_inverse=True)
    sums, sizes = np.bincount(at, differences), np.bincount(at)
    drawn = np.random.default_rng(0).integers(0, len(names), (draws, len(names)))
    means = sums[drawn].sum(axis=1) / sizes[drawn].sum(axis=1)
    low, high = np.percentile(means, [2.5, 97.5])
    return float(low), float(high)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", nargs="+")
    parser.add_argument("--encoder", action="append", required=True)
    parser.add_argument("--engine", default="", help='"" is the default; "edge:" another')
    parser.add_argument("--products", type=int, default=2000, help="least, by copies")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--views", action="store_true")
    parser.add_argument("--save", action="store_true")
    args = parser.parse_args()
    if args.views:
        rows = [compare_views(data, name) for data in args.data for name in args.encoder]
        report("index_views", rows, vars(args), args.save)
        return
    rows = []
    for data in args.data:
        with tempfile.TemporaryDirectory() as scratch:
            folder = Path(scratch)
            (folder / "pictures").mkdir()
            catalog = open_catalog(data)
            count = sum(bool(p.images) for p in catalog.products())
            many = Repeated(catalog, folder / "pictures", -(-args.products // count))
            for name in args.encoder:
                row = {"data": data} | measure(name, many, args.engine, folder, args.repeats)
                idle = idle_seconds(
                    data, name, args.engine, folder / name.replace("/", "-"), args.repeats
                )
                rows.append(row | {"nothing to do, s": idle})
    report("index_build", rows, vars(args), args.save)


if __name__ == "__main__":
    main()
