"""Shops and labels that are made once, for several files of tests."""

import pytest

from skulens.world import WorldConfig

SMALL = WorldConfig(skus=20, seed=3, px=64, photos=1, views=("front",))
EVERYTHING = WorldConfig(skus=48, seed=5, px=96, label_px=384, photos=1, noise=0.5)


@pytest.fixture(scope="session")
def everything(tmp_path_factory):
    """(folder, what was made) of a shop with all views, labels and photos."""
    return make_shop(tmp_path_factory.mktemp("everything") / "shop", EVERYTHING)


@pytest.fixture(scope="session")
def small(tmp_path_factory):
    """(folder, what was made) of a shop of 20 SKUs with front views and a photo each."""
    return make_shop(tmp_path_factory.mktemp("small") / "world", SMALL)


def make_shop(folder, config):
    pytest.importorskip(
        "resvg_py", reason="the procedural shop needs resvg_py: pip install 'skulens[world]'"
    )
    from skulens.world.make import make

    return folder, make(folder, config, workers=1, progress=False)


@pytest.fixture(scope="session")
def labelled():
    """Labels of every class."""
    from tests.world.labels import label_shop

    return label_shop(WorldConfig(skus=1360, seed=5))


@pytest.fixture(scope="session")
def foods():
    """Drinks and snacks of many SPUs, so that every claim is met in most recipes."""
    from tests.world.labels import label_shop

    return label_shop(WorldConfig(skus=3000, seed=6, classes=("drink", "snack")))


@pytest.fixture(scope="session")
def cleaners():
    from tests.world.labels import label_shop

    return label_shop(WorldConfig(skus=400, seed=7, classes=("cleaner",)))
