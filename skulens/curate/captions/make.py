"""The whole way: a catalogue -> captions -> a folder that is a catalogue again."""

import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from skulens.curate.captions.captioner import Captioner
from skulens.curate.captions.checks import Counter, Rules, Source, brands_of
from skulens.curate.captions.files import CaptionFolder, Counts, Maker, Plan
from skulens.curate.captions.sources import (
    Settings,
    answer_key,
    choose_roles,
    inputs_of,
    read_sources,
    roles_of,
)
from skulens.errors import DataError
from skulens.prompts.load import Prompt
from skulens.protocols import Catalog, Chat
from skulens.records import Reject


@dataclass(frozen=True)
class Drawn:
    """What reading the catalogue once tells."""

    brands: frozenset[str]
    roles: tuple[tuple[str, ...], tuple[str, ...]]
    sample: frozenset[str] | None
    """Ids of the products to caption; None: all."""


def look_at(catalog: Catalog, settings: Settings, sample: int = 0, seed: int = 0) -> Drawn:
    """Read the products once, before anything is asked.

    Raises:
        DataError: no products, or none of the texts that were asked for.
    """
    ids: dict[str, None] = {}
    there: dict[str, None] = {}
    brands: set[str] = set()
    for product in catalog.products():
        ids[product.id] = None
        there |= dict.fromkeys(roles_of(product))
        brands |= brands_of(product.attributes)
    if not ids:
        raise DataError(f"{catalog.info.name} has no products; see its rejects: `skulens audit`")
    roles = choose_roles(settings, catalog.info, there)
    drawn = random.Random(seed).sample(sorted(ids), min(sample, len(ids))) if sample else None
    chosen = None if drawn is None else frozenset(drawn)
    return Drawn(frozenset(brands), roles, chosen)


@dataclass(frozen=True)
class Work:
    """All that one run needs, checked before anything is asked.

    Args:
        counters: encoder -> (counts tokens, most tokens); a caption has to fit all.
        start: how captions have to begin; None: as the template says.
        sample: only so many products, drawn with `seed`; 0: all.
    """

    catalog: Catalog
    prompt: Prompt
    counters: Mapping[str, Counter]
    settings: Settings = Settings()
    plan: Plan = Plan()
    start: str | None = None
    sample: int = 0
    seed: int = 0

    @cached_property
    def rules(self) -> Rules:
        return Rules(self.counters, self.prompt.head.start if self.start is None else self.start)

    @cached_property
    def drawn(self) -> Drawn:
        return look_at(self.catalog, self.settings, self.sample, self.seed)

    def check(self) -> None:
        """Raise DataError for a prompt, text role or catalogue that cannot work."""
        answer_key(self.prompt)
        inputs_of(Source("", ""), self.prompt, self.rules.tokens)
        self.drawn  # noqa: B018  read now

    def captioner(self, chat: Chat) -> Captioner:
        return Captioner(chat, self.prompt, self.rules, self.settings)

    def sources(self, reject: Callable[[Reject], object] = lambda reject: None) -> Iterator[Source]:
        """What is asked about."""
        chosen = (
            p
            for p in self.catalog.products()
            if self.drawn.sample is None or p.id in self.drawn.sample
        )
        return read_sources(chosen, self.settings, self.drawn.roles, self.drawn.brands, reject)


def make_captions(work: Work, chat: Chat, folder: Path) -> Counts:
    """Caption the products of a catalogue and write the folder (`curate.caption_files`).

    Raises:
        DataError, StoreError: what cannot work, before anything is asked.
        ChatError: the engine died or the budget is spent; run again to resume.
    """
    work.check()
    made_by = Maker(
        chat.info.name, chat.info.identity, f"{work.prompt.name}.v{work.prompt.version}",
        work.prompt.sha256,
    )  # fmt: skip
    place = CaptionFolder(folder, work.catalog, work.plan, work.rules, made_by)
    texts, tag = work.drawn.roles
    asked = asdict(work.settings) | {"texts": texts, "tag": tag}
    record: dict[str, Any] = {"settings": asked, "sample": work.sample, "seed": work.seed}
    sources = work.sources(place.rejects.append)
    return place.write(work.captioner(chat).caption(sources), record)
