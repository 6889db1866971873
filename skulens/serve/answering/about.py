"""What the page wants to know of a store before it asks: fields, values, limits, examples."""

from collections.abc import Iterator, Sequence
from typing import Any

from skulens.documents import VectorColumn
from skulens.filters import format_filter
from skulens.protocols import Store
from skulens.records import Filter
from skulens.search import codes
from skulens.search.overview import FieldOverview, describe_choices, pick_varied
from skulens.search.suggest import Suggestion, Suggestions
from skulens.serve.answering.writing import write_json
from skulens.serve.pictures.catalogue import Catalogue
from skulens.serve.pictures.examples import list_examples
from skulens.serve.settings import Settings
from skulens.serve.work.kept import Kept
from skulens.serve.work.service import Service

ATTRIBUTES = "attributes."
EXAMPLE_WORDS = 3
"""Words of a title that an example searches for."""
PATIENCE_S = 0.5
"""Of whoever types: 200,000 titles take 4 s to be gathered, once after each change."""
VARIED = 100
"""Different products that are looked for at once."""
COLUMN = ("name", "encoder", "modalities", "made_from", "dim", "maker")
LIMITS = ("body_bytes", "picture_pixels", "parts", "k", "reach", "characters")


class Describer:
    """Describes a shop; what it says is kept until the store changes."""

    def __init__(self, service: Service, catalogue: Catalogue):
        self.service, self.catalogue = service, catalogue
        self.photos = list_examples(service.settings.photos)
        self._fields = Kept(describe_choices)
        self._about = Kept(lambda store: write_json(self._describe(store)))
        self._varied = Kept(lambda store: pick_varied(store, VARIED, None, self.fields()))
        self._suggestions = Kept(lambda store: Suggestions(store, self.fields()))

    def _describe(self, store: Store) -> dict[str, Any]:
        settings, pictures = self.service.settings, bool(self.catalogue)
        about = describe_shop(store, self.fields(), settings, pictures)
        about["examples"] += [
            {"photo": f"/v1/examples/{n}", "name": path.stem} for n, path in enumerate(self.photos)
        ]
        return about

    def fields(self) -> list[FieldOverview]:
        return self._fields.get(self.service.shop.store)

    def varied(self, k: int) -> list[str]:
        """Ids of products that differ; see `search.overview.pick_varied`."""
        found = self._varied.get(self.service.shop.store)
        return found[:k]

    def suggest(self, typed: str, k: int) -> list[Suggestion]:
        """See `Suggestions.find`; none while those of a large store are gathered."""
        found = self._suggestions.get_soon(self.service.shop.store, PATIENCE_S)
        return found.find(typed, k) if found is not None else []

    def about(self) -> bytes:
        """JSON of `bodies.answers.About`. Raises Problem while the shop loads, as all of these."""
        return self._about.get(self.service.shop.store)


def describe_shop(
    store: Store, fields: Sequence[FieldOverview], settings: Settings, pictures: bool
) -> dict[str, Any]:
    """`bodies.answers.About` of a store.

    Args:
        fields: of `search.overview.describe_choices`.
        pictures: whether pictures of the catalogue can be shown.
    """
    reads = {kind for c in store.schema.vectors for kind in c.modalities}
    return {
        "name": store.schema.data,
        "products": store.count(),
        "columns": [describe_column(c) for c in store.schema.vectors],
        "fields": [describe_field(f) for f in fields],
        "keys": [
            f.column.field.removeprefix(ATTRIBUTES)
            for f in fields
            if f.column.field.startswith(ATTRIBUTES)
        ],
        "examples": list(find_examples(store, fields)),
        "limits": {name: getattr(settings, name) for name in LIMITS},
        "can": {
            "photos": "image" in reads,
            "words": True,
            "read": codes.can_read(),
            "write": True,
            "pictures": pictures,
        },
        "languages": [v for f in fields if f.column.field == "language" for v in f.values],
    }


def find_examples(store: Store, fields: Sequence[FieldOverview]) -> Iterator[dict[str, str]]:
    """Three searches that find something: two by words, one by a filter; fewer where the store is too
    small."""
    ids = pick_varied(store, 8, None, fields)
    titles = [held.get("title", "") for held in store.fetch(ids, ["title"])]
    texts = list(dict.fromkeys(" ".join(t.split()[:EXAMPLE_WORDS]) for t in titles if t))
    yield from ({"text": text} for text in texts[:2])
    chosen = [f for f in fields if f.facet and f.column.kind == "text" and len(f.values) > 1]
    for f in sorted(chosen, key=lambda f: f.column.field != "category")[:1]:
        value = next(iter(f.values))
        yield {"where": format_filter(Filter("=", f.column.field, value))}


def describe_column(column: VectorColumn) -> dict[str, Any]:
    return {name: getattr(column, name) for name in COLUMN}


def describe_field(f: FieldOverview) -> dict[str, Any]:
    return {
        "field": f.column.field,
        "kind": f.column.kind,
        "many": f.column.many,
        "products": f.products,
        "facet": f.facet,
        "values": [{"value": v, "count": n} for v, n in f.values.items()],
        "least": f.least,
        "most": f.most,
    }
