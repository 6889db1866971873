"""open_clip: every architecture and tag it lists, random weights, and checkpoints in its format."""

import json
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import skulens.encode.shim  # noqa: F401  # before anything that imports torchvision

# isort: split
import open_clip
import torch
from open_clip.coca_model import CoCa
from open_clip.factory import load_checkpoint
from open_clip.pretrained import get_pretrained_cfg, list_pretrained
from open_clip.transform import PreprocessCfg, merge_preprocess_dict

from skulens.encode.checkpoints import hub_weights, identity_of, models_folder, packages, safe_weights
from skulens.encode.flops import gflops
from skulens.encode.lint import DOUBTFUL, named_px
from skulens.encode.memo import sha256_of_file
from skulens.encode.precision import chosen_device, chosen_dtype, forward_pass, settle
from skulens.encode.preprocess import Preprocess
from skulens.encode.tokenization import ClipTokens, FileTokens, HubTokens, padded, tokens_of
from skulens.encode.zoo import find_row
from skulens.errors import EncoderError, MissingFile, unknown
from skulens.records import EncoderInfo

SHIPPED = Path(__file__).parent / "weights"
"""Small encoders that come with the package."""
RANDOM_SEED = 0
CLIP_VOCABULARY = 49408
OWN_TOKENIZER = "tokenizer.json"
"""What `skulens train` names as the tokenizer: the file in the same folder."""


@dataclass(frozen=True)
class Source:
    """What a name stands for, before anything heavy happens."""

    name: str
    config: dict
    """open_clip's model_cfg."""
    preprocess: dict
    """open_clip's preprocess_cfg, without the size."""
    weights: Path | None
    """None: random weights."""
    revision: str = ""
    licence: str = "unknown"
    lint: tuple[str, ...] = ()


class Towers:
    """An image tower and a text tower of open_clip behind skulens' Encoder protocol."""

    family = "open_clip"

    def __init__(self, source: Source, tokens, mode: str, dtype: str, device: str):
        self.device = chosen_device(device)
        self.dtype, self.mode, self.tokens = chosen_dtype(dtype, mode, self.device), mode, tokens
        model = loaded(source)
        self.preprocess = Preprocess.of_open_clip({**source.preprocess, "size": model.visual.image_size})
        params = towers_params(model)
        costs = towers_gflops(source.config, self.preprocess, tokens.context_length)
        self.model = settle(model, self.dtype, mode, self.device)
        self.fast_text = mode == "sound" and tokens.trims and trimmable(text_tower(model))
        self.info = self._described(source, params, costs)

    def _described(self, source: Source, params: tuple[int, int], costs: tuple) -> EncoderInfo:
        identity = identity_of(
            weights=sha256_of_file(source.weights) if source.weights else f"random, seed {RANDOM_SEED}",
            config=source.config,
            preprocess=self.preprocess.described(),
            tokens=self.tokens.described(),
            dtype=self.dtype,
            mode=self.mode,
            versions=packages("torch", "open_clip_torch", "timm"),
        )
        sigmoid = "siglip" in source.name.lower() or source.config.get("init_logit_bias") is not None
        return EncoderInfo(
            name=source.name,
            family=self.family,
            identity=identity,
            dim=source.config["embed_dim"],
            modalities=("image", "text"),
            image_px=self.preprocess.height,
            context_length=self.tokens.context_length,
            revision=source.revision,
            licence=source.licence,
            params_image=params[0],
            params_text=params[1],
            gflops_image=costs[0],
            gflops_text=costs[1],
            dtype=self.dtype,
            mode=self.mode,
            activation="sigmoid" if sigmoid else "softmax",
            lint=source.lint,
        )

    def prepare_image(self, picture) -> np.ndarray:
        """float32 (3, height, width)."""
        return self.preprocess(picture)

    def prepare_text(self, text: str) -> np.ndarray:
        """int64 (tokens,), cut to the context length; padded only where padding is part of the model."""
        return self.tokens.cut(text)

    def count_tokens(self, text: str) -> int:
        return len(self.tokens.ids(text))

    def encode_batch(self, modality: str, batch) -> np.ndarray:
        """(batch, dim) float32, not normalised."""
        with forward_pass(self.dtype, self.mode, self.device):
            encode = self._images if modality == "image" else self._texts
            return encode(batch).float().cpu().numpy()

    def _images(self, batch) -> torch.Tensor:
        pixels = torch.from_numpy(np.stack(batch))  # (batch, 3, height, width)
        return self.model.encode_image(self._sent(pixels), normalize=False)

    def _texts(self, batch) -> torch.Tensor:
        longest = max(map(len, batch)) if self.fast_text else self.tokens.context_length
        ids = self._sent(torch.from_numpy(padded(batch, longest, self.tokens.pad)))  # (batch, tokens)
        if self.fast_text:
            return trimmed_text(text_tower(self.model), ids)
        return self.model.encode_text(ids, normalize=False)

    def _sent(self, tensor: torch.Tensor) -> torch.Tensor:
        if self.device != "cpu":
            tensor = tensor.to(self.device)
        return tensor.to(getattr(torch, self.dtype)) if tensor.is_floating_point() else tensor


