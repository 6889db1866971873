"""The two files of onnxruntime-web that run an encoder in a browser; version and content are pinned."""

import gzip
import shutil
from dataclasses import dataclass
from pathlib import Path

from skulens.errors import MissingFile
from skulens.files import cache_folder, sha256_of_file

PACKAGE, VERSION = "onnxruntime-web", "1.30.0"
SCRIPT, BINARY = "ort.wasm.bundle.min.mjs", "ort-wasm-simd-threaded.wasm"
PINNED = {
    SCRIPT: "11e64bd8ffe11bd1a2a2f0d6275fdfbbba7262f0b76b99b53d228a8a22ef3d90",
    BINARY: "3398c10d07d229bd91b364548e130e0e51a8e5704b88c7c083ebbeb78842dee2",
}
"""File -> sha256."""
LICENCE = "MIT, copyright Microsoft Corporation"


@dataclass(frozen=True, slots=True)
class Runtime:
    """Both files, of the content expected."""

    script: Path
    binary: Path

    def packed(self) -> bytes:
        """The binary, gzipped: a fourth of it, whatever the host of a site compresses."""
        return gzip.compress(self.binary.read_bytes(), 9, mtime=0)


def own_folder() -> Path:
    """Where the files are kept once they were given."""
    return cache_folder() / f"{PACKAGE}-{VERSION}"


def find_runtime(folder: Path | None = None) -> Runtime:
    """The files in a folder, at any depth; without one those kept from the last time.

    Raises:
        MissingFile: one is missing or is another version; says which files and how to get them.
    """
    place = own_folder() if folder is None else folder
    found, problems = {}, []
    for name, sha in PINNED.items():
        there = sorted(place.rglob(name)) if place.is_dir() else []
        right = [path for path in there if sha256_of_file(path) == sha]
        if right:
            found[name] = right[0]
        else:
            problems.append(f"{name} {'is another version' if there else 'is missing'}")
    if problems:
        raise MissingFile(f"{place}: {', '.join(problems)}. {advice()}")
    if folder is not None:
        keep(found)
    return Runtime(found[SCRIPT], found[BINARY])


def keep(found: dict[str, Path]) -> None:
    """Copy the files to where the next call finds them."""
    own = own_folder()
    own.mkdir(parents=True, exist_ok=True)
    for name, path in found.items():
        if not (own / name).is_file():
            shutil.copyfile(path, own / name)


def advice() -> str:
    files = "; ".join(f"{name} (sha256 {sha})" for name, sha in PINNED.items())
    return (
        f"A site that searches by photo needs two files of {PACKAGE} {VERSION}: {files}. Get them "
        f"where there is network: `npm pack {PACKAGE}@{VERSION} && tar xzf {PACKAGE}-{VERSION}.tgz`, "
        "then `skulens publish STORE --runtime package/dist`; --no-photos publishes without"
    )
