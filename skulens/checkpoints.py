"""Where weights come from: a folder, our cache, a model hub. Only safetensors, never pickle."""

import functools
import hashlib
import json
import os
import socket
import urllib.parse
import urllib.request
from importlib.metadata import version
from pathlib import Path

from skulens.errors import EncoderError, MissingFile
from skulens.files import cache_folder, sha256_of_file

SAFE = ".safetensors"
WEIGHT_NAMES = ("open_clip_model.safetensors", "model.safetensors")
PICKLED = (".bin", ".pt", ".pth", ".ckpt", ".pkl", ".npz", ".npy")
CONVERT = (
    "skulens reads safetensors only, because a pickled file can run code when it is opened. "
    "Convert it on a machine you can throw away: "
    "safetensors.torch.save_file(state_dict, 'model.safetensors')"
)


def models_folder() -> Path:
    """Where files fetched by hand are looked for before the hub is asked: <cache>/models."""
    return cache_folder() / "models"


def offline() -> bool:
    """Use local files only? If $SKULENS_OFFLINE says so or the hub's name has no address.

    Asking for the address first spares 25 s of retries on a machine without network; behind
    a proxy, which resolves names itself, nothing is asked.
    """
    return os.environ.get("SKULENS_OFFLINE", "") not in ("", "0") or hub_has_no_address()


@functools.cache
def hub_has_no_address() -> bool:
    from huggingface_hub.constants import ENDPOINT

    host = urllib.parse.urlsplit(ENDPOINT).hostname
    if urllib.request.getproxies() or host is None:
        return False
    try:
        socket.getaddrinfo(host, None)
    except OSError:
        return True
    return False


def by_hand(repo: str) -> Path:
    """The folder in which files of a hub repository are looked for before the hub is asked."""
    return models_folder() / repo.replace("/", "--")


def safe_weights(path: Path) -> Path:
    """The safetensors file that a path means: the file itself, or the one in that folder.

    Raises:
        MissingFile: nothing there; says what was looked for.
        EncoderError: only pickled weights, or several safetensors files and none with a known name.
    """
    if path.is_file():
        if path.suffix != SAFE:
            raise EncoderError(f"{path} is not a safetensors file. {CONVERT}")
        return path
    for name in WEIGHT_NAMES:
        if (path / name).is_file():
            return path / name
    found = sorted(path.glob(f"*{SAFE}")) if path.is_dir() else []
    if len(found) == 1:
        return found[0]
    if found:
        names = ", ".join(f.name for f in found[:4])
        raise EncoderError(
            f"{path} holds several weight files ({names}); name the one that is meant: DIR/FILE"
        )
    pickled = (
        [f.name for f in sorted(path.glob("*")) if f.suffix in PICKLED] if path.is_dir() else []
    )
    if pickled:
        raise EncoderError(f"{path} holds {pickled[0]} and no safetensors file. {CONVERT}")
    raise MissingFile(
        f"no weights at {path}; expected a folder with {WEIGHT_NAMES[0]}, or a {SAFE} file"
    )


def hub_weights(repo: str, revision: str | None, names: tuple[str, ...], folder: Path) -> Path:
    """A safetensors file of a hub repository: from `folder` if put there by hand, else fetched.

    Raises:
        MissingFile: not here and the hub cannot be reached; names the file and where to put it.
        EncoderError: the repository has no safetensors file.
    """
    for name in (*names, *WEIGHT_NAMES):
        if (folder / name).is_file():
            return folder / name
    for name in names:
        path = hub_file(repo, name, revision, folder, optional=True)
        if path:
            return path
    raise EncoderError(f"hub repository {repo} has none of {', '.join(names)}. {CONVERT}")


def hub_file(
    repo: str, name: str, revision: str | None, folder: Path, optional: bool = False
) -> Path | None:
    """One file of a hub repository; None where it is optional and the repository lacks it."""
    from huggingface_hub import hf_hub_download
    from huggingface_hub.errors import EntryNotFoundError, LocalEntryNotFoundError

    try:
        return Path(hf_hub_download(repo, name, revision=revision, local_files_only=offline()))
    except LocalEntryNotFoundError as e:  # offline; a subclass of the next, so it comes first
        raise unreachable(repo, name, revision, folder) from e
    except EntryNotFoundError as e:
        if optional:
            return None
        raise EncoderError(f"hub repository {repo} has no file {name}") from e
    except OSError as e:  # refusals of the hub and every network failure
        raise refusal(e, repo, revision) or unreachable(repo, name, revision, folder) from e