class OpenClip(Towers):
    """`ARCH/TAG` of open_clip.list_pretrained(), or `ARCH/random` for speed tests."""

    def __init__(self, argument, mode="sound", dtype="auto", device="auto", revision=None):
        arch, tag = parsed(argument)
        source = random_source(arch) if tag == "random" else tag_source(arch, tag, mode, revision)
        super().__init__(source, hub_tokens(arch, source.config), mode, dtype, device)


class LocalOpenClip(Towers):
    """`DIR` with open_clip_config.json and safetensors, or `DIR#ARCH` / `FILE#ARCH` without a config."""

    family = "local"

    def __init__(self, argument, mode="sound", dtype="auto", device="auto", revision=None):
        if revision:
            raise EncoderError(f"a local folder has no revisions, got {revision!r}; the weights' hash identifies it")
        source = folder_source(str(argument))
        tokens = folder_tokens(source.weights.parent, source.config)
        super().__init__(source, tokens, mode, dtype, device)


class Mini(LocalOpenClip):
    """The small encoder that ships with skulens."""

    folder = "mini"

    def __init__(self, argument="", mode="sound", dtype="auto", device="auto", revision=None):
        if argument:
            raise EncoderError(f"{self.folder!r} takes no argument, got {argument!r}")
        if not (SHIPPED / self.folder).is_dir():
            raise MissingFile(f"this installation lacks the folder {SHIPPED / self.folder}; reinstall skulens")
        super().__init__(SHIPPED / self.folder, mode, dtype, device, revision)


class Groceries(Mini):
    """The small encoder trained on photos of a grocery store, where the package carries it."""

    folder = "groceries"


def parsed(argument: str) -> tuple[str, str]:
    """(architecture, tag) of "ARCH/TAG", checked against open_clip's list."""
    arch, _, tag = argument.replace(":", "/").rpartition("/")
    if arch not in open_clip.list_models():
        raise unknown("architecture", arch or argument, open_clip.list_models(), "skulens list encoders")
    if tag != "random" and not get_pretrained_cfg(arch, tag):
        tags = [t for a, t in list_pretrained() if a == arch]
        raise unknown(f"tag of {arch}", tag, [*tags, "random"], "skulens list encoders")
    return arch, tag


def random_source(arch: str) -> Source:
    lint = ("random weights: vectors mean nothing; for speed and tests only",)
    return Source(f"{arch}/random", open_clip.get_model_config(arch), default_preprocess(), None, lint=lint)


def tag_source(arch: str, tag: str, mode: str, revision: str | None) -> Source:
    """The weights of a published pair, with its licence and lint."""
    published = get_pretrained_cfg(arch, tag)
    repo, names = hub_names(published)
    row = find_row(arch, tag)
    revision = revision or (row.revision if row else None) or None
    weights = hub_weights(repo, revision, names, models_folder() / f"{arch}--{tag}")
    preprocess = merge_preprocess_dict(default_preprocess(), published)
    licence, lint = (row.licence, row.sentences()) if row else ("unknown", ())
    return Source(f"{arch}/{tag}", tag_config(arch, tag, mode), preprocess, weights, revision or "", licence, lint)


