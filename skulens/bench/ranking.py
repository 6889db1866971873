"""What every suite of queries against galleries shares: the catalogue, its rejects, its galleries."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, ClassVar, Generic, Protocol, TypeVar

from skulens.bench.task import Tools, choose_galleries
from skulens.protocols import Catalog
from skulens.records import Query, Reject, SystemInfo


class RankingSettings(Protocol):
    """What the shared part reads of a suite's settings."""

    @property
    def gallery(self) -> str: ...
    @property
    def limit(self) -> int: ...


S = TypeVar("S", bound=RankingSettings)


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
        self.settings: S = self.Settings() if settings is None else settings
        self.data, self.tools = name or catalog.info.name, tools
        self.products = list(catalog.products())
        self.rejects: list[Reject] = list(catalog.rejects)

    def galleries_of(self, system: SystemInfo, asked: Sequence[str] = ()) -> list[str]:
        """The galleries to measure for a system; `asked` as in `choose_galleries`."""
        if self.settings.gallery != "auto":
            return [self.settings.gallery]
        return choose_galleries(system, self.products, self.catalog.info, self.data, asked)

    def first(self, queries: Iterable[Query]) -> Iterator[Query]:
        """The first `limit` queries, 0 is all; then what reading them left out is in `rejects`."""
        yield from islice(queries, self.settings.limit or None)
        self.rejects = list(dict.fromkeys([*self.rejects, *self.catalog.rejects]))
