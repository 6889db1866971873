"""Patterns: from a look to a fill that leaves the base colour visible between the figures."""

from skulens.world.canvas.svg import Canvas, n
from skulens.world.truth.colours import brightness, darker, hexa, ink_on, lighter, mix, thread
from skulens.world.truth.look import Look


def striped(c: Canvas, look: Look) -> str:
    width = look.vary("stripe", 13, 24)
    turned = look.pick("stripe turn", ("", "", "rotate(90)", "rotate(45)"))
    band = width * look.vary("stripe share", 0.3, 0.42)
    return c.tile(
        width,
        width,
        f'<rect y="3" width="{n(width + 1)}" height="{n(band)}" fill="{hexa(look.second)}"/>',
        turned,
    )


def checkered(c: Canvas, look: Look) -> str:
    a = look.vary("check", 9, 14)
    ink = hexa(look.second)
    return c.tile(
        2 * a,
        2 * a,
        f'<rect width="{n(a)}" height="{n(a)}" fill="{ink}"/>'
        f'<rect x="{n(a)}" y="{n(a)}" width="{n(a)}" height="{n(a)}" fill="{ink}"/>',
    )


def plaid(c: Canvas, look: Look) -> str:
    a = look.vary("plaid", 26, 38)
    ink, thin = hexa(look.second), ink_on(look.base)
    bars = (
        f'<rect width="{n(a * 0.38)}" height="{n(a)}" fill="{ink}" fill-opacity=".55"/>'
        f'<rect width="{n(a)}" height="{n(a * 0.38)}" fill="{ink}" fill-opacity=".55"/>'
        f'<rect x="{n(a * 0.68)}" width="2" height="{n(a)}" fill="{thin}" fill-opacity=".7"/>'
        f'<rect y="{n(a * 0.68)}" width="{n(a)}" height="2" fill="{thin}" fill-opacity=".7"/>'
    )
    return c.tile(a, a, bars)


def polka_dot(c: Canvas, look: Look) -> str:
    a = look.vary("dot", 17, 27)
    r, ink = a * 0.21, hexa(look.second)
    dots = "".join(
        f'<circle cx="{n(x * a)}" cy="{n(y * a)}" r="{n(r)}" fill="{ink}"/>'
        for x, y in ((0.25, 0.25), (0.75, 0.75))
    )
    return c.tile(a, a, dots)


def floral(c: Canvas, look: Look) -> str:
    a = look.vary("flower", 38, 54)
    ink, heart = (
        hexa(look.second),
        "#f6c63c" if look.get("color") not in ("yellow", "gold") else "#b8412f",
    )
    leaf = (
        "#3f7f4c"
        if look.get("color") not in ("green", "dark green", "olive", "teal")
        else "#dfe8c8"
    )
    out = []
    for x, y, r in ((0.27, 0.28, 1.0), (0.77, 0.75, 0.8)):
        cx, cy, p = x * a, y * a, a * 0.12 * r
        out.append(
            f'<path d="M{n(cx)} {n(cy)}q{n(p * 3)} {n(p * 0.4)} {n(p * 3.4)} {n(p * 2.6)}'
            f'q{n(-p * 2.6)} {n(p * 0.3)} {n(-p * 3.4)} {n(-p * 2.6)}" fill="{leaf}"/>'
        )
        for dx, dy in ((0, -1), (0.95, -0.31), (0.59, 0.81), (-0.59, 0.81), (-0.95, -0.31)):
            out.append(
                f'<circle cx="{n(cx + dx * p)}" cy="{n(cy + dy * p)}" r="{n(p * 0.8)}"'
                f' fill="{ink}"/>'
            )
        out.append(f'<circle cx="{n(cx)}" cy="{n(cy)}" r="{n(p * 0.6)}" fill="{heart}"/>')
    return c.tile(a, a, "".join(out))


def camouflage(c: Canvas, look: Look) -> str:
    tones = (
        darker(look.base, 0.45),
        hexa(mix(look.base, (96, 92, 60), 0.5)),
        lighter(look.base, 0.3),
    )
    blobs = (
        ("M4 10q10-14 24-6t8 16q-10 8-20 2t-12-12Z", tones[0]),
        ("M44 6q14-4 18 8t-10 16q-12 2-14-8t6-16Z", tones[1]),
        ("M14 40q14-8 22 2t-4 18q-16 4-22-4t4-16Z", tones[2]),
        ("M46 42q12-8 22 0t-4 18q-14 4-20-4t2-14Z", tones[0]),
        ("M30 22q8-4 12 2t-4 10q-8 0-10-4t2-8Z", tones[2]),
    )  # fmt: skip
    return c.tile(72, 66, "".join(f'<path d="{d}" fill="{t}"/>' for d, t in blobs), "scale(.85)")


