"""The browser's pixels and vectors are those of Pillow and torch, to the bit and to 1e-5."""

import base64
import hashlib
import json

import numpy as np
import PIL.Image
import pytest

from skulens.encode.preprocess import Preprocess
from tests.serve.publish.conftest import opened, serve
from tests.serve.publish.shop import draw, encode, make_shop

RESIZE = """async (cases) => {
  const { resize, frame } = await import("./page/resize.js");
  const { sha256 } = await import("./page/sha256.js");
  const found = [];
  for (const { width, height, to, name, how } of cases) {
    const data = new Uint8ClampedArray(width * height * 3);
    for (let i = 0; i < data.length; i++) data[i] = (Math.imul(i + width, 2654435761) >>> 13) & (i % 5 ? 255 : 128);
    const picture = { width, height, data, step: 3 };
    const small = how ? frame(picture, how) : resize(picture, ...to, name);
    found.push([small.width, small.height, await sha256(small.data)]);
  }
  return found;
}"""


def pixels(width: int, height: int) -> PIL.Image.Image:
    """What the script above makes."""
    i = np.arange(width * height * 3, dtype=np.uint64)
    noise = (((i + np.uint64(width)) * np.uint64(2654435761)) & np.uint64(0xFFFFFFFF)) >> np.uint64(
        13
    )
    data = (noise & np.where(i % 5 > 0, 255, 128).astype(np.uint64)).astype(np.uint8)
    return PIL.Image.fromarray(data.reshape(height, width, 3))


def told(picture: PIL.Image.Image) -> list:
    return [picture.width, picture.height, hashlib.sha256(picture.tobytes()).hexdigest()]


@pytest.fixture(scope="module")
def page(chromium, site):
    with serve(site.parent) as url, opened(chromium, f"{url}/some%20where/") as page:
        yield page


def test_resizing_is_pillows_to_the_bit(page):
    rng = np.random.default_rng(5)
    sides = [(*rng.integers(2, 260, 2), *rng.integers(1, 200, 2)) for _ in range(80)]
    # On both sides of the rule by which Pillow 13 chooses its first pass.
    sides += [(50 + n, 50 + 60 + 2 * n + d, 50, 60) for n in range(5) for d in (-1, 0, 1, 2)]
    sides += [(3, 600, 112, 112), (600, 3, 112, 112), (40, 40, 40, 17), (112, 112, 112, 112)]
    names = ("bicubic", "bilinear", "lanczos")
    cases = [
        {
            "width": int(w),
            "height": int(h),
            "to": [int(a), int(b)],
            "name": names[0 if n < 60 else n % 3],
        }
        for n, (w, h, a, b) in enumerate(sides)
    ]
    found = page.evaluate(RESIZE, cases)
    for case, got in zip(cases, found, strict=True):
        kernel = getattr(PIL.Image.Resampling, case["name"].upper())
        assert got == told(pixels(case["width"], case["height"]).resize(case["to"], kernel)), case


@pytest.mark.parametrize("mode", ["shortest", "longest", "squash"])
def test_framing_is_that_of_the_encoders(page, mode):
    cases = []
    for n, (width, height) in enumerate(
        [(90, 61), (61, 90), (33, 200), (200, 33), (64, 64), (97, 64)]
    ):
        for rounding in ("nearest", "down"):
            how = Preprocess(
                64 if n % 2 else 48,
                64,
                (0.5,) * 3,
                (0.5,) * 3,
                "bicubic",
                mode,
                77,
                "chw",
                rounding,
            )
            cases.append({"width": width, "height": height, "how": how.describe()})
    for case, got in zip(cases, page.evaluate(RESIZE, cases), strict=True):
        how = Preprocess(**case["how"])
        assert got == told(how.frame(pixels(case["width"], case["height"]))), case


def upright(orientation: int) -> bytes:
    exif = PIL.Image.Exif()
    exif[0x0112] = orientation
    return encode(draw(orientation, 90, 61), quality=90, exif=exif)


def forms() -> dict[str, tuple[str, bytes]]:
    """Pictures as shoppers have them: (media type, bytes)."""
    rng = np.random.default_rng(2)
    rgba = np.dstack([np.asarray(draw(3, 70, 90)), rng.integers(0, 256, (90, 70), dtype=np.uint8)])
    tall = draw(4, 60, 420)
    return {
        "jpeg 4:2:0": ("image/jpeg", encode(draw(1, 211, 157), quality=70)),
        "jpeg 4:4:4": ("image/jpeg", encode(draw(2, 157, 211), quality=95, subsampling=0)),
        "progressive": ("image/jpeg", encode(draw(5, 300, 200), progressive=True)),
        "grey": ("image/jpeg", encode(draw(6).convert("L"))),
        "tall": ("image/jpeg", encode(tall)),
        "png": ("image/png", encode(draw(7), "PNG")),
        "alpha": ("image/png", encode(PIL.Image.fromarray(rgba), "PNG")),
        "palette": ("image/png", encode(draw(8).quantize(32), "PNG")),
        "webp": ("image/webp", encode(draw(9, 128, 100), "WEBP", quality=80)),
        "gif": ("image/gif", encode(draw(10), "GIF")),
        **{f"exif {n}": ("image/jpeg", upright(n)) for n in (2, 3, 6, 8)},
    }


def data_uri(kind: str, data: bytes) -> str:
    return f"data:{kind};base64,{base64.b64encode(data).decode()}"


def test_vectors_are_those_of_the_torch_encoder(page):
    given = forms()
    ask = "async (item) => (await backend.search({item: [item], give_vectors: true, k: 3})).vectors.picture"
    shop = make_shop()
    for name, (kind, data) in given.items():
        found = np.array(page.evaluate(ask, {"image": data_uri(kind, data)}))
        expected = shop.search(photo=data, give_vectors=True).vectors["picture"]
        assert np.abs(found - expected).max() < 1e-5, name


def test_a_region_is_cut_from_the_upright_picture(page):
    data, region = upright(6), [7, 11, 40, 52]
    ask = (
        "async (item) => (await backend.search({item: [item], give_vectors: true})).vectors.picture"
    )
    found = np.array(page.evaluate(ask, {"image": data_uri("image/jpeg", data), "region": region}))
    from skulens.serve.pictures.given import crop

    expected = make_shop().search(photo=crop(data, tuple(region), "a"), give_vectors=True)
    assert np.abs(found - expected.vectors["picture"]).max() < 1e-5


@pytest.mark.parametrize(
    ("part", "status", "said"),
    [
        ({"image": "data:image/jpeg;base64,AAAA"}, 422, "save it as JPEG"),
        ({"image": "data:image/jpeg;base64,!!"}, 422, "not base64"),
        ({"image": "photo.jpg"}, 422, "expected data:image/jpeg"),
        ({"image": data_uri("image/png", encode(draw(1, 30, 30), "PNG")), "region": [20, 0, 20, 9]}, 422, "outside"),
        ({"image": data_uri("image/png", encode(draw(1, 401, 2), "PNG"))}, 422, "too narrow"),
        ({"vector": [1.0] * 128, "maker": "another"}, 422, "another encoder"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_a_problem_as_the_servers(page, part, status, said):
    ask = "(item) => backend.search({item: [item]}).then(() => null, ({status, title, detail}) => [status, title, detail])"
    got, title, detail = page.evaluate(ask, part)
    assert got == status and title and said in detail, json.dumps([got, title, detail])
