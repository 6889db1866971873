"""Files of a dataset repository on the hub, all of one commit."""

import fnmatch
import http.client
import re
import urllib.parse
from typing import Any

from skulens.catalog.fetch.archives import split_name
from skulens.catalog.fetch.download import RemoteFile
from skulens.catalog.fetch.members import Refused
from skulens.catalog.fetch.web import read_listing
from skulens.errors import MissingFile

HOSTS = ("*.huggingface.co", "*.hf.co")
"""Where the hub keeps large files, and redirects to."""
PAGES = 1000
"""A listing may have that many."""


def list_commit(
    base: str, repo: str, revision: str, patterns: tuple[str, ...]
) -> tuple[str, list[RemoteFile]]:
    """(commit, its files that match, with size and, for large ones, sha256).

    Raises:
        MissingFile: the hub cannot be asked, or its answer is not one we understand.
        DataError: an address or redirect that we do not follow.
    """
    try:
        named = read_listing(f"{base}/api/datasets/{repo}/revision/{revision}", HOSTS)[0]
        commit = checked(named["sha"], "[0-9a-f]{40}", "commit")
        return commit, list_files(base, repo, commit, patterns)
    except (OSError, http.client.HTTPException, ValueError, KeyError, TypeError) as e:
        raise MissingFile(f"cannot ask {base} for {repo}: {e}") from e


def list_files(base: str, repo: str, commit: str, patterns: tuple[str, ...]) -> list[RemoteFile]:
    files: dict[str, RemoteFile] = {}
    url: str | None = f"{base}/api/datasets/{repo}/tree/{commit}?recursive=true"
    for _ in range(PAGES):
        if url is None:
            return list(files.values())
        entries, url = read_listing(url, HOSTS)
        for entry in entries:
            path = entry["path"]
            if entry["type"] == "file" and any(fnmatch.fnmatch(path, p) for p in patterns):
                if path in files:
                    raise ValueError(f"the listing names {path!r} twice")
                files[path] = remote_file(f"{base}/datasets/{repo}/resolve/{commit}", entry)
    raise ValueError(f"the listing has more than {PAGES:,} pages")


def remote_file(folder: str, entry: dict[str, Any]) -> RemoteFile:
    """One entry of a listing. Raises ValueError for one that cannot be meant."""
    path, size, large = entry["path"], entry["size"], entry.get("lfs")
    try:
        split_name(path)
    except Refused as e:
        raise ValueError(f"the listing names {path!r}: {e}") from None
    if type(size) is not int or size < 0:
        raise ValueError(f"the listing gives {path} the size {size!r}")
    sha256 = checked(large["oid"], "[0-9a-f]{64}", "sha256") if large else None
    return RemoteFile(path, f"{folder}/{urllib.parse.quote(path)}", size, sha256, HOSTS)


def checked(value: Any, pattern: str, what: str) -> str:
    if not isinstance(value, str) or not re.fullmatch(pattern, value):
        raise ValueError(f"{value!r} is no {what}")
    return value
