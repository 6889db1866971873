"""What is refused when a model's folder is opened: broken, false and dangerous files, by name.

A folder comes from anywhere. Nothing in it runs (`checkpoints` reads safetensors only); here
whatever would fail later, lead elsewhere or exhaust memory is an EncoderError that names the file.
"""

import json
import math
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from skulens.errors import EncoderError, SkulensError

if TYPE_CHECKING:
    import torch

LARGEST_SETTING = 1_000_000
"""Of any number in a model's configuration; vocabularies are the largest, some 256,000."""
LARGEST_PX = 4096
"""Side of the pictures that a tower reads."""
MOST_LAYERS = 512
MOST_GROWTH = 64
"""Characters that a tokenizer's rules may make of one. NFKD makes at most 18."""
TOKENIZER_SETTINGS = frozenset(
    {
        "additional_special_tokens",
        "clean",
        "language",
        "reduction_mask",
        "strip_sep_token",
        "tokenizer_mode",
    }
)
HUB_ID = re.compile(r"[\w-][\w.-]*/[\w-][\w.-]*")


@contextmanager
def opening(place: Path | str) -> Iterator[None]:
    """Turn whatever is raised while `place` is opened into a SkulensError that names it."""
    try:
        yield
    except SkulensError as e:
        if str(place) in str(e):
            raise
        raise type(e)(f"{place}: {e}") from e
    except RecursionError as e:
        raise EncoderError(f"cannot open {place}: its JSON is nested too deeply") from e
    except MemoryError as e:
        raise EncoderError(f"cannot open {place}: there is not enough memory for it") from e
    except Exception as e:  # libraries raise anything, pyo3's panics included
        raise EncoderError(f"cannot open {place}: {type(e).__name__}: {str(e)[:400]}") from e


def open_pretrained(kind: Any, folder: Path, **settings: Any) -> Any:
    """from_pretrained on local files, never running code from the folder."""
    try:
        return kind.from_pretrained(
            folder, local_files_only=True, trust_remote_code=False, **settings
        )
    except Exception as e:  # broken files raise anything, the Rust tokenizer a bare Exception
        what = kind.__name__.removeprefix("Auto").lower()
        raise EncoderError(
            f"transformers cannot read the {what} in {folder}: {str(e)[:400]}"
        ) from e


def choose_device(device: str) -> str:
    """The device's name; "auto" is cuda if available, else cpu."""
    import torch

    if device == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    if device.startswith("cuda") and not torch.cuda.is_available():
        raise EncoderError(
            f"device {device!r} was asked for, but torch sees no CUDA GPU; use cpu or auto"
        )
    try:
        return str(torch.device(device))
    except RuntimeError as e:
        raise EncoderError(f"unknown device {device!r}; expected auto, cpu, cuda or cuda:N") from e


