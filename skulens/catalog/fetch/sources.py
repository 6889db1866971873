"""Where the public datasets come from, and how a folder is made of what was fetched."""

import fnmatch
import hashlib
import os
import shutil
import sys
from dataclasses import dataclass, replace
from pathlib import Path

from skulens.catalog.fetch.archives import extract
from skulens.catalog.fetch.disk import check_space, size_text
from skulens.catalog.fetch.download import RECORD, RemoteFile, download, offline, read_record
from skulens.catalog.fetch.hub import list_commit
from skulens.catalog.fetch.members import Bounds
from skulens.catalog.names import UNFINISHED
from skulens.errors import DataError, MissingFile, StoreError
from skulens.files import locked, sha256_of_file

FETCHING, UNPACKING = UNFINISHED
WHOLE = "whole"
"""Folder within UNPACKING: all of an archive, checked, on its way into the dataset's folder."""
OURS = (RECORD, f"{RECORD}.*", FETCHING, UNPACKING, "*.part", "*.part.json", "*.lock")
"""Names in a dataset's folder that no archive may bring."""


@dataclass(frozen=True, slots=True)
class Source:
    """A public dataset: archives or single files, or a dataset repository of the hub."""

    revision: str
    archives: tuple[RemoteFile, ...] = ()
    placed: tuple[str, ...] = ()
    """Patterns of archives that are taken, too, where a person has put them into the folder."""
    into: str = ""
    """Folder within the dataset's folder that the members go to as they are; empty: into the
    folder itself, without the one top folder that they share."""
    contents: str = ""
    """sha256 of the sorted lines "SHA256  PATH" of all files (what sha256sum prints), where the
    revision is known file by file. The bytes of an archive that a host makes anew are not."""
    bounds: Bounds = Bounds()
    unpacked: int = 0
    """Bytes that the archives take unpacked, about; looked for before a long download."""
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
                "https://github.com/marcusklasson/GroceryStoreDataset/archive/"
                "fc80ba90f803d79d0383df52c5a4ac5de99ff6fc.tar.gz",
                hosts=("codeload.github.com",),
                most=256 << 20,
            ),
        ),
        placed=("GroceryStoreDataset-*.tar.gz", "GroceryStoreDataset-*.zip"),
        contents="c285543bc0e04fec57168cfa4d745fe644e4a8db78a8bb32c338274d2c59fc47",
    ),
    "openmpr": Source(
        revision="12c4ff1",
        archives=(
            RemoteFile(
                "openmpr-12c4ff1.tar.gz",
                "https://github.com/upeee/openmpr/archive/"
                "12c4ff1d1e45f382c8e331cf314bf05d7c4aedef.tar.gz",
                hosts=("codeload.github.com",),
                most=16 << 20,
            ),
        ),
        placed=("openmpr-*.tar.gz", "openmpr-*.zip"),
        contents="cffd45db1bedb75ff42f5e242a7456c66b6c7107f993f4d5f79cd844901ce0c4",
        note="the probe photos (GroceryVision, 8 GB, CC BY-NC 4.0) are fetched apart",
    ),
    "groceryvision": Source(
        revision="",
        archives=(
            RemoteFile(
                "data/mpr_challenge.tar.gz",
                "https://d35668us06lihg.cloudfront.net/mpr_challenge.tar.gz",
                size=8_521_632_328,
            ),
        ),
        placed=("GroceryVision.zip",),
        into="data",
        bounds=Bounds(members=1_000_000, size=40 << 30, ratio=20),
        unpacked=24 << 30,
        note="8 GB, about 24 GB unpacked, CC BY-NC 4.0: evaluation only. What "
        "scripts/download_data.sh of the OpenMPR repository leaves is found as it is",
    ),
    "merit": Source(
        revision="main",
        hub="WeiChow/merit",
        patterns=("queries-*.json", "data/test-*.parquet"),
        note="the train products (data/train-*.parquet) are fetched only when asked for by pattern",
    ),
}
"""Dataset -> source. Addresses, the size of the photos' archive, and the checksums of contents
(computed from the commits themselves) are pinned; what is not published is recorded in
downloads.json on first download and compared afterwards. "main" becomes the commit it names then.
"""


def fetch(name: str, folder: Path, patterns: tuple[str, ...] = ()) -> Path:
    """Fetch a dataset into `folder`; files that are already there are not fetched again.

    The address of an archive may be given or replaced by $SKULENS_URL_NAME (such as
    SKULENS_URL_GROCERYVISION), and the hub's by $HF_ENDPOINT. Archives stay until `forget`.

    Raises:
        MissingFile: the dataset cannot be fetched; names the files and the folder.
        DataError, StoreError: see `download` and `unpack`.
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
        found = find_placed(source, archive, folder)
        if not found and not (folder / archive.path).is_file() and not offline():
            announce(name, source, archive, folder)
        unpack(found or get(readdress(archive, name), folder, name, source.note), folder, source)
    return folder


def announce(name: str, source: Source, archive: RemoteFile, folder: Path) -> None:
    """Say what will be fetched. Raises StoreError where the disk cannot take it unpacked."""
    folder.mkdir(parents=True, exist_ok=True)
    check_space(folder, (archive.size or 0) + source.unpacked, name)
    size = f" ({size_text(archive.size)})" if archive.size else ""
    print(f"{name}: fetching {Path(archive.path).name}{size} into {folder}", file=sys.stderr)


def readdress(file: RemoteFile, name: str) -> RemoteFile:
    """The file at the user's address, whose further words are hosts that it may redirect to."""
    address, *hosts = os.environ.get(f"SKULENS_URL_{name.upper()}", "").split() or ("",)
    return replace(file, url=address, hosts=tuple(hosts)) if address else file


