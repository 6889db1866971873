"""A store whose products change while it serves: SKUs added, removed, and in new packaging.

OpenMPR leaves dynamic inventories open. Rules, decided before any run:

- A third of the SKUs (SPUs in the shop) is new, a third is removed later; drawn by the seed.
- Photo -> SKU over one picture column, every product a vector; nothing is trained between steps.
- Groceries are enrolled with the iconic picture alone, or with five train photos beside it.
- "Not in the catalogue": two thresholds of the confidence with the smaller area under its curve,
  chosen before anything is added on half of the SKUs, known and unknown: the one for a precision of
  `PRECISION` where every answer to an unknown SKU is wrong (`evaluate.calibration`), and the one
  that refuses `REFUSED` of the photos of known SKUs. Tested on the other half, then again after the
  inventory has changed (the new SKUs known, the removed ones unknown).
- Packaging: the shop draws an SPU anew, with the same attributes and another silhouette. Its old
  picture stays alone, is replaced, is averaged with the new one, or both are entries of their own.

    python -m benchmarks.inventory_encoders
    python -m benchmarks.inventory --mobilenet onnx:../shared/weights/mobilenet_v1_embedding --save

What limits the speed is drawing and encoding photos; vectors of files are kept in $SKULENS_CACHE.
"""

import argparse
import tempfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tqdm import tqdm

from benchmarks.common import named, report
from benchmarks.inventory_encoders import draw, place_of
from benchmarks.inventory_packaging import Packaged, draw_shop
from benchmarks.inventory_store import ENTRY, Found, Inventory, Photo, change, share
from skulens.catalog.open import open_catalog
from skulens.encode.gallery import pictures_of
from skulens.evaluate.calibration import choose_threshold
from skulens.evaluate.risk_coverage import Answers, choose_confidence
from skulens.protocols import Catalog
from skulens.records import Image

PRECISION, REFUSED = 0.9, 0.1
ENROLLED = 5
"""Train photos of a SKU beside its iconic picture."""


@dataclass(frozen=True)
class Refusal:
    """A threshold and how it was chosen."""

    kind: str
    value: float
    reached: bool = True

    def refuses(self, found: Found) -> np.ndarray:
        """(photos,) bool."""
        return (found.score if self.kind == "score" else found.margin) < self.value


def choose_refusals(found: Found, known: Collection[str], half: np.ndarray) -> dict[str, Refusal]:
    """Both thresholds, chosen on the photos of `half`."""
    is_known = found.of(known)
    right = (found.first > 0) & is_known
    every = Answers(found.score, found.margin, right, found.groups, int((~is_known).sum()))
    choosing = every.take(half)
    kind = choose_confidence(choosing, every.confidences)
    value, reached = choose_threshold(choosing, kind, PRECISION)
    loose = np.quantile(every.confidence(kind)[half & is_known], REFUSED)
    return {
        f"precision {PRECISION}": Refusal(kind, value, reached),
        f"refuses {REFUSED}": Refusal(kind, float(loose)),
    }


def refusal_rows(
    cell: dict,
    state: str,
    refusals: Mapping[str, Refusal],
    found: Found,
    known: set,
    half: np.ndarray,
) -> Iterator[dict]:
    """What each threshold does on the photos of `half`."""
    is_known = found.of(known)
    for rule, refusal in refusals.items():
        refused = refusal.refuses(found)
        right = is_known & (found.first > 0)
        answered = half & ~refused
        yield cell | {
            "state": state,
            "rule": rule,
            "confidence": refusal.kind,
            "reached on its half": refusal.reached,
            "unknown refused": share(refused, found.groups, half & ~is_known),
            "known refused": share(refused, found.groups, half & is_known),
            "of these right ones": share(refused, found.groups, half & right),
            "precision of answers": share(right, found.groups, answered),
        }


@dataclass(frozen=True)
class Drawn:
    """SKUs by what happens to them."""

    old: list[str]
    new: list[str]
    removed: list[str]


