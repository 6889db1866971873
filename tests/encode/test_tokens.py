"""Token and patch vectors against plain forward passes, and their cache."""

import json

import numpy as np
import pytest
import torch

from skulens.encode import open_encoder
from skulens.encode.batching import Batching
from skulens.encode.cache import TokenCache
from skulens.encode.embed import Embedder
from skulens.encode.open_clip import LocalOpenClip, OpenClip
from skulens.encode.patches import map_patches
from skulens.encode.towers import build_model
from skulens.encode.transformers import DualEncoder
from skulens.errors import EncoderError
from skulens.protocols import TokenEncoder
from skulens.records import Image
from tests.encode.conftest import shake
from tests.encode.fake import FakeEncoder

QUIET = Batching(batch=3, threads=2, progress=False)


@pytest.fixture(scope="module")
def local(open_clip_folder):
    return LocalOpenClip(str(open_clip_folder))


def prepare(encoder, modality, parts):
    return [getattr(encoder, f"prepare_{modality}")(part) for part in parts]


def encode_one_by_one(encoder, modality, batch):
    return [encoder.encode_tokens(modality, [one])[0] for one in batch]


def test_patches_of_a_vision_transformer(local, pictures):
    batch = prepare(local, "image", pictures)
    visual, states = local.model.visual, []
    hook = visual.transformer.register_forward_hook(lambda *given: states.append(given[2]))
    pooled = local.encode_batch("image", batch)
    hook.remove()
    with torch.no_grad():
        projected = visual.ln_post(states[0]) @ visual.proj  # (batch, 1 + patches, dim)
    np.testing.assert_allclose(projected[:, 0], pooled, atol=1e-5)
    for got, expected in zip(local.encode_tokens("image", batch), projected[:, 1:], strict=True):
        assert got.shape == (16, 24) and got.dtype == np.float32
        np.testing.assert_allclose(got, expected, atol=1e-5)
    assert local.grid(pictures[0]) == (4, 4)


def test_tokens_of_a_text(local, texts):
    batch = prepare(local, "text", texts)
    pooled = local.encode_batch("text", batch)
    found = local.encode_tokens("text", batch)
    assert [len(rows) for rows in found] == [len(ids) for ids in batch]
    for rows, vector in zip(found, pooled, strict=True):
        np.testing.assert_allclose(rows[-1], vector, atol=1e-5)  # pooled at the end token
    model = local.model
    ids = torch.from_numpy(np.pad(batch[0], (0, 16 - len(batch[0]))))[None]
    states = []
    hook = model.ln_final.register_forward_hook(lambda *given: states.append(given[2]))
    model.encode_text(ids)
    hook.remove()
    expected = (states[0] @ model.text_projection)[0, : len(batch[0])].numpy()
    np.testing.assert_allclose(found[0], expected, atol=1e-5)


