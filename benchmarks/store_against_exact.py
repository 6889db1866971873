"""What a store finds, against the exact search of its encoder on the same queries.

Four catalogues: grocery photos, views of a clothing shop, photos of a procedural shop, and composed
queries of several conditions over another one. Every row is a store asked in one way, with the
paired difference to the exact search of the encoder alone (gallery of pictures, the same fusion).
What limits the speed is encoding; vectors are kept in $SKULENS_CACHE.

    skulens world make SHOP --skus 300 --seed 1101 --px 112 --views front --split-all test
    skulens world make MANY --skus 2000 --seed 1103 --px 96 --views front --photos 1 --split-all test
    skulens curate cards MANY --out CARDS
    skulens curate compose MANY --cards CARDS --quota 2=200,3=200,4=200 --out COMPOSED
    # and the same into OWN with --photos 0: queries then show pictures of the catalogue itself,
    # which a store recognises, so that it knows what their conditions ask for
    python -m benchmarks.store_against_exact --shop SHOP --composed COMPOSED --own OWN \\
        --mobilenet onnx:../shared/weights/mobilenet_v1_embedding --save
"""

import argparse
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.common import named, report
from skulens.analysis.pairs import pair
from skulens.bench.index_loss import OVERLAP
from skulens.bench.result import Result
from skulens.bench.run import Opening, make_settings, open_system
from skulens.bench.suites.merit import Merit
from skulens.bench.suites.mpr import Mpr
from skulens.bench.task import Tools
from skulens.catalog.open import open_catalog
from skulens.encode import open_memo
from skulens.evaluate.intervals import Interval
from skulens.files import cache_folder
from skulens.protocols import Catalog
from skulens.search.indexing.build import build_index

METRICS = ("hit_rate@1", "hit_rate@10")


@dataclass(frozen=True)
class Asked:
    """A catalogue, its queries, and the ways in which its store is asked."""

    data: str
    catalog: Catalog
    encoders: Sequence[str]
    settings: Mapping[str, object]
    options: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Text encoder of the store ("" for none) -> what stands after the "?" of its address."""
    merit: bool = False

    def measure(self, system: str, tools: Tools, **more) -> Result:
        kind: Any = Merit if self.merit else Mpr
        settings = make_settings(kind.Settings, {**self.settings, **more})
        suite = kind(self.catalog, settings, name=self.data, tools=tools)
        [found] = suite.run([open_system(system, Opening().numerics, "cpu", tools)])
        return found


def list_catalogues(args: argparse.Namespace) -> Iterator[Asked]:
    limit = {"limit": args.limit}
    both = {"": [""], "SAME": ["text=1", "picture=0&text=1", ""]}
    """Without a column of texts, and with one of the same encoder: fused, texts alone, pictures
    alone."""
    mobilenet = [args.mobilenet] if args.mobilenet else []
    if args.groceries:
        photos = [open_catalog("groceries"), open_catalog("apparel_catalogue")]
        test = {"split": "test", **limit}
        yield Asked("groceries", photos[0], ["groceries", "mini"], test, both)
        yield Asked("groceries", photos[0], mobilenet, test, {"": [""]})
        views = {"split": "views", **limit}
        yield Asked("apparel_catalogue", photos[1], ["mini", *mobilenet], views, {"": [""]})
    if args.shop:
        shop = open_catalog(args.shop)
        test = {"split": "test", **limit}
        yield Asked("shop", shop, ["mini"], test, both)
        yield Asked("shop", shop, mobilenet, test, {"": [""]})
    facts = ["words=0&facts=prefer", "words=0&facts=require", "facts=require"]
    for name, folder, more in (
        ("composed, photos", args.composed, []),
        ("composed, own pictures", args.own, facts),
    ):
        for fusion in ("avg", "cat") if folder else ():
            composed = open_catalog(folder, allow_outside=True)
            asked = {"split": "composed", "fusion": fusion, **limit}
            ways = {"": ["words=0", "", "words=0.5", *more]}
            yield Asked(name, composed, ["mini"], asked, ways, merit=True)


def measure(asked: Asked, folder: Path) -> Iterator[dict]:
    """A row for the encoder alone, then one for each way of asking its stores."""
    tools = Tools(cache=cache_folder(), memo=open_memo(), time_probes=False)
    for encoder in asked.encoders:
        exact = asked.measure(encoder, tools, gallery="image")
        yield row_of(asked, encoder, "exact search, pictures", exact)
        for text, options in asked.options.items():
            text_encoder = encoder if text == "SAME" else text
            place = folder / f"{len(list(folder.glob('*')))}.store"
            build_index(
                asked.catalog,
                str(place),
                encoder=encoder,
                text_encoder=text_encoder,
                views="first",
                cache=tools.cache,
                memo=tools.memo,
                data=asked.data,
            )
            for option in options:
                found = asked.measure(f"store:{place}{option and '?'}{option}", tools)
                columns = "pictures and texts" if text_encoder else "pictures"
                row = row_of(asked, encoder, f"store, {columns}{option and ': '}{option}", found)
                yield row | compare(found, exact)


def row_of(asked: Asked, encoder: str, system: str, result: Result) -> dict:
    names = [*METRICS, *(f"macro_{m}" for m in METRICS if f"macro_{m}" in result.metrics)]
    return (
        {
            "data": asked.data,
            "fusion": str(asked.settings.get("fusion", "avg")),
            "encoder": Path(encoder).name,
            "system": system,
            "queries": result.counts["units"],
            "groups": result.counts["groups"],
        }
        | {m: show(result.metrics[m]) for m in names}
        | {f"{m} - exact": "" for m in METRICS}
        | {"overlap of 10 with a scan": "", "engine p50 ms": ""}
    )


def compare(found: Result, exact: Result) -> dict:
    """The paired differences of a row, and what its index cost."""
    more = {}
    for metric in METRICS:
        d = pair(found, exact, metric).difference
        more[f"{metric} - exact"] = f"{d.value:+.3f} [{d.low:+.3f}, {d.high:+.3f}]"
    overlap, took = found.metrics[OVERLAP].value, found.cost.get("search_ms_p50", "")
    return more | {"overlap of 10 with a scan": f"{overlap:.4f}", "engine p50 ms": took}


def show(interval: Interval) -> str:
    return f"{interval.value:.3f} [{interval.low:.3f}, {interval.high:.3f}]"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--shop", default="", help="a procedural shop with photos; empty: none")
    parser.add_argument("--composed", default="", help="composed queries; empty: none")
    parser.add_argument(
        "--own", default="", help="the same that show the catalogue's own pictures; empty: none"
    )
    parser.add_argument("--mobilenet", default="", help="onnx:DIR; empty: none")
    parser.add_argument(
        "--groceries", action=argparse.BooleanOptionalAction, default=True, help="and clothing"
    )
    parser.add_argument("--limit", type=int, default=0, help="queries of each; 0: all")
    parser.add_argument("--save", action="store_true")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        rows = [r for asked in list_catalogues(args) for r in measure(asked, Path(folder))]
    report("store_against_exact", rows, named(vars(args)), args.save)


if __name__ == "__main__":
    main()
