"""From a drawing to pictures: the clean one of the catalogue,
and photos with everything that goes wrong.
"""

import io

import numpy as np
import PIL.Image
import PIL.ImageFilter

from skulens.world.canvas.backdrop import background, shadow
from skulens.world.canvas.svg import Canvas, ellipse, n, render, rounded
from skulens.world.config import CLASSES, Stream, turn
from skulens.world.draw import DRAWINGS
from skulens.world.draw.feet import foot, lies_flat
from skulens.world.truth.colours import hexa, mix
from skulens.world.truth.products import Variant, siblings, spu_look

CLEAN = 1.14
"""Scale of the product in the clean picture."""


def clean_scene(variant: Variant, px: int = 256) -> Canvas:
    """The clean picture: the product alone on white, with a soft shadow where it stands."""
    c = Canvas(px)
    c.shape("M-128 -128H128V128H-128Z", "#fff")
    if not lies_flat(variant.look):
        shadow(c, 0, CLEAN * foot(variant.look) - 2, 96, 9, 0.3)
    c.open(f'transform="scale({CLEAN})"')
    DRAWINGS[variant.kind](c, variant.look, variant.brand)
    c.close()
    return c


def iconic(variant: Variant, px: int) -> bytes:
    """PNG bytes of the clean picture."""
    c = clean_scene(variant, px)
    return render(c.svg(), px)


# Photos.


def photo(variant: Variant, number: int, px: int) -> bytes:
    """JPEG bytes of probe photo `number`:
    pose, light, background, clutter, occlusion, noise, compression.
    """
    stream = Stream("photo", variant.id, number)
    c = Canvas(px)
    background(c, stream)
    clutter(c, stream)
    _product(c, stream, variant)
    if stream.chance(0.3):
        occlude(c, stream)
    if stream.chance(0.2):
        cast_shadow(c, stream)
    picture = PIL.Image.open(io.BytesIO(render(c.svg(), px))).convert("RGB")
    return develop(picture, stream)


def _product(c: Canvas, stream: Stream, variant: Variant) -> None:
    """The product turned, scaled, sheared and moved, with the shadow it throws."""
    flat = lies_flat(variant.look)
    tilt = stream.bell(32) if flat else stream.bell(18)
    cos, sin = turn(tilt)
    scale, narrow, shear = stream.uniform(0.68, 1.12), stream.uniform(0.86, 1), stream.bell(0.14)
    room = 128 - 92 * scale
    x, y = stream.bell(max(room, 10)), stream.bell(max(room, 10)) * 0.7
    place = (
        scale * narrow * cos,
        scale * narrow * sin,
        scale * (shear * cos - sin),
        scale * (shear * sin + cos),
        x,
        y,
    )
    if flat:
        depth = 0.34 if variant.kind in ("cloth", "pants") else 0.16
        shadow(c, x + 8, y + 10, 104 * scale, 104 * scale, depth)
    c.open(f'transform="matrix({" ".join(f"{v:.3f}" for v in place)})"')
    if not flat:
        shadow(c, stream.bell(14), foot(variant.look) - 2, 104, 15, 0.5)
    DRAWINGS[variant.kind](c, variant.look, variant.brand)
    c.close()


def clutter(c: Canvas, stream: Stream) -> None:
    """Household objects and other products around it, mostly cut by the picture's edge."""
    for _ in range(stream.choice((0, 0, 1, 1, 2, 3))):
        cos, sin = turn(stream.uniform(0, 360))
        x, y = 116 * cos, 34 + 84 * sin
        tone = (stream.integer(40, 235), stream.integer(40, 225), stream.integer(40, 225))
        shadow(c, x, y + 24, 34, 8, 0.35)
        turned, scale = stream.integer(-12, 12), stream.uniform(0.7, 1.25)
        c.open(f'transform="translate({n(x)} {n(y)}) rotate({turned}) scale({scale:.2f})"')
        stream.choice((_parcel, _mug, _plant, _book, _ball))(c, tone)
        c.close()
    if stream.chance(0.4):
        _neighbour(c, stream)


