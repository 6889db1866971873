"""Writes a shop: pictures by all cores, then the tables; what a killed run left is used again."""

import contextlib
import hashlib
import json
import multiprocessing
import os
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path

import numpy
import PIL
from tqdm import tqdm

from skulens.catalog.world.config import VERSION, WorldConfig
from skulens.catalog.world.products import BLOCK, Variant, variants
from skulens.catalog.world.shots import Shot, shots
from skulens.catalog.world.texts import texts
from skulens.errors import DataError, StoreError

CHUNK = 4 * BLOCK
"""SKUs of one task; a killed run loses no finished picture."""
ENDS = {".png": b"IEND\xaeB`\x82", ".jpg": b"\xff\xd9"}
"""How a complete file ends."""


@dataclass(frozen=True)
class Made:
    """What a run wrote."""

    folder: Path
    skus: int
    spus: int
    photos: int
    reused: int
    """pictures that an earlier run had left"""
    records_sha256: str
    pictures_sha256: str


@dataclass
class Chunk:
    """Lines of the tables and hashes of the pictures of some consecutive SKUs."""

    products: list[str]
    attributes: list[str]
    spus: list[tuple[str, str, str]]
    """(spu, sku, class)"""
    pictures: list[str]
    made: int
    reused: int


def make(folder: Path, config: WorldConfig, workers: int | None = None, progress: bool = True) -> Made:
    """Write the shop into `folder` and return what was written.

    Raises:
        StoreError: the folder holds another shop, or something else.
    """
    folder = Path(folder)
    claim(folder, config)
    records, drawn = hashlib.sha256(), hashlib.sha256()
    siblings: dict[str, list[str]] = {}
    made = reused = spus = 0
    with contextlib.ExitStack() as stack:
        tables = {name: stack.enter_context(Table(folder / f"{name}.jsonl")) for name in ("products", "attributes", "siblings")}
        bar = stack.enter_context(tqdm(total=config.skus, unit=" SKUs", desc="world", mininterval=1, disable=not progress, file=sys.stderr))
        for chunk in stack.enter_context(contextlib.closing(chunks(folder, config, workers))):
            for name in ("products", "attributes"):
                for line in getattr(chunk, name):
                    tables[name].write(line)
            for line in chunk.products:
                records.update(line.encode())
            for line in chunk.pictures:
                drawn.update(line.encode())
            spus += write_siblings(tables["siblings"], siblings, chunk.spus)
            made, reused = made + chunk.made, reused + chunk.reused
            bar.update(len(chunk.attributes))
        spus += write_siblings(tables["siblings"], siblings, [])
    done = Made(folder, config.skus, spus, config.skus * config.photos, reused, records.hexdigest(), drawn.hexdigest())
    describe(folder, config, done)
    return done


def chunks(folder: Path, config: WorldConfig, workers: int | None) -> Iterator[Chunk]:
    """The chunks in order, made by a pool of processes (by this one where `workers` is 1)."""
    starts = range(0, config.skus, CHUNK)
    work = partial(make_chunk, folder, config)
    workers = min(workers or os.cpu_count() or 1, len(starts))
    if workers == 1:
        yield from map(work, starts)
        return
    with multiprocessing.get_context("spawn").Pool(workers) as pool:
        yield from pool.imap(work, starts)


def make_chunk(folder: Path, config: WorldConfig, start: int) -> Chunk:
    """Draw the pictures of `CHUNK` SKUs and write down what they are."""
    chunk = Chunk([], [], [], [], 0, 0)
    for variant in variants(config, start, start + CHUNK):
        for number, shot in enumerate(shots(config, variant)):
            data = complete(folder / shot.path)
            chunk.reused += data is not None
            if data is None:
                data = shot.draw()
                chunk.made += 1
                write_whole(folder / shot.path, data)
            chunk.pictures.append(f"{shot.path} {hashlib.sha256(data).hexdigest()}\n")
            chunk.products.append(product_line(variant, shot, whole=number == 0))
        chunk.attributes.append(attribute_line(variant))
        chunk.spus.append((variant.spu, variant.id, variant.kind))
    return chunk


