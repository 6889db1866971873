"""Ours against the original implementations, on the same weights and inputs."""

import json
from dataclasses import replace

import numpy as np
import PIL.Image
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from skulens.encode.numerics import SCRIPT
from skulens.encode.open_clip import LocalOpenClip, OpenClip, tag_config
from skulens.encode.preprocess import Preprocess
from skulens.encode.tokenization import canonicalise, pad_ids
from skulens.encode.towers import (
    arrange_for_speed,
    build_model,
    can_trim,
    encode_trimmed,
    text_tower,
)
from skulens.protocols import Numerics

CLIP_MEAN, CLIP_STD = (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)


@pytest.mark.parametrize("interpolation", ["bicubic", "bilinear"])
@pytest.mark.parametrize("resize_mode", ["shortest", "squash", "longest"])
@pytest.mark.parametrize("size", [32, (24, 40)])
def test_pictures_are_open_clips_bit_for_bit(pictures, size, resize_mode, interpolation):
    from open_clip.transform import PreprocessCfg, image_transform_v2

    cfg = PreprocessCfg(size, "RGB", CLIP_MEAN, CLIP_STD, interpolation, resize_mode, fill_color=7)
    original = image_transform_v2(cfg, is_train=False)
    ours = Preprocess.of_open_clip(vars(cfg))
    for picture in pictures:
        np.testing.assert_array_equal(ours(picture), original(picture).numpy())


@settings(deadline=None, max_examples=60)
@given(st.integers(2, 90), st.integers(2, 90), st.sampled_from(["shortest", "squash", "longest"]))
def test_any_picture_size_is_open_clips_bit_for_bit(width, height, resize_mode):
    from open_clip.transform import PreprocessCfg, image_transform_v2

    pixels = np.random.default_rng(width * 100 + height).integers(
        0, 256, (height, width, 3), dtype=np.uint8
    )
    cfg = PreprocessCfg(32, "RGB", CLIP_MEAN, CLIP_STD, "bicubic", resize_mode)
    picture = PIL.Image.fromarray(pixels)
    original = image_transform_v2(cfg, is_train=False)(picture).numpy()
    np.testing.assert_array_equal(Preprocess.of_open_clip(vars(cfg))(picture), original)


def test_hwc_layout_is_the_same_numbers(pictures):
    chw = Preprocess(32, 32, CLIP_MEAN, CLIP_STD)
    np.testing.assert_array_equal(
        replace(chw, layout="hwc")(pictures[0]), chw(pictures[0]).transpose(1, 2, 0)
    )


@pytest.fixture(scope="module")
def reference(open_clip_folder):
    """open_clip's own model and transform of the folder."""
    import open_clip

    model, _, transform = open_clip.create_model_and_transforms(f"local-dir:{open_clip_folder}")
    return model.eval(), transform


def ids_of(encoder, texts, length=16):
    return torch.from_numpy(pad_ids([encoder.prepare_text(t) for t in texts], length, 0))


def test_local_vectors_are_open_clips(open_clip_folder, reference, pictures, texts):
    encoder = LocalOpenClip(open_clip_folder)
    model, transform = reference
    with torch.no_grad():
        images = model.encode_image(torch.stack([transform(p) for p in pictures])).numpy()
        words = model.encode_text(ids_of(encoder, texts)).numpy()
    got = encoder.encode_batch("image", [encoder.prepare_image(p) for p in pictures])
    np.testing.assert_allclose(got, images, rtol=1e-5, atol=1e-5)
    got = encoder.encode_batch("text", [encoder.prepare_text(t) for t in texts])
    np.testing.assert_allclose(got, words, rtol=1e-5, atol=1e-5)


def test_the_script_numerics_are_a_bfloat16_script_in_ten_lines(
    open_clip_folder, reference, pictures, texts
):
    import open_clip

    encoder = LocalOpenClip(open_clip_folder, SCRIPT)
    model, _, transform = open_clip.create_model_and_transforms(f"local-dir:{open_clip_folder}")
    for parameter in model.eval().parameters():
        parameter.data = parameter.data.to(torch.bfloat16)
    ids = ids_of(encoder, texts)
    with torch.no_grad(), torch.autocast("cpu", dtype=torch.bfloat16):
        words = model.encode_text(ids)
        images = [model.encode_image(transform(p)[None].to(torch.bfloat16))[0] for p in pictures]
    got = encoder.encode_batch("text", [encoder.prepare_text(t) for t in texts])
    np.testing.assert_array_equal(got, words.float().numpy())
    for picture, vector in zip(pictures, images, strict=True):
        got = encoder.encode_batch("image", [encoder.prepare_image(picture)])
        np.testing.assert_array_equal(got[0], vector.float().numpy())
    assert torch.equal(torch.from_numpy(got).bfloat16().float(), torch.from_numpy(got)), (
        "vectors are bfloat16 numbers"
    )


