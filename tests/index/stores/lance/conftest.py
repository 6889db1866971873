"""Stores of LanceDB, opened for a test; imported late, where the package is there."""

import pytest


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "shop.store"


@pytest.fixture
def shop(folder):
    from tests.index.stores.lance.small_lance import SCHEMA, Lance

    made = Lance(str(folder), SCHEMA)
    yield made
    made.close()


@pytest.fixture
def large(folder, monkeypatch):
    """1,500 products in clusters, above the lowered bounds, with an index of their vectors."""
    from skulens.index.stores.engines.lance import find
    from tests.index.stores.lance.small_lance import SCHEMA, Lance, fill

    monkeypatch.setattr(find, "EXACT_ROWS", 1000)
    monkeypatch.setattr(find, "FEW", 100)
    made = Lance(str(folder), SCHEMA)
    fill(made, 1500)
    made.optimise()
    yield made
    made.close()
