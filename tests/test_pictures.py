"""The ugly-picture matrix: what is odd but readable is read right, the rest is a PictureError."""

import io
import struct
import threading
import zlib

import numpy as np
import PIL.features
import PIL.Image
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from skulens import pictures
from skulens.errors import PictureError
from skulens.pictures import decode, load, orientation
from skulens.records import Image

RED, BLUE = (200, 30, 40), (20, 60, 210)
W, H = 24, 16


def two_tone(size=(W, H)) -> PIL.Image.Image:
    """Left half red, right half blue, and a white corner top left that tells orientations apart."""
    picture = PIL.Image.new("RGB", size, RED)
    picture.paste(BLUE, (size[0] // 2, 0, size[0], size[1]))
    picture.paste((255, 255, 255), (0, 0, size[0] // 4, size[1] // 4))
    return picture


def encoded(picture: PIL.Image.Image, format: str, **options) -> bytes:
    out = io.BytesIO()
    picture.save(out, format, **options)
    return out.getvalue()


def assert_two_tone(data: bytes, tolerance: int = 12) -> None:
    got = decode(data)
    assert got.mode == "RGB" and got.size == (W, H)
    for at, colour in (((8, 12), RED), ((20, 8), BLUE), ((1, 1), (255, 255, 255))):
        assert np.abs(np.subtract(got.getpixel(at), colour)).max() <= tolerance, at


def cmyk() -> PIL.Image.Image:
    return two_tone().convert("CMYK")


def animation() -> list[PIL.Image.Image]:
    return [PIL.Image.new("RGB", (W, H), "lime"), PIL.Image.new("RGB", (W, H), "black")]


READABLE = {
    "jpeg": lambda: encoded(two_tone((W, H)), "JPEG", quality=95, subsampling=0),
    "progressive": lambda: encoded(two_tone(), "JPEG", quality=95, subsampling=0, progressive=True),
    "cmyk_jpeg_adobe_inverted": lambda: encoded(cmyk(), "JPEG", quality=98, subsampling=0),
    "cmyk_tiff": lambda: encoded(cmyk(), "TIFF"),
    "palette": lambda: encoded(two_tone().quantize(8), "PNG"),
    "rgba_opaque": lambda: encoded(two_tone().convert("RGBA"), "PNG"),
    "bmp": lambda: encoded(two_tone(), "BMP"),
    "tiff_lzw": lambda: encoded(two_tone(), "TIFF", compression="tiff_lzw"),
    "webp_lossless": lambda: encoded(two_tone(), "WEBP", lossless=True),
    "webp": lambda: encoded(two_tone(), "WEBP", quality=95),
    "jpeg2000": lambda: encoded(two_tone(), "JPEG2000"),
    "png16_rgb": lambda: png16(two_tone()),
}


@pytest.mark.parametrize("kind", READABLE)
def test_readable_pictures_keep_their_colours(kind):
    assert_two_tone(
        READABLE[kind](), tolerance=40 if kind in ("webp", "jpeg", "progressive") else 14
    )


def png16(picture: PIL.Image.Image) -> bytes:
    """A 16-bit RGB PNG, written by hand, as Pillow does not write one."""
    pixels = np.asarray(picture).astype(">u2") * 257
    rows = b"".join(b"\0" + row.tobytes() for row in pixels)

    def chunk(kind: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    header = struct.pack(">IIBBBBB", *picture.size, 16, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )


def test_avif():
    if not PIL.features.check("avif"):
        pytest.skip("this Pillow was built without AVIF")
    assert_two_tone(encoded(two_tone(), "AVIF", quality=95, subsampling="4:4:4"), tolerance=40)


@pytest.mark.parametrize("format", ["PNG", "TIFF"])
def test_16_bit_grey_is_scaled_not_clipped(format):
    grey = PIL.Image.fromarray(np.linspace(0, 65535, W * H).astype(np.uint16).reshape(H, W))
    got = np.asarray(decode(encoded(grey, format)))
    assert got.min() == 0 and got.max() == 255 and abs(got.mean() - 127) < 2


def test_float_tiff_from_0_to_1_is_not_black():
    grey = PIL.Image.fromarray(np.linspace(0, 1, W * H, dtype=np.float32).reshape(H, W))
    got = np.asarray(decode(encoded(grey, "TIFF")))
    assert got.min() == 0 and got.max() == 255


def test_transparency_lies_on_white():
    clear = PIL.Image.new("RGBA", (W, H), (0, 0, 0, 0))
    assert decode(encoded(clear, "PNG")).getpixel((3, 3)) == (255, 255, 255)
    half = PIL.Image.new("LA", (W, H), (0, 128))
    assert decode(encoded(half, "PNG")).getpixel((3, 3)) == pytest.approx((127, 127, 127), abs=1)
    palette = PIL.Image.new("P", (W, H), 0)
    palette.putpalette([0, 0, 0, 255, 0, 0])
    palette.paste(1, (0, 0, W // 2, H))
    got = decode(encoded(palette, "PNG", transparency=0))
    assert got.getpixel((2, 2)) == (255, 0, 0) and got.getpixel((W - 2, 2)) == (255, 255, 255)
    grey = decode(encoded(PIL.Image.new("L", (W, H), 7), "PNG", transparency=7))
    assert grey.getpixel((0, 0)) == (255, 255, 255)


@pytest.mark.parametrize("format", ["GIF", "WEBP", "PNG", "TIFF"])
def test_first_frame_of_an_animation(format):
    first, second = animation()
    options = {"lossless": True} if format == "WEBP" else {}
    data = encoded(first, format, save_all=True, append_images=[second], **options)
    assert PIL.Image.open(io.BytesIO(data)).n_frames == 2, "the fixture is no animation"
    assert decode(data).getpixel((5, 5)) == (0, 255, 0)


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("turn", range(1, 9))
def test_exif_orientation_is_undone_only_when_asked(format, turn):
    upright = two_tone()
    undo = {2: 0, 3: 3, 4: 1, 5: 5, 6: 4, 7: 6, 8: 2}  # PIL.Image.Transpose that a viewer applies
    back = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}  # and what a camera did before
    stored = upright.transpose(PIL.Image.Transpose(back[turn])) if turn > 1 else upright
    assert (
        turn == 1
        or stored.transpose(PIL.Image.Transpose(undo[turn])).tobytes() == upright.tobytes()
    )
    exif = PIL.Image.Exif()
    exif[pictures.ORIENTATION] = turn
    options = {"JPEG": {"quality": 98, "subsampling": 0}, "WEBP": {"lossless": True}}.get(
        format, {}
    )
    data = encoded(stored, format, exif=exif, **options)
    assert orientation(data) == turn
    assert_two_tone(data, tolerance=60)
    as_stored = decode(data, upright=False)
    if format == "TIFF":  # Pillow turns these while loading
        stored = upright
    assert as_stored.size == stored.size
    assert np.abs(np.asarray(as_stored, int) - np.asarray(stored, int)).mean() < 6


def test_damaged_exif_does_not_cost_the_picture():
    data = encoded(
        two_tone(),
        "JPEG",
        quality=95,
        subsampling=0,
        exif=b"Exif\0\0MM\0*\0\0\0\x08\xff\xff\x01\x12garbage",
    )
    assert_two_tone(data, tolerance=40)
    assert orientation(data) == 1


def wide() -> bytes:
    """A valid PNG header of 50,000 x 10 px."""
    return encoded(PIL.Image.new("1", (50_000, 10)), "PNG")


def bomb() -> bytes:
    """A PNG of a few kilobytes that would unfold to 900 megapixels."""
    real = encoded(PIL.Image.new("1", (64, 64)), "PNG")
    header = struct.pack(">IIBBBBB", 30_000, 30_000, 8, 2, 0, 0, 0)
    return real[:16] + header + struct.pack(">I", zlib.crc32(b"IHDR" + header)) + real[33:]


NOISE = PIL.Image.effect_noise((64, 64), 80).convert("RGB")
REJECTED = {
    "zero bytes": (lambda: b"", "empty"),
    "truncated jpeg": (lambda: encoded(NOISE, "JPEG")[:900], "truncated"),
    "truncated progressive jpeg": (
        lambda: encoded(NOISE, "JPEG", progressive=True)[:900],
        "truncated",
    ),
    "truncated png": (lambda: encoded(NOISE, "PNG")[:3000], "cannot be decoded"),
    "truncated webp": (lambda: encoded(NOISE, "WEBP")[:600], "decoded|picture"),
    "header only": (lambda: encoded(NOISE, "JPEG")[:20], "cannot be decoded|not a picture"),
    "1x1": (lambda: encoded(PIL.Image.new("RGB", (1, 1)), "PNG"), "too small: 1 x 1"),
    "50,000 px wide": (wide, "dangerously large: 50000 x 10"),
    "bomb": (bomb, "dangerously large"),
    "svg": (lambda: b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>', "SVG"),
    "html": (lambda: b"\xef\xbb\xbf \n<!DOCTYPE html><html><body>404</body>", "web page"),
    "lfs pointer": (
        lambda: b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n",
        "Git LFS",
    ),
    "pdf": (lambda: b"%PDF-1.7 ...", "PDF"),
    "eps": (lambda: b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n", "PostScript"),
    "json": (lambda: b'{"error": "forbidden"}', "JSON"),
    "heic": (lambda: b"\0\0\0\x18ftypheic\0\0\0\0", "HEIC"),
    "film": (lambda: b"\0\0\0\x18ftypisom\0\0\0\0", "film"),
    "random bytes": (lambda: np.random.default_rng(5).bytes(4096), "not a picture"),
}


@pytest.mark.parametrize("kind", REJECTED)
def test_rejected_with_the_reason(kind):
    make, reason = REJECTED[kind]
    with pytest.raises(PictureError, match=reason):
        decode(make())


def test_bomb_is_refused_before_it_unfolds():
    import tracemalloc

    data = bomb()
    assert len(data) < 10_000
    tracemalloc.start()
    with pytest.raises(PictureError):
        decode(data)
    assert tracemalloc.get_traced_memory()[1] < 5_000_000
    tracemalloc.stop()


def test_load_says_what_is_wrong_with_the_file(tmp_path):
    with pytest.raises(PictureError, match="folder"):
        load(Image(path=str(tmp_path)))
    with pytest.raises(PictureError, match="no such file"):
        load(Image(path=str(tmp_path / "absent.jpg")))
    with pytest.raises(PictureError, match="cannot be read"):
        load(Image(path="a\0b.jpg"))
    (tmp_path / "a.png").write_bytes(encoded(two_tone(), "PNG"))
    assert load(Image(path=str(tmp_path / "a.png"))).size == (W, H)


def test_decodes_the_same_in_threads():
    data = encoded(NOISE, "JPEG")
    plain, got = decode(data).tobytes(), []
    threads = [
        threading.Thread(target=lambda: got.append(decode(data).tobytes() == plain))
        for _ in range(8)
    ]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert got == [True] * 8


def only_rgb_or_picture_error(data: bytes) -> None:
    try:
        picture = decode(data)
    except PictureError as e:
        assert str(e)
    else:
        assert picture.mode == "RGB" and min(picture.size) >= pictures.MIN_SIDE_PX


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.binary(max_size=600))
def test_any_bytes(data):
    only_rgb_or_picture_error(data)


SEEDS = {
    "JPEG": encoded(NOISE, "JPEG"),
    "PNG": encoded(NOISE.quantize(16), "PNG"),
    "GIF": encoded(NOISE, "GIF"),
    "WEBP": encoded(NOISE, "WEBP"),
    "TIFF": encoded(NOISE.resize((16, 16)), "TIFF"),
    "BMP": encoded(NOISE.resize((16, 16)), "BMP"),
}


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.sampled_from(sorted(SEEDS)),
    st.lists(st.tuples(st.floats(0, 1), st.integers(0, 7)), min_size=1, max_size=12),
)
def test_flipped_bits(kind, flips):
    data = bytearray(SEEDS[kind])
    for share, bit in flips:
        data[min(int(share**2 * len(data)), len(data) - 1)] ^= (
            1 << bit
        )  # squared: more of them in the headers
    only_rgb_or_picture_error(bytes(data))


@pytest.mark.parametrize(("limit", "most"), [(0, 1), (10**9, 2)])
def test_one_big_picture_at_a_time(monkeypatch, limit, most):
    """Until the end of the block: whoever prepares a big picture keeps the others waiting."""
    monkeypatch.setattr(pictures, "BIG_MEMORY", limit)
    data, inside, seen = encoded(two_tone(), "PNG"), [], []
    together = threading.Barrier(most)

    def work():
        with pictures.one_big_at_a_time():
            decode(data)
            inside.append(1)
            seen.append(len(inside))
            together.wait(5)
            seen.append(len(inside))
            inside.pop()

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert max(seen) == most and len(seen) == 4
    assert not pictures._big.locked()


def test_a_conversion_in_strips_is_that_of_the_whole(monkeypatch):
    noise = np.random.default_rng(0).integers(0, 256, (37, 23, 4), np.uint8)
    for mode in ("RGBA", "LA", "PA", "F", "I"):
        picture = PIL.Image.fromarray(noise)
        picture = picture.convert("L").convert(mode) if mode in "FI" else picture.convert(mode)
        whole = pictures.to_rgb(picture).tobytes()
        monkeypatch.setattr(pictures, "STRIP_PIXELS", 100)
        assert pictures.to_rgb(picture).tobytes() == whole, mode
        monkeypatch.undo()


@pytest.mark.parametrize("size", [200_000_001, 10**10])
def test_too_many_bytes_are_never_read(tmp_path, size):
    path = tmp_path / "a.jpg"
    path.touch()
    path.open("r+b").truncate(size)
    reader = Image(path=str(path))
    with pytest.raises(PictureError, match=f"{size:,} bytes"):
        load(reader)
    from skulens.encode.memo import hash_files

    assert "200 MB" in str(hash_files([str(path)])[str(path)])
