"""What stands, stands on its shadow, in clean pictures and in photos; titles stay in their cells."""

import io
import re
from dataclasses import replace

import numpy as np
import PIL.Image
import PIL.ImageFont
import pytest

pytest.importorskip(
    "resvg_py", reason="the procedural shop needs resvg_py: pip install 'skulens[world]'"
)

from skulens.world import CLASSES, WorldConfig
from skulens.world.canvas.svg import Canvas, render
from skulens.world.config import FONTS
from skulens.world.draw import DRAWINGS
from skulens.world.draw.feet import foot, lies_flat
from skulens.world.render.photo import clean_scene
from skulens.world.render.photo import photo as draw_photo
from skulens.world.sheet import LINES, wrap
from skulens.world.truth.look import Look
from skulens.world.truth.products import Variant, variants
from skulens.world.truth.texts import title

FLAT = ("cloth", "diamond", "gold", "pants")
NEAR = 7
"""Units of 256 between where a drawing ends and where its shadow is."""


def some(kind: str, count: int = 12) -> list[Variant]:
    found = variants(WorldConfig(skus=4 * count, seed=4, classes=(kind,)))
    return list(found)[::4]


def lowest(look: Look, brand: str) -> float:
    """Where the opaque part of a drawing ends, in its own units below its middle."""
    c = Canvas()
    DRAWINGS[look.kind](c, look, brand)
    picture = PIL.Image.open(io.BytesIO(render(c.svg(), 256))).convert("RGBA")
    return float(np.nonzero((np.asarray(picture)[..., 3] > 128).any(1))[0][-1]) + 1 - 128


def hangs(look: Look) -> bool:
    """Whether something hangs below what it stands on: a cable, a microphone; a bag of clear film
    has no opaque edge to measure.
    """
    cable = look.get("connectivity technology") == "wired"
    return cable or look.get("style") == "gaming" or "sealed" in look.get("storage type")


@pytest.mark.parametrize("face", ["front", "side", "back"])
@pytest.mark.parametrize("kind", [kind for kind in CLASSES if kind not in FLAT])
def test_a_foot_is_where_the_drawing_ends(kind, face):
    apart = {}
    for v in some(kind):
        look = replace(v.look, face=face)
        if not lies_flat(look) and not hangs(look):
            apart[v.id] = foot(look) - lowest(look, v.brand)
    assert len(apart) > 2
    loose = 17 if kind == "fruit" else NEAR  # pieces differ in size, the lowest is told by number
    assert max(map(abs, apart.values())) <= loose, apart


SHADOW = re.compile(r'<path d="M(\S+) (\S+)a(\S+) (\S+) [^"]*" fill="url')


def test_the_shadow_of_a_clean_picture_is_at_the_foot():
    for kind in CLASSES:
        for v in some(kind, 4):
            ground, first = clean_scene(v).body[:2]
            found = SHADOW.match(first)
            assert "#fff" in ground and (found is None) == lies_flat(v.look), (kind, first)
            if found:
                left, y, rx, ry = map(float, found.groups())
                assert abs(left + rx) < 0.1, "below its middle"
                assert abs(y - 1.14 * foot(v.look)) < ry / 2, kind


def test_the_shadow_of_a_photo_is_turned_with_the_product(monkeypatch):
    """Else a tilted product hovers."""
    scenes = []

    def keep(scene: str, px: int) -> bytes:
        scenes.append(scene)
        return render(scene, px)

    monkeypatch.setattr("skulens.world.render.photo.render", keep)
    for v in some("handbag", 4) + some("table", 4):
        draw_photo(v, 0, 64)
        inside = scenes.pop().split('<g transform="matrix(', 1)[1].partition(">")[2]
        left, y, rx, _ = map(float, SHADOW.match(inside).groups())
        assert abs(y - foot(v.look)) < 4 and abs(left + rx) < 15, v.id


def test_what_cannot_stand_lies():
    lying = {v.value("ear placement") for v in some("headphone", 60) if lies_flat(v.look)}
    assert lying == {"in-ear", "neckband"}
    assert {kind for kind in CLASSES if any(lies_flat(v.look) for v in some(kind, 3))} <= {
        *FLAT,
        "headphone",
    }


@pytest.mark.parametrize("px", [60, 180])
def test_titles_stay_in_their_cells(px):
    font = PIL.ImageFont.truetype(FONTS / "NotoSans-Regular.ttf", 11)
    for v in variants(WorldConfig(skus=200, seed=3)):
        lines = wrap(title(v), font, px).split("\n")
        assert len(lines) <= LINES and max(map(font.getlength, lines)) <= px
        whole = " ".join(lines)
        assert whole == title(v) or "..." in whole
    assert wrap("W" * 90, font, px).endswith(" ...") and wrap("", font, px) == ""


def test_only_what_is_of_wood_is_drawn_with_wooden_legs():
    """A frame of another material has the colour of the rest, or is of steel."""
    from skulens.world.draw.furniture import STEEL, WOODEN, WOODS, chair_frame, frame_of

    seen = set()
    for v in some("chair", 60) + some("table", 60):
        wooden = v.value("material") in WOODEN
        frame = chair_frame(v.look) if v.kind == "chair" else frame_of(v.look)
        assert frame in (WOODS if wooden else (v.look.base, STEEL))
        seen.add((v.kind, wooden))
    assert len(seen) == 4
