"""What leaves the machine: upright, small enough, without metadata, always the same bytes."""

import io
import json
import subprocess
import sys
import zlib
from pathlib import Path

import numpy as np
import PIL.Image
import PIL.PngImagePlugin
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from skulens.chat import pictures
from skulens.chat.metadata import strip_metadata
from skulens.chat.pictures import (
    PicturePolicy,
    Sent,
    SentImage,
    Unsent,
    fit_bytes,
    fit_picture,
    fit_pictures,
    fitted_size,
)
from skulens.errors import DataError, PictureError
from skulens.pictures import MAX_ASPECT, MIN_SIDE_PX, decode
from skulens.records import Image

POLICY = PicturePolicy(side_px=64, pixels=3000)
SECRET = b"Baker Street 221b"
"""Stands in all metadata below."""


def photo(width=60, height=40, mode="RGB", seed=0):
    """Noise: nothing that a codec could keep by luck."""
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)
    return PIL.Image.fromarray(pixels).convert(mode)


def label(width=60, height=40):
    """Black stripes on white, as of a bar code."""
    pixels = np.full((height, width), 255, np.uint8)
    pixels[5:-5, ::3] = 0
    return PIL.Image.fromarray(pixels).convert("RGB")


def encode(picture, kind, **options):
    out = io.BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()


def exif(orientation=1):
    found = PIL.Image.Exif()
    found[0x0112], found[0x010E] = orientation, SECRET.decode()
    found.get_ifd(0x8825)[29] = SECRET.decode()  # GPS
    return found.tobytes()


def with_segments(jpeg, *segments):
    """A JPEG with (marker, body) after its start."""
    made = b"".join(
        bytes([0xFF, marker]) + (len(body) + 2).to_bytes(2, "big") + body
        for marker, body in segments
    )
    return jpeg[:2] + made + jpeg[2:]


def chunk(kind, body):
    check = zlib.crc32(kind + body).to_bytes(4, "big")
    return len(body).to_bytes(4, "big") + kind + body + check


def with_chunks(png, *chunks):
    """A PNG with (type, body) after its header."""
    return png[:33] + b"".join(chunk(*c) for c in chunks) + png[33:]


def texts():
    info = PIL.PngImagePlugin.PngInfo()
    info.add_text("Comment", SECRET.decode())
    info.add_itxt("XML:com.adobe.xmp", SECRET.decode())
    return info


JPEG = encode(photo(), "JPEG", quality=80)
PNG = encode(photo(), "PNG")
THUMBNAIL = b"JFIF\0\1\1\0\0\1\0\1\2\2" + SECRET[:12]
PLAIN = {
    "jpeg": JPEG,
    "progressive jpeg": encode(photo(), "JPEG", progressive=True),
    "jpeg with restarts": encode(photo(), "JPEG", restart_marker_blocks=1),
    "grey jpeg": encode(photo(mode="L"), "JPEG"),
    "4:2:0": encode(photo(), "JPEG", subsampling=2),
    "png": PNG,
    "grey png": encode(photo(mode="L"), "PNG"),
    "palette png": encode(photo(mode="P"), "PNG"),
    "black and white png": encode(photo(mode="1"), "PNG"),
}
"""Sent byte for byte."""
LADEN = {
    "jpeg with exif": encode(photo(), "JPEG", exif=exif()),
    "jpeg with comment": encode(photo(), "JPEG", comment=SECRET),
    "jpeg with profile": encode(photo(), "JPEG", icc_profile=SECRET * 9),
    "jpeg with xmp": with_segments(JPEG, (0xE1, b"http://ns.adobe.com/xap/1.0/\0" + SECRET)),
    "jpeg with thumbnail": with_segments(JPEG, (0xE0, THUMBNAIL)),
    "jpeg with two jfif": with_segments(JPEG, (0xE0, b"JFXX\0" + SECRET)),
    "jpeg with photoshop": with_segments(JPEG, (0xED, b"Photoshop 3.0\0" + SECRET)),
    "jpeg with a film behind it": JPEG + b"ftypmp42" + SECRET,
    "png with exif": encode(photo(), "PNG", exif=exif()),
    "png with texts": encode(photo(), "PNG", pnginfo=texts()),
    "png with profile": encode(photo(), "PNG", icc_profile=SECRET * 9),
    "png with more behind it": PNG + SECRET,
    "png with own chunk": with_chunks(PNG, (b"skUl", SECRET)),
}
"""Sent without what they say, and with the same pixels."""
OTHERS = {
    "turned": encode(photo(), "JPEG", exif=exif(6)),
    "turned png": encode(photo(), "PNG", exif=exif(8)),
    "large": encode(photo(500, 300), "JPEG", exif=exif(), comment=SECRET),
    "large png": encode(photo(500, 300), "PNG", pnginfo=texts(), icc_profile=SECRET * 9),
    "large drawing": encode(label(300, 200), "PNG", pnginfo=texts()),
    "cmyk": encode(photo(mode="CMYK"), "JPEG", comment=SECRET),
    "transparent": encode(photo(mode="RGBA"), "PNG", pnginfo=texts()),
    "transparent palette": encode(photo(mode="P"), "PNG", transparency=3),
    "16 bit": encode(PIL.Image.fromarray(np.full((9, 9), 777, np.uint16)), "PNG"),
    "gif": encode(photo(mode="P"), "GIF", comment=SECRET),
    "animation": encode(photo(), "PNG", save_all=True, append_images=[photo(seed=1)]),
    "webp": encode(photo(), "WEBP", exif=exif(3)),
    "tiff": encode(photo(), "TIFF", exif=exif()),
    "bmp": encode(label(), "BMP"),
    "two pictures": encode(photo(), "MPO", save_all=True, append_images=[photo(seed=1)]),
    "strip": encode(photo(2000, 10), "PNG"),
}
"""Encoded anew, most of them."""
ALL = PLAIN | LADEN | OTHERS


