"""Encoder folders, recipes and tokenizers that are broken, false, or try to run code.

A small sound folder is made once; every attack is a copy of it with something changed. Opening it
or embedding a text with it must raise a SkulensError, or work.
"""

import functools
import json
import os
import pickle
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from tests.hostile.field import Case
from tests.hostile.pictures import cut, flip_bits, overwrite

SMALL = 64
LARGE = 300
RAN = "ran"
"""File that code in a folder would leave behind, if it ran."""
Change = Callable[[Path], object]


def cases(count: int, seed: int) -> Iterator[Case]:
    """Hand-made ones, then random damages of each file of the folder."""
    sound()  # the time of its imports is no attack's
    for _, (name, run) in zip(range(count), attacks(seed), strict=False):
        yield Case(name, run)


def attacks(seed: int) -> Iterator[tuple[str, Callable[[Path], bool]]]:
    for name, change in FOLDERS.items():
        yield f"folder: {name}", functools.partial(open_changed, change)
    yield "folder: sound", functools.partial(open_changed, lambda folder: None, must=True)
    for name, text in RECIPES.items():
        yield f"recipe: {name}", functools.partial(read_recipe, text)
    for name, text in SIDECARS.items():
        yield f"embedding.json: {name}", functools.partial(read_sidecar, text)
    draw = np.random.default_rng(seed)
    number = 0
    while True:
        for file in ("open_clip_config.json", "tokenizer.json", "open_clip_model.safetensors"):
            for damage in (cut, flip_bits, overwrite):
                number += 1
                own = int(draw.integers(2**31))
                change = functools.partial(damage_file, file, damage, own)
                name = f"{number} {file} {damage.__name__}"
                yield name, functools.partial(open_changed, change)


def open_changed(change: Change, folder: Path, must: bool = False) -> bool:
    """Whether nothing ran, and whatever the folder gives has finite vectors.

    Args:
        must: the folder is sound and has to open; what a change breaks should name its folder.
    """
    from skulens.encode import open_encoder
    from skulens.encode.embed import Embedder
    from skulens.errors import SkulensError

    place = folder / "enc"
    shutil.copytree(sound(), place)
    here = Path.cwd()
    os.chdir(folder)
    try:
        change(place)
        encoder = open_encoder(f"local:{place}", device="cpu")
        encoder.info  # noqa: B018  # opens it
        [found] = Embedder([encoder]).embed_parts(["red cup " * 25, "a" * 200])
        encoder.count_tokens("red cup")
        return not (folder / RAN).exists() and (must <= bool(found.ok.all()))
    except SkulensError as error:
        if must or (folder / RAN).exists() or "enc" not in str(error):
            raise AssertionError(f"ran, or names no file: {error}") from error
        raise
    finally:
        os.chdir(here)


@functools.cache
def sound() -> Path:
    """A tiny open_clip folder as `skulens train` writes it."""
    import skulens.torch_shim  # noqa: F401  # before anything that imports torchvision

    # isort: split
    import torch
    from safetensors.torch import save_file

    from skulens.encode.towers import build_model
    from tests.encode.conftest import byte_level_bpe

    folder = Path(tempfile.mkdtemp(prefix="hostile-encoder-"))
    tokenizer = byte_level_bpe(["<start_of_text>", "<end_of_text>"])
    tokenizer.save(str(folder / "tokenizer.json"))
    vision = {"image_size": 32, "layers": 1, "width": 32, "head_width": 16, "patch_size": 8}
    text = {
        "context_length": 16,
        "vocab_size": tokenizer.get_vocab_size(with_added_tokens=True),
        "width": 32,
        "heads": 2,
        "layers": 1,
    }
    config = {"embed_dim": 16, "vision_cfg": vision, "text_cfg": text}
    preprocess = {"mean": [0.5, 0.4, 0.3], "std": [0.2, 0.25, 0.3]}
    written = {"model_cfg": config, "preprocess_cfg": preprocess}
    (folder / "open_clip_config.json").write_text(json.dumps(written))
    torch.manual_seed(0)
    state = {k: v.contiguous() for k, v in build_model(config).state_dict().items()}
    save_file(state, folder / "open_clip_model.safetensors")
    return folder


# Changes of a folder


def configure(*path: str, to: Any) -> Change:
    """Set a value of open_clip_config.json."""

    def change(folder: Path) -> None:
        file = folder / "open_clip_config.json"
        written = json.loads(file.read_text())
        inside = written
        for key in path[:-1]:
            inside = inside.setdefault(key, {})
        inside[path[-1]] = to
        file.write_text(json.dumps(written))

    return change


