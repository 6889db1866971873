"""Where the public datasets come from, and how a folder is made of what was fetched."""

import fnmatch
import json
import os
import shutil
import sys
import tarfile
import urllib.error
import urllib.request
import zipfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from skulens.catalog.fetch.download import (
    TIMEOUT_S,
    RemoteFile,
    check_space,
    download,
    offline,
    size_text,
)
from skulens.catalog.names import UNFINISHED
from skulens.errors import DataError, MissingFile

FETCHING, UNPACKING = UNFINISHED


@dataclass(frozen=True, slots=True)
class Source:
    """A public dataset: archives or single files, or a dataset repository of the hub."""

    revision: str
    archives: tuple[RemoteFile, ...] = ()
    keep: tuple[str, ...] = ()
    """Patterns of members to keep, laid flat into the folder; empty: all, as they are."""
    hub: str = ""
    """owner/name on the hub"""
    patterns: tuple[str, ...] = ()
    """Files of the hub repository that are fetched."""
    note: str = ""
    """What is not fetched, for the error without network."""


SOURCES = {
    "groceries": Source(
        revision="fc80ba9",
        archives=(
            RemoteFile(
                "GroceryStoreDataset-fc80ba9.tar.gz",
                "https://github.com/marcusklasson/GroceryStoreDataset/archive/fc80ba9.tar.gz",
            ),
        ),
    ),
    "openmpr": Source(
        revision="12c4ff1",
        archives=(
            RemoteFile(
                "openmpr-12c4ff1.tar.gz", "https://github.com/upeee/openmpr/archive/12c4ff1.tar.gz"
            ),
        ),
        keep=("*captions*.json", "*manifest*.json", "product_texts.json"),
        note="the probe photos (GroceryVision, 8 GB, CC BY-NC 4.0) are fetched apart",
    ),
    "groceryvision": Source(
        revision="",
        archives=(RemoteFile("GroceryVision.zip", None),),
        note="register with the GroceryVision Challenge (RetailVision) "
        "to get the archive's address",
    ),
    "merit": Source(
        revision="main",
        hub="WeiChow/merit",
        patterns=("queries-*.json", "data/test-*.parquet"),
        note="the train products (data/train-*.parquet) are fetched only when asked for by pattern",
    ),
}
"""Dataset -> source. Sizes and checksums of the archives are not published: they are recorded in
downloads.json on first download and compared afterwards. "main" becomes the commit it names
then."""


def fetch(name: str, folder: Path, patterns: tuple[str, ...] = ()) -> Path:
    """Fetch a dataset into `folder`; files that are already there are not fetched again.

    The address of an archive may be given or replaced by $SKULENS_URL_NAME (such as
    SKULENS_URL_GROCERYVISION), and the hub's by $HF_ENDPOINT.

    Raises:
        MissingFile: the dataset cannot be fetched; names the files and the folder.
        DataError, StoreError: see `download`.
    """
    if name not in SOURCES:
        raise MissingFile(
            f"the dataset {name!r} has no download; put its files into {folder}, "
            "or its parent folder into SKULENS_DATA"
        )
    source = SOURCES[name]
    if source.hub:
        return fetch_hub(source, folder, patterns or source.patterns)
    for archive in source.archives:
        address = os.environ.get(f"SKULENS_URL_{name.upper()}") or archive.url
        unpack(
            get(
                RemoteFile(archive.path, address, archive.size, archive.sha256),
                folder,
                name,
                source.note,
            ),
            folder,
            source.keep,
        )
    return folder


def get(file: RemoteFile, folder: Path, name: str, note: str = "") -> Path:
    """`download`, with what else there is to know about the dataset in the error."""
    try:
        return download(file, folder)
    except MissingFile as e:
        hint = f" ({note})" if note else ""
        raise MissingFile(
            f"{name}: {e}{hint}. A folder that has it unpacked works too: "
            "name its parent in SKULENS_DATA"
        ) from e