def pixels(data):
    return np.asarray(decode(data)).astype(int)


@pytest.mark.parametrize("name", PLAIN)
def test_what_fits_is_sent_byte_for_byte(name):
    sent = fit_bytes(PLAIN[name], POLICY)
    assert sent.data is PLAIN[name]
    assert (sent.width, sent.height) == (60, 40)
    assert sent.mime == ("image/png" if "png" in name else "image/jpeg")


@pytest.mark.parametrize("name", LADEN)
def test_metadata_goes_and_pixels_stay(name):
    sent = fit_bytes(LADEN[name], POLICY)
    assert len(sent.data) < len(LADEN[name])
    assert np.array_equal(pixels(sent.data), pixels(LADEN[name]))


@pytest.mark.parametrize("name", ALL)
def test_nothing_but_the_picture_leaves(name):
    sent = fit_bytes(ALL[name], POLICY)
    for secret in (SECRET, SECRET[:12], b"Exif", b"tEXt", b"ICC"):
        assert secret not in sent.data
    found = PIL.Image.open(io.BytesIO(sent.data))
    found.load()
    assert not found.getexif() and "icc_profile" not in found.info and "comment" not in found.info
    assert strip_metadata(sent.data).data is sent.data
    assert found.mode in ("RGB", "L", "P", "1")  # what every server understands


@pytest.mark.parametrize("name", ALL)
def test_what_is_sent_is_within_the_policy_and_fits_again(name):
    sent = fit_bytes(ALL[name], POLICY)
    found = PIL.Image.open(io.BytesIO(sent.data))
    assert found.size == (sent.width, sent.height)
    assert found.get_format_mimetype() == sent.mime
    assert max(found.size) <= 64 and found.width * found.height <= 3000
    assert fit_bytes(sent.data, POLICY) == sent
    assert fit_bytes(bytes(sent.data), POLICY) == sent


@pytest.mark.parametrize("name", OTHERS)
def test_the_picture_is_the_same_to_the_eye(name):
    """Upright, with colours where they were, within what JPEG may change."""
    sent = fit_bytes(OTHERS[name], PicturePolicy(2048, 10**7, quality=100))
    assert np.abs(pixels(sent.data) - pixels(OTHERS[name])).mean() < 3


def test_turned_pictures_are_upright():
    sent = fit_bytes(OTHERS["turned"], POLICY)
    assert (sent.width, sent.height) == (40, 60)