def geometric(c: Canvas, look: Look) -> str:
    a, ink = look.vary("geo", 24, 34), hexa(look.second)
    h = a / 2
    figure = look.pick(
        "geo figure",
        (
            f'<path d="M{n(h)} 2L{n(a - 2)} {n(h)} {n(h)} {n(a - 2)} 2 {n(h)}Z" fill="none" '
            f'stroke="{ink}" stroke-width="3"/>'
            f'<path d="M{n(h)} {n(h - 5)}l5 5-5 5-5-5Z" fill="{ink}"/>',
            f'<path d="M{n(h)} 3L{n(a - 3)} {n(a - 4)} 3 {n(a - 4)}Z" fill="{ink}"/>',
            f'<path d="M{n(a * 0.25)} 3h{n(h)}l{n(a * 0.22)} {n(h * 0.8)}-{n(a * 0.22)} '
            f'{n(h * 0.8)}h-{n(h)}l-{n(a * 0.22)}-{n(h * 0.8)}Z" fill="none" stroke="{ink}" '
            'stroke-width="3"/>',
        ),
    )
    return c.tile(a, a, figure)


def animal_print(c: Canvas, look: Look) -> str:
    dark = "#2a1c14" if brightness(look.base) > 0.25 else "#a98a5e"
    core = hexa(mix(look.base, (120, 70, 30), 0.45))
    out = []
    for x, y, s in ((9, 9, 1), (31, 14, 0.85), (18, 31, 1.1), (40, 36, 0.9)):
        out.append(f'<ellipse cx="{x}" cy="{y}" rx="{n(5 * s)}" ry="{n(4 * s)}" fill="{core}"/>')
        out.append(
            f'<path d="M{n(x - 6 * s)} {y}a{n(6 * s)} {n(5 * s)} 0 0 1 {n(9 * s)} {n(-4 * s)}'
            f'M{n(x + 6 * s)} {n(y + 1)}a{n(6 * s)} {n(5 * s)} 0 0 1 {n(-8 * s)} {n(4 * s)}"'
            f' fill="none" stroke="{dark}" stroke-width="{n(2.6 * s)}" stroke-linecap="round"/>'
        )
    return c.tile(48, 44, "".join(out))


def chevron(c: Canvas, look: Look) -> str:
    return c.tile(
        24,
        18,
        f'<path d="M-2 14L12 4L26 14" fill="none" stroke="{hexa(look.second)}" stroke-width="5"/>',
    )


def tie_dye(c: Canvas, look: Look) -> str:
    ink, pale = hexa(look.second), lighter(look.base, 0.6)
    return c.radial(
        (0, ink, 0.9), (0.12, ink, 0.1), (0.2, pale, 0.8), (0.32, ink, 0), (0.42, ink, 0.85),
        (0.52, pale, 0.5),
        (0.62, pale, 0), (0.76, ink, 0.7), (0.86, ink, 0), (1, pale, 0.5), at=(0.5, 0.45), r=0.62,
    )  # fmt: skip


def colour_block(c: Canvas, look: Look) -> str:
    ink = hexa(look.second)
    return c.gradient((0, ink, 1), (0.34, ink, 1), (0.341, ink, 0), (1, ink, 0), to=(0, 1))


def marble(c: Canvas, look: Look) -> str:
    veins = "M-4 12q18 4 26 18t30 16M30-4q4 20 20 28t34 8M0 52q20-8 34 4t46 2"
    return c.tile(
        80,
        64,
        f'<path d="{veins}" fill="none" stroke="{thread(look.base, 0.5)}" stroke-width="2"'
        ' stroke-opacity=".6"/>',
    )


PATTERNS = {
    "striped": striped, "checkered": checkered, "plaid": plaid, "polka dot": polka_dot,
    "floral": floral,
    "camouflage": camouflage, "geometric": geometric, "geometric print": geometric,
    "geometric pattern": geometric, "animal print": animal_print,
    "chevron": chevron, "tie dye": tie_dye, "tie-dye": tie_dye, "color block": colour_block,
    "marble print": marble,
}  # fmt: skip
"""Values of the pattern keys that are drawn; "solid" and "solid color" are not patterns."""
