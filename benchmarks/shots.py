"""How several pictures of a product become one score: `single`, `max`, `mean` or `prototype`?

The rule, written before the first run: the default is the one of the four that is significantly
worse than another in the fewest cells (a cell: data set x pictures x encoder x gallery; paired test
of hit_rate@1 over the groups of the data set, p after Holm over all pairs of a cell), then the one
with the highest mean over cells; where two means differ by less than 0.005, the one that keeps one
vector per product.

Data sets: groceries with its iconic picture and 2 or 5 of each product's train photos (test photos
are the probes; the encoder `groceries` was trained on the train photos, `mini` too); a procedural
shop that nobody trained on, with all views of each product; photos of clothing, 18 classes as
products, the photos of some contributors as gallery and those of others as probes. What limits:
pictures per second of the encoders, three minutes of one core; vectors are kept.

    python -m benchmarks.shots --mobilenet onnx:../shared/weights/mobilenet_v1_embedding --save
"""

import argparse
import hashlib
import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import cast

import numpy as np

from benchmarks.common import named, report
from skulens.analysis.pairs import adjust, pair
from skulens.bench.result import Result
from skulens.bench.run import Opening, open_system
from skulens.bench.suites.mpr import Mpr, MprSettings
from skulens.bench.task import Tools
from skulens.catalog.open import open_catalog
from skulens.encode import open_memo
from skulens.evaluate.compare import LEVEL
from skulens.files import cache_folder
from skulens.protocols import Catalog
from skulens.records import Image, Product, Query

RULES = ("single", "max", "mean", "prototype")
METRIC = "hit_rate@1"


@dataclass
class Pictured:
    """A catalogue whose products have further gallery pictures, after their own."""

    inner: Catalog
    more: Mapping[str, Sequence[Image]]

    def __post_init__(self):
        self.info, self.rejects, self.queries = self.inner.info, [], self.inner.queries

    def products(self) -> Iterator[Product]:
        for p in self.inner.products():
            yield replace(p, images=(*p.images, *self.more.get(p.id, ())))


def pictures_by_product(queries: Sequence[Query], most: int) -> dict[str, list[Image]]:
    """Up to so many photos of each product, chosen by the hash of their ids."""
    found: dict[str, list[Image]] = {}
    for query in sorted(queries, key=lambda q: hashlib.sha256(q.id.encode()).digest()):
        mine = found.setdefault(next(iter(query.answers)), [])
        if len(mine) < most:
            mine.append(cast(Image, query.item.parts[0]))
    return found


def open_cases(args: argparse.Namespace) -> dict[str, Catalog]:
    """Name -> catalogue with several gallery pictures per product."""
    groceries, clothing = open_catalog("groceries"), open_catalog("clothing")
    photos = list(groceries.queries("train"))
    cases: dict[str, Catalog] = {
        f"groceries, iconic + {k}": Pictured(groceries, pictures_by_product(photos, k))
        for k in (2, 5)
    }
    cases["shop, every view"] = open_catalog(args.shop)
    others = pictures_by_product(list(clothing.queries("val")), 10**6)
    cases["clothing, other people's"] = Pictured(clothing, others)
    return cases


def measure(catalog: Catalog, name: str, encoder, gallery: str) -> dict[str, Result]:
    """Rule -> result."""
    tools = Tools(cache=cache_folder(), memo=open_memo(), time_probes=False)
    system = open_system(encoder, Opening().numerics, "cpu", tools)
    found = {}
    for rule in RULES:
        settings = MprSettings(gallery=gallery, shots=rule, texts=catalog.info.gallery_text[:1])
        [found[rule]] = Mpr(catalog, settings, name=name, tools=tools).run([system])
    return found


def count_pictures(catalog: Catalog) -> str:
    """ "1,234 of 81 SKUs"."""
    held = [len(p.images) for p in catalog.products() if p.images]
    return f"{sum(held):,} of {len(held)} SKUs"


def describe_cell(found: Mapping[str, Result]) -> tuple[dict, dict[str, list[str]]]:
    """(numbers of the rules, rule -> the rules that are significantly better)."""
    pairs = list(itertools.combinations(RULES, 2))
    made = adjust([pair(found[a], found[b], METRIC) for a, b in pairs])
    worse: dict[str, list[str]] = {rule: [] for rule in RULES}
    for (a, b), p in zip(pairs, made, strict=True):
        if p.p <= LEVEL:
            worse[b if p.difference.value > 0 else a].append(a if p.difference.value > 0 else b)
    row: dict[str, object] = {}
    for rule in RULES:
        i = found[rule].metrics[METRIC]
        row[rule] = f"{i.value:.3f} [{i.low:.3f}, {i.high:.3f}]"
    d = next(p for (a, b), p in zip(pairs, made, strict=True) if (a, b) == ("max", "prototype"))
    row["max - prototype"] = (
        f"{d.difference.value:+.3f} [{d.difference.low:+.3f}, {d.difference.high:+.3f}]"
    )
    row["significantly worse"] = "; ".join(
        f"{rule} than {', '.join(better)}" for rule, better in worse.items() if better
    )
    return row, worse


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--shop", default="world:100:1002:test")
    parser.add_argument("--encoder", nargs="*", default=["mini", "groceries"])
    parser.add_argument("--mobilenet", help="encoder of pictures only, such as onnx:DIR")
    parser.add_argument("--save", action="store_true")
    args = parser.parse_args()
    rows, lost, values = [], dict.fromkeys(RULES, 0), {rule: [] for rule in RULES}
    for name, catalog in open_cases(args).items():
        for encoder in (*args.encoder, *([args.mobilenet] if args.mobilenet else ())):
            for gallery in ("image", "both") if encoder != args.mobilenet else ("image",):
                found = measure(catalog, name, encoder, gallery)
                row, worse = describe_cell(found)
                counts = found["single"].counts
                shown = "mobilenet" if encoder == args.mobilenet else encoder
                rows.append(
                    {"data": name, "encoder": shown, "gallery": gallery}
                    | {"pictures": count_pictures(catalog), "probes": counts["units"]}
                    | row
                )
                print(rows[-1], flush=True)
                for rule in RULES:
                    lost[rule] += bool(worse[rule])
                    values[rule].append(found[rule].metrics[METRIC].value)
    rows.append(
        dict.fromkeys(rows[0], "")
        | {"data": f"{len(rows)} cells: mean, cells in which another is significantly better"}
        | {rule: f"{np.mean(values[rule]):.3f}, {lost[rule]}" for rule in RULES}
    )
    report("shots", rows, named(vars(args)), args.save)


if __name__ == "__main__":
    main()