def test_colours_keep_their_resolution():
    sent = fit_bytes(encode(photo(500, 300), "JPEG"), POLICY)
    layers = PIL.Image.open(io.BytesIO(sent.data)).layer
    assert sent.mime == "image/jpeg" and {(h, v) for _, h, v, _ in layers} == {(1, 1)}


def test_drawings_stay_exact_and_photos_small():
    drawn = fit_bytes(OTHERS["bmp"], POLICY)
    assert drawn.mime == "image/png" and np.array_equal(pixels(drawn.data), pixels(OTHERS["bmp"]))
    assert fit_bytes(OTHERS["webp"], POLICY).mime == "image/jpeg"
    grey = encode(photo(200, 200, "L"), "BMP")  # 256 colours, and larger as PNG
    assert fit_bytes(grey, PicturePolicy()).mime == "image/jpeg"


def test_transparency_is_white():
    clear = PIL.Image.new("RGBA", (30, 20), (255, 0, 0, 0))
    red = PIL.Image.new("RGB", (30, 20), (255, 0, 0))
    for data in (
        encode(clear, "PNG"),
        encode(red, "PNG", transparency=(255, 0, 0)),
        encode(red.convert("P"), "PNG", transparency=red.convert("P").getpixel((0, 0))),
    ):
        assert (pixels(fit_bytes(data, POLICY).data) == 255).all()


def test_the_same_bytes_in_another_process(tmp_path):
    code = (
        "import sys, json; from pathlib import Path;"
        "from skulens.chat.pictures import PicturePolicy, fit_picture;"
        "from skulens.records import Image; p = PicturePolicy(side_px=64, pixels=3000);"
        "print(json.dumps([fit_picture(Image(path=n), p).sha256 for n in sys.argv[1:]]))"
    )
    names = []
    for number, data in enumerate(ALL.values()):
        names.append(str(tmp_path / str(number)))
        Path(names[-1]).write_bytes(data)
    env = {"PYTHONHASHSEED": "5", "PYTHONPATH": ":".join(sys.path)}
    run = subprocess.run(
        [sys.executable, "-c", code, *names], env=env, capture_output=True, text=True
    )
    assert json.loads(run.stdout) == [fit_bytes(d, POLICY).sha256 for d in ALL.values()], run.stderr


@given(
    st.integers(2, 30_000), st.integers(2, 30_000), st.integers(28, 4096), st.integers(784, 10**7)
)
@example(30_000, 150, 1024, 1_048_576)
@example(150, 30_000, 28, 784)
@example(30_000, 150, 4096, 784)
@settings(max_examples=400)
def test_sizes_are_within_every_bound(width, height, side_px, most):
    if max(width, height) > MAX_ASPECT * min(width, height):
        return
    policy = PicturePolicy(side_px, most)
    made = fitted_size(width, height, policy)
    assert max(made) <= side_px and made[0] * made[1] <= most
    assert min(made) >= MIN_SIDE_PX and max(made) <= MAX_ASPECT * min(made)
    assert (made[0] >= made[1]) == (width >= height) or made[0] == made[1]
    assert fitted_size(*made, policy) == made
    assert made[0] <= width and made[1] <= height
    if width <= side_px and height <= side_px and width * height <= most:
        assert made == (width, height)
    elif min(made) > 50:  # neither smaller than it must be, nor distorted
        assert max(made) >= side_px - 1 or made[0] * made[1] > most * 0.95
        assert abs(made[0] / made[1] / (width / height) - 1) < 2 / min(made)


@pytest.mark.filterwarnings("ignore::UserWarning")
@given(st.sampled_from(sorted(ALL)), st.integers(0, 2**31), st.integers(0, 8), st.booleans())
@settings(max_examples=300, deadline=None)
def test_damaged_bytes_are_named_or_right(name, seed, hits, cut):
    """Whatever comes, no other error than PictureError, and nothing that is not bare."""
    draw, data = np.random.default_rng(seed), bytearray(ALL[name])
    for at in draw.integers(0, len(data), hits):
        data[at] = draw.integers(256)
    found = bytes(data[: draw.integers(len(data))] if cut else data)
    strip_metadata(found)
    try:
        sent = fit_bytes(found, POLICY)
    except PictureError:
        return
    assert fit_bytes(sent.data, POLICY) == sent
    assert max(sent.width, sent.height) <= 64


