"""Photos that mislead a reader of labels.

Without print, noise, mirrored, upside down, two products in one, codes that hold a URL or 4,000
characters, digits that pass a check by chance; then the good label under random damages. Right:
every photo has its record or reject, the true values may be confirmed and no other may, and nothing
that a code says is opened.
"""

import functools
import io
import json
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from unittest import mock

import numpy as np
import PIL.Image
import PIL.ImageDraw
import PIL.ImageFilter
import PIL.ImageFont

from tests.hostile.field import Case

SMALL = 16
LARGE = 220
GTIN, OTHER_GTIN = "4006381333931", "5901234123457"
LABEL = (
    "BRAVO Apelsin",
    "Net weight: 250 g",
    "Best before: 25.03.2027",
    "Lot: L1234B",
    "Made in Sweden",
)
TRUE = {
    "identifiers.gtin": {GTIN},
    "identifiers.lot": {"L1234B"},
    "attributes.brand": {"BRAVO", "Bravo", "BRAVO Apelsin", "Bravo Apelsin"},
    "attributes.net_content": {"250 g"},
    "attributes.expiry_date": {"2027-03-25"},
    "attributes.origin": {"SE", "Sweden"},
}
"""What the label says, as far as a reader may confirm it; in `norm-v1` equal values are equal."""
URL = "http://127.0.0.1:9/skulens?open=me"


@dataclass(frozen=True)
class Shot:
    """A photo and what may be confirmed of it."""

    name: str
    make: Callable[[], PIL.Image.Image]
    true: dict[str, set[str]] = field(default_factory=lambda: TRUE)
    codes: frozenset[str] | None = None
    """Texts of codes that are decoded for sure; None: any of the true ones."""
    sure: tuple[str, ...] = ()
    """Fields that have to be confirmed."""
    save: dict = field(default_factory=lambda: {"format": "PNG"})


def cases(count: int, seed: int) -> Iterator[Case]:
    """Photos made by hand, then the label under random damages."""
    yield Case("a folder", judge_folder, seconds=120)
    yield Case("one picture twice", judge_twice, seconds=60)
    for shot in PHOTOS:
        yield Case(shot.name, functools.partial(judge, shot), seconds=60)
    draw = np.random.default_rng(seed)
    for number in range(count):
        names = draw.choice(sorted(DAMAGES), int(draw.integers(1, 4)), replace=False)
        own = int(draw.integers(2**31))
        make = functools.partial(damaged, tuple(str(n) for n in names), own)
        shot = Shot(f"{number} {', '.join(names)}", make)
        yield Case(shot.name, functools.partial(judge, shot), seconds=60)


# ----- judging --------------------------------------------------------------------------------


@functools.cache
def reader():
    """One for all cases: loading its model takes longer than reading."""
    from skulens.extract.labels import LabelReader

    return LabelReader("rapidocr")


@contextmanager
def offline() -> Iterator[list]:
    """No connection can be made; the addresses that were tried."""
    tried: list = []

    def refuse(_self, address, *_):
        tried.append(address)
        raise ConnectionRefusedError(address)

    with mock.patch.object(socket.socket, "connect", refuse):
        yield tried


def judge(shot: Shot, folder: Path) -> bool:
    """Whether one record came back that confirms nothing untrue."""
    from skulens.catalog.photos import products_of_photos
    from skulens.report.labels import to_record

    path = folder / "photo.png"
    shot.make().save(path, **shot.save)
    with offline() as tried:
        found = list(reader().read_labels(products_of_photos([path])))
    records = [record for reading in found for record in to_record(reading)]
    json.dumps(records, ensure_ascii=False).encode()
    return len(records) == 1 and not tried and is_honest(records[0], shot)


