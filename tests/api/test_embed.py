"""Whatever a caller hands in becomes the right vector, and what is not a picture a reject or an error."""

import io

import numpy as np
import PIL.Image
import pytest

import skulens
from skulens.encode import open_encoder
from skulens.encode.embed import Embedder
from skulens.errors import DataError, EncoderError, MissingFile
from skulens.records import Image, Item, Product, Query


@pytest.fixture(scope="module")
def encoder():
    return skulens.load_encoder("groceries")


def png(path) -> bytes:
    out = io.BytesIO()
    PIL.Image.open(path).convert("RGB").save(out, "PNG")
    return out.getvalue()


def test_vectors_are_those_of_the_embedder_in_the_order_given(encoder, photos):
    found = skulens.embed(encoder, photos[:3], texts=["oat milk"])
    parts = [*(Image(path=str(p)) for p in photos[:3]), "oat milk"]
    items = [Item(str(i), (part,)) for i, part in enumerate(parts)]
    [plain] = Embedder([open_encoder("groceries")]).embed_items(items)
    np.testing.assert_allclose(found.vectors, plain.vectors, atol=1e-6)
    assert found.vectors.dtype == np.float32 and found.vectors.shape == (4, encoder.info.dim)
    np.testing.assert_allclose(np.linalg.norm(found.vectors, axis=1), 1, rtol=1e-6)
    assert found.ids == (*map(str, photos[:3]), "oat milk") and not found.rejects
    assert found.maker == encoder.info.identity


def test_every_kind_of_picture_gives_the_same_vector(encoder, photos):
    path = photos[0]
    data = png(path)
    pixels = np.asarray(PIL.Image.open(path).convert("RGB"))
    kinds = [
        data, bytearray(data), PIL.Image.open(io.BytesIO(data)), pixels, Image(data=data),
        Item("i", (Image(data=data),)), Query("q", Item("q", (Image(data=data),))),
        Product("p", images=(Image(data=data),)),
    ]  # fmt: skip
    found = skulens.embed(encoder, kinds)
    for row in found.vectors[1:]:
        np.testing.assert_allclose(row, found.vectors[0], atol=1e-6)
    assert found.ids == (*(f"photos[{i}]" for i in range(5)), "i", "q", "p")
    by_path = skulens.embed(encoder, [str(path), path]).vectors
    np.testing.assert_array_equal(by_path[0], by_path[1])
    assert by_path[0] @ found.vectors[0] > 0.99  # decoded by the encoder's own draft


def test_one_thing_alone_many_in_an_array_and_a_folder(encoder, photos, tmp_path):
    pixels = np.asarray(PIL.Image.open(photos[0]).convert("RGB").resize((64, 64)))
    alone = skulens.embed(encoder, pixels)
    many = skulens.embed(encoder, np.stack([pixels, 255 - pixels]))
    assert len(alone) == 1 and len(many) == 2
    np.testing.assert_allclose(alone.vectors[0], many.vectors[0], atol=1e-6)
    assert len(skulens.embed(encoder, str(photos[0]))) == 1
    for name in ("b.jpg", "a.jpg"):
        (tmp_path / name).write_bytes(photos[0].read_bytes())
    (tmp_path / "notes.txt").write_text("no picture")
    found = skulens.embed(encoder, tmp_path)
    assert found.ids == (str(tmp_path / "a.jpg"), str(tmp_path / "b.jpg"))


def test_a_turned_photo_is_turned_upright_however_it_comes(encoder, photos, tmp_path):
    picture = PIL.Image.open(photos[0]).convert("RGB")
    turned, exif = picture.transpose(PIL.Image.Transpose.ROTATE_90), PIL.Image.Exif()
    exif[0x0112] = 6  # shown turned by 90 degrees to the right
    turned.save(tmp_path / "turned.png", exif=exif)
    given = [tmp_path / "turned.png", PIL.Image.open(tmp_path / "turned.png"), picture]
    found = skulens.embed(encoder, given).vectors
    np.testing.assert_allclose(found[1], found[2], atol=1e-6)
    np.testing.assert_allclose(found[0], found[2], atol=1e-6)
    lying = skulens.embed(encoder, turned).vectors[0]
    assert lying @ found[2] < 0.99


def test_broken_pictures_are_named_and_never_stop_the_others(encoder, photos, tmp_path):
    half = tmp_path / "half.jpg"
    half.write_bytes(photos[0].read_bytes()[:3000])
    given = [photos[0], "gone.jpg", b"no picture", PIL.Image.open(half), photos[1]]
    found = skulens.embed(encoder, given)
    assert found.ok.tolist() == [True, False, False, False, True]
    assert np.isnan(found.vectors[1:4]).all()
    assert [r.item for r in found.rejects] == ["gone.jpg", "photos[2]", str(half)]
    assert all(r.reason for r in found.rejects)
    assert found.rows()[2]["reason"] == found.rejects[1].reason
    assert "3 could not be read" in str(found) and "gone.jpg" in str(found)


@pytest.mark.parametrize(
    ("given", "error", "said"),
    [
        (["red shoe"], MissingFile, r"photos\[0\] is 'red shoe'.*texts=\["),
        ("https://x.org/a.jpg", DataError, "download it"),
        ([3], DataError, r"photos\[0\] is int, expected a path"),
        (5, DataError, "got int, expected a path"),
        (np.zeros((4, 4, 3)), DataError, r"array \(4, 4, 3\) of float64, expected uint8"),
        (np.zeros((4, 4, 7), np.uint8), DataError, r"\(4, 4, 7\)"),
        ([], DataError, "no photos and no texts"),
    ],
)
def test_what_is_no_picture_is_refused_with_what_to_do(encoder, given, error, said):
    with pytest.raises(error, match=said):
        skulens.embed(encoder, given)


def test_bad_texts_and_encoders_are_refused(encoder, photos):
    with pytest.raises(DataError, match=r"texts\[1\] is ' '"):
        skulens.embed(encoder, texts=["a", " "])
    with pytest.raises(DataError, match="expected a name such as 'groceries'"):
        skulens.embed(3, photos)  # type: ignore[arg-type]
    with pytest.raises(EncoderError, match="fuses the rankings"):
        skulens.load_encoder("groceries+mini")
    with pytest.raises(EncoderError, match="cannot encode text"):
        skulens.embed("histogram", texts=["a"])


def test_a_second_call_computes_nothing(encoder, photos, monkeypatch):
    first = skulens.embed(encoder, photos[:2]).vectors
    again = skulens.load_encoder("groceries")
    monkeypatch.setattr(type(again), "encode_batch", None)
    np.testing.assert_array_equal(skulens.embed(again, photos[:2]).vectors, first)
    with pytest.raises(TypeError):
        skulens.embed(again, photos[:2], cache=False)