def model(*path: str, to: Any) -> Change:
    return configure("model_cfg", *path, to=to)


def write(name: str, content: str | bytes) -> Change:
    data = content.encode() if isinstance(content, str) else content
    return lambda folder: (folder / name).write_bytes(data)


def remove(name: str) -> Change:
    return lambda folder: (folder / name).unlink()


def tokenizer(edit: Callable[[dict], object]) -> Change:
    def change(folder: Path) -> None:
        file = folder / "tokenizer.json"
        written = json.loads(file.read_text())
        edit(written)
        file.write_text(json.dumps(written))

    return change


def inflate(written: dict) -> None:
    rule = {"type": "Replace", "pattern": {"String": "a"}, "content": "a" * 10}
    written["normalizer"] = {"type": "Sequence", "normalizers": [rule] * 6}


def inflate_nested(written: dict) -> None:
    rule = {"type": "Replace", "pattern": {"Regex": "."}, "content": "ab" * 20}
    inner = {"type": "Sequence", "normalizers": [rule, rule]}
    written["normalizer"] = {"type": "Sequence", "normalizers": [inner, inner]}


def add_tokens(written: dict) -> None:
    start = 1 + max(t["id"] for t in written["added_tokens"])
    plain = dict.fromkeys(("single_word", "lstrip", "rstrip", "normalized", "special"), False)
    written["added_tokens"] += [
        {"id": start + i, "content": f"c{i}" if i else "red", **plain} for i in range(20_000)
    ]


def weights(edit: Callable[[dict], object]) -> Change:
    def change(folder: Path) -> None:
        from safetensors.torch import load_file, save_file

        file = folder / "open_clip_model.safetensors"
        state = load_file(file)
        edit(state)
        save_file(state, file)

    return change


def spoil(name: str, value: float) -> Change:
    def edit(state: dict) -> None:
        state[name].view(-1)[0] = value

    return weights(edit)


def damage_file(file: str, damage: Callable, seed: int, folder: Path) -> None:
    path = folder / file
    path.write_bytes(damage(path.read_bytes(), np.random.default_rng(seed)))


class Run:
    """A pickle of it runs code."""

    def __reduce__(self):
        return os.system, (f"touch {RAN}",)


def pickled(name: str) -> Change:
    """Weights that run code when they are unpickled, in place of the safe ones."""

    def change(folder: Path) -> None:
        (folder / "open_clip_model.safetensors").unlink()
        (folder / name).write_bytes(pickle.dumps(Run()))

    return change


def local_timm(folder: Path) -> None:
    """A timm model in another folder, with a pickle there."""
    other = folder.parent / "other"
    other.mkdir()
    (other / "config.json").write_text('{"architecture": "resnet18"}')
    (other / "pytorch_model.bin").write_bytes(pickle.dumps(Run()))
    model("vision_cfg", to={"timm_model_name": f"local-dir:{other}", "image_size": 32})(folder)


