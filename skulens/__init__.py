"""skulens finds, reads and compares products by their pictures with vision-language models.

catalog = skulens.open_catalog("groceries-sample")
encoder = skulens.load_encoder("groceries")
skulens.nearest(photos, catalog, encoder, k=3)  # photos: paths, PIL images, arrays, bytes
skulens.embed(encoder, photos).vectors  # (n, dim) float32, rows of length 1

results = skulens.bench("groceries-sample", ["groceries", "mini"], gallery="image")
skulens.compare(results[0], results[1])

shop = skulens.open_store("shop.store")
shop.search(photo="a.jpg", text="red", where="price < 30")
skulens.connect("http://127.0.0.1:8765")  # the same calls, answered by `skulens serve`
"""

from typing import TYPE_CHECKING

__version__ = "0.1.0"
__all__ = [
    "bench",
    "compare",
    "connect",
    "embed",
    "load_encoder",
    "nearest",
    "open_catalog",
    "open_store",
]

if TYPE_CHECKING:
    from skulens.api.comparing import compare
    from skulens.api.embedding import embed
    from skulens.api.equipment import load_encoder
    from skulens.api.finding import nearest
    from skulens.api.measuring import bench
    from skulens.catalog.open import open_catalog
    from skulens.search.shop import open_store
    from skulens.serve.remote.client import connect

_PLACES = {
    "compare": "skulens.api.comparing",
    "connect": "skulens.serve.remote.client",
    "embed": "skulens.api.embedding",
    "load_encoder": "skulens.api.equipment",
    "nearest": "skulens.api.finding",
    "open_catalog": "skulens.catalog.open",
    "open_store": "skulens.search.shop",
}


def __getattr__(name: str):
    """What is used most stands at the door, and is imported when it is asked for."""
    import importlib

    if name == "bench":  # the room, which can be called (see there)
        return importlib.import_module("skulens.bench")
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_PLACES[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