def is_honest(record: dict, shot: Shot) -> bool:
    """No fact and no code confirmed that the photo does not show; else ValueError names it."""
    for fact in record["fields"]:
        if fact["verdict"] == "VC" and not is_true(fact, shot.true):
            raise ValueError(
                f"confirmed {fact['field']} = {fact['value']!r} from {fact['quote']!r}"
            )
    confirmed = {fact["field"] for fact in record["fields"] if fact["verdict"] == "VC"}
    if missing := set(shot.sure) - confirmed:
        raise ValueError(f"not confirmed: {sorted(missing)}")
    texts = {code["value"] for code in record["codes"]}
    wrong = [
        code["value"]
        for code in record["codes"]
        if code["verdict"] == "VC" and code["gtin"] and not known_code(code["gtin"], shot.true)
    ]
    if wrong:
        raise ValueError(f"confirmed codes {wrong}")
    if shot.codes is not None and not shot.codes <= texts:
        raise ValueError(f"codes {sorted(texts)[:3]}, expected {sorted(shot.codes)[:3]}")
    return True


def is_true(fact: dict, true: dict[str, set[str]]) -> bool:
    from skulens.values.fields import find_field

    known = find_field(fact["field"])
    said = known.normalise(fact["value"], fact.get("unit") or "")
    return said in {known.normalise(value) for value in true.get(fact["field"], ())}


def known_code(gtin: str, true: dict[str, set[str]]) -> bool:
    return gtin.lstrip("0") in {value.lstrip("0") for value in true.get("identifiers.gtin", ())}


