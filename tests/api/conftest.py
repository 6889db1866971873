"""Ten photos of the sample that ships, and a cache that the tests of this folder share."""

from pathlib import Path

import pytest

from skulens.catalog.open import open_catalog

DATA = "groceries-sample"


@pytest.fixture(scope="session")
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(autouse=True)
def _use_cache(cache, monkeypatch):
    monkeypatch.setenv("SKULENS_CACHE", str(cache))


@pytest.fixture(scope="session")
def catalog():
    return open_catalog(DATA)


@pytest.fixture(scope="session")
def queries(catalog):
    return list(catalog.queries("test"))[:10]


@pytest.fixture(scope="session")
def photos(queries) -> list[Path]:
    return [Path(query.item.parts[0].path) for query in queries]
