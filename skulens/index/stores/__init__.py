"""Stores: products with vectors, fields and full text.

    store = open_store("catalogue.store")
    hits = store.search(Probe(words="red shoe", where=parse_filter("price < 30")))

`open` finds the engine behind an address; `fields` and `where` say what a field is and what a filter
means, for all engines alike; `local` and `words` are what the engines in this process are made of,
`engines` has one file or folder per engine, and `check` says whether a store is sound.
"""

from skulens.index.stores.open import open_store

__all__ = ["open_store"]