def find_placed(source: Source, archive: RemoteFile, folder: Path) -> Path | None:
    """An archive that lies in the folder under another name, or not in its own subfolder."""
    if (folder / archive.path).is_file() or not folder.is_dir():
        return None
    here = folder / Path(archive.path).name
    if here.is_file():
        return download(replace(archive, path=here.name), folder)  # which compares the size
    names = sorted(p for p in folder.iterdir() if p.is_file())
    return next((p for p in names for k in source.placed if fnmatch.fnmatch(p.name, k)), None)


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


def forget(name: str, folder: Path) -> None:
    """Delete the archives that we fetched, once a reader has opened what they held; those that a
    person put there stay."""
    for archive in SOURCES[name].archives if name in SOURCES else ():
        path = folder / archive.path
        if path.is_file() and archive.path in read_record(folder / RECORD):
            path.unlink()


def fetch_hub(source: Source, folder: Path, patterns: tuple[str, ...]) -> Path:
    """Fetch the files of a hub dataset that match, all of one commit."""
    base = os.environ.get("HF_ENDPOINT", "https://huggingface.co").rstrip("/")
    about = f"the files {' and '.join(patterns)} of {base}/datasets/{source.hub}"
    if offline():
        raise MissingFile(
            f"{about} are not here and the network is switched off; put them into {folder}"
        )
    try:
        commit, files = list_commit(base, source.hub, source.revision, patterns)
    except MissingFile as e:
        raise MissingFile(f"{e}. Put {about} into {folder}; {source.note}") from e
    if not files:
        raise DataError(f"{about}: no file of commit {commit} matches")
    folder.mkdir(parents=True, exist_ok=True)
    missing = [f for f in files if not (folder / f.path).is_file()]
    needed = sum(f.size or 0 for f in missing)
    check_space(folder, needed, source.hub)
    mark = folder / FETCHING
    mark.touch()
    for file in files:
        if file in missing:
            print(
                f"{source.hub}: file {missing.index(file) + 1} of {len(missing)} "
                f"({size_text(needed)} in all) into {folder}",
                file=sys.stderr,
            )
        get(file, folder, source.hub, source.note)
    mark.unlink()
    return folder


def unpack(archive: Path, folder: Path, source: Source | None = None) -> None:
    """Lay an archive's members into `folder`; the archive stays.

    All members are written to a folder of their own, compared with the checksum of the source, and
    then moved; until that is done the dataset counts as unfinished, and a killed run goes on.

    Raises:
        DataError: not an archive that we take (see `extract`), or not the contents expected.
        StoreError: the disk is full, or files of other contents are in the way; they stay.
    """
    source = source or Source("")
    aside = folder / UNPACKING
    folder.mkdir(parents=True, exist_ok=True)
    with locked(folder / f"{UNPACKING}.lock", f"another process is unpacking into {folder}"):
        if not (aside / WHOLE).is_dir():
            shutil.rmtree(aside, ignore_errors=True)
            try:
                prepare(archive, aside, source)
            except BaseException:
                shutil.rmtree(aside, ignore_errors=True)
                raise
        if taken := sorted(find_conflicts(aside / WHOLE, folder)):
            raise StoreError(
                f"{archive} holds {taken[0].relative_to(folder)}"
                f"{f' and {len(taken) - 1:,} more' if taken[1:] else ''}, and {folder} has another "
                "of that name; move it away"
            )
        merge(aside / WHOLE, folder)
        shutil.rmtree(aside)


def prepare(archive: Path, aside: Path, source: Source) -> None:
    """Write aside/WHOLE: the members as they will lie in the folder, checked."""
    files = extract(archive, aside / "members", source.bounds, digests=bool(source.contents))
    tops = {name.partition("/")[0] for name in files}
    strip = len(tops) == 1 and not source.into and all("/" in name for name in files)
    top = tops.pop() + "/" if strip else ""
    if source.contents:
        lines = sorted((n.removeprefix(top), digest) for n, digest in files.items())
        text = "".join(f"{digest}  {name}\n" for name, digest in lines)
        found = hashlib.sha256(text.encode()).hexdigest()
        if found != source.contents:
            raise DataError(
                f"{archive} does not hold commit {source.revision}: the checksum of its "
                f"{len(files):,} files is {found}, expected {source.contents}; delete it to fetch "
                "it again, or unpack it yourself and give the folder"
            )
    root, laid = aside / "members" / top, aside / "laid"
    ours = [p.name for p in root.iterdir() if any(fnmatch.fnmatch(p.name, k) for k in OURS)]
    if ours and not source.into:
        raise DataError(f"{archive} cannot be unpacked: {ours[0]!r} is a name of our own files")
    (laid / source.into).parent.mkdir(exist_ok=True)
    root.replace(laid / source.into)
    laid.replace(aside / WHOLE)


def find_conflicts(new: Path, old: Path) -> list[Path]:
    """What lies in `old` and is not the same as what would go there."""
    if not old.exists():
        return []
    if new.is_dir() and old.is_dir():
        return [c for p in new.iterdir() for c in find_conflicts(p, old / p.name)]
    same = new.is_file() and old.is_file() and sha256_of_file(new) == sha256_of_file(old)
    return [] if same else [old]


def merge(new: Path, old: Path) -> None:
    """Move what is in `new` into `old`, where it meets nothing but its like."""
    if new.is_dir() and old.is_dir():
        for path in list(new.iterdir()):
            merge(path, old / path.name)
    else:
        new.replace(old)