def test_the_script_numerics_run_batch_norms_on_a_cpu():
    """RN50's statistics stay float32 beside weights of 16 bits; a CPU refuses that pairing."""
    encoder = OpenClip("RN50/random", SCRIPT)
    weight = encoder.model.visual.bn1.weight
    assert torch.equal(weight, weight.bfloat16().float())
    assert encoder.model.visual.conv1.weight.dtype == torch.bfloat16
    blank = np.zeros((3, 224, 224), np.float32)
    assert np.isfinite(encoder.encode_batch("image", [blank])).all()


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_bfloat16_weights_stay_close(open_clip_folder, pictures, dtype):
    exact = LocalOpenClip(open_clip_folder, Numerics("float32"))
    encoder = LocalOpenClip(open_clip_folder, Numerics(dtype))
    batch = [exact.prepare_image(p) for p in pictures]
    a, b = (to_unit(e.encode_batch("image", batch)) for e in (exact, encoder))
    assert ((a * b).sum(1) > (0.9995 if dtype == "bfloat16" else 1 - 1e-6)).all()


def to_unit(vectors):
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def tower_config(folder, **text):
    config = json.loads((folder / "open_clip_config.json").read_text())["model_cfg"]
    config["text_cfg"] |= text
    return config


@pytest.mark.parametrize("custom", [False, True])
def test_trimmed_texts_give_the_vectors_of_whole_contexts(open_clip_folder, custom):
    torch.manual_seed(0)
    model = build_model(tower_config(open_clip_folder) | {"custom_text": custom}).eval()
    tower = model.text if custom else model
    ids = torch.zeros(5, 16, dtype=torch.int64)
    for row, length in zip(ids, (2, 3, 5, 6, 7), strict=True):
        row[: length - 1] = torch.arange(5, 4 + length)
        row[length - 1] = model.text.vocab_size - 1 if custom else model.vocab_size - 1
    assert can_trim(tower)
    with torch.no_grad():
        torch.testing.assert_close(
            encode_trimmed(tower, ids[:, :7]), model.encode_text(ids), rtol=1e-5, atol=1e-6
        )


@pytest.mark.parametrize("custom", [False, True])
def test_arranging_texts_for_speed_changes_no_vector(open_clip_folder, custom):
    torch.manual_seed(0)
    model = build_model(tower_config(open_clip_folder) | {"custom_text": custom}).eval()
    ids = torch.randint(1, 300, (5, 16))
    with torch.no_grad():
        before = model.encode_text(ids)
        arrange_for_speed(model, "float32")
        assert text_tower(model).transformer.batch_first is False
        torch.testing.assert_close(model.encode_text(ids), before, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    "text", [{"pool_type": "last"}, {"no_causal_mask": True}, {"embed_cls": True}]
)
def test_towers_that_see_their_padding_are_not_trimmed(open_clip_folder, text):
    assert not can_trim(
        build_model(tower_config(open_clip_folder, **text) | {"custom_text": True}).text
    )


@pytest.mark.parametrize(
    ("pair", "sound", "paper"),
    [
        ("ViT-B-32/openai", True, False),
        ("ViT-B-32-quickgelu/openai", True, True),
        ("ViT-B-32/laion2b_s34b_b79k", False, False),
        ("roberta-ViT-B-32/laion2b_s12b_b32k", True, True),
    ],
)
def test_activation_is_right_unless_as_published(pair, sound, paper):
    assert tag_config(*pair.split("/"), as_published=False).get("quick_gelu", False) is sound
    assert tag_config(*pair.split("/"), as_published=True).get("quick_gelu", False) is paper


def test_the_named_picture_size_is_right_unless_as_published():
    sizes = [
        tag_config("ViTamin-XL-384", "datacomp1b", m)["vision_cfg"]["image_size"]
        for m in (False, True)
    ]
    assert sizes == [384, 256]