def judge_folder(folder: Path) -> bool:
    """The command itself: one line of JSON per photo, a broken one and a text file among them."""
    good, code_alone = folder / "good.png", folder / "code.png"
    label().save(good)
    only(URL, "QRCode", 6).save(code_alone)
    (folder / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 no picture")
    (folder / "notes.txt").write_text("no photo")
    rows = read_labels(str(folder))
    rejected = {Path(row["image"]).name: bool(row["rejects"]) for row in rows}
    return len(rows) == 3 and rejected == {"good.png": False, "code.png": False, "broken.jpg": True}


def judge_twice(folder: Path) -> bool:
    """The same bytes under two names are no second witness, and both names are in the answer."""
    names = [str(folder / name) for name in ("one.png", "two.png")]
    for name in names:
        label(LABEL, "").save(name)
    alone, together = read_labels(names[0]), read_labels("--together", *names)
    facts = [{f["field"]: f["verdict"] for f in row["fields"]} for row in (*alone, *together)]
    return [row["image"] for row in together] == names and all(f == facts[0] for f in facts)


def read_labels(*words: str) -> list[dict]:
    """What `skulens read-labels` prints; nothing may be opened on the way."""
    from click.testing import CliRunner

    from skulens.cli import skulens

    with offline() as tried:
        done = CliRunner().invoke(
            skulens, ["read-labels", "--json", "--text-reader", "rapidocr", *words]
        )
    if tried:
        raise ValueError(f"connections to {tried}")
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return [json.loads(line) for line in done.stdout.splitlines()]


# ----- photos ---------------------------------------------------------------------------------


def code(text: str, kind: str, scale: int = 3) -> PIL.Image.Image:
    import zxingcpp

    made = zxingcpp.create_barcode(text, getattr(zxingcpp.BarcodeFormat, kind))
    return PIL.Image.fromarray(np.array(made.to_image(scale=scale))).convert("RGB")


def label(
    lines: tuple[str, ...] = LABEL, gtin: str = GTIN, size: tuple[int, int] = (640, 520)
) -> PIL.Image.Image:
    """Dark print on a light ground, the bar code below."""
    page = PIL.Image.new("RGB", size, (244, 240, 230))
    draw, font = PIL.ImageDraw.Draw(page), PIL.ImageFont.load_default(34)
    for row, text in enumerate(lines):
        draw.text((30, 20 + 52 * row), text, (20, 20, 20), font)
    if gtin:
        bars = code(gtin, "EAN13")
        page.paste(bars, (30, size[1] - bars.height - 10))
    return page


def only(text: str, kind: str, scale: int = 3) -> PIL.Image.Image:
    """A code alone on white."""
    drawn = code(text, kind, scale)
    page = PIL.Image.new("RGB", (drawn.width + 80, drawn.height + 80), "white")
    page.paste(drawn, (40, 40))
    return page


def noise(side: int = 400) -> PIL.Image.Image:
    return PIL.Image.fromarray(np.random.default_rng(5).integers(0, 256, (side, side, 3), np.uint8))


def plain(colour, size: tuple[int, int] = (500, 400)) -> PIL.Image.Image:
    return PIL.Image.new("RGB", size, colour)


def gradient() -> PIL.Image.Image:
    ramp = np.linspace(0, 255, 500).astype(np.uint8)
    return PIL.Image.fromarray(np.broadcast_to(ramp, (300, 500)).copy()).convert("RGB")


def stripes() -> PIL.Image.Image:
    """Bars of no code."""
    widths = np.random.default_rng(3).integers(2, 9, 120)
    row = np.repeat(np.arange(120) % 2 * 255, widths).astype(np.uint8)
    return PIL.Image.fromarray(np.broadcast_to(row, (200, len(row))).copy()).convert("RGB")


def side_by_side(*pages: PIL.Image.Image) -> PIL.Image.Image:
    wide = PIL.Image.new(
        "RGB", (sum(p.width for p in pages), max(p.height for p in pages)), "white"
    )
    left = 0
    for page in pages:
        wide.paste(page, (left, 0))
        left += page.width
    return wide


def turned(page: PIL.Image.Image, degrees: float) -> PIL.Image.Image:
    return page.rotate(degrees, expand=True, fillcolor=(244, 240, 230))


def upside_down_by_exif() -> bytes:
    block = PIL.Image.Exif()
    block[0x112] = 3
    return block.tobytes()


NEIGHBOUR = (
    "KOVA Mjolk",
    "Net weight: 900 g",
    "Best before: 01.09.2029",
    "Lot: Z9",
    "Made in Poland",
)
NOTHING: dict[str, set[str]] = {}
LONG = ("SKULENS 4000 $%*+-./:" * 200)[:4000]
CHANCE = ("Order no. 20000042", "Tel. 4006381333931", "Ref 5901234123457", "Member 96385074")
FALSE_FRIENDS = (
    "Recipe for 250 g of flour",
    "Ships from Sweden",
    "Best before 1990 everybody danced",
    "Lot of fun",
    "Energy 99999 kJ 1 kcal",
)
PHOTOS = (
    Shot("a good label", label, codes=frozenset({GTIN}), sure=("identifiers.gtin", "attributes.net_content")),
    Shot("all black", lambda: plain("black"), NOTHING),
    Shot("noise", noise, NOTHING),
    Shot("a mirrored label", lambda: label().transpose(PIL.Image.Transpose.FLIP_LEFT_RIGHT)),
    Shot("an upside-down label", lambda: label().transpose(PIL.Image.Transpose.ROTATE_180)),
    Shot("upright by EXIF", lambda: label().transpose(PIL.Image.Transpose.ROTATE_180),
         codes=frozenset({GTIN}), sure=("identifiers.gtin", "attributes.net_content"),
         save={"format": "JPEG", "exif": upside_down_by_exif()}),
    Shot("a QR code with a URL", lambda: only(URL, "QRCode", 6), NOTHING, frozenset({URL})),
    Shot("a QR code of 4,000 characters", lambda: only(LONG, "QRCode", 4), NOTHING, frozenset({LONG})),
    Shot("a QR code with markup", lambda: only("<script>alert(1)</script>\n\x00\x1b[2J", "QRCode", 8),
         NOTHING),
    Shot("two products in one photo", lambda: side_by_side(label(), label(NEIGHBOUR, OTHER_GTIN)),
         {"identifiers.gtin": {GTIN, OTHER_GTIN}}, frozenset({GTIN, OTHER_GTIN})),
    Shot("words that sound like facts", lambda: label(FALSE_FRIENDS, ""), NOTHING),
    Shot("a wrong check digit and no bars", lambda: label((f"EAN {GTIN[:-1]}2",), ""), NOTHING),
    Shot("a strip of nothing", lambda: plain("grey", (3000, 24)), NOTHING),
    Shot("a tall strip", lambda: plain("grey", (24, 3000)), NOTHING),
    # beyond SMALL
    Shot("all white", lambda: plain("white"), NOTHING),
    Shot("a gradient", gradient, NOTHING),
    Shot("stripes that are no code", stripes, NOTHING),
    Shot("a label on its side", lambda: label().transpose(PIL.Image.Transpose.ROTATE_90)),
    Shot("a slanted label", lambda: turned(label(), 23)),
    Shot("inverted print", lambda: PIL.Image.eval(label(), lambda v: 255 - v)),
    Shot("two copies of one product", lambda: side_by_side(label(), label())),
    Shot("a strip of print", lambda: label(LABEL[1:2], "", (640, 80)).crop((0, 0, 640, 70))),
    Shot("a thumbnail", lambda: label().resize((64, 52))),
    Shot("half a bar code", lambda: label().crop((0, 0, 190, 520))),
    Shot("transparent print", lambda: label().convert("RGBA")),
    Shot("grey print", lambda: label().convert("L")),
    Shot("a QR code with another GTIN's digits", lambda: only(OTHER_GTIN, "QRCode", 8), NOTHING),
    Shot("digits that pass a check by chance", lambda: label(CHANCE, ""),
         {"identifiers.model": {OTHER_GTIN}}),
)  # fmt: skip


# ----- damages of the good label --------------------------------------------------------------


def damaged(names: tuple[str, ...], seed: int) -> PIL.Image.Image:
    page, draw = label(), np.random.default_rng(seed)
    for name in names:
        page = DAMAGES[name](page, draw)
    return page


def add_noise(page: PIL.Image.Image, draw: np.random.Generator) -> PIL.Image.Image:
    pixels = np.asarray(page, np.float32) + draw.normal(
        0, draw.uniform(5, 60), page.size[::-1] + (3,)
    )
    return PIL.Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))


