"""What small encoders are worth beside chance, colour, words and MobileNet; and whether one of two
sources beats either.

Tasks: photos of a shop whose SKUs nobody trained on -> caption and title in five languages, and ->
front picture; grocery photos -> description and -> iconic picture; home photos of clothing ->
photos of the same class by other people; photo and words -> the sibling that differs so
(`world.truth.composed`). What limits: pictures per second of the encoders; vectors are kept in
--cache.

    python -m benchmarks.small_models --shop world:1000:1002:test --train-shop \\
        world:1000:1001:train \\
        --groceries groceries --clothing ../shared/data/clothing --encoder mini \\
        --mobilenet onnx:../shared/weights/mobilenet_v1_embedding --save

`--encoder LABEL=NAME` may be repeated; the first is compared with each other one, question by
question (paired).
"""

import argparse
import json
from collections.abc import Mapping
from pathlib import Path
from typing import cast

from benchmarks.common import RESULTS
from benchmarks.small_models_composed import Composed, photo_and_words, shortcuts
from benchmarks.small_models_measures import (
    Encoded,
    Histogram,
    Method,
    Report,
    Task,
    guess,
    interval_text,
    photos_of,
    pictures_of,
    sku_text,
)
from skulens.bench.result import describe_run
from skulens.catalog.clothing import Clothing
from skulens.catalog.open import open_catalog
from skulens.evaluate.ranking import precision_at_k
from skulens.files import cache_folder
from skulens.protocols import Catalog
from skulens.records import Query
from skulens.world.reader import World
from skulens.world.truth.vocabulary import LANGUAGES


def shop_texts(report: Report, shop: Catalog, encoders: Mapping[str, Method]) -> None:
    """Photo -> what is visible, then brand and facts, in each language."""
    queries, products = photos_of(shop, "test"), list(shop.products())
    task = Task("shop: photo -> text", queries, [p.id for p in products])
    report.add(task, "chance", guess(task))
    for language in LANGUAGES:
        task = Task(f"shop: photo -> text, {language}", queries, [p.id for p in products])
        texts = [sku_text(p, language) for p in products]
        for label, encoder in encoders.items():
            if "text" in encoder.modalities:
                report.add(
                    task, label, task.values(encoder(pictures_of(queries)) @ encoder(texts).T)
                )


def grocery_texts(report: Report, catalog: Catalog, encoders: Mapping[str, Method]) -> None:
    queries, products = (
        photos_of(catalog, "test"),
        [p for p in catalog.products() if p.text("description")],
    )
    task = Task("groceries: photo -> description", queries, [p.id for p in products])
    report.add(task, "chance", guess(task))
    for label, encoder in encoders.items():
        if "text" in encoder.modalities:
            texts = encoder([p.text("description") for p in products])
            report.add(task, label, task.values(encoder(pictures_of(queries)) @ texts.T))


def catalogue_pictures(
    report: Report, name: str, catalog: Catalog, encoders: Mapping[str, Method]
) -> None:
    """Photo -> the catalogue's first picture of each product."""
    queries, products = photos_of(catalog, "test"), [p for p in catalog.products() if p.images]
    task = Task(name, queries, [p.id for p in products])
    report.add(task, "chance", guess(task))
    for label, encoder in encoders.items():
        fronts = encoder([p.images[0] for p in products])
        report.add(task, label, task.values(encoder(pictures_of(queries)) @ fronts.T))


