"""How far the words on a photo get: photo -> SKU texts by OCR and BM25, alone and fused.

The rule (which words are taken for which, at what size photos are read) is decided on train photos,
`--rules`; the test photos are measured with the rule as it ships. What limits the speed is the text
reader, 0.5 to 2 s a photo on one core; readings are kept in $SKULENS_CACHE, so a second run takes
seconds and a killed one goes on.

    python -m benchmarks.ocr_retrieval --rules --save     # 288 train photos, twice
    python -m benchmarks.ocr_retrieval --save             # all 622 test photos of packages
"""

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import PIL.Image

from benchmarks.common import report
from skulens.analysis.pairs import pair
from skulens.bench.result import Result
from skulens.bench.run import Opening, open_system
from skulens.bench.suites.mpr import Mpr, MprSettings
from skulens.bench.task import Tools
from skulens.catalog.open import open_catalog
from skulens.encode import open_memo
from skulens.evaluate.intervals import Interval
from skulens.files import cache_folder
from skulens.protocols import Catalog, TextReader
from skulens.records import Query
from skulens.search.systems.ocr import Likeness, Ocr
from skulens.verify.text import open_text_reader

METRICS = ("hit_rate@1", "hit_rate@5")
RULES = {
    "equal words alone": Likeness(1.0),
    "0.80, 3 letters": Likeness(0.8, 3),
    "0.75, 3 letters": Likeness(0.75, 3),
    "0.70, 3 letters": Likeness(0.7, 3),
    "0.65, 3 letters": Likeness(0.65, 3),
    "0.60, 3 letters": Likeness(0.6, 3),
    "0.70, 4 letters": Likeness(0.7, 4),
    "0.70, 2 letters": Likeness(0.7, 2),
}


@dataclass
class Enlarged:
    """A text reader that sees every picture several times as large."""

    inner: TextReader
    factor: int

    def __post_init__(self):
        identity = f"{self.inner.info.identity} x{self.factor}"
        self.info, self.languages = replace(self.inner.info, identity=identity), ()

    def read(self, picture, languages: Sequence[str] = ()):
        size = picture.width * self.factor, picture.height * self.factor
        larger = picture.resize(size, PIL.Image.Resampling.LANCZOS)
        return self.inner.read(larger, languages)


@dataclass
class Sampled:
    """A catalogue with every n-th query of those whose product is in a category."""

    inner: Catalog
    every: int
    category: str

    def __post_init__(self):
        self.info, self.rejects, self.products = self.inner.info, [], self.inner.products

    def queries(self, split: str) -> Iterator[Query]:
        wanted = self.category
        mine = {p.id for p in self.products() if not wanted or wanted in p.category}
        kept = [q for q in self.inner.queries(split) if mine.intersection(q.answers)]
        yield from kept[:: self.every]


def tools_here() -> Tools:
    return Tools(cache=cache_folder(), memo=open_memo(), time_probes=False)


def measure(catalog: Catalog, system, **settings) -> list[Result]:
    """Results of a system, by name or opened, one per gallery."""
    tools = tools_here()
    if isinstance(system, str):
        system = open_system(system, Opening().numerics, "cpu", tools)
    return list(Mpr(catalog, MprSettings(**settings), tools=tools).run([system]))


def show(interval: Interval) -> str:
    return f"{interval.value:.3f} [{interval.low:.3f}, {interval.high:.3f}]"


def measure_rules(catalog: Catalog, args: argparse.Namespace) -> list[dict]:
    """Rules x texts x sizes on train photos."""
    sampled, rows = Sampled(catalog, args.every, args.category), []
    reader = open_text_reader(args.reader)
    for factor in args.factors:
        sized = reader if factor == 1 else Enlarged(reader, factor)
        for texts in (args.texts, args.texts[:1]):
            for rule, likeness in RULES.items():
                if len(texts) == 1 and likeness not in (Likeness(), Likeness(1.0)):
                    continue
                system = Ocr(sized, cache=cache_folder(), likeness=likeness)
                [found] = measure(
                    sampled, system, gallery="text", split="train", texts=tuple(texts), shots="max"
                )
                rows.append(
                    {
                        "photos": found.counts["units"],
                        "size": f"{factor}x",
                        "texts": len(texts),
                        "rule": rule,
                    }
                    | {m: show(found.metrics[m]) for m in METRICS}
                )
    return rows


def measure_systems(catalog: Catalog, args: argparse.Namespace) -> list[dict]:
    """Words, encoders, and both on test photos, with the paired difference to the encoder alone."""
    words, rows = f"ocr:{args.reader}", []
    every = Sampled(catalog, 1, args.category)
    one = args.texts[:1]
    for gallery, texts in (("text", args.texts), ("text", one), ("image", ()), ("both", one)):
        settings = {"gallery": gallery, "texts": tuple(texts), "limit": args.limit}
        settings |= {"shots": "max"} if len(texts) > 1 else {}
        alone = {n: measure(every, n, **settings)[0] for n in (words, *args.encoder)}
        rows += [row_of(n, r, gallery, texts) for n, r in alone.items()]
        for encoder in args.encoder:
            name = f"{words}+{encoder}"
            [fused] = measure(every, name, **settings)
            gain = {}
            for metric in METRICS:
                d = pair(fused, alone[encoder], metric).difference
                gain[f"{metric} - encoder"] = f"{d.value:+.3f} [{d.low:+.3f}, {d.high:+.3f}]"
            rows.append(row_of(name, fused, gallery, texts) | gain)
    return rows


def row_of(name: str, result: Result, gallery: str, texts: Sequence[str]) -> dict:
    rate = result.cost.get("images_per_s", "kept")
    return (
        {
            "system": name,
            "gallery": f"{gallery}, {len(texts)} texts",
            "photos": result.counts["units"],
        }
        | {m: show(result.metrics[m]) for m in METRICS}
        | {f"{m} - encoder": "" for m in METRICS}
        | {"photos read per s": rate if name.startswith("ocr") and "+" not in name else ""}
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", default="groceries")
    parser.add_argument(
        "--category", default="Packages", help="of the products photographed; empty: all"
    )
    parser.add_argument("--reader", default="rapidocr")
    parser.add_argument(
        "--texts",
        nargs="*",
        default=["description", "title", "description_sv"],
        help="text roles of a product; the first is measured alone too",
    )
    parser.add_argument("--encoder", nargs="*", default=["groceries", "mini"])
    parser.add_argument("--rules", action="store_true", help="compare rules on train photos")
    parser.add_argument("--every", type=int, default=3, help="of --rules: every n-th photo")
    parser.add_argument("--factors", type=int, nargs="*", default=[1, 2], help="of --rules: sizes")
    parser.add_argument("--limit", type=int, default=0, help="test photos; 0: all")
    parser.add_argument("--save", action="store_true")
    args = parser.parse_args()
    catalog = open_catalog(args.data)
    if args.rules:
        report("ocr_retrieval_rules", measure_rules(catalog, args), vars(args), args.save)
    else:
        report("ocr_retrieval", measure_systems(catalog, args), vars(args), args.save)


if __name__ == "__main__":
    main()