def _parcel(c: Canvas, tone) -> None:
    card = mix(tone, (200, 160, 110), 0.75)
    c.shape("M-26 -14H26V24H-26Z", hexa(card))
    c.shape("M-26 -14L-14 -28H36L26 -14Z", hexa(mix(card, (255, 255, 255), 0.25)))
    c.shape("M26 -14L36 -28V10L26 24Z", hexa(mix(card, (0, 0, 0), 0.3)))
    c.shape("M-5 -14H5V24H-5ZM-5 -14L5 -28H14L5 -14Z", "#e9dcb8", 0.8)


def _mug(c: Canvas, tone) -> None:
    c.line("M17 -10Q36 -10 32 4Q28 14 16 12", hexa(mix(tone, (0, 0, 0), 0.2)), 5)
    d = "M-20 -22H20L17 24H-17Z"
    c.shape(d, hexa(tone))
    c.shape(d, c.gradient((0, "#000", 0.3), (0.3, "#fff", 0.3), (1, "#000", 0.35)))
    c.shape(ellipse(0, -22, 20, 5), "#4a3020")


def _plant(c: Canvas, tone) -> None:
    for angle in (-62, -34, -8, 20, 50):
        c.shape(
            "M0 0Q-12 -24 0 -50Q12 -24 0 0Z",
            "#3f7d46" if angle % 4 else "#5b9a58",
            extra=f'transform="translate(0 -2) rotate({angle})"',
        )
    c.shape("M-18 -4H18L13 24H-13Z", hexa(mix(tone, (190, 100, 60), 0.6)))
    c.shape("M-18 -4H18L13 24H-13Z", c.gradient((0, "#fff", 0.15), (1, "#000", 0.35)))


def _book(c: Canvas, tone) -> None:
    c.shape("M-34 8L-20 -14H34L24 8Z", hexa(tone))
    c.shape("M-34 8H24V20H-34Z", hexa(mix(tone, (0, 0, 0), 0.3)))
    c.shape("M-30 11H24V17H-30Z", "#f1ece0")
    c.shape("M24 8L34 -14V-3L24 20Z", "#d9d2c2")


def _ball(c: Canvas, tone) -> None:
    c.shape(ellipse(0, 4, 22, 22), hexa(tone))
    c.shape(
        ellipse(0, 4, 22, 22),
        c.radial((0, "#fff", 0.5), (0.5, "#fff", 0), (1, "#000", 0.4), at=(0.35, 0.3), r=0.75),
    )


def _neighbour(c: Canvas, stream: Stream) -> None:
    """Another product, small and at the edge."""
    kind, name = stream.choice(CLASSES), f"neighbour-{stream.word()}"
    look = spu_look(kind, name, siblings(kind, name, 1)[0])
    x, y = stream.choice((-104, 104)), stream.uniform(-80, 84)
    turned, scale = stream.integer(-25, 25), stream.uniform(0.3, 0.46)
    c.open(f'transform="translate({x} {n(y)}) rotate({turned}) scale({scale:.2f})"')
    DRAWINGS[kind](c, look, "")
    c.close()


