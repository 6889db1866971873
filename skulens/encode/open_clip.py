"""open_clip: every architecture and tag it lists, random weights, and checkpoints in its format."""

from pathlib import Path

import skulens.torch_shim  # noqa: F401  # before anything that imports torchvision

# isort: split
import open_clip
from open_clip.pretrained import get_pretrained_cfg, list_pretrained
from open_clip.tokenizer import HFTokenizer
from open_clip.transform import PreprocessCfg, merge_preprocess_dict

from skulens.checkpoints import by_hand, hub_weights, models_folder, offline, safe_weights
from skulens.encode.preprocess import Preprocess
from skulens.encode.tokenization import ClipTokens, FileTokens, HubTokens, tokens_of
from skulens.encode.towers import Source, Towers
from skulens.encode.zoo.rows import find_row
from skulens.encode.zoo.rules import DOUBTFUL, named_px
from skulens.encode.zoo.warnings import warn
from skulens.errors import EncoderError, MissingFile, unknown
from skulens.opening import (
    check_open_clip_config,
    check_tokenizers,
    check_vocabulary,
    opening,
    read_json,
)
from skulens.protocols import Numerics

SHIPPED = Path(__file__).parent / "weights"
"""Small encoders that come with the package."""
CLIP_VOCABULARY = 49408
OWN_TOKENIZER = "tokenizer.json"
"""What `skulens train` names as the tokenizer: the file in the same folder."""


class OpenClip(Towers):
    """`ARCH/TAG` of open_clip.list_pretrained(), or `ARCH/random` for speed tests."""

    def __init__(
        self,
        argument: str,
        numerics: Numerics = Numerics(),
        device: str = "auto",
        revision: str = "",
    ):
        arch, tag = parse_pair(argument)
        if tag == "random":
            source = random_source(arch)
        else:
            source = tag_source(arch, tag, numerics.as_published, revision)
        super().__init__(source, hub_tokens(arch, source.config), numerics, device)


class LocalOpenClip(Towers):
    """`DIR` with open_clip_config.json and safetensors; `DIR#ARCH` or `FILE#ARCH` without one."""

    family = "local"

    def __init__(
        self,
        argument: str,
        numerics: Numerics = Numerics(),
        device: str = "auto",
        revision: str = "",
    ):
        if revision:
            raise EncoderError(
                f"a local folder has no revisions, got {revision!r}; "
                "the weights' hash identifies it"
            )
        with opening(argument):
            source = folder_source(str(argument))
            assert source.weights is not None  # a folder without weights was refused above
            tokens = folder_tokens(source.weights.parent, source.config)
            super().__init__(source, tokens, numerics, device)


class Mini(LocalOpenClip):
    """The small encoder that ships with skulens."""

    folder = "mini"

    def __init__(
        self,
        argument: str = "",
        numerics: Numerics = Numerics(),
        device: str = "auto",
        revision: str = "",
    ):
        if argument:
            raise EncoderError(f"{self.folder!r} takes no argument, got {argument!r}")
        if not (SHIPPED / self.folder).is_dir():
            raise MissingFile(
                f"this installation lacks the folder {SHIPPED / self.folder}; reinstall skulens"
            )
        super().__init__(str(SHIPPED / self.folder), numerics, device, revision)


class Groceries(Mini):
    """The small encoder trained on photos of a grocery store, where the package carries it."""

    folder = "groceries"


def parse_pair(argument: str) -> tuple[str, str]:
    """(architecture, tag) of "ARCH/TAG", checked against open_clip's list."""
    arch, _, tag = argument.replace(":", "/").rpartition("/")
    if arch not in open_clip.list_models():
        raise unknown(
            "architecture", arch or argument, open_clip.list_models(), "skulens list encoders"
        )
    if tag != "random" and not get_pretrained_cfg(arch, tag):
        tags = [t for a, t in list_pretrained() if a == arch]
        raise unknown(f"tag of {arch}", tag, [*tags, "random"], "skulens list encoders")
    return arch, tag


def random_source(arch: str) -> Source:
    config = open_clip.get_model_config(arch)
    return Source(
        f"{arch}/random",
        config,
        default_preprocess(),
        None,
        warnings=(warn("random-weights"),),
        trained_spus={},
    )


def tag_source(arch: str, tag: str, as_published: bool, revision: str) -> Source:
    """The weights of a published pair, with its licence, its data and its warnings."""
    published = get_pretrained_cfg(arch, tag)
    repo, names = hub_names(published)
    row = find_row(arch, tag)
    pinned = revision or (row.revision if row else "")
    return Source(
        name=f"{arch}/{tag}",
        config=tag_config(arch, tag, as_published),
        preprocess=merge_preprocess_dict(default_preprocess(), published),
        weights=hub_weights(repo, pinned or None, names, models_folder() / f"{arch}--{tag}"),
        revision=pinned,
        licence=row.licence if row else "unknown",
        warnings=row.warnings if row else (),
        trained_on=row.trained_on if row else (),
    )