def blur(page: PIL.Image.Image, draw: np.random.Generator) -> PIL.Image.Image:
    return page.filter(PIL.ImageFilter.GaussianBlur(float(draw.uniform(0.5, 4))))


def shrink(page: PIL.Image.Image, draw: np.random.Generator) -> PIL.Image.Image:
    factor = float(draw.uniform(0.15, 0.7))
    return page.resize((max(24, int(page.width * factor)), max(24, int(page.height * factor))))


def crop(page: PIL.Image.Image, draw: np.random.Generator) -> PIL.Image.Image:
    left, top = (int(draw.uniform(0, side / 3)) for side in page.size)
    right, bottom = (int(draw.uniform(side * 2 / 3, side)) for side in page.size)
    return page.crop((left, top, right, bottom))


def rotate(page: PIL.Image.Image, draw: np.random.Generator) -> PIL.Image.Image:
    return turned(page, float(draw.uniform(0, 360)))


def cover(page: PIL.Image.Image, draw: np.random.Generator) -> PIL.Image.Image:
    """A sticker over a part of it."""
    page = page.copy()
    left, top = (int(draw.uniform(0, side * 0.8)) for side in page.size)
    right, bottom = left + int(draw.uniform(20, 250)), top + int(draw.uniform(10, 120))
    PIL.ImageDraw.Draw(page).rectangle((left, top, right, bottom), fill=(200, 60, 60))
    return page


def dim(page: PIL.Image.Image, draw: np.random.Generator) -> PIL.Image.Image:
    gain, base = draw.uniform(0.05, 0.6), draw.uniform(0, 100)
    return PIL.Image.eval(page, lambda v: int(v * gain + base))


def squeeze(page: PIL.Image.Image, draw: np.random.Generator) -> PIL.Image.Image:
    out = io.BytesIO()
    page.convert("RGB").save(out, "JPEG", quality=int(draw.integers(3, 30)))
    return PIL.Image.open(io.BytesIO(out.getvalue())).convert("RGB")


DAMAGES = {
    "noise": add_noise, "blurred": blur, "shrunk": shrink, "cropped": crop, "turned": rotate,
    "covered": cover, "dim": dim, "squeezed": squeeze,
}  # fmt: skip
