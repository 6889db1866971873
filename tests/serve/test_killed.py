"""What was acknowledged over HTTP is there after kill -9, once."""

import random

import pytest

pytest.importorskip("fastapi")
pytest.importorskip("httpx")
pytest.importorskip("lancedb")

from tests.serve import crash
from tests.serve.kept import make_store


def test_nothing_acknowledged_is_lost_or_there_twice(tmp_path):
    seed = random.randrange(10**6)
    place = tmp_path / "shop.store"
    make_store(place).close()
    found = crash.kill_rounds(place, tmp_path, 3, seed)
    told = f"seed {seed}: {crash.describe(found)}"
    assert found.is_clean, told
    assert found.kills == 3 and found.acknowledged >= 3 and found.repeated > 0, told