def product_line(variant: Variant, shot: Shot, whole: bool) -> str:
    """One row of products.jsonl; the first of a SKU says everything, the others only whose picture it is."""
    row = {"id": variant.id, "image": shot.path, "view": shot.view, "split": shot.split}
    if whole:
        values = {a.key: a.value for a in variant.attributes}
        row |= texts(variant) | {"spu": variant.spu, "category": [variant.kind], "attributes": values, "language": "en", "fold": variant.split}
    return json.dumps(row, ensure_ascii=False) + "\n"


def attribute_line(variant: Variant) -> str:
    """One row of attributes.jsonl: the ground truth with modalities."""
    found = [{"key": a.key, "value": a.value, "modality": a.modality} for a in variant.attributes]
    row = {"id": variant.id, "spu": variant.spu, "class": variant.kind, "fold": variant.split, "rgb": variant.look.base, "attributes": found}
    return json.dumps(row, ensure_ascii=False) + "\n"


def write_siblings(table: "Table", open_spus: dict[str, list[str]], found: list[tuple[str, str, str]]) -> int:
    """Write the SPUs that are over: all but the one still growing; all where nothing was found."""
    for spu, sku, _ in found:
        open_spus.setdefault(spu, []).append(sku)
    last = found[-1][0] if found else None
    over = [spu for spu in open_spus if spu != last]
    for spu in over:
        table.write(json.dumps({"spu": spu, "skus": open_spus.pop(spu)}) + "\n")
    return len(over)


# Files.


class Table:
    """A file that appears only when it is whole."""

    def __init__(self, path: Path):
        self.path, self.part = path, path.with_name(path.name + ".part")

    def __enter__(self) -> "Table":
        self.file = self.part.open("w", encoding="utf-8", newline="\n")
        return self

    def write(self, line: str) -> None:
        self.file.write(line)

    def __exit__(self, kind, *_) -> None:
        self.file.close()
        if kind is None:
            self.part.replace(self.path)


def complete(path: Path) -> bytes | None:
    """The bytes of a picture that is there and whole; None otherwise."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return None
    return data if data.endswith(ENDS[path.suffix]) else None


def write_whole(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    part.write_bytes(data)
    part.replace(path)


def claim(folder: Path, config: WorldConfig) -> None:
    """Say whose folder this is before the first picture. Raises StoreError where it is another's."""
    folder.mkdir(parents=True, exist_ok=True)
    card = folder / "world.json"
    if card.is_file():
        there = json.loads(card.read_text("utf-8"))
        if there.get("identity") != config.identity():
            was = {k: v for k, v in there.get("config", {}).items() if v != asdict(config).get(k)}
            raise StoreError(f"{folder} holds another shop ({was or 'made by another version'}); give another folder or delete this one")
        return
    if any(folder.iterdir()):
        raise StoreError(f"{folder} is not empty and holds no shop of ours; give an empty or new folder")
    write_whole(card, json.dumps({"identity": config.identity(), "config": asdict(config), "complete": False}).encode())


def describe(folder: Path, config: WorldConfig, made: Made) -> None:
    """The finished world.json."""
    card = {
        "identity": config.identity(), "complete": True, "generator": VERSION, "config": asdict(config),
        "skus": made.skus, "spus": made.spus, "photos": made.photos,
        "records_sha256": made.records_sha256, "pictures_sha256": made.pictures_sha256,
        "made_with": {"resvg_py": version("resvg_py"), "pillow": PIL.__version__, "numpy": numpy.__version__},
        "texts": "templated; titles in en, id, ms, vi, th, not reviewed by native speakers; words of the MERIT cards (Apache-2.0)",
        "fonts": "Noto Sans, SIL Open Font License 1.1",
    }  # fmt: skip
    write_whole(folder / "world.json", (json.dumps(card, indent=1) + "\n").encode())


def read_config(folder: Path) -> WorldConfig:
    """The configuration a folder was made with. Raises DataError where it is no finished shop."""
    card = Path(folder) / "world.json"
    if not card.is_file():
        raise DataError(f"{folder} has no world.json; make a shop there: skulens world make {folder}")
    said = json.loads(card.read_text("utf-8"))
    if not said.get("complete"):
        raise DataError(f"{folder} is not finished; run the same `skulens world make` again, it goes on where it stopped")
    return WorldConfig(**said["config"])
