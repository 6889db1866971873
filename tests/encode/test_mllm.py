"""Multimodal language models against a plain forward pass, and the recipes around their items."""

import io
import json
import shutil
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import PIL.Image
import pytest
import torch

from skulens.encode.batching import Batching
from skulens.encode.cache import VectorCache
from skulens.encode.embed import Embedder
from skulens.encode.mllm import Mllm, collate, stack_ragged
from skulens.encode.numerics import SCRIPT
from skulens.encode.recipes import KNOWN, Recipe, find_recipe
from skulens.errors import EncoderError, PictureError
from skulens.protocols import Numerics
from skulens.records import Image, Item


@pytest.fixture(scope="module")
def encoder(qwen_folder):
    return Mllm(str(qwen_folder))


@pytest.fixture
def folder(qwen_folder, tmp_path):
    """A copy whose recipe may be changed."""
    shutil.copytree(qwen_folder, tmp_path / "qwen")
    return tmp_path / "qwen"


def with_recipe(folder, **recipe):
    (folder / "embedding.json").write_text(json.dumps(recipe))
    return Mllm(str(folder))


def plain(folder, words, pictures):
    """State of the last token from transformers' own classes, one item at a time, no padding."""
    from transformers import AutoImageProcessor, AutoProcessor, Qwen2VLForConditionalGeneration

    processor = AutoProcessor.from_pretrained(folder)
    processor.image_processor = AutoImageProcessor.from_pretrained(folder, backend="pil")
    model = Qwen2VLForConditionalGeneration.from_pretrained(folder, dtype=torch.float32).eval()
    inputs = processor(text=[words], images=pictures or None, return_tensors="pt")
    with torch.no_grad():
        states = model(**inputs, output_hidden_states=True).hidden_states[-1]
    return states[0, -1].numpy()


SYSTEM = "<|im_start|>system\nFind it.<|im_end|>\n"
PICTURE = "<|vision_start|><|image_pad|><|vision_end|>"
TAIL = "<|im_end|>\n<|im_start|>assistant\n<|endoftext|>"


def test_items_are_a_plain_forward_pass(encoder, qwen_folder, pictures):
    items = [
        (["a red cup", pictures[0], "but", pictures[1]], f"a red cup{PICTURE}but{PICTURE}"),
        ([pictures[2]], PICTURE),
        (["green apple"], "green apple"),
        ([pictures[4], "blue shoe"], f"{PICTURE}blue shoe"),
    ]
    expected = [
        plain(
            qwen_folder,
            f"{SYSTEM}<|im_start|>user\n{words}{TAIL}",
            [p for p in parts if not isinstance(p, str)],
        )
        for parts, words in items
    ]
    batch = [encoder.prepare_item(parts, "query") for parts, _ in items]
    together = encoder.encode_batch("item", batch)
    alone = np.concatenate([encoder.encode_batch("item", [one]) for one in batch])
    backwards = encoder.encode_batch("item", batch[::-1])[::-1]
    for got in (together, alone, backwards):
        np.testing.assert_allclose(got, expected, rtol=1e-4, atol=1e-5)
    document = plain(qwen_folder, f"<|im_start|>user\ngreen apple{TAIL}", [])
    got = encoder.encode_batch("text", [encoder.prepare_text("green apple", "document")])[0]
    np.testing.assert_allclose(got, document, rtol=1e-4, atol=1e-5)


def test_the_order_of_parts_counts(encoder, pictures):
    there, back = (
        encoder.encode_batch("item", [encoder.prepare_item(parts)])[0]
        for parts in (["tea", pictures[0]], [pictures[0], "tea"])
    )
    assert np.abs(there - back).max() > 1e-3


def png(picture) -> Image:
    out = io.BytesIO()
    picture.save(out, "PNG")
    return Image(data=out.getvalue())


@pytest.mark.parametrize("fusion", ["seq", "cat", "avg"])
def test_through_the_embedder_with_a_cache(encoder, pictures, tmp_path, fusion):
    items = [
        Item("a", ("like", png(pictures[0]), "and", png(pictures[1]))),
        Item("b", (png(pictures[2]),)),
        Item("c", (png(pictures[0]), "in red")),
    ]
    found = []
    for order, batch in ((1, 1), (-1, 3)):
        quiet = Batching(batch=batch, threads=2, progress=False)
        cold = Embedder([encoder], batching=quiet)
        [fused] = cold.embed_items(items[::order], "query", fusion)
        found.append(fused.vectors[::order])
        assert fused.one_pass == (fusion != "avg")
    np.testing.assert_allclose(found[0], found[1], atol=1e-5)
    for _ in range(2):
        warm = Embedder([encoder], [VectorCache(tmp_path, encoder.info)], batching=quiet)
        [fused] = warm.embed_items(items, "query", fusion)
        found.append(fused.vectors)
    np.testing.assert_array_equal(found[2], found[3])
    assert fused.encoded.forwarded == 0
    [shown] = warm.embed_items(items, "document", fusion)
    assert shown.encoded.forwarded > 0 and np.abs(shown.vectors - fused.vectors).max() > 1e-3