def change_stock(
    cell: dict,
    inventory: Inventory,
    entries: Mapping[str, Sequence[Image]],
    photos: Sequence[Photo],
    drawn: Drawn,
    tested: set[str],
) -> tuple[list[dict], list[dict]]:
    """Add the new SKUs, remove others: (what is found, what is refused).

    Args:
        tested: SKUs on which thresholds are tested; they are chosen on the others.
    """
    old, new, removed = set(drawn.old), set(drawn.new), set(drawn.removed)
    inventory.put({sku: entries[sku] for sku in drawn.old})
    before = inventory.ask(photos)
    took = inventory.time_upserts({sku: entries[sku] for sku in drawn.new})
    after = inventory.ask(photos)
    inventory.store.delete(drawn.removed)
    rest = inventory.ask(photos)
    is_new, is_old, kept = after.of(new), after.of(old), after.of((old | new) - removed)
    to_new = np.array([bool(set(h[:1]) & new) for h in after.hits])
    rows = [
        cell
        | {
            "photos": len(photos),
            "new: hit@1": share(after.first, after.groups, is_new),
            "old: hit@1": share(after.first, after.groups, is_old),
            "new: hit@10": share(after.within, after.groups, is_new),
            "old: hit@10": share(after.within, after.groups, is_old),
            "old: before adding": share(before.first, before.groups, is_old),
            "old: after - before": change(after, before, is_old),
            "old taken for new": share(to_new, after.groups, is_old),
            "rest: after removal - before": change(rest, after, kept),
            "removed SKUs among hits": sum(len(removed & set(h)) for h in rest.hits),
        }
        | took
    ]
    half = before.of(tested)
    refusals = choose_refusals(before, old, ~half)
    known = (old | new) - removed
    return rows, [
        *refusal_rows(cell, "before", refusals, before, old, half),
        *refusal_rows(cell, "changed", refusals, rest, known, half),
    ]


