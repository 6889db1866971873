"""Is a store sound, and does its search find what an exact scan finds?

    checked = check_store(open_store("catalogue.store"))

`store` checks all, on `sample`, which is drawn at random; `recall` compares searches, and `keeping`
makes the filters for it.
"""

from skulens.index.stores.check.store import StoreCheck, check_store

__all__ = ["StoreCheck", "check_store"]