def fetch_hub(source: Source, folder: Path, patterns: tuple[str, ...]) -> Path:
    """Fetch the files of a hub dataset that match, all of one commit."""
    base = os.environ.get("HF_ENDPOINT", "https://huggingface.co").rstrip("/")
    about = f"the files {' and '.join(patterns)} of {base}/datasets/{source.hub}"
    if offline():
        raise MissingFile(
            f"{about} are not here and the network is switched off; put them into {folder}"
        )
    try:
        commit = read_api(f"{base}/api/datasets/{source.hub}/revision/{source.revision}")[0]["sha"]
        files = list_hub(base, source.hub, commit, patterns)
    except (OSError, ValueError, KeyError, TypeError) as e:
        raise MissingFile(
            f"cannot ask {base} for {source.hub}: {e}. Put {about} into {folder}; {source.note}"
        ) from e
    if not files:
        raise DataError(f"{about}: no file of commit {commit} matches")
    folder.mkdir(parents=True, exist_ok=True)
    missing = [f for f in files if not (folder / f.path).is_file()]
    needed = sum(f.size or 0 for f in missing)
    check_space(folder, needed, source.hub)
    mark = folder / FETCHING
    mark.touch()
    for number, file in enumerate(missing, 1):
        print(
            f"{source.hub}: file {number} of {len(missing)} ({size_text(needed)} in all) "
            f"into {folder}",
            file=sys.stderr,
        )
        get(file, folder, source.hub, source.note)
    mark.unlink()
    return folder


def list_hub(base: str, repo: str, commit: str, patterns: tuple[str, ...]) -> list[RemoteFile]:
    """The files of a commit that match, with size and, for large files, sha256."""
    files: list[RemoteFile] = []
    url: str | None = f"{base}/api/datasets/{repo}/tree/{commit}?recursive=true"
    while url:
        entries, url = read_api(url)
        for entry in entries:
            path = entry["path"]
            if entry["type"] == "file" and any(fnmatch.fnmatch(path, p) for p in patterns):
                safe_path(path)
                sha256 = entry["lfs"]["oid"] if entry.get("lfs") else None
                files.append(
                    RemoteFile(
                        path,
                        f"{base}/datasets/{repo}/resolve/{commit}/{path}",
                        entry["size"],
                        sha256,
                    )
                )
    return files


def read_api(url: str) -> tuple[Any, str | None]:
    """(answer, address of the next page) of the hub's API."""
    with urllib.request.urlopen(url, timeout=TIMEOUT_S) as reply:
        link = reply.headers.get("Link") or ""
        following = link[link.find("<") + 1 : link.find(">")] if 'rel="next"' in link else None
        return json.load(reply), following


def unpack(archive: Path, folder: Path, keep: tuple[str, ...] = ()) -> None:
    """Lay an archive's members into `folder` without its one top folder, then delete the archive.

    Members are written to a folder of their own first and moved at the end; while it is there, the
    dataset counts as unfinished.

    Raises:
        DataError: not an archive we read, or a member that would leave the folder.
    """
    aside = folder / UNPACKING
    shutil.rmtree(aside, ignore_errors=True)
    aside.mkdir(parents=True)
    try:
        extract(archive, aside)
    except (tarfile.TarError, zipfile.BadZipFile, EOFError, ValueError, OSError) as e:
        shutil.rmtree(aside, ignore_errors=True)
        raise DataError(
            f"{archive} cannot be unpacked: {type(e).__name__}: {e}; delete it to fetch it again"
        ) from e
    entries = list(aside.iterdir())
    top = entries[0] if len(entries) == 1 and entries[0].is_dir() else aside
    found = (
        [p for p in top.rglob("*") if p.is_file() and any(fnmatch.fnmatch(p.name, k) for k in keep)]
        if keep
        else list(top.iterdir())
    )
    for path in found:
        place = folder / path.name
        if place.is_dir():
            shutil.rmtree(place)
        path.replace(place)
    shutil.rmtree(aside)
    archive.unlink()


def extract(archive: Path, folder: Path) -> None:
    """Write all members. Raises ValueError for one that would land outside."""
    if zipfile.is_zipfile(archive):
        with zipfile.ZipFile(archive) as z:
            check_space(folder, sum(i.file_size for i in z.infolist()), f"unpacking {archive.name}")
            for info in z.infolist():
                safe_path(info.filename)
            z.extractall(folder)
        return
    with tarfile.open(archive) as t:
        t.extractall(folder, filter="data")


def safe_path(path: str) -> None:
    if PurePosixPath(path).is_absolute() or ".." in PurePosixPath(path).parts or "\\" in path:
        raise ValueError(f"{path!r} would land outside its folder")
