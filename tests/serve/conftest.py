import pytest

pytest.importorskip("fastapi", reason="pip install 'skulens[serve]'")
pytest.importorskip("prometheus_client", reason="pip install 'skulens[serve]'")

from tests.search import small_shop


@pytest.fixture(autouse=True)
def encoders(monkeypatch):
    """The small shop's encoders, by name."""
    small_shop.register(monkeypatch)