@pytest.mark.parametrize(
    ("name", "pool", "mean"),
    [
        ("test_resnet", "avg", True),
        ("test_convnext", "avg", False),
        ("test_vit2", "avg", False),
        ("test_vit", "token", False),
        ("test_vit3", "map", False),
    ],
)
def test_patches_of_a_timm_tower_are_its_head_on_each_alone(open_clip_folder, name, pool, mean):
    config = json.loads((open_clip_folder / "open_clip_config.json").read_text())["model_cfg"]
    vision = {"timm_model_name": name, "timm_pool": pool, "timm_proj": "linear", "image_size": 160}
    visual = shake(build_model({**config, "vision_cfg": vision}).visual)
    pixels = torch.randn(2, 3, 160, 160, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        found = map_patches(visual, pixels)  # (2, rows, columns, 24)
        trunk, features = visual.trunk, visual.trunk.forward_features(pixels)
        pooled = visual(pixels)
        if features.ndim == 3:
            prefix = trunk.num_prefix_tokens
            one = features[:1, prefix + 1 : prefix + 2]  # the second patch of the first picture
            state = trunk.attn_pool(one) if pool == "map" else one[:, 0]
            expected = visual.head(trunk.fc_norm(state))[0]
        else:
            expected = visual.head(trunk.forward_head(features[:1, :, :1, 1:2]))[0]
    np.testing.assert_allclose(found[0, 0, 1], expected, atol=1e-5)
    if mean:
        np.testing.assert_allclose(found.mean((1, 2)), pooled, atol=1e-5)


def test_the_mean_of_the_patches_of_the_shipped_encoder_is_its_vector(pictures):
    encoder = open_encoder("mini").model
    batch = prepare(encoder, "image", pictures)
    means = [rows.mean(0) for rows in encoder.encode_tokens("image", batch)]
    np.testing.assert_allclose(means, encoder.encode_batch("image", batch), atol=1e-4)
    rows, columns = encoder.grid(pictures[0])
    assert rows * columns == len(encoder.encode_tokens("image", batch[:1])[0])


def test_clip_of_transformers(clip_folder, pictures, texts):
    from transformers import CLIPModel

    encoder, model = DualEncoder(str(clip_folder)), CLIPModel.from_pretrained(clip_folder).eval()
    batch = prepare(encoder, "image", pictures)
    with torch.no_grad():
        pixels = torch.from_numpy(np.stack([one["pixel_values"] for one in batch]))
        states = model.vision_model.post_layernorm(model.vision_model(pixels).last_hidden_state)
        projected = model.visual_projection(states).numpy()
    np.testing.assert_allclose(projected[:, 0], encoder.encode_batch("image", batch), atol=1e-5)
    np.testing.assert_allclose(encoder.encode_tokens("image", batch), projected[:, 1:], atol=1e-5)
    assert encoder.grid(pictures[0]) == (4, 4)
    words = prepare(encoder, "text", texts)
    pooled = encoder.encode_batch("text", words)
    for ids, rows, vector in zip(words, encoder.encode_tokens("text", words), pooled, strict=True):
        assert len(rows) == len(ids)
        end = ids.argmax()  # where CLIP pools with an end token of id 2
        np.testing.assert_allclose(rows[end], vector, atol=1e-5)


def test_siglip_of_transformers(siglip_folder, pictures, texts):
    from transformers import SiglipModel

    encoder, model = (
        DualEncoder(str(siglip_folder)),
        SiglipModel.from_pretrained(siglip_folder).eval(),
    )
    batch = prepare(encoder, "image", pictures[:2])
    with torch.no_grad():
        pixels = torch.from_numpy(np.stack([one["pixel_values"] for one in batch]))
        states = model.vision_model(pixels).last_hidden_state
        alone = [model.vision_model.head(states[:1, i : i + 1])[0].numpy() for i in range(16)]
    np.testing.assert_allclose(encoder.encode_tokens("image", batch)[0], alone, atol=1e-5)
    full = prepare(encoder, "text", [texts[5]])  # fills the context, so its last token is pooled
    [rows] = encoder.encode_tokens("text", full)
    np.testing.assert_allclose(rows[-1], encoder.encode_batch("text", full)[0], atol=1e-5)


def test_naflex_pictures_keep_their_shape_and_lose_their_padding(siglip2_folder, pictures):
    encoder = DualEncoder(str(siglip2_folder))
    batch = prepare(encoder, "image", pictures)
    for picture, rows in zip(pictures, encoder.encode_tokens("image", batch), strict=True):
        assert np.prod(encoder.grid(picture)) == len(rows) <= 16
    assert len({encoder.grid(picture) for picture in pictures}) > 1


@pytest.mark.parametrize("kind", ["local", "clip", "siglip", "siglip2"])
@pytest.mark.parametrize("modality", ["image", "text"])
def test_batch_size_does_not_matter(request, kind, modality, pictures, texts):
    encoder = (
        request.getfixturevalue("local")
        if kind == "local"
        else DualEncoder(str(request.getfixturevalue(f"{kind}_folder")))
    )
    assert isinstance(encoder, TokenEncoder)
    batch = prepare(encoder, modality, {"image": pictures, "text": texts}[modality])
    together = encoder.encode_tokens(modality, batch)
    for got, alone in zip(together, encode_one_by_one(encoder, modality, batch), strict=True):
        assert got.shape == alone.shape and got.shape[1] == encoder.info.dim
        np.testing.assert_allclose(got, alone, rtol=1e-4, atol=1e-5)


def test_towers_without_patch_vectors_say_so(pictures, sentence_folder):
    encoder = OpenClip("RN50/random")
    with pytest.raises(EncoderError, match="ModifiedResNet pools with an attention"):
        encoder.encode_tokens("image", prepare(encoder, "image", pictures[:1]))
    for other in (FakeEncoder(), open_encoder(f"st:{sentence_folder}")):
        with pytest.raises(EncoderError, match="shows no token vectors"):
            Embedder([other], batching=QUIET).embed_tokens(["tea"])


def test_through_the_embedder_with_a_ragged_cache(local, pictures, texts, tmp_path):
    from tests.encode.test_mllm import png

    parts = [*texts[:5], *map(png, pictures[:3]), texts[0], Image(data=b"broken")]
    answers = []
    for _ in range(2):
        caches = [TokenCache(tmp_path, local.info)]
        [found] = Embedder([local], batching=QUIET).embed_tokens(parts, "query", caches)
        answers.append(found)
    cold, warm = answers
    assert (cold.distinct, cold.forwarded, warm.forwarded) == (9, 8, 0)
    np.testing.assert_array_equal(cold.values, warm.values)
    np.testing.assert_array_equal(cold.offsets, warm.offsets)
    assert len(cold[9]) == 0 and len(cold.rejects) == len(warm.rejects) == 1
    np.testing.assert_array_equal(cold[8], cold[0])
    expected = encode_one_by_one(local, "text", prepare(local, "text", texts[:1]))
    np.testing.assert_allclose(cold[0], expected[0], rtol=1e-4, atol=1e-5)
    expected = encode_one_by_one(local, "image", prepare(local, "image", pictures[:3]))
    np.testing.assert_allclose(cold[6], expected[1], rtol=1e-4, atol=1e-5)


def test_a_truncated_token_shard_is_computed_again(local, tmp_path):
    for damage in (False, True):
        caches = [TokenCache(tmp_path, local.info)]
        [found] = Embedder([local], batching=QUIET).embed_tokens(["tea"], caches=caches)
        assert found.forwarded == 1
        shard = next(caches[0].folder.glob("*.arrow"))
        if not damage:
            shard.write_bytes(shard.read_bytes()[:-10])