def read_json(path: Path) -> dict[str, Any]:
    """The JSON object of a file. Raises EncoderError, naming it, for anything else."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as e:
        raise EncoderError(f"{path} is not JSON: {str(e)[:200]}") from e
    if not isinstance(found, dict):
        raise EncoderError(f"{path} holds a JSON {type(found).__name__}, expected an object")
    return found


def check_open_clip_config(written: dict[str, Any], path: Path) -> None:
    """Raise EncoderError for a configuration of a folder that is broken or leads out of it."""
    config = written["model_cfg"]
    for name in ("vision_cfg", "text_cfg"):
        if not isinstance(config[name], dict):
            kind = type(config[name]).__name__
            raise EncoderError(f"{path}: {name} is a JSON {kind}, expected an object")
    if not isinstance(written.get("preprocess_cfg") or {}, dict):
        raise EncoderError(f"{path}: preprocess_cfg is not an object")
    check_numbers(config, path)
    timm = config["vision_cfg"].get("timm_model_name")
    if timm is not None and (not isinstance(timm, str) or not re.fullmatch(r"[\w.]+", timm)):
        raise EncoderError(
            f"{path}: timm_model_name is {timm!r}; expected the name of an architecture of timm. "
            "A configuration in a folder may not lead to other folders or to the hub"
        )
    text = config["text_cfg"].get("hf_model_name")
    if text is not None and (
        not isinstance(text, str) or not HUB_ID.fullmatch(text) or Path(text).exists()
    ):
        raise EncoderError(
            f"{path}: hf_model_name is {text!r}; expected OWNER/NAME of the hub, not a path"
        )
    strange = set(config["text_cfg"].get("tokenizer_kwargs") or {}) - TOKENIZER_SETTINGS
    if strange:  # others name code to run or files elsewhere
        raise EncoderError(
            f"{path}: tokenizer_kwargs has {', '.join(sorted(map(str, strange)))}, "
            f"expected of {', '.join(sorted(TOKENIZER_SETTINGS))}"
        )


def check_numbers(config: Any, path: Path, name: str = "model_cfg", depth: int = 0) -> None:
    """Raise EncoderError for a number that no model has, at any depth."""
    if depth > 20:
        raise EncoderError(f"{path}: {name} is nested too deeply")
    if isinstance(config, dict | list):
        inside = config.items() if isinstance(config, dict) else enumerate(config)
        for key, value in inside:
            check_numbers(value, path, f"{name}.{key}", depth + 1)
    elif isinstance(config, int | float) and not isinstance(config, bool):
        last = name.rpartition(".")[2]
        most = {"image_size": LARGEST_PX, "layers": MOST_LAYERS}.get(last, LARGEST_SETTING)
        if not math.isfinite(config) or abs(config) > most:
            raise EncoderError(f"{path}: {name} is {config:g}, expected at most {most:,}")


def check_tokenizers(folder: Path) -> None:
    """`check_tokenizer` of every tokenizer.json below a folder."""
    for path in sorted(folder.rglob("tokenizer.json")):
        check_tokenizer(path)


def check_tokenizer(path: Path) -> None:
    """Raise EncoderError for a tokenizer.json that is no JSON or whose rules inflate a text.

    Six rules that make ten letters of one made 200 million of 200 letters: 9.4 GB.
    """
    with opening(path):
        grown = growth(read_json(path).get("normalizer"))
    if grown > MOST_GROWTH:
        raise EncoderError(
            f"{path}: its normalizer may make {grown:g} characters of one, "
            f"expected at most {MOST_GROWTH}"
        )


def growth(rule: Any) -> float:
    """The most characters that a rule of a normalizer makes of one; of a sequence, the product."""
    if not isinstance(rule, dict):
        return 1.0
    if rule.get("type") == "Sequence":
        return math.prod(growth(one) for one in rule.get("normalizers") or ())
    if rule.get("type") != "Replace":
        return 1.0
    pattern = rule.get("pattern") or {}
    shortest = max(1, len(str(pattern.get("String") or ""))) if isinstance(pattern, dict) else 1
    return max(1.0, len(str(rule.get("content") or "")) / shortest)


def check_vocabulary(largest: int, size: int | None, place: Path) -> None:
    """Raise EncoderError where a tokenizer has ids beyond the embedding.

    Args:
        largest: largest id of the tokenizer.
        size: rows of the embedding; None where the configuration does not say.
    """
    if size is not None and largest >= size:
        raise EncoderError(
            f"{place}: the tokenizer has ids up to {largest:,}, but the model knows {size:,} "
            "tokens (vocab_size); they do not belong together"
        )


def check_finite(model: "torch.nn.Module", place: Path | str, unused: str = "") -> None:
    """Raise EncoderError, naming the tensor, for weights that hold NaN or infinity.

    The sum of a tensor is one pass at the speed of memory. Buffers may hold infinity, as attention
    masks do.

    Args:
        unused: start of the names of weights that no vector is made with.
    """
    import torch

    for name, weight in model.named_parameters():
        if unused and name.startswith(unused):
            continue
        if not torch.isfinite(weight.sum(dtype=torch.float64)):
            raise EncoderError(f"{place}: the weight {name} holds NaN or infinity")
    for name, buffer in model.named_buffers():
        if buffer.is_floating_point() and torch.isnan(buffer).any():
            raise EncoderError(f"{place}: {name} holds NaN")
