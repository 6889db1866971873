"""Encoders that have seen a part of the groceries alone, so that the other SKUs are new to them.

    python -m benchmarks.inventory_encoders --seeds 0 1 2

What limits the speed is training on a CPU: about four minutes a seed on two idle cores. Encoders
are kept in $SKULENS_CACHE/inventory, and a killed run goes on after its last whole epoch.
"""

import argparse
from collections.abc import Collection, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from skulens.catalog.open import open_catalog
from skulens.files import cache_folder
from skulens.protocols import Catalog
from skulens.records import Product, Query

RECIPE = "groceries-small"
EPOCHS = 40
"""Of the recipe's 70, for the time of several seeds."""
NEW = 27
"""SKUs of 81 that an encoder does not see."""


class Part:
    """A catalogue of some of its products, and of queries about these alone."""

    def __init__(self, inner: Catalog, ids: Collection[str]):
        self.inner, self.ids = inner, frozenset(ids)
        self.info, self.rejects = replace(inner.info, name=f"{inner.info.name}-part"), []

    def products(self) -> Iterator[Product]:
        return (p for p in self.inner.products() if p.id in self.ids)

    def queries(self, split: str) -> Iterator[Query]:
        return (q for q in self.inner.queries(split) if self.ids.issuperset(q.answers))


def draw(ids: Collection[str], seed: int, new: int = NEW) -> tuple[list[str], list[str]]:
    """(SKUs that are there from the beginning, SKUs that come later), each sorted."""
    order = np.random.default_rng(seed).permutation(sorted(ids)).tolist()
    return sorted(order[new:]), sorted(order[:new])


def place_of(seed: int) -> Path:
    """Where the encoder of a seed is kept; `local:PLACE` opens it."""
    return cache_folder() / "inventory" / f"groceries-{NEW}-unseen-{EPOCHS}-{seed}"


def train(seed: int) -> Path:
    """The encoder that has seen the old SKUs of a seed, trained where it is not there yet."""
    from skulens.train.config import read_recipe
    from skulens.train.contrastive import train_contrastive

    catalog = open_catalog("groceries")
    old, _ = draw([p.id for p in catalog.products()], seed)
    config = replace(read_recipe(RECIPE), epochs=EPOCHS, seed=seed)
    train_contrastive([Part(catalog, old)], config, place_of(seed))
    return place_of(seed)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, nargs="*", default=[0, 1, 2])
    for seed in parser.parse_args().seeds:
        print(train(seed))


if __name__ == "__main__":
    main()