def halve(drawn: Drawn, seed: int) -> set[str]:
    """Half of the SKUs that stay, of the new and of the removed ones."""
    rng, found = np.random.default_rng([seed, 1]), set()
    for skus in (set(drawn.old) - set(drawn.removed), drawn.new, drawn.removed):
        found |= set(rng.permutation(sorted(skus))[: len(skus) // 2].tolist())
    return found


# ----- groceries ----------------------------------------------------------------------------------


def photos_of(catalog: Catalog, split: str) -> Iterator[tuple[str, Image]]:
    """(SKU, photo) of a split."""
    for query in catalog.queries(split):
        yield from ((query.answers[0], image) for image in pictures_of([query.item]))


def measure_groceries(args: argparse.Namespace) -> Iterator[tuple[list[dict], list[dict]]]:
    catalog = open_catalog("groceries")
    products = list(catalog.products())
    photos = [Photo(sku, sku, image) for sku, image in photos_of(catalog, "test")][:: args.every]
    train: dict[str, list[Image]] = {}
    for sku, image in photos_of(catalog, "train"):
        train.setdefault(sku, []).append(image)
    for seed in args.seeds:
        old, new = draw([p.id for p in products], seed)
        removed, _ = draw(old, seed, len(old) - len(old) // 2)
        drawn = Drawn(old, new, removed)
        encoders = {"mobilenet, saw none": args.mobilenet, "groceries, saw all": "groceries"}
        if (place_of(seed) / "open_clip_config.json").is_file():
            encoders["trained on the old"] = f"local:{place_of(seed)}"
        for label, encoder in encoders.items():
            for extra in (0, ENROLLED) if encoder else ():
                entries = {p.id: [*p.images[:1], *train[p.id][:extra]] for p in products}
                cell = {"data": "groceries", "encoder": label, "pictures": 1 + extra, "seed": seed}
                with tempfile.TemporaryDirectory() as folder:
                    inventory = Inventory(Path(folder) / "store", encoder)
                    yield change_stock(cell, inventory, entries, photos, drawn, halve(drawn, seed))


# ----- the shop -----------------------------------------------------------------------------------


def measure_shop(args: argparse.Namespace) -> Iterator[tuple[list[dict], list[dict], list[dict]]]:
    for seed in args.seeds:
        goods = draw_shop(args.skus, 1201 + seed, args.px)
        spus = sorted({g.spu for g in goods})
        chosen = np.random.default_rng(seed).permutation(spus).tolist()
        third = len(spus) // 3
        new, gone = set(chosen[:third]), set(chosen[third : 2 * third])
        skus = {g.sku: g.spu for g in goods}
        drawn = Drawn(
            [s for s, p in skus.items() if p not in new],
            [s for s, p in skus.items() if p in new],
            [s for s, p in skus.items() if p in gone],
        )
        photos = [Photo(g.sku, g.spu, image) for g in goods for image in g.photos]
        entries = {g.sku: [g.picture] for g in goods}
        for label, encoder in {"mini": "mini", "mobilenet": args.mobilenet}.items():
            if not encoder:
                continue
            cell = {"data": "shop", "encoder": label, "pictures": 1, "seed": seed}
            with tempfile.TemporaryDirectory() as folder:
                inventory = Inventory(Path(folder) / "store", encoder)
                tested = halve(drawn, seed)
                stock, refused = change_stock(cell, inventory, entries, photos, drawn, tested)
            packed = measure_packaging(cell, encoder, goods, new)
            yield stock, refused, packed


def measure_packaging(
    cell: dict, encoder: str, goods: Sequence[Packaged], changed: set[str]
) -> list[dict]:
    """New packaging for the SPUs of `changed`, and what their old picture is worth."""
    mine = [g for g in goods if g.spu in changed]
    others = [Photo(g.sku, g.spu, i) for g in goods if g.spu not in changed for i in g.photos]
    old, new = (
        [Photo(g.sku, g.spu, i) for g in mine for i in images(g)]
        for images in (lambda g: g.photos, lambda g: g.new_photos)
    )
    states = {
        "old picture alone": {},
        "replaced": {g.sku: [g.new_picture] for g in mine},
        "averaged": {g.sku: [g.picture, g.new_picture] for g in mine},
        "own entries": {f"{g.sku}{ENTRY}1": [g.new_picture] for g in mine},
    }
    rows = []
    for state, entries in states.items():
        with tempfile.TemporaryDirectory() as folder:
            inventory = Inventory(Path(folder) / "store", encoder)
            inventory.put({g.sku: [g.picture] for g in goods})
            before = inventory.ask(others)
            if entries:
                inventory.put(entries)
            collapse = "sku" if state == "own entries" else ""
            found = [inventory.ask(photos, collapse) for photos in (new, old, others)]
        whole = [np.ones(len(f.photos), bool) for f in found]
        rows.append(
            cell
            | {"state": state, "SPUs changed": len(changed)}
            | {
                f"{name}: hit@1": share(f.first, f.groups, w)
                for name, f, w in zip(("new photos", "old photos"), found, whole, strict=False)
            }
            | {"other SKUs - before": change(found[2], before, whole[2])}
        )
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, nargs="*", default=[0, 1, 2])
    parser.add_argument("--mobilenet", default="", help="onnx:DIR; empty: without it")
    parser.add_argument("--skus", type=int, default=240, help="of each shop; 0: no shop")
    parser.add_argument("--px", type=int, default=112, help="of the shop's pictures")
    parser.add_argument("--every", type=int, default=1, help="n-th grocery photo; 0: no groceries")
    parser.add_argument("--save", action="store_true")
    args = parser.parse_args()
    stock, refused, packed = [], [], []
    cells = tqdm(measure_groceries(args), "groceries", unit=" cell")
    for rows, more in cells if args.every else ():
        stock += rows
        refused += more
    cells = tqdm(measure_shop(args), "shop", unit=" cell")
    for rows, more, further in cells if args.skus else ():
        stock += rows
        refused += more
        packed += further
    tables = {"inventory": stock, "inventory_refusal": refused, "inventory_packaging": packed}
    for name, rows in tables.items():
        if rows:
            report(name, rows, named(vars(args)), args.save)


if __name__ == "__main__":
    main()
