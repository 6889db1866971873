"""Tiny random models, built offline on the fly: a few thousand weights each, real code paths."""

import json
import os

os.environ.setdefault("HF_HUB_OFFLINE", "1")  # before huggingface_hub is imported: no test may reach for the hub

import numpy as np
import PIL.Image
import pytest

WORDS = ["a red cup of tea", "milk carton, 1 l", "green apple", "photo of a shelf", "blue shoe size 42"]


def byte_level_bpe(specials: list[str], first: bool = False):
    """A byte-level BPE tokenizer of a few hundred tokens; special ones first or last."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=300, initial_alphabet=alphabet, special_tokens=specials if first else [], show_progress=False
    )
    tokenizer.train_from_iterator(WORDS, trainer)
    if not first:
        tokenizer.add_special_tokens(specials)
    return tokenizer


@pytest.fixture(scope="session")
def open_clip_folder(tmp_path_factory):
    """A folder as `skulens train` writes it: config, safetensors, tokenizer.json."""
    folder = tmp_path_factory.mktemp("tiny_open_clip")
    import torch
    from safetensors.torch import save_file

    from skulens.encode.open_clip import built

    tokenizer = byte_level_bpe(["<start_of_text>", "<end_of_text>"])
    tokenizer.save(str(folder / "tokenizer.json"))
    config = {
        "embed_dim": 24,
        "vision_cfg": {"image_size": 32, "layers": 2, "width": 32, "head_width": 16, "patch_size": 8},
        "text_cfg": {
            "context_length": 16,
            "vocab_size": tokenizer.get_vocab_size(with_added_tokens=True),
            "width": 32,
            "heads": 2,
            "layers": 2,
        },
    }
    preprocess = {"mean": [0.5, 0.4, 0.3], "std": [0.2, 0.25, 0.3], "interpolation": "bilinear"}
    written = {"model_cfg": config, "preprocess_cfg": preprocess, "licence": "Apache-2.0"}
    (folder / "open_clip_config.json").write_text(json.dumps(written))
    with torch.random.fork_rng():
        torch.manual_seed(1)
        model = built(config)
        for parameter in model.parameters():  # the usual start is nearly deaf to its input
            parameter.data += 0.1 * torch.randn_like(parameter)
    state = {key: value.contiguous() for key, value in model.state_dict().items()}
    save_file(state, folder / "open_clip_model.safetensors")
    return folder


@pytest.fixture(scope="session")
def pictures():
    """Eight RGB pictures of different sizes and shapes."""
    noise = np.random.default_rng(0)
    sizes = [(40, 60), (64, 64), (33, 90), (32, 32), (120, 50), (31, 47), (200, 201), (48, 32)]
    blocks = [noise.integers(0, 256, (5, 7, 3), dtype=np.uint8) for _ in sizes]
    return [PIL.Image.fromarray(b).resize(size) for b, size in zip(blocks, sizes, strict=True)]


@pytest.fixture(scope="session")
def texts():
    """Eight texts: short, long (cut), odd letters, empty."""
    return [*WORDS, "tea " * 40, "Thé glacé, ชาเย็น & more", ""]
