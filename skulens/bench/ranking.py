"""What every suite of queries against galleries shares: the catalogue, its rejects, its galleries."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any, ClassVar, Generic, Protocol, TypeVar

from skulens.bench.task import Tools, choose_galleries, own_galleries
from skulens.errors import DataError
from skulens.protocols import Catalog
from skulens.records import DatasetInfo, Query, Reject, SystemInfo


class RankingSettings(Protocol):
    """What the shared part reads of a suite's settings."""

    @property
    def gallery(self) -> str: ...
    @property
    def limit(self) -> int: ...
    @property
    def split(self) -> str: ...


S = TypeVar("S", bound=RankingSettings)


USUAL = "test"
"""The split that suites measure unless another is asked for."""


def choose_split(info: DatasetInfo, asked: str) -> tuple[str, str]:
    """(the split to measure, a note or ""): the one asked for, whatever its case. Where that is USUAL,
    which nobody has to type, and the catalogue has one split of another name, that one.

    An unknown split is left as it is: reading its queries says which there are.
    """
    alike = [s for s in info.splits if s.casefold() == asked.casefold()]
    if asked in info.splits or not info.splits:
        return asked, ""
    if len(alike) == 1:
        return alike[0], ""
    if len(info.splits) == 1 and asked == USUAL:
        [only] = info.splits
        return only, f"{info.name} has no split {asked!r}; measured on its only one, {only!r}"
    return asked, ""


class RankingSuite(Generic[S]):
    """A suite on one catalogue; `Settings` is what a suite declares of its own."""

    Settings: ClassVar[Any]

    def __init__(
        self,
        catalog: Catalog,
        settings: S | None = None,
        *,
        name: str = "",
        tools: Tools = Tools(),
    ):
        """Reads the catalogue's products.

        Args:
            settings: default: those of `Settings`.
            name: what results call the data; default: the catalogue's own name.
        """
        self.catalog = catalog
        given: Any = self.Settings() if settings is None else settings
        self.settings: S = replace(given, split=choose_split(catalog.info, given.split)[0])
        self.data, self.tools = name or catalog.info.name, tools
        self.products = list(catalog.products())
        self.rejects: list[Reject] = list(catalog.rejects)

    def galleries_of(self, system: SystemInfo, asked: Sequence[str] = ()) -> list[str]:
        """The galleries to measure for a system; `asked` as in `choose_galleries`."""
        if (gallery := self.settings.gallery) != "auto":
            if gallery not in (own_galleries(system) or [gallery]):
                raise DataError(
                    f"{system.name} compares what it was built from, gallery "
                    f"{' or '.join(own_galleries(system))}; got {gallery}: leave --gallery out"
                )
            return [gallery]
        return choose_galleries(system, self.products, self.catalog.info, self.data, asked)

    def first(self, queries: Iterable[Query]) -> Iterator[Query]:
        """The first `limit` queries, 0 is all; then what reading them left out is in `rejects`."""
        yield from islice(queries, self.settings.limit or None)
        self.rejects = list(dict.fromkeys([*self.rejects, *self.catalog.rejects]))