def test_bytes_hidden_in_a_picture_are_not_sent():
    """Compressed data may go on behind the last pixel."""
    hidden = np.random.default_rng(0).bytes(200_000)
    fat = with_chunks(PNG, (b"IDAT", b"")).replace(
        chunk(b"IEND", b""), chunk(b"IDAT", hidden) + chunk(b"IEND", b"")
    )
    assert len(fit_bytes(fat, POLICY).data) < 70_000


def test_large_jpegs_are_decoded_small(monkeypatch):
    """A third of the time and memory, and nearly the same picture."""
    smooth = PIL.Image.radial_gradient("L").convert("RGB").resize((400, 300))
    data, seen = encode(smooth, "JPEG", quality=95), []
    whole = PIL.Image.Image.resize

    def resize(picture, size, *args, **more):
        seen.append(picture.size)
        return whole(picture, size, *args, **more)

    monkeypatch.setattr(PIL.Image.Image, "resize", resize)
    sent = fit_bytes(data, POLICY)
    assert seen == [(100, 75)]  # a quarter: more than 1.5 x 64
    plain = whole(decode(data), (sent.width, sent.height), PIL.Image.Resampling.LANCZOS)
    assert np.abs(pixels(sent.data) - np.asarray(plain).astype(int)).mean() < 2


def test_a_fitted_picture_is_not_decoded_again(monkeypatch):
    sent = fit_picture(Image(data=OTHERS["large"]), POLICY)
    image = SentImage.of(sent, POLICY, "front")
    assert image.read() == sent.data and image.view == "front"
    with monkeypatch.context() as patch:
        patch.setattr(pictures, "decode", None)
        assert fit_picture(image, POLICY) is sent
    smaller = PicturePolicy(side_px=32, pixels=3000)
    assert max(fit_picture(image, smaller).width, 32) == 32


def test_problems_have_their_class(tmp_path):
    good, broken = tmp_path / "good.jpg", tmp_path / "broken.jpg"
    good.write_bytes(JPEG)
    broken.write_bytes(JPEG[: len(JPEG) // 2])
    image = {p: Image(path=str(tmp_path / p)) for p in ("good.jpg", "broken.jpg", "gone.jpg", ".")}
    [sent] = fit_pictures(["text", image["good.jpg"], "text"], POLICY)
    assert isinstance(sent, Sent) and sent.data == JPEG
    told = {
        "broken.jpg": ("image_corrupt", "picture 2"),
        "gone.jpg": ("image_missing", "no such file"),
        ".": ("image_missing", "folder"),
    }
    for name, (error, words) in told.items():
        found = fit_pictures([image["good.jpg"], image[name]], POLICY)
        assert isinstance(found, Unsent) and found.error == error
        assert words in found.reason and image[name].path in found.reason
    many = fit_pictures([image["good.jpg"]] * 11, POLICY)
    assert isinstance(many, Unsent) and many.error == "too_many_images" and "11" in many.reason
    assert fit_pictures([], POLICY) == []


@pytest.mark.parametrize(
    "data",
    [
        *(b"", b"<html>no</html>", b"\xff\xd8\xff", JPEG[:200], PNG[:-40]),
        PNG[:200] + b"damaged" + PNG[207:],
    ],
)
def test_what_is_no_picture_is_named(data):
    with pytest.raises(PictureError):
        fit_bytes(data, POLICY)


@pytest.mark.parametrize(
    "options",
    [{"side_px": 0}, {"pixels": 5}, {"quality": 0}, {"quality": 101}, {"most": -1}],
)
def test_policies_make_sense(options):
    with pytest.raises(DataError, match=next(iter(options))):
        PicturePolicy(**options)


def test_a_policy_is_known_by_what_it_does():
    assert PicturePolicy().digest == PicturePolicy(most=3).digest
    others = [PicturePolicy(side_px=999), PicturePolicy(pixels=999), PicturePolicy(quality=9)]
    assert len({p.digest for p in (PicturePolicy(), *others)}) == 4
    assert PicturePolicy().record() != PicturePolicy(most=3).record()
