"""A store -> a folder that any static host serves.

The folder is made beside the one that is wanted and takes its place when it is whole, so that a site
is never half new. What a killed run has finished of it is not done again.
"""

import hashlib
import io
import json
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image

from skulens import __version__
from skulens.documents import VectorColumn
from skulens.errors import EncoderError, StoreError
from skulens.files import aside_name, locked, sha256_of_file, write_whole
from skulens.index.stores.fields import PICTURES, is_twin
from skulens.progress import Bar
from skulens.protocols import Store
from skulens.search.claims import Checked, fetch_claims
from skulens.serve.answering.about import describe_column
from skulens.serve.answering.claims import write_product_claims
from skulens.serve.answering.writing import write_json
from skulens.serve.publish.about import make_notice, write_about, write_examples
from skulens.serve.publish.encoder import Tower, embed_texts, open_tower, picture_column
from skulens.serve.publish.job import Options, Published, Site, name_of
from skulens.serve.publish.page import INDEX, WORKER, make_worker, page_files
from skulens.serve.publish.runtime import Runtime, find_runtime
from skulens.serve.publish.tables import (
    PAGE,
    Parts,
    little,
    pages_of,
    read_planes,
    write_columns,
)
from skulens.serve.publish.words import texts_to_embed

FORMAT, VERSION = "skulens site", 1
MANIFEST, STAGE = "manifest.json", "stage.json"
QUALITY = 60
"""Of thumbnails in WebP."""
ON_INTENT = ("encoder.onnx", "preprocess.json", "runtime.bin", "ort.js")
"""Kept by the browser once a photo was given, and never before."""


def publish(store: Store, out: str | Path, options: Options = Options()) -> Published:
    """Write a store as a static site.

    Raises:
        StoreError: the folder holds something else, or another run is writing it.
        EncoderError, MissingFile: photos cannot be embedded in a browser, and how they could.
        OSError: the disk is full or read-only. The site that was there stays.
    """
    target = Path(out).expanduser().resolve()
    check_target(target)
    column = picture_column(store.schema) if options.photos else None
    if options.photos and column is None:
        raise EncoderError("the store has no column of pictures; --no-photos publishes without")
    tower = open_tower(column, options.encoder) if column else None
    runtime = find_runtime(options.runtime) if column else None
    ids = sorted(store.digests())
    target.parent.mkdir(parents=True, exist_ok=True)
    stage = target.with_name(f".{target.name}.part")
    busy = f"{target} is being written by another run; wait until it ends"
    with locked(target.with_name(f".{target.name}.lock"), busy):
        begin(stage, fingerprint(store, ids, options))
        site = Site(store, stage, options, ids)
        thumbnails = write_products(site)
        words = write_search(site, thumbnails, tower, runtime)
        shown = int(thumbnails.sum())
        swap(stage, target)
    size = sum(f.stat().st_size for f in target.rglob("*") if f.is_file())
    return Published(target, len(ids), shown, column is not None, words, size, tuple(site.notes))


def check_target(target: Path) -> None:
    """Raise StoreError for a folder that is neither empty nor a site, and for a file."""
    if not target.exists():
        return
    if not target.is_dir():
        raise StoreError(f"{target} is a file; name a folder for the site")
    if any(target.iterdir()) and not is_site(target):
        raise StoreError(
            f"{target} holds something that is no site of skulens; name an empty folder, or a new one"
        )


def is_site(folder: Path) -> bool:
    try:
        return json.loads((folder / MANIFEST).read_text("utf-8")).get("format") == FORMAT
    except (OSError, ValueError, AttributeError):
        return False


# ----- stages ---------------------------------------------------------------------------------


def fingerprint(store: Store, ids: Sequence[str], options: Options) -> str:
    """Of all that thumbnails and products are made from."""
    digests = store.digests()
    told = hashlib.sha256(f"{__version__} {VERSION} {QUALITY}".encode())
    for product in ids:
        told.update(write_json([product, digests[product]]))
    return told.hexdigest()


def begin(stage: Path, told: str) -> None:
    """An empty folder to write into, or the one that a killed run has left of the same products."""
    known = stage / STAGE
    if stage.exists() and not (known.is_file() and known.read_text() == told):
        shutil.rmtree(stage)
    stage.mkdir(exist_ok=True)
    write_data(known, told.encode())


def write_data(path: Path, data: bytes) -> None:
    write_whole(path, lambda file: file.write(data), sync=False)


def swap(stage: Path, target: Path) -> None:
    """Put the finished folder where the old one was; files that are not ours stay with it."""
    (stage / STAGE).unlink()
    old = target.with_name(aside_name(target.name))
    if target.exists():
        listed = (
            json.loads((target / MANIFEST).read_text("utf-8"))["tops"] if is_site(target) else []
        )
        for path in target.iterdir():
            if path.name not in listed and not (stage / path.name).exists():
                copy = shutil.copytree if path.is_dir() else shutil.copy2
                copy(path, stage / path.name)
        target.rename(old)
    try:
        stage.rename(target)
    except OSError:
        if old.exists():
            old.rename(target)
        raise
    if old.exists():
        shutil.rmtree(old)


# ----- products -------------------------------------------------------------------------------


