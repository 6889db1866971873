"""Texts whose vectors a site carries, so that conditions mean what they mean on a server."""

from skulens.index.stores.fields import PICTURES, is_twin
from skulens.protocols import Store

MOST_VALUES = 200
"""Different values of a field whose vectors are shipped; a field with more is no facet."""
MOST_LETTERS = 60
"""Of a value."""
MOST_TEXTS = 5_000
OWN = ("id", "title", PICTURES.field)
"""Fields whose values nobody chooses from a list."""


def texts_to_embed(store: Store) -> list[str]:
    """Keys of attributes, then values of facets, each once: the keys of conditions and what chips say."""
    texts = [c.field for c in store.schema.fields if c.kind == "text" and not is_twin(c.field)]
    fields = [name for name in texts if name not in OWN]
    found = dict.fromkeys(name.removeprefix("attributes.") for name in fields)
    for name, values in store.facets(fields, most=MOST_VALUES + 1).items():
        short = [str(v) for v in values if len(str(v)) <= MOST_LETTERS]
        if len(values) <= MOST_VALUES and name.split(".")[0] in ("attributes", "category"):
            found |= dict.fromkeys(short)
    return list(found)[:MOST_TEXTS]