def refusal(error: OSError, repo: str, revision: str | None) -> EncoderError | None:
    """What the hub's own answer means; None where it did not answer."""
    from huggingface_hub.errors import (
        GatedRepoError,
        RepositoryNotFoundError,
        RevisionNotFoundError,
    )

    if isinstance(error, GatedRepoError):
        return EncoderError(
            f"hub repository {repo} asks you to accept its terms: "
            "do so on its page, then `hf auth login`"
        )
    if isinstance(error, RepositoryNotFoundError):
        return EncoderError(f"no hub repository {repo} (or it is private: `hf auth login`)")
    if isinstance(error, RevisionNotFoundError):
        return EncoderError(
            f"hub repository {repo} has no revision {revision!r}; expected a commit, branch or tag"
        )
    return None


def unreachable(repo: str, name: str, revision: str | None, folder: Path) -> MissingFile:
    at = f" at revision {revision}" if revision else ""
    return MissingFile(
        f"{name} of the hub repository {repo}{at} is not on this machine "
        "and the hub cannot be reached. "
        f"Fetch it where there is network (`hf download {repo} {name}`) "
        f"and put it at {folder / name}"
    )


def identity_of(**facts: object) -> str:
    """sha256 (hex) of the facts that decide a vector, in canonical JSON."""
    text = json.dumps(facts, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


SNAPSHOT = ("*.json", "*.safetensors", "*.txt", "*.model", "*.jinja", "README.md")
"""What is fetched of a hub repository: no code, no pickle, no second copy in another format."""


def model_folder(argument: str, revision: str | None) -> tuple[Path, str]:
    """(folder, revision) of a model directory or a hub id "owner/name", fetched if need be.

    Raises:
        MissingFile: neither here nor reachable; says what to put there.
        EncoderError: no safetensors weights in it, or a revision of a local folder.
    """
    path = Path(argument).expanduser()
    if path.is_dir():
        if revision:
            raise EncoderError(f"a local folder has no revisions, got {revision!r} for {path}")
        return check_weights(path), ""
    if len(argument.split("/")) != 2 or argument.startswith((".", "~", "/")):
        raise MissingFile(
            f"no folder {path}, and {argument!r} is not a hub id; expected a folder or OWNER/NAME"
        )
    if by_hand(argument).is_dir():
        return check_weights(by_hand(argument)), ""
    folder = fetch_snapshot(argument, revision or None)
    return check_weights(folder), folder.name


def shown_name(argument: str) -> str:
    """What results call a model: the name of its directory, or its hub id."""
    return Path(argument).name if Path(argument).is_dir() else argument


def fetch_snapshot(repo: str, revision: str | None) -> Path:
    """The snapshot of a hub repository, named by its commit."""
    from huggingface_hub import snapshot_download

    try:
        place = snapshot_download(
            repo,
            revision=revision,
            local_files_only=offline(),
            allow_patterns=list(SNAPSHOT),
            ignore_patterns=["onnx/*", "openvino/*", "*/onnx/*"],
        )
        return Path(place)
    except OSError as e:
        raise refusal(e, repo, revision) or MissingFile(
            f"the hub repository {repo} is not on this machine and the hub cannot be reached. "
            f"Fetch it where there is network (`hf download {repo}`) "
            f"and put its config, tokenizer and safetensors files into {by_hand(repo)}"
        ) from e


def check_weights(folder: Path) -> Path:
    """The folder, if all its weights are safetensors."""
    for pickled in sorted(folder.rglob("pytorch_model*.bin")):
        if not list(pickled.parent.glob(f"*{SAFE}")):
            raise EncoderError(f"{pickled} has no safetensors beside it. {CONVERT}")
    if not list(folder.rglob(f"*{SAFE}")):
        raise EncoderError(f"{folder} holds no safetensors weights. {CONVERT}")
    return folder


def folder_hash(folder: Path) -> str:
    """sha256 over names and contents of all that decides a model: weights, configs, tokenizer."""
    kinds = (SAFE, ".json", ".txt", ".model", ".jinja")
    files = sorted(f for f in folder.rglob("*") if f.suffix in kinds and f.is_file())
    return identity_of(**{f.relative_to(folder).as_posix(): sha256_of_file(f) for f in files})


def card_licence(folder: Path) -> str:
    """The licence that the model card's header names, or "unknown"."""
    card = folder / "README.md"
    if not card.is_file():
        return "unknown"
    head = card.read_text(encoding="utf-8", errors="replace").split("---")
    lines = head[1].splitlines() if len(head) > 2 and not head[0].strip() else []
    named = {
        key.strip(): value.strip() for key, _, value in (line.partition(":") for line in lines)
    }
    licence = named.get("license_name") or named.get("license") or "unknown"
    return licence.strip("'\"")


def packages(*names: str) -> dict[str, str]:
    """Versions that decide a vector, major and minor only: {"torch": "2.13"}.

    Pillow is one where it resizes: version 13 filters tall pictures in another order.
    """
    return {name: ".".join(version(name).split(".")[:2]) for name in names}