def tag_config(arch: str, tag: str, mode: str) -> dict:
    """open_clip's configuration of a pair; in sound mode with what the weights were trained with.

    That is the activation of the tag (27 published pairs differ from their architecture) and
    the picture size of the name (ViTamin-XL-384 is configured at 256 px).
    """
    config = open_clip.get_model_config(arch)
    if mode == "sound":
        if arch not in DOUBTFUL:
            config["quick_gelu"] = get_pretrained_cfg(arch, tag).get("quick_gelu", False)
        size = named_px(arch)
        if size:
            config["vision_cfg"]["image_size"] = size
    return config


def hub_names(row: dict) -> tuple[str, tuple[str, ...]]:
    """Repository and the safetensors files to try, of open_clip's "owner/name/file" entries."""
    repo, _, name = row["hf_hub"].rpartition("/")
    named = (str(Path(name).with_suffix(".safetensors")),) if name else ()
    return repo, (*named, "open_clip_model.safetensors", "model.safetensors")


def default_preprocess() -> dict:
    return merge_preprocess_dict(PreprocessCfg(), {})


def folder_source(argument: str) -> Source:
    """A checkpoint on disk. Raises EncoderError for a config that is not one."""
    place, _, arch = argument.partition("#")
    path = Path(place).expanduser()
    config_file = path / "open_clip_config.json"
    if arch:
        if arch not in open_clip.list_models():
            raise unknown("architecture", arch, open_clip.list_models(), "skulens list encoders")
        written = {"model_cfg": open_clip.get_model_config(arch)}
    elif not path.exists():
        raise MissingFile(f"no folder {path}; expected one with open_clip_config.json and safetensors weights")
    elif not config_file.is_file():
        raise EncoderError(
            f"{path} has no open_clip_config.json; write local:{path}#ARCHITECTURE to name the architecture"
        )
    else:
        written = read_config(config_file)
    preprocess = merge_preprocess_dict(default_preprocess(), written.get("preprocess_cfg") or {})
    licence = str(written.get("licence") or written.get("license") or "unknown")
    name = f"{path.resolve().name}#{arch}" if arch else path.resolve().name
    return Source(name, written["model_cfg"], preprocess, safe_weights(path), licence=licence)


def read_config(path: Path) -> dict:
    try:
        written = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as e:
        raise EncoderError(f"{path} is not JSON: {e}") from e
    config = written.get("model_cfg") if isinstance(written, dict) else None
    missing = {"embed_dim", "vision_cfg", "text_cfg"} - set(config or ())
    if missing:
        raise EncoderError(f"{path} lacks {', '.join(sorted(missing))} under model_cfg; is it open_clip's format?")
    return written


def folder_tokens(folder: Path, config: dict) -> ClipTokens | FileTokens | HubTokens:
    """The tokenizer of a local checkpoint, never from the network.

    CLIP's own vocabulary is read by CLIP's own tokenizer, as open_clip does, also where the
    folder carries transformers' version of it.
    """
    text = config["text_cfg"]
    length = text.get("context_length", 77)
    own = text.get("hf_tokenizer_name", OWN_TOKENIZER) == OWN_TOKENIZER
    if own and (folder / OWN_TOKENIZER).is_file() and text.get("vocab_size", CLIP_VOCABULARY) != CLIP_VOCABULARY:
        return FileTokens(folder / OWN_TOKENIZER, length)
    if not text.get("hf_tokenizer_name"):
        return tokens_of(open_clip.SimpleTokenizer(context_length=length, **text.get("tokenizer_kwargs", {})), length)
    if not list(folder.glob("tokenizer*.json")):
        raise MissingFile(
            f"{folder} lacks its tokenizer: put tokenizer.json and tokenizer_config.json of "
            f"{text['hf_tokenizer_name']} there"
        )
    return tokens_of(open_clip.get_tokenizer(f"local-dir:{folder}"), length)