def tag_config(arch: str, tag: str, as_published: bool) -> dict:
    """open_clip's configuration of a pair; unless as published, with what the weights need.

    That is the activation of the tag (27 published pairs differ from their architecture) and
    the picture size of the name (ViTamin-XL-384 is configured at 256 px).
    """
    config = open_clip.get_model_config(arch)
    if arch not in DOUBTFUL:  # said in either case, so that equal models have equal identities
        decides = config if as_published else get_pretrained_cfg(arch, tag)
        config["quick_gelu"] = decides.get("quick_gelu", False)
    if as_published:
        return config
    if size := named_px(arch):
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
        raise MissingFile(
            f"no folder {path}; expected one with open_clip_config.json and safetensors weights"
        )
    elif not config_file.is_file():
        raise EncoderError(
            f"{path} has no open_clip_config.json; "
            f"write local:{path}#ARCHITECTURE to name the architecture"
        )
    else:
        written = read_config(config_file)
    with opening(config_file):
        preprocess = merge_preprocess_dict(
            default_preprocess(), written.get("preprocess_cfg") or {}
        )
        Preprocess.of_open_clip({**preprocess, "size": 1})
    licence = str(written.get("licence") or written.get("license") or "unknown")
    name = f"{path.resolve().name}#{arch}" if arch else path.resolve().name
    return Source(
        name,
        written["model_cfg"],
        preprocess,
        safe_weights(path),
        licence=licence,
        trained_on=read_trained_on(written.get("trained_on"), config_file),
        trained_spus=read_trained_spus(written.get("trained_spus"), config_file),
        strict_positions=True,
    )


def read_trained_on(names: object, path: Path) -> tuple[str, ...]:
    """Names of the datasets that a checkpoint has seen, as `skulens train` writes them."""
    if names is None:
        return ()
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise EncoderError(f"{path}: trained_on is {names!r}, expected a list of dataset names")
    return tuple(names)


def read_trained_spus(written: object, path: Path) -> dict[str, str] | None:
    """The SPUs that a checkpoint has seen, as `skulens train` writes them; None: it does not say."""
    if written is None:
        return None
    if not isinstance(written, dict) or not all(isinstance(v, str) for v in written.values()):
        raise EncoderError(
            f"{path}: trained_spus is no object of texts by dataset name; delete it, or train anew"
        )
    return written


def read_config(path: Path) -> dict:
    written = read_json(path)
    config = written.get("model_cfg")
    missing = {"embed_dim", "vision_cfg", "text_cfg"} - set(
        config if isinstance(config, dict) else ()
    )
    if missing:
        raise EncoderError(
            f"{path} lacks {', '.join(sorted(missing))} under model_cfg; is it open_clip's format?"
        )
    check_open_clip_config(written, path)
    return written


def folder_tokens(folder: Path, config: dict) -> ClipTokens | FileTokens | HubTokens:
    """The tokenizer of a local checkpoint, never from the network.

    CLIP's own vocabulary is read by CLIP's own tokenizer, as open_clip does, also where the
    folder carries transformers' version of it.
    """
    text = config["text_cfg"]
    length = text.get("context_length", 77)
    own = text.get("hf_tokenizer_name", OWN_TOKENIZER) == OWN_TOKENIZER
    if (
        own
        and (folder / OWN_TOKENIZER).is_file()
        and text.get("vocab_size", CLIP_VOCABULARY) != CLIP_VOCABULARY
    ):
        tokens = FileTokens(folder / OWN_TOKENIZER, length)
        largest = max(tokens.tokenizer.get_vocab(with_added_tokens=True).values(), default=0)
        check_vocabulary(largest, text.get("vocab_size"), folder / OWN_TOKENIZER)
        return tokens
    if not text.get("hf_tokenizer_name"):
        plain = open_clip.SimpleTokenizer(context_length=length, **text.get("tokenizer_kwargs", {}))
        check_vocabulary(plain.vocab_size - 1, text.get("vocab_size"), folder)
        return tokens_of(plain, length)
    if not list(folder.glob("tokenizer*.json")):
        raise MissingFile(
            f"{folder} lacks its tokenizer: put tokenizer.json and tokenizer_config.json of "
            f"{text['hf_tokenizer_name']} there"
        )
    check_tokenizers(folder)
    with opening(folder / OWN_TOKENIZER):
        found = open_clip.get_tokenizer(f"local-dir:{folder}")
    largest = max(found.tokenizer.get_vocab().values(), default=0)
    check_vocabulary(largest, text.get("vocab_size"), folder)
    return tokens_of(found, length)


def hub_tokens(arch: str, config: dict) -> ClipTokens | HubTokens:
    """Tokenizer of a listed architecture; some come from the hub or, by hand, from our cache."""
    text = config["text_cfg"]
    length, name = text.get("context_length", 77), text.get("hf_tokenizer_name")
    if not name:
        return tokens_of(open_clip.get_tokenizer(arch), length)
    source = str(by_hand(name)) if by_hand(name).is_dir() else name
    settings = {"tokenizer_mode": text.get("tokenizer_mode"), **text.get("tokenizer_kwargs", {})}
    try:
        tokenizer = HFTokenizer(
            source, context_length=length, local_files_only=offline(), **settings
        )
    except OSError as e:
        raise MissingFile(
            f"the tokenizer {name} of {arch} is not on this machine and the hub cannot be reached. "
            f"Fetch it where there is network (`hf download {name}`) "
            f"and put tokenizer.json and tokenizer_config.json into {by_hand(name)}"
        ) from e
    return tokens_of(tokenizer, length)
