"""Photos of a label from near: most are clean, the others blurred, cropped,
glared or of low resolution.
"""

import io
from dataclasses import dataclass
from functools import partial

import PIL.Image
import PIL.ImageFilter

from skulens.world.canvas.svg import Canvas, Matrix, ellipse, render
from skulens.world.config import Stream, WorldConfig, turn
from skulens.world.label.facts import label_of
from skulens.world.label.layout import Page, draw_sheet, pages
from skulens.world.render.photo import expose
from skulens.world.render.regions import Conditions, Glare, Region, regions
from skulens.world.render.shots import Shot
from skulens.world.truth.products import Variant

CLEAN = 0.6
"""Share of the close-ups that are not spoiled."""
SPOILS = ("blur", "crop", "glare", "low resolution")
HALF = 118
"""From the middle of a sheet to its outermost print, units."""


@dataclass(frozen=True)
class Spoil:
    """What goes wrong in one close-up; lengths in scene units."""

    kind: str
    """"" (clean) or one of SPOILS."""
    place: Matrix
    """Place of the sheet in the picture, units."""
    blur: float = 0.0
    """Sigma."""
    upscale: float = 1.0
    glare: tuple[float, float, float, float] | None = None
    """x, y, radius, opacity"""

    def conditions(self, px: int) -> Conditions:
        """The same in pixels of a picture."""
        k = px / 256
        a, b, c, d, e, f = self.place
        place = (k * a, k * b, k * c, k * d, k * (e + 128), k * (f + 128))
        glare = (
            Glare(
                k * (self.glare[0] + 128),
                k * (self.glare[1] + 128),
                k * self.glare[2],
                self.glare[3],
            )
            if self.glare
            else None
        )
        small = max(round(px / self.upscale), 1)
        return Conditions(px, place, round(k * self.blur, 2), px / small, glare)


def spoil_of(variant: Variant, number: int) -> Spoil:
    """What happens to close-up `number` of a SKU, from mild to hopeless."""
    stream = Stream("close-up", variant.id, number)
    if stream.chance(CLEAN):
        return Spoil("", (1, 0, 0, 1, 0, 0))
    kind = stream.choice(SPOILS)
    place, hard = tilt(stream), stream.uniform()
    if kind == "blur":
        return Spoil(kind, place, blur=0.25 + 0.5 * hard + 2 * hard * hard)
    if kind == "crop":
        cos, sin = turn(stream.uniform(0, 360))
        far = 40 + 130 * hard
        return Spoil(kind, (*place[:4], far * cos, far * sin))
    if kind == "glare":
        x, y, r = stream.bell(100), stream.bell(100), 34 + 90 * stream.uniform()
        return Spoil(
            kind,
            place,
            glare=(round(x, 1), round(y, 1), round(r, 1), round(min(0.5 + 0.62 * hard, 1), 3)),
        )
    return Spoil(kind, place, upscale=round(1.15 + 0.6 * hard + 3 * hard * hard, 2))


def tilt(stream: Stream) -> Matrix:
    """A turn of up to 6 degrees and a slight shear, scaled so that the whole label stays in."""
    cos, sin = turn(stream.bell(6))
    shear = round(stream.bell(0.04), 4)
    scale = min(126 / (HALF * (cos + abs(sin) + abs(shear))), 1)
    return (
        round(scale * cos, 6),
        round(scale * sin, 6),
        round(scale * (shear * cos - sin), 6),
        round(scale * (shear * sin + cos), 6),
        round(stream.bell(2), 2),
        round(stream.bell(2), 2),
    )


def scene(page: Page, spoil: Spoil, px: int) -> tuple[Canvas, Canvas]:
    """(the picture's scene, the sheet alone with its prints in its own units)."""
    sheet = Canvas(px)
    draw_sheet(sheet, page)
    whole = Canvas(px)
    whole.defs, whole.known = sheet.defs, sheet.known
    if spoil.kind:
        whole.open(f'transform="matrix({" ".join(f"{v:.6f}" for v in spoil.place)})"')
        whole.body += sheet.body
        whole.close()
    else:
        whole.body = sheet.body
    if spoil.glare:
        x, y, r, opacity = spoil.glare
        stops = [(at, "#fff", round(share * opacity, 3)) for at, share in Glare.STOPS]
        whole.shape(ellipse(x, y, r, r), whole.radial(*stops))
    return whole, sheet


def draw(page: Page, spoil: Spoil, variant: Variant, number: int, px: int) -> bytes:
    """PNG bytes of a clean close-up, JPEG bytes of a spoiled one."""
    seen = spoil.conditions(px)
    small = round(px / seen.upscale)
    whole, _ = scene(page, spoil, small)
    data = render(whole.svg(), small)
    if not spoil.kind:
        return data
    picture = PIL.Image.open(io.BytesIO(data)).convert("RGB")
    if small < px:
        picture = picture.resize((px, px), PIL.Image.Resampling.BICUBIC)
    if seen.blur_px:
        picture = picture.filter(PIL.ImageFilter.GaussianBlur(seen.blur_px))
    return expose(
        picture,
        Stream("close-up light", variant.id, number),
        gains=1024,
        lift=0,
        noise=8,
        quality=(72, 93),
    )


def find_regions(page: Page, spoil: Spoil, px: int) -> tuple[Region, ...]:
    """What can be read in a close-up, without drawing it."""
    return regions(scene(page, spoil, px)[1].prints, spoil.conditions(px))


def closeups(config: WorldConfig, variant: Variant) -> list[Shot]:
    """The close-ups of a SKU's label, one per sheet."""
    shelf, px = f"{variant.index // 1000:04d}", config.label_px
    found = []
    for number, page in enumerate(pages(label_of(variant), variant.look)):
        spoil = spoil_of(variant, number)
        path = f"labels/{shelf}/{variant.id}-label-{number}.{'jpg' if spoil.kind else 'png'}"
        found.append(Shot(
            path, "label", "gallery",
            partial(draw, page, spoil, variant, number, px), partial(find_regions, page, spoil, px),
        ))  # fmt: skip
    return found