def clothing(report: Report, folder: Path, encoders: Mapping[str, Method]) -> None:
    """Test photo -> train photos, all of other contributors; relevant are those of its class."""
    catalog = Clothing(folder)
    gallery = photos_of(catalog, "train")
    of_class: dict[str, dict[str, int]] = {}
    for q in gallery:
        of_class.setdefault(next(iter(q.relevant)), {})[q.id] = 1
    queries = [
        Query(q.id, q.item, of_class.get(next(iter(q.relevant)), {}), group=q.group)
        for q in photos_of(catalog, "test")
    ]
    precision = {f"precision@{k}": lambda j, k=k: precision_at_k(j, k) for k in (1, 10)}
    task = Task(
        "clothing: same class",
        [q for q in queries if q.relevant],
        [q.id for q in gallery],
        precision,
    )
    report.add(task, "chance", guess(task))
    for label, encoder in encoders.items():
        report.add(
            task,
            label,
            task.values(encoder(pictures_of(task.queries)) @ encoder(pictures_of(gallery)).T),
        )


def describe(shop: Catalog) -> dict:
    """How a shop was made and the hashes of what it holds."""
    card = json.loads((cast(World, shop).root / "world.json").read_text("utf-8"))
    return {k: card.get(k) for k in ("config", "generator", "records_sha256", "pictures_sha256")}


def table(report: Report) -> str:
    """Markdown."""
    lines = []
    for name, task in report.tasks.items():
        metrics = list(task.metrics)
        lines += [
            "",
            f"**{name}**, {len(task.queries)} queries, {len(task.gallery)} candidates",
            "",
        ]
        lines += [f"| method | {' | '.join(metrics)} |", "|---|" + "---|" * len(metrics)]
        rows = [r for r in report.rows if r["task"] == name]
        lines += [
            f"| {r['method']} | {' | '.join(interval_text(r['metrics'][m]) for m in metrics)} |"
            for r in rows
        ]
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--shop", required=True, help="shop of SKUs that were not trained on, all in the split test"
    )
    parser.add_argument(
        "--train-shop",
        required=True,
        help="shop that was trained on, for the shares of composed queries",
    )
    parser.add_argument("--groceries", help="the grocery photos, such as groceries")
    parser.add_argument("--clothing", type=Path, help="folder of the clothing photos")
    parser.add_argument("--encoder", action="append", default=None, metavar="[LABEL=]NAME")
    parser.add_argument("--mobilenet", help="encoder of pictures only, such as onnx:DIR")
    parser.add_argument("--cache", type=Path, default=cache_folder(), help="where vectors are kept")
    parser.add_argument(
        "--save", action="store_true", help="write benchmarks/results/small_models.json"
    )
    args = parser.parse_args()
    named = [e.split("=", 1) if "=" in e else (e, e) for e in args.encoder or ["mini"]]
    encoders = {label: Encoded(name, args.cache) for label, name in named}
    baselines: dict[str, Method] = {"colour histogram": Histogram()}
    if args.mobilenet:
        baselines["MobileNet V1"] = Encoded(args.mobilenet, args.cache)
    shop, train_shop = open_catalog(args.shop), open_catalog(args.train_shop)
    report = Report()
    shop_texts(report, shop, encoders)
    catalogue_pictures(report, "shop: photo -> front picture", shop, baselines | encoders)
    if args.groceries:
        groceries = open_catalog(args.groceries)
        grocery_texts(report, groceries, encoders)
        catalogue_pictures(report, "groceries: photo -> iconic", groceries, baselines | encoders)
    if args.clothing:
        clothing(report, args.clothing, baselines | encoders)
    test = Composed.of(shop, "test")
    chosen = photo_and_words(
        report, Composed.of(train_shop, train_shop.info.splits[0], 1000), test, baselines | encoders
    )
    first, *others = encoders
    made = {
        "benchmark": "small_models",
        "shop": describe(shop),
        "train_shop": describe(train_shop),
        "encoders": {label: encoder.encoder.info.identity for label, encoder in encoders.items()},
        "rows": report.rows,
        "differences": report.differences(first, others),
        "shares": chosen,
        "shortcuts": {e: shortcuts(report, test, e) for e in encoders},
    } | describe_run()
    print(table(report))
    print(json.dumps(made))
    if args.save:
        (RESULTS / "small_models.json").write_text(json.dumps(made, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
