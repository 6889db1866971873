import pytest

from tests.search import small_shop


@pytest.fixture
def encoders(monkeypatch):
    """The small shop's encoders, by name."""
    small_shop.register(monkeypatch)