def test_long_texts_are_cut_and_keep_their_ending(encoder, pictures):
    tail = encoder.prepare_text("tea")["input_ids"][0, -5:]
    for parts in (["tea " * 500], ["tea " * 300, pictures[0], "milk " * 300]):
        ids = encoder.prepare_item(parts)["input_ids"]
        assert 90 <= ids.shape[1] <= 100 == encoder.info.context_length
        np.testing.assert_array_equal(ids[0, -5:], tail)
    [text] = encoder._cut(["red tea"], 1)
    assert text and "red tea".startswith(text), "cut from the end"


def test_a_picture_of_a_shape_it_cannot_read_is_a_picture_error(encoder):
    with pytest.raises(PictureError, match="cannot read it"):
        encoder.prepare_image(PIL.Image.new("RGB", (1, 800)))


def test_prepared_in_threads_is_the_same(encoder, pictures):
    items = [["tea", p] for p in pictures[:4]] * 4
    once = [encoder.prepare_item(item) for item in items]
    with ThreadPoolExecutor(4) as pool:
        for got, expected in zip(pool.map(encoder.prepare_item, items), once, strict=True):
            np.testing.assert_equal(got, expected)


def test_templates(folder, pictures):
    encoder = with_recipe(folder, template="plain", image=PICTURE, prefix={"query": "Find: "})
    assert encoder.wrap(["a", pictures[0]]) == f"Find: a\n{PICTURE}"
    assert encoder.wrap(["a"], "document") == "a" and encoder.info.roles == ("query", "document")
    first = with_recipe(folder, images_first=True)
    ids = [
        first.prepare_item(parts)["input_ids"] for parts in (["a", pictures[0]], [pictures[0], "a"])
    ]
    np.testing.assert_array_equal(*ids)
    assert first.info.roles == () and first.info.identity != encoder.info.identity


def test_bounds_on_pixels_are_the_recipes(folder, pictures):
    few, many = (
        with_recipe(folder, max_pixels=side * side).prepare_image(pictures[6]) for side in (56, 112)
    )
    assert few["pixel_values"].shape[0] < many["pixel_values"].shape[0]


def test_where_a_recipe_comes_from(folder):
    assert find_recipe(folder, "x/y")[1] == "embedding.json"
    (folder / "embedding.json").unlink()
    assert (
        find_recipe(folder, "Alibaba-NLP/gme-Qwen2-VL-2B-Instruct")[0]
        == KNOWN["gme-qwen2-vl-2b-instruct"]
    )
    [unknown] = Mllm(str(folder)).info.warnings
    assert unknown.code == "recipe-unknown" and "embedding.json" in unknown.sentence
    written = {"prompts": {"query": "Find.", "document": ""}, "default_prompt_name": None}
    (folder / "config_sentence_transformers.json").write_text(json.dumps(written))
    assert find_recipe(folder, "x/y")[0] == Recipe(system={"query": "Find."})


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("{", "not JSON"),
        ('{"pooling": "mean"}', "pooling unknown; expected of ending"),
        ('{"template": "jinja"}', "embedding.json: template 'jinja'"),
        ('{"system": "Find."}', "expected texts by role"),
    ],
)
def test_a_wrong_recipe_is_told_what_is_wrong(folder, written, said):
    (folder / "embedding.json").write_text(written)
    with pytest.raises(EncoderError, match=said):
        Mllm(str(folder))


def test_numerics(qwen_folder):
    short = Mllm(str(qwen_folder), Numerics("bfloat16"))
    assert short.info.dtype == "bfloat16"
    rotary = [b for name, b in short.model.named_buffers() if "inv_freq" in name]
    assert rotary and all(b.dtype == torch.float32 for b in rotary)
    vector = short.encode_batch("text", [short.prepare_text("tea")])
    assert vector.dtype == np.float32 and np.isfinite(vector).all()
    with pytest.raises(EncoderError, match="mllm encoders know a dtype only"):
        Mllm(str(qwen_folder), SCRIPT)


def test_models_of_another_kind_are_refused(clip_folder):
    with pytest.raises(EncoderError, match="transformers cannot read"):
        Mllm(str(clip_folder))


def test_collate_pads_on_the_right():
    one = {"input_ids": np.array([[5, 6, 7]]), "attention_mask": np.ones((1, 3), int)}
    two = {
        "input_ids": np.array([[8]]),
        "attention_mask": np.ones((1, 1), int),
        "pixel_values": np.ones((4, 2), np.float32),
    }
    found = collate([one, two], pad=9)
    assert found["input_ids"].tolist() == [[5, 6, 7], [8, 9, 9]]
    assert found["attention_mask"].tolist() == [[1, 1, 1], [1, 0, 0]]
    assert found["pixel_values"].shape == (4, 2)
    ragged = stack_ragged([np.ones((1, 2, 3)), np.ones((2, 1, 3))])
    assert ragged.shape == (3, 2, 3) and ragged.sum() == 12