def test_a_pair_end_to_end_from_weights_put_there_by_hand(
    open_clip_folder, tmp_path, monkeypatch, pictures
):
    """A made-up architecture whose tag was trained with QuickGELU: sound and paper differ."""
    import open_clip
    from open_clip.transformer import QuickGELU
    from safetensors.torch import save_file

    config = tower_config(open_clip_folder, vocab_size=49408)
    monkeypatch.setitem(open_clip.factory._MODEL_CONFIGS, "tiny", config)
    tag = {
        "hf_hub": "nobody/nothing/",
        "quick_gelu": True,
        "mean": [0.5] * 3,
        "std": [0.5] * 3,
        "resize_mode": "squash",
    }
    monkeypatch.setitem(open_clip.pretrained._PRETRAINED, "tiny", {"made_up": tag})
    monkeypatch.setenv("SKULENS_CACHE", str(tmp_path))
    folder = tmp_path / "models" / "tiny--made_up"
    folder.mkdir(parents=True)
    torch.manual_seed(3)
    model = build_model(config | {"quick_gelu": True}).eval()
    for parameter in model.parameters():
        parameter.data = parameter.data + 0.1 * torch.randn_like(parameter.data)
    save_file(model.state_dict(), folder / "open_clip_model.safetensors")

    sound, paper = (OpenClip("tiny/made_up", n) for n in (Numerics(), SCRIPT))
    batch = [sound.prepare_image(p) for p in pictures]
    assert np.abs(batch[0]).max() <= 1.0, "the tag's mean and std were used"
    with torch.no_grad():
        expected = to_unit(model.encode_image(torch.from_numpy(np.stack(batch))).numpy())
    np.testing.assert_allclose(to_unit(sound.encode_batch("image", batch)), expected, atol=1e-5)
    plain = build_model(config).eval()
    plain.load_state_dict(model.state_dict())
    with torch.no_grad():
        gelu = to_unit(plain.encode_image(torch.from_numpy(np.stack(batch))).numpy())
    assert np.abs(gelu - expected).max() > 1e-3, "the activation matters here"
    got = to_unit(paper.encode_batch("image", batch))
    assert np.linalg.norm(got - gelu) < 0.8 * np.linalg.norm(got - expected), (
        "paper mode keeps GELU, to 8 bits"
    )
    assert [any(isinstance(m, QuickGELU) for m in e.model.modules()) for e in (sound, paper)] == [
        True,
        False,
    ]
    assert sound.info.name == "tiny/made_up" and sound.info.identity != paper.info.identity


def transformers_parts(folder):
    from transformers import AutoImageProcessor, AutoModel, AutoTokenizer

    processor = AutoImageProcessor.from_pretrained(folder, backend="pil")
    return (
        AutoModel.from_pretrained(folder).eval(),
        processor,
        AutoTokenizer.from_pretrained(folder),
    )


@pytest.mark.parametrize("kind", ["CLIP", "Siglip"])
@settings(deadline=None, max_examples=60)
@given(width=st.integers(2, 90), height=st.integers(2, 90))
def test_any_picture_size_is_transformers_bit_for_bit(kind, width, height):
    import transformers

    from skulens.encode.transformers import plain_preprocess

    frame = {"height": 32, "width": 32}
    sizes = (
        {"size": {"shortest_edge": 32}, "crop_size": frame} if kind == "CLIP" else {"size": frame}
    )
    processor = getattr(transformers, f"{kind}ImageProcessorPil")(**sizes)
    pixels = np.random.default_rng(width * 100 + height).integers(
        0, 256, (height, width, 3), dtype=np.uint8
    )
    picture = PIL.Image.fromarray(pixels)
    original = processor([picture], return_tensors="np", input_data_format="channels_last")[
        "pixel_values"
    ][0]
    np.testing.assert_array_equal(plain_preprocess(processor)(picture), original)


def test_uncommon_processors_are_run_themselves():
    from transformers import CLIPImageProcessorPil, Siglip2ImageProcessorPil

    from skulens.encode.transformers import plain_preprocess

    assert plain_preprocess(CLIPImageProcessorPil()) is not None
    odd = [
        {"do_normalize": False},
        {"size": {"shortest_edge": 256}},
        {"do_center_crop": False},
        {"resample": 5},
    ]
    assert [plain_preprocess(CLIPImageProcessorPil(**settings)) for settings in odd] == [None] * 4
    assert plain_preprocess(Siglip2ImageProcessorPil()) is None


