"""The whole way: a catalogue -> captions -> a folder that is a catalogue again."""

import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from skulens.curate.caption_files import CaptionFolder, Counts, Maker, Plan
from skulens.curate.captions import (
    Attempt,
    Captioner,
    Settings,
    choose_roles,
    read_brands,
    read_sources,
    start_of,
)
from skulens.curate.checks import Counter, Rules
from skulens.errors import DataError
from skulens.prompts.load import Prompt
from skulens.protocols import Catalog, Chat
from skulens.records import Product

LOOKED_AT = 1000
"""Products that are looked at to see which texts there are."""


@dataclass(frozen=True)
class Drawn:
    """What reading the catalogue once tells."""

    products: int
    brands: frozenset[str]
    roles: tuple[tuple[str, ...], tuple[str, ...]]
    sample: frozenset[str] | None
    """Ids of the products to caption; None: all."""

    @property
    def total(self) -> int:
        return self.products if self.sample is None else len(self.sample)


def look_at(catalog: Catalog, settings: Settings, sample: int = 0, seed: int = 0) -> Drawn:
    """Read the products once, before anything is asked.

    Raises:
        DataError: no products, or none of the texts that were asked for.
    """
    first = list(islice(catalog.products(), LOOKED_AT))
    if not first:
        raise DataError(f"{catalog.info.name} has no products; see its rejects: `skulens audit`")
    roles = choose_roles(settings, catalog.info, first)
    ids = list(dict.fromkeys(p.id for p in catalog.products()))
    drawn = random.Random(seed).sample(sorted(ids), min(sample, len(ids))) if sample else None
    brands = read_brands(catalog.products())
    return Drawn(len(ids), brands, roles, None if drawn is None else frozenset(drawn))


def make_captions(
    catalog: Catalog,
    chat: Chat,
    prompt: Prompt,
    counters: Mapping[str, Counter],
    folder: Path,
    settings: Settings = Settings(),
    plan: Plan = Plan(),
    *,
    start: str | None = None,
    sample: int = 0,
    seed: int = 0,
    note: Callable[[int, str, Attempt], object] = lambda total, product, attempt: None,
) -> Counts:
    """Caption the products of a catalogue and write the folder (`curate.caption_files`).

    Args:
        counters: encoder -> (counts tokens, most tokens); a caption has to fit all.
        start: how captions have to begin; None: as the template says (`start_of`).
        sample: only so many products, drawn with `seed`; 0: all.
        note: called with (products, product id, attempt) at every answer.
    Raises:
        DataError, StoreError: what cannot work, before anything is asked.
        ChatError: the engine died or the budget is spent; run again to resume.
    """
    said = start_of(prompt) if start is None else start
    rules = Rules(counters, said)
    drawn = look_at(catalog, settings, sample, seed)
    maker = Maker(
        chat.info.name, chat.info.identity, f"{prompt.name}.v{prompt.version}", prompt.sha256
    )
    place = CaptionFolder(folder, catalog, plan, rules, maker)
    captioner = Captioner(
        chat, prompt, rules, settings, lambda product, attempt: note(drawn.total, product, attempt)
    )
    sources = read_sources(
        _products(catalog, drawn), settings, drawn.roles, drawn.brands, place.rejects.append
    )
    asked = asdict(settings) | {"texts": drawn.roles[0], "tag": drawn.roles[1]}
    record: dict[str, Any] = {"settings": asked, "sample": sample, "seed": seed}
    return place.write(captioner.caption(sources), record)


def _products(catalog: Catalog, drawn: Drawn) -> Iterator[Product]:
    for product in catalog.products():
        if drawn.sample is None or product.id in drawn.sample:
            yield product
