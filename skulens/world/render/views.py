"""Which pictures a SKU has: its sides, its use, close-ups of its label, and the probe photos."""

from collections.abc import Iterator
from dataclasses import replace
from functools import cache, partial

from skulens.world.canvas.svg import Canvas, Print, render
from skulens.world.config import Stream, WorldConfig
from skulens.world.label.facts import label_of
from skulens.world.label.layout import panel
from skulens.world.render.closeups import closeups
from skulens.world.render.photo import clean_scene, photo
from skulens.world.render.regions import Conditions, Region, regions
from skulens.world.render.shots import Shot
from skulens.world.truth.products import Variant
from skulens.world.use import USES


def shots(config: WorldConfig, variant: Variant) -> Iterator[Shot]:
    """Every picture of a SKU, the front first."""
    shelf = f"{variant.index // 1000:04d}"
    for view in config.views:
        if view == "label":
            yield from closeups(config, variant)
        else:
            yield still(f"images/{shelf}/{variant.id}-{view}.png", variant, view, config.px)
    for k in range(config.photos):
        yield Shot(
            f"photos/{shelf}/{variant.id}-{k}.jpg",
            "photo",
            variant.split,
            partial(photo, variant, k, config.px),
        )


def still(path: str, variant: Variant, view: str, px: int) -> Shot:
    """A side of the product on white, or the product in use."""
    # Once for the picture and for what is printed in it.
    made = cache(lambda: scene(variant, view, px))
    return Shot(
        path,
        view,
        "gallery",
        lambda: render(made().svg(), px),
        lambda: find_regions(variant, made(), px),
    )


def scene(variant: Variant, view: str, px: int) -> Canvas:
    """The front, back, side or use of a product;
    what its back has to say stands there in small print.
    """
    if view == "use":
        c = Canvas(px)
        USES[variant.kind](c, variant.look, variant.brand, Stream("use", variant.id))
        return c
    c = clean_scene(replace(variant, look=replace(variant.look, face=view)), px)
    for (a, b, cc, d, e, f), (left, top, width, height) in c.panels[:1]:
        c.open(f'transform="matrix({a:.5f} {b:.5f} {cc:.5f} {d:.5f} {e:.3f} {f:.3f})"')
        panel(c, label_of(variant), variant.look, left, top, width, height)
        c.close()
    return c


def find_regions(variant: Variant, c: Canvas, px: int) -> tuple[Region, ...]:
    """What is printed in a picture that nothing has spoiled."""
    prints = [name_print(p, variant) for p in c.prints]
    return regions(prints, Conditions(px, (px / 256, 0, 0, px / 256, px / 2, px / 2)))


def name_print(printed: Print, variant: Variant) -> Print:
    """A print with the attribute that its words are the value of, where the drawing did not say."""
    if printed.field:
        return printed
    words = printed.text.casefold()
    return replace(
        printed,
        field=next((a.key for a in variant.attributes if a.value.casefold() == words), "other"),
    )