HUGE = 10**9
FOLDERS: dict[str, Change] = {
    "no config": remove("open_clip_config.json"),
    "no weights": remove("open_clip_model.safetensors"),
    "no tokenizer": remove("tokenizer.json"),
    "empty config": write("open_clip_config.json", ""),
    "config is a list": write("open_clip_config.json", "[1]"),
    "config of brackets": write("open_clip_config.json", "[" * 100_000),
    "config of bytes": write("open_clip_config.json", b"\xff\xfe\x00" * 99),
    "model_cfg is a list": configure("model_cfg", to=["embed_dim", "vision_cfg", "text_cfg"]),
    "vision_cfg is a list": model("vision_cfg", to=[1, 2]),
    "text_cfg is a text": model("text_cfg", to="text"),
    "embed_dim is a text": model("embed_dim", to="16"),
    "embed_dim is negative": model("embed_dim", to=-4),
    "embed_dim is huge": model("embed_dim", to=HUGE),
    "unknown setting": model("vision_cfg", "colour", to="red"),
    "image of a billion px": model("vision_cfg", "image_size", to=HUGE),
    "a billion layers": model("text_cfg", "layers", to=HUGE),
    "context of a billion": model("text_cfg", "context_length", to=HUGE),
    "no heads": model("text_cfg", "heads", to=0),
    "patches of 0": model("vision_cfg", "patch_size", to=0),
    "other width": model("text_cfg", "width", to=64),
    "preprocess_cfg is a list": configure("preprocess_cfg", to=[1]),
    "mean of texts": configure("preprocess_cfg", "mean", to=["a", "b", "c"]),
    "mean of two": configure("preprocess_cfg", "mean", to=[0.5, 0.5]),
    "std of 0": configure("preprocess_cfg", "std", to=[0, 1, 1]),
    "std is NaN": configure("preprocess_cfg", "std", to=[float("nan")] * 3),
    "unknown interpolation": configure("preprocess_cfg", "interpolation", to="cubist"),
    "interpolation is a list": configure("preprocess_cfg", "interpolation", to=[1]),
    "unknown preprocess setting": configure("preprocess_cfg", "colour", to=1),
    "hf_model_name with dots": model("text_cfg", "hf_model_name", to="../../etc/passwd"),
    "hf_model_name is a path": model("text_cfg", "hf_model_name", to="/tmp"),
    "hf_model_name is a number": model("text_cfg", "hf_model_name", to=5),
    "timm of another folder": local_timm,
    "timm of the hub": model("vision_cfg", "timm_model_name", to="hf-hub:some/model"),
    "timm is unknown": model("vision_cfg", "timm_model_name", to="no_such_net"),
    "tokenizer runs code": model(
        "text_cfg", "tokenizer_kwargs", to={"trust_remote_code": True, "bpe_path": "/etc/passwd"}
    ),
    "empty tokenizer": write("tokenizer.json", ""),
    "tokenizer is an object": write("tokenizer.json", "{}"),
    "tokenizer is no JSON": write("tokenizer.json", '{"model": '),
    "tokenizer of brackets": write("tokenizer.json", "[" * 100_000),
    "tokenizer inflates": tokenizer(inflate),
    "tokenizer inflates inside": tokenizer(inflate_nested),
    "20,000 more tokens": tokenizer(add_tokens),
    "smaller vocabulary": model("text_cfg", "vocab_size", to=20),
    "NaN in the image tower": spoil("visual.conv1.weight", float("nan")),
    "NaN in the token embedding": spoil("token_embedding.weight", float("nan")),
    "infinity in the text tower": spoil("text_projection", float("inf")),
    "a weight is missing": weights(lambda state: state.pop("text_projection")),
    "empty weights": write("open_clip_model.safetensors", b""),
    "weights of a web page": write("open_clip_model.safetensors", b"<!doctype html>" * 99),
    "weights with a huge header": write(
        "open_clip_model.safetensors", (2**60).to_bytes(8, "little") + b"{}"
    ),
    "pickle called .bin": pickled("open_clip_pytorch_model.bin"),
    "pickle called .pt": pickled("model.pt"),
    "pickle called .safetensors": pickled("open_clip_model.safetensors"),
    "pickle called .pkl": pickled("weights.pkl"),
    "pickle called .npz": pickled("weights.npz"),
}


# Recipes

BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{chr(98 + i)}: &{chr(98 + i)} [{','.join([f'*{chr(97 + i)}'] * 9)}]\n" for i in range(9)
)
RECIPES = {
    "3,000 brackets": "[" * 3000,
    "3,000 braces": "{a: " * 3000,
    "2 MB": "a: b\n" * 400_000,
    "Python tag": f'!!python/object/apply:os.system ["touch {RAN}"]',
    "billion laughs": BOMB,
    "bytes": "\x00\x01",
    "a list": "[1, 2]",
    "towers is a list": "towers: [1, [2]]",
    "views is a number": "views: 5",
    "keys of every type": "{1: 2, a: 3, null: 4, [1]: 5}",
    "infinite epochs": "epochs: .inf",
    "NaN": "weight_decay: .nan",
    "unknown": "colour: red",
    "text_roles is a list": "text_roles: [caption]",
}
SIDECARS = {
    "brackets": "[" * 100_000,
    "a list": "[1]",
    "a key of another kind": '{"system": {"query": 5}}',
    "ending is a number": '{"ending": 5}',
    "max_tokens is huge": '{"max_tokens": 1e300}',
    "unknown": '{"colour": "red"}',
}


def read_recipe(text: str, folder: Path) -> bool:
    from skulens.train.config import read_recipe as read

    here = Path.cwd()
    os.chdir(folder)
    try:
        (folder / "recipe.yaml").write_text(text)
        read(folder / "recipe.yaml")
    finally:
        os.chdir(here)
        assert not (folder / RAN).exists()
    return False  # all of them are wrong


def read_sidecar(text: str, folder: Path) -> bool:
    from skulens.encode.recipes import read_recipe as read

    (folder / "embedding.json").write_text(text)
    read(folder / "embedding.json")
    return False