def occlude(c: Canvas, stream: Stream) -> None:
    """A finger, a price card or a dark edge over a small part of the picture."""
    side = stream.choice((-1, 1))
    y = stream.uniform(-40, 90)
    kind = stream.choice(("finger", "card", "edge"))
    if kind == "finger":
        skin = stream.choice(((236, 196, 168), (198, 146, 112), (128, 84, 60), (88, 58, 44)))
        d = (
            f"M{136 * side} {n(y - 20)}Q{96 * side} {n(y - 26)} {72 * side} {n(y - 8)}"
            f"Q{60 * side} {n(y + 6)} {76 * side} {n(y + 12)}"
            f"Q{100 * side} {n(y + 20)} {136 * side} {n(y + 24)}Z"
        )
        c.shape(
            d, hexa(skin), extra=f'stroke="{hexa(mix(skin, (40, 20, 10), 0.4))}" stroke-width="1.5"'
        )
        c.shape(d, c.gradient((0, "#fff", 0.2), (1, "#000", 0.25), to=(0, 1)))
    elif kind == "card":
        x = 70 * side
        c.open(f'transform="rotate({stream.integer(-14, 14)} {x} {n(y)})"')
        c.shape(
            rounded(x - 30, y - 17, 60, 34, 3),
            "#f7e04a" if stream.chance(0.5) else "#f7f5ef",
            extra='stroke="#555" stroke-width="1"',
        )
        c.text(f"${stream.integer(2, 199)}.{stream.integer(10, 99)}", x, y + 8, 21, "#c22", 52)
        c.close()
    else:
        top, bottom = (128 - stream.uniform(12, 40)) * side, (128 - stream.uniform(6, 44)) * side
        c.shape(
            f"M{136 * side} -136L{n(top)} -136L{n(bottom)} 136L{136 * side} 136Z",
            "#17171b",
            0.88,
        )


def cast_shadow(c: Canvas, stream: Stream) -> None:
    """The shadow of a window's bar across everything."""
    x = stream.uniform(-100, 60)
    c.shape(f"M{n(x)} -128L{n(x + 70)} -128L{n(x + 20)} 128L{n(x - 50)} 128Z", "#000", 0.2)


def develop(picture: PIL.Image.Image, stream: Stream) -> bytes:
    """Blur, light, exposure, white balance, sensor noise, JPEG:
    in whole numbers, so the same everywhere.
    """
    if stream.chance(0.4):
        picture = picture.filter(
            PIL.ImageFilter.GaussianBlur(round(stream.uniform(0.2, 0.006 * picture.width + 0.2), 2))
        )
    gain, lift, warm = stream.uniform(0.74, 1.14), stream.uniform(-8, 14), stream.bell(0.07)
    gains = np.array([round(1024 * gain * g) for g in (1 + warm, 1, 1 - warm)], np.int32)
    return expose(picture, stream, gains, round(lift), noise=12, quality=(48, 93))


def expose(
    picture: PIL.Image.Image,
    stream: Stream,
    gains: np.ndarray | int,
    lift: int,
    noise: int,
    quality: tuple[int, int],
) -> bytes:
    """JPEG bytes under a lamp at one side, with sensor noise;
    `gains` in 1024ths, for all channels or (3,).
    """
    pixels = np.asarray(picture).astype(np.int32)  # (px, px, 3)
    pixels *= light_field(stream, len(pixels))[:, :, None] * gains >> 10
    pixels >>= 10
    pixels += lift
    if strength := stream.integer(0, noise):
        pixels += grain(pixels.shape, stream) * strength >> 8
    out = io.BytesIO()
    PIL.Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)).save(
        out, "JPEG", quality=stream.integer(*quality)
    )
    return out.getvalue()


def light_field(stream: Stream, px: int) -> np.ndarray:
    """What every pixel's brightness is multiplied by, in 1024ths: a lamp on one side, a vignette;
    (px, px) int32.
    """
    side = (2 * np.arange(px, dtype=np.int32) + 1 - px) * 1024 // px  # -1024..1024
    cos, sin = turn(stream.uniform(0, 360))
    depth = stream.uniform(0, 300)
    field = 1024 + (round(cos * depth) * side[None] + round(sin * depth) * side[:, None]) // 1024
    if stream.chance(0.35):
        corner = np.maximum((side[None] ** 2 + side[:, None] ** 2) // 1024 - 700, 0)  # 0..1348
        field -= corner * stream.integer(60, 260) // 1024
    return field


def grain(shape: tuple[int, ...], stream: Stream) -> np.ndarray:
    """Sensor noise: the sum of two bytes of Philox's raw bits, mean 0, within +-255; int32."""
    size = int(np.prod(shape))
    raw = np.random.Philox(key=stream.word()).random_raw(size // 4 + 1).view(np.uint8)
    return (raw[:size].astype(np.int32) + raw[size : 2 * size] - 255).reshape(shape)
