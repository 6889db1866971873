"""Tokenizers of open_clip's towers, and files of a hub put in place by hand."""

import numpy as np
import pytest

from skulens.checkpoints import (
    card_licence,
    check_weights,
    hub_weights,
    model_folder,
    safe_weights,
)
from skulens.encode.open_clip import HFTokenizer, hub_tokens, open_clip
from skulens.encode.tokenization import pad_ids, tokens_of
from skulens.encode.towers import build_model
from skulens.errors import EncoderError, MissingFile
from tests.encode.conftest import fast_tokenizer, small


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """Our cache folder, empty; the hub's own is empty too."""
    monkeypatch.setenv("SKULENS_CACHE", str(tmp_path))
    monkeypatch.setenv("SKULENS_OFFLINE", "1")
    return tmp_path


def test_clip_tokens_are_open_clips(texts):
    original = open_clip.get_tokenizer("ViT-B-32")
    tokens = tokens_of(original, 77)
    expected = original([*texts, "milk " * 200]).numpy()
    np.testing.assert_array_equal(
        pad_ids([tokens.cut(t) for t in [*texts, "milk " * 200]], 77, 0), expected
    )
    assert len(tokens.ids("milk " * 200)) == 202


@pytest.mark.parametrize("mode", [None, "clips"])
def test_hub_tokens_are_open_clips_and_counted_whole(tmp_path, texts, mode):
    fast_tokenizer(
        pad_token="<pad>", bos_token="<s>", eos_token="</s>", cls_token="<cls>"
    ).save_pretrained(tmp_path)
    original = HFTokenizer(str(tmp_path), context_length=16, tokenizer_mode=mode)
    tokens = tokens_of(original, 16)
    np.testing.assert_array_equal(np.stack([tokens.cut(t) for t in texts]), original(texts).numpy())
    for text in ("tea", "milk carton"):
        assert len(tokens.ids(text)) == np.count_nonzero(tokens.cut(text) != tokens.pad)
    assert len(tokens.ids("tea " * 40)) > 40


def test_a_missing_tokenizer_is_named_and_found_where_it_was_put(cache):
    config = open_clip.get_model_config("ViT-L-14-CLIPA")
    folder = cache / "models" / "bert-base-uncased"
    with pytest.raises(MissingFile, match="tokenizer.json") as e:
        hub_tokens("ViT-L-14-CLIPA", config)
    assert str(folder) in str(e.value)
    fast_tokenizer(
        pad_token="<pad>", bos_token="<s>", eos_token="</s>", sep_token="<sep>"
    ).save_pretrained(folder)
    assert hub_tokens("ViT-L-14-CLIPA", config).cut("tea").shape == (32,)


def test_a_missing_text_tower_is_named_and_found_where_it_was_put(cache):
    from transformers import BertConfig

    config = {
        "embed_dim": 24,
        "vision_cfg": {
            "image_size": 32,
            "layers": 1,
            "width": 32,
            "head_width": 16,
            "patch_size": 8,
        },
        "text_cfg": {
            "hf_model_name": "nobody/tower",
            "hf_proj_type": "linear",
            "hf_pooler_type": "mean_pooler",
        },
    }
    folder = cache / "models" / "nobody--tower"
    with pytest.raises(MissingFile, match="config.json") as e:
        build_model(config)
    assert str(folder / "config.json") in str(e.value)
    BertConfig(**small("text")).save_pretrained(folder)
    assert build_model(config).text.config.hidden_size == 32


def test_hub_models_are_named_and_found_where_they_were_put(cache, clip_folder):
    with pytest.raises(MissingFile) as e:
        model_folder("nobody/nothing", None)
    assert str(cache / "models" / "nobody--nothing") in str(e.value)
    (cache / "models").mkdir()
    (cache / "models" / "nobody--nothing").symlink_to(clip_folder)
    assert model_folder("nobody/nothing", None) == (cache / "models" / "nobody--nothing", "")


def answer_with(error: str):
    """A stand-in for a download that the hub answers with an error."""
    from huggingface_hub import errors

    def download(*_, **__):
        kind = getattr(errors, error)
        # Its constructor wants a response of whichever HTTP client is in use.
        raise kind.__new__(kind)

    return download


@pytest.mark.parametrize(
    ("error", "said"),
    [
        ("GatedRepoError", "accept its terms"),
        ("RepositoryNotFoundError", "no hub repository"),
        ("RevisionNotFoundError", "no revision 'v9'"),
        ("RemoteEntryNotFoundError", "none of a.safetensors"),
    ],
)
def test_answers_of_the_hub_are_told_apart(tmp_path, monkeypatch, error, said):
    monkeypatch.setattr("huggingface_hub.hf_hub_download", answer_with(error))
    with pytest.raises(EncoderError, match=said):
        hub_weights("nobody/nothing", "v9", ("a.safetensors",), tmp_path)
    if error != "RemoteEntryNotFoundError":
        monkeypatch.setattr("huggingface_hub.snapshot_download", answer_with(error))
        with pytest.raises(EncoderError, match=said):
            model_folder("nobody/nothing", "v9")


def test_the_first_safetensors_name_that_the_hub_has_is_taken(tmp_path, monkeypatch):
    def download(repo, name, revision, local_files_only):
        if name != "model.safetensors":
            answer_with("RemoteEntryNotFoundError")()
        return str(tmp_path / repo / revision / name)

    monkeypatch.setattr("huggingface_hub.hf_hub_download", download)
    names = ("open_clip_model.safetensors", "model.safetensors")
    found = hub_weights("nobody/nothing", "abc", names, tmp_path / "by_hand")
    assert found == tmp_path / "nobody/nothing/abc/model.safetensors"


def test_folders_are_not_mistaken_for_hub_ids(tmp_path, clip_folder):
    with pytest.raises(MissingFile, match="not a hub id"):
        model_folder(str(tmp_path / "nothing"), None)
    with pytest.raises(EncoderError, match="no revisions"):
        model_folder(str(clip_folder), "main")


def test_pickle_is_refused_wherever_it_lies(tmp_path):
    (tmp_path / "model.safetensors").write_bytes(b"")
    (tmp_path / "2_Dense").mkdir()
    (tmp_path / "2_Dense" / "pytorch_model.bin").write_bytes(b"\x80\x04")
    with pytest.raises(EncoderError, match="safetensors only"):
        check_weights(tmp_path)
    with pytest.raises(EncoderError, match="safetensors only"):
        safe_weights(tmp_path / "2_Dense" / "pytorch_model.bin")


def test_several_weight_files_must_be_told_apart(tmp_path):
    for name in ("a.safetensors", "b.safetensors"):
        (tmp_path / name).write_bytes(b"")
    with pytest.raises(EncoderError, match="name the one"):
        safe_weights(tmp_path)
    assert safe_weights(tmp_path / "b.safetensors").name == "b.safetensors"


@pytest.mark.parametrize(
    ("card", "licence"),
    [
        ("---\nlicense: apache-2.0\n---\n# x", "apache-2.0"),
        ("---\nlicense: other\nlicense_name: 'apple-ascl'\n---\n", "apple-ascl"),
        ("# no header\nlicense: mit\n", "unknown"),
        ("---\nlicense: mit", "unknown"),
    ],
)
def test_the_licence_is_read_from_the_cards_header(tmp_path, card, licence):
    (tmp_path / "README.md").write_text(card)
    assert card_licence(tmp_path) == licence
