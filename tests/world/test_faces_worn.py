"""What is worn: its back and its side, and how it looks on people."""

import io
import itertools
from dataclasses import replace

import numpy as np
import PIL.Image
import pytest

pytest.importorskip(
    "resvg_py", reason="the procedural shop needs resvg_py: pip install 'skulens[world]'"
)

from skulens.world import WorldConfig
from skulens.world.canvas.svg import Canvas, render
from skulens.world.config import Stream
from skulens.world.draw import DRAWINGS, bags, clothing, jewelry, shoes
from skulens.world.render.photo import clean_scene
from skulens.world.truth.products import Variant, variants
from skulens.world.use.worn import USES

KINDS = ("backpack", "cloth", "diamond", "gold", "handbag", "pants", "shoes", "suitcase")
FACES = ("front", "back", "side")
PX = 64


def some(kind: str, skus: int = 24) -> list[Variant]:
    return list(variants(WorldConfig(skus=skus, seed=11, classes=(kind,))))


def turn_face(variant: Variant, face: str) -> Canvas:
    return clean_scene(replace(variant, look=replace(variant.look, face=face)), PX)


def used(variant: Variant, draw: str = "use") -> Canvas:
    c = Canvas(PX)
    USES[variant.kind](c, variant.look, variant.brand, Stream(draw, variant.id))
    return c


def pixels(c: Canvas) -> np.ndarray:
    return np.asarray(PIL.Image.open(io.BytesIO(render(c.svg(), PX))).convert("RGB")).astype(int)


def test_every_class_of_what_is_worn_has_a_scene():
    assert set(USES) == set(KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_the_three_faces_differ_and_fill_the_picture(kind):
    for v in some(kind, 10):
        faces = [pixels(turn_face(v, face)) for face in FACES]
        for a, b in itertools.combinations(faces, 2):
            assert (abs(a - b).max(2) > 24).mean() > 0.005, v.id
        for face, picture in zip(FACES, faces, strict=True):
            high = np.flatnonzero((picture.min(2) < 225).any(1))
            assert np.ptp(high) > 0.35 * PX, (v.id, face)


@pytest.mark.parametrize("kind", KINDS)
def test_faces_and_scenes_are_the_same_each_time(kind):
    first, second = some(kind, 6), some(kind, 6)
    for v, w in zip(first, second, strict=True):
        assert [turn_face(v, f).svg() for f in FACES] == [turn_face(w, f).svg() for f in FACES]
        assert used(v).svg() == used(w).svg()
        assert used(v).svg() != used(v, "another").svg()


@pytest.mark.parametrize("kind", KINDS)
def test_siblings_of_another_colour_differ_in_every_face_and_in_use(kind):
    seen = 0
    for _, group in itertools.groupby(some(kind), key=lambda v: v.spu):
        for v, w in itertools.pairwise(group):
            if v.value("color") != w.value("color"):
                seen += 1
                for face in FACES:
                    assert (
                        abs(pixels(turn_face(v, face)) - pixels(turn_face(w, face))).max(2) > 16
                    ).mean() > 0.002, (v.id, face)
    assert seen > 2


@pytest.mark.parametrize("kind", KINDS)
def test_only_the_front_bears_the_brand(kind):
    for v in some(kind):
        for face in ("back", "side"):
            assert v.brand.lower() not in {p.text.lower() for p in turn_face(v, face).prints}, (
                v.id,
                face,
            )


def test_gold_is_stamped_for_its_purity_behind():
    for v in some("gold"):
        stamps = [p for p in turn_face(v, "back").prints if p.field == "purity"]
        assert {p.text for p in stamps} == {jewelry.HALLMARKS[v.value("purity")]}, v.id
        assert not [p for p in turn_face(v, "side").prints if p.field == "purity"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_plain_product_in_use_shows_its_colour(kind):
    least = 0.002 if kind in ("gold", "diamond") else 0.04
    for v in some(kind, 40):
        if v.look.pattern.startswith("solid"):
            near = (abs(pixels(used(v)) - np.array(v.look.base)).max(2) <= 36).mean()
            assert near > least, (v.id, near)


@pytest.mark.parametrize("kind", KINDS)
def test_the_product_takes_a_third_of_the_height_in_use(kind, monkeypatch):
    found = some(kind, 16)
    whole = [pixels(used(v)) for v in found]
    for module, names in (
        (bags, ("backpack", "handbag", "suitcase")),
        (clothing, ("cloth", "pants")),
        (shoes, ("shoe",)),
        (jewelry, ("gold", "diamond", "ornament", "setting", "earring")),
    ):
        for name in names:
            monkeypatch.setattr(module, name, lambda *_: None)
    for v, picture in zip(found, whole, strict=True):
        rows = np.flatnonzero((abs(picture - pixels(used(v))).max(2) > 8).any(1))
        assert np.ptp(rows) >= 0.33 * PX, (v.id, np.ptp(rows) / PX)


def test_drawings_leave_no_group_open():
    for kind in KINDS:
        for v in some(kind, 8):
            for c in (*(turn_face(v, f) for f in FACES), used(v)):
                assert len(c.places) == 1, (v.id, DRAWINGS[kind])