@pytest.mark.parametrize("kind", ["clip", "siglip", "siglip2"])
def test_dual_encoders_are_transformers_own(request, kind, pictures, texts):
    from skulens.encode.transformers import DualEncoder

    folder = request.getfixturevalue(f"{kind}_folder")
    encoder = DualEncoder(folder)
    model, processor, tokenizer = transformers_parts(folder)
    if kind != "clip":
        texts = [canonicalise(t) for t in texts]
        length = {
            "padding": "max_length",
            "max_length": encoder.context_length,
            "padding_side": "right",
        }
    else:
        length = {"padding": True, "max_length": 16}
    tokens = tokenizer(texts, truncation=True, return_tensors="pt", **length)
    if kind != "clip":
        tokens.pop("attention_mask")
    with torch.no_grad():
        images = model.get_image_features(
            **processor(pictures, return_tensors="pt")
        ).pooler_output.numpy()
        words = model.get_text_features(**tokens).pooler_output.numpy()
    got = encoder.encode_batch("image", [encoder.prepare_image(p) for p in pictures])
    np.testing.assert_allclose(to_unit(got), to_unit(images), atol=1e-5)
    got = encoder.encode_batch("text", [encoder.prepare_text(t) for t in texts])
    np.testing.assert_allclose(to_unit(got), to_unit(words), atol=1e-5)


def test_siglip_texts_are_canonical_whatever_their_letters(siglip2_folder):
    from skulens.encode.transformers import DualEncoder

    encoder = DualEncoder(siglip2_folder)
    for text in ("Red CUP, of tea!", "red cup of tea", "  Red_Cup of   (tea)."):
        np.testing.assert_array_equal(
            encoder.prepare_text(text), encoder.prepare_text("red cup of tea")
        )


@settings(deadline=None, max_examples=300)
@given(st.text(max_size=60))
def test_canonical_text_is_open_clips(text):
    from open_clip.tokenizer import basic_clean, canonicalize_text

    assert canonicalise(text) == canonicalize_text(basic_clean(text))


def test_sentence_vectors_are_its_own(sentence_folder, texts):
    from sentence_transformers import SentenceTransformer

    from skulens.encode.sentence_transformers import Sentence

    expected = SentenceTransformer(str(sentence_folder), device="cpu").encode(texts)
    encoder = Sentence(sentence_folder)
    got = encoder.encode_batch("text", [encoder.prepare_text(text) for text in texts])
    np.testing.assert_allclose(got, expected, atol=1e-5)


def test_onnx_is_the_network_written_in_numpy(onnx_folder, pictures):
    import onnx
    from onnx import numpy_helper

    from skulens.encode.onnx import OnnxImage

    encoder = OnnxImage(onnx_folder)
    graph = onnx.load(onnx_folder / "tiny.onnx").graph
    weights = numpy_helper.to_array(graph.initializer[0])  # (12, 3, 4, 4)
    x = np.stack([encoder.prepare_image(p) for p in pictures])  # (8, 3, 32, 32)
    blocks = x.reshape(8, 3, 8, 4, 8, 4)
    expected = np.maximum(np.einsum("bciyjx,ocyx->boij", blocks, weights), 0).mean((2, 3))
    np.testing.assert_allclose(
        encoder.encode_batch("image", list(x)), expected, rtol=1e-4, atol=1e-4
    )
    assert encoder.info.params_image == weights.size and encoder.info.licence == "MIT"


def test_mobilenet_finds_iconic_pictures_far_above_chance(data):
    from skulens.catalog.groceries import Groceries
    from skulens.encode.onnx import OnnxImage
    from skulens.pictures import decode

    weights = data("groceries").parents[1] / "weights" / "mobilenet_v1_embedding"
    if not weights.is_dir():
        pytest.skip("needs the folder weights/mobilenet_v1_embedding beside the data folder")
    encoder = OnnxImage(weights)

    def vectors(images):
        return to_unit(
            encoder.encode_batch("image", [encoder.prepare_image(decode(i.read())) for i in images])
        )

    catalog = Groceries(data("groceries"))
    products = list(catalog.products())
    probes = list(catalog.queries("test"))[::50]  # 40 of 1,988
    best = (
        vectors([q.item.parts[0] for q in probes]) @ vectors([p.images[0] for p in products]).T
    ).argmax(1)
    hits = sum(products[i].id in probe.relevant for i, probe in zip(best, probes, strict=True))
    assert hits / len(probes) >= 0.10, (
        f"{hits} of {len(probes)}; 21.6 % of all 1,988 are found, chance is 1.2 %"
    )