def write_products(site: Site) -> np.ndarray:
    """Write thumbnails and products, a page at a time; (products,) bool: which has a thumbnail."""
    found = np.zeros(len(site.ids), bool)
    fields = [c.field for c in site.store.schema.fields if not is_twin(c.field)]
    with Bar(
        total=len(site.ids), desc="products", unit=" product", file=sys.stderr, delay=2,
        disable=not site.options.progress,
    ) as bar:  # fmt: skip
        for n, page in enumerate(pages_of(site.ids)):
            file, folder = site.folder / f"products/{n:03}.json", site.folder / f"thumbs/{n:03}"
            if not file.is_file():  # it is written last
                folder.mkdir(parents=True, exist_ok=True)
                held = site.store.fetch(page, [*fields, "words", "thumbnail"])
                claims = fetch_claims(site.store, page)
                for row, one in enumerate(held):
                    write_thumbnail(folder / f"{row:03}.webp", one.get("thumbnail") or b"")
                file.parent.mkdir(exist_ok=True)
                records = [product_record(*one) for one in zip(held, claims, strict=True)]
                write_data(file, write_json(records))
            for row in range(len(page)):
                found[n * PAGE + row] = (folder / f"{row:03}.webp").is_file()
            bar.update(len(page))
    return found


def product_record(held: Mapping[str, Any], claims: Sequence[Checked]) -> dict[str, Any]:
    """A product as its page shows it; evidence has no view, since a site has thumbnails alone."""
    own = (PICTURES.field, "words", "thumbnail")
    fields = {n: v for n, v in held.items() if n not in own}
    told = write_product_claims(claims, fields, {})
    return {"fields": fields, "words": held.get("words", ""), "claims": told}


def write_thumbnail(path: Path, jpeg: bytes) -> None:
    """WebP is a third smaller. A thumbnail that cannot be read is left out, as the store's page does."""
    path.unlink(missing_ok=True)
    if not jpeg:
        return
    out = io.BytesIO()
    try:
        PIL.Image.open(io.BytesIO(jpeg)).convert("RGB").save(out, "WEBP", quality=QUALITY)
    except (OSError, ValueError):
        return
    path.write_bytes(out.getvalue())


# ----- what is searched -----------------------------------------------------------------------


def write_search(
    site: Site, thumbnails: np.ndarray, tower: Tower | None, runtime: Runtime | None
) -> int:
    """Write everything else; how many texts have a vector."""
    store, ids = site.store, site.ids
    columns, records = write_columns(store, ids)
    files = {**page_files(), "columns.bin": columns, "titles.txt": write_titles(store, ids)}
    parts = Parts()
    parts.add(little(thumbnails.astype(np.uint8)))
    files["thumbs.bin"] = bytes(parts.data)
    column = picture_column(store.schema)
    if column is not None:
        planes = read_planes(store, column, ids)
        files["vectors.i8"] = planes.high.tobytes()
        files["residual.i8"] = planes.low.tobytes()
        files["scales.f32"] = little(planes.scales).tobytes()
    texts: list[str] = []
    if tower is not None and runtime is not None and column is not None:
        files["encoder.onnx"] = tower.onnx
        files["preprocess.json"] = write_json(tower.preprocess)
        files["ort.js"] = runtime.script.read_bytes()
        files["runtime.bin"] = runtime.packed()
        texts = write_words(site, files, column, tower)
    shown = write_examples(site) if tower is not None else []
    files["about.json"] = write_about(site, records, column, tower is not None, shown)
    files["NOTICE"] = make_notice(site, column, tower).encode()
    for name, data in files.items():
        path = site.folder / name
        path.parent.mkdir(exist_ok=True)
        write_data(path, data)
    write_manifest(site, records, column if "vectors.i8" in files else None, tower, files)
    return len(texts)


def write_titles(store: Store, ids: Sequence[str]) -> bytes:
    """A title a line; line breaks in titles are spaces."""
    lines = []
    for page in pages_of(ids):
        held = store.fetch(page, ["title"])
        lines += [" ".join(str(one.get("title", "")).splitlines()) for one in held]
    return "\n".join(lines).encode()


def write_words(
    site: Site, files: dict[str, bytes], column: VectorColumn, tower: Tower
) -> list[str]:
    """Add the vectors of what conditions may name; the texts, none where nobody can embed them."""
    if "text" not in column.modalities:
        return []
    if tower.encoder is None:
        site.notes.append(
            "torch is not installed, so keys of conditions have no vectors: a condition counts the "
            "photo as a whole; pip install 'skulens[clip]' and publish again"
        )
        return []
    texts = texts_to_embed(site.store)
    if texts:
        files["words.json"] = write_json(texts)
        files["words.f32"] = little(embed_texts(tower.encoder, texts)).tobytes()
    return texts


def write_manifest(
    site: Site,
    fields: Sequence[Mapping[str, Any]],
    column: VectorColumn | None,
    tower: Tower | None,
    files: Mapping[str, bytes],
) -> None:
    """Write what the page reads first, and the service worker."""
    hashes = {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}
    sizes = {
        name: {"bytes": len(data), "sha256": hashes[name], "gzip": name == "runtime.bin"}
        for name, data in files.items()
    }
    seen = hashlib.sha256()
    for page in sorted((site.folder / "products").glob("*.json")):
        seen.update(sha256_of_file(page).encode())
    tops = {name.split("/")[0] for name in files}
    tops |= {path.name for path in site.folder.iterdir()} - {STAGE} | {MANIFEST, WORKER}
    manifest = {
        "format": FORMAT,
        "version": VERSION,
        "skulens": __version__,
        "name": name_of(site),
        "products": len(site.ids),
        "page": PAGE,
        "photos": tower is not None,
        "column": None if column is None else describe_column(column),
        "fields": fields,
        "files": sizes,
        "seen": seen.hexdigest(),
        "tops": sorted(tops),
    }
    data = write_json(manifest)
    write_data(site.folder / MANIFEST, data)
    hashes[MANIFEST] = hashlib.sha256(data).hexdigest()
    hashes["./"] = hashes.pop(INDEX)
    worker = make_worker(hashes, ON_INTENT, seen.hexdigest())
    write_data(site.folder / WORKER, worker)