def hub_tokens(arch: str, config: dict) -> ClipTokens | HubTokens:
    """The tokenizer of a listed architecture; some are fetched from the hub."""
    text = config["text_cfg"]
    try:
        return tokens_of(open_clip.get_tokenizer(arch), text.get("context_length", 77))
    except OSError as e:
        name = text.get("hf_tokenizer_name")
        raise MissingFile(
            f"the tokenizer {name} of {arch} is not on this machine and the hub cannot be reached. Fetch it "
            f"where there is network (`hf download {name}`) and copy that folder of the hub's cache here"
        ) from e


def built(config: dict) -> torch.nn.Module:
    """The bare model of an open_clip configuration, as open_clip.create_model builds it; no download."""
    config = deepcopy(config)
    config["vision_cfg"]["timm_model_pretrained"] = False
    if "hf_model_name" in config["text_cfg"]:
        config["text_cfg"]["hf_model_pretrained"] = False
    custom = config.pop("custom_text", False) or "hf_model_name" in config["text_cfg"]
    kind = (CoCa if "multimodal_cfg" in config else open_clip.CustomTextCLIP) if custom else open_clip.CLIP
    try:
        return kind(**config)
    except OSError as e:
        name = config["text_cfg"].get("hf_model_name")
        raise MissingFile(
            f"the configuration of the text tower {name} is not on this machine and the hub cannot be reached. "
            f"Fetch it where there is network (`hf download {name} config.json`) and copy the hub's cache here"
        ) from e
    except (TypeError, RuntimeError, KeyError) as e:
        raise EncoderError(f"open_clip cannot build a model of this configuration: {e}") from e


def loaded(source: Source) -> torch.nn.Module:
    """The float32 model with its weights; random ones are the same on every call."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(RANDOM_SEED)
        model = built(source.config)
    if source.weights:
        try:
            load_checkpoint(model, str(source.weights))
        except (RuntimeError, KeyError, ValueError, AssertionError, AttributeError) as e:
            raise EncoderError(f"{source.weights} does not fit {source.name}: {str(e)[:400]}") from e
    return model


def text_tower(model: torch.nn.Module) -> torch.nn.Module:
    """Where the text layers live: open_clip.CLIP holds them itself, other classes in `.text`."""
    return getattr(model, "text", model)


def towers_params(model: torch.nn.Module) -> tuple[int, int]:
    """(image, text) parameters; what belongs to neither (scale, bias, caption decoder) goes to text."""
    image = sum(p.numel() for p in model.visual.parameters())
    return image, sum(p.numel() for p in model.parameters()) - image


def towers_gflops(config: dict, preprocess: Preprocess, context_length: int) -> tuple[float | None, float | None]:
    """Of one picture and of one text that fills the context, on a copy that has shapes and no numbers."""
    with torch.device("meta"):
        model = built(config).eval()
    image = gflops(model.encode_image, 1, 3, preprocess.height, preprocess.width)
    return image, gflops(model.encode_text, 1, context_length, dtype=torch.int64)


def trimmable(tower: torch.nn.Module) -> bool:
    """Whether what follows the end token cannot reach the vector: causal mask, pooled at the end token."""
    pool = getattr(tower, "text_pool_type", None) or getattr(tower, "pool_type", None)
    plain = getattr(tower, "cls_emb", None) is None and not getattr(tower, "output_tokens", False)
    return plain and pool == "argmax" and getattr(tower, "attn_mask", None) is not None


def trimmed_text(tower: torch.nn.Module, ids: torch.Tensor) -> torch.Tensor:
    """encode_text on as many positions as the longest text of the batch has, instead of all 77.

    Under a causal mask the state at the end token never sees the padding behind it, so the
    vector is the same but for rounding (tested); 30-token captions cost 2.6 times less.
    """
    length = ids.shape[1]
    x = tower.token_embedding(ids)  # (batch, length, width)
    x = x + tower.positional_embedding[:length].to(x.dtype)
    x = tower.transformer(x, attn_mask=tower.attn_mask[:length, :length])
    x = tower.ln_final(x)
    x = x[torch.arange(len(x), device=x.device), ids.argmax(dim=-1)]  # (batch, width)
    projection = tower.text_projection
    if projection is None:
        return x
    return projection(x) if isinstance(projection, torch.nn.Linear) else x @ projection
