"""One shop with every kind of picture, made once for the tests that look at it from outside."""

import pytest

from skulens.world import WorldConfig

EVERYTHING = WorldConfig(skus=48, seed=5, px=96, label_px=384, photos=1, noise=0.5)


@pytest.fixture(scope="session")
def everything(tmp_path_factory):
    """(folder, what was made) of a shop with all views, labels and photos."""
    pytest.importorskip(
        "resvg_py", reason="the procedural shop needs resvg_py: pip install 'skulens[world]'"
    )
    from skulens.world.make import make

    folder = tmp_path_factory.mktemp("everything") / "shop"
    return folder, make(folder, EVERYTHING, workers=1, progress=False)
