"""Writes a shop: pictures by all cores, tables shard by shard;
what a killed run left is used again.
"""

import contextlib
import hashlib
import itertools
import json
import multiprocessing
import os
import sys
from collections.abc import Generator
from dataclasses import asdict, dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path

import pyarrow as pa

from skulens.errors import DataError, StoreError
from skulens.files import locked
from skulens.machine import count_cores
from skulens.progress import Bar
from skulens.world import rows as rows_of
from skulens.world.config import VERSION, WorldConfig
from skulens.world.render.regions import Region
from skulens.world.render.shots import Shot
from skulens.world.render.views import shots
from skulens.world.tables import Rows, Shards, arrow, digest, empty, schemas
from skulens.world.truth.products import BLOCK, Variant, variants

CHUNK = 4 * BLOCK
"""SKUs of one task: whole SPUs, since blocks are."""
SHARD = 64 * CHUNK
"""SKUs whose rows are kept together;
a killed run loses at most the rows of one shard and no finished picture.
"""
ENDS = {".png": b"IEND\xaeB`\x82", ".jpg": b"\xff\xd9"}
"""How a complete file ends."""


@dataclass(frozen=True)
class Made:
    """What a run wrote."""

    folder: Path
    skus: int
    spus: int
    pictures: int
    photos: int
    """Probe photos among them."""
    reused: int
    """Pictures that an earlier run had left."""
    records_sha256: str
    pictures_sha256: str


@dataclass
class Chunk:
    """What came of some consecutive SKUs."""

    tables: dict[str, pa.Table]
    records: str
    """Digest of the rows."""
    pictures: list[str]
    """"path sha256" of each picture."""
    skus: int
    spus: int
    photos: int
    reused: int


def make(
    folder: Path, config: WorldConfig, workers: int | None = None, progress: bool = True
) -> Made:
    """Write the shop into `folder` and return what was written.

    Raises:
        StoreError: the folder holds another shop, or something else, or another process writes it.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    with locked(folder / ".lock", f"another process is making a shop in {folder}; wait for it"):
        claim(folder, config)
        store = Shards(folder)
        spans = [(start, min(start + SHARD, config.skus)) for start in range(0, config.skus, SHARD)]
        notes = write_shards(store, config, spans, workers, progress)
        begin(folder, config)  # a larger shop replaces the tables of a smaller one
        store.join(spans, schemas(bool(config.views or config.photos)))
        made = count(folder, config, notes)
        describe(folder, config, made)
    return made


def count(folder: Path, config: WorldConfig, notes: list[dict]) -> Made:
    """Sums and digests over all shards."""

    def total(name: str) -> int:
        return sum(note[name] for note in notes)

    def joint(name: str) -> str:
        return hashlib.sha256("".join(note[name] for note in notes).encode()).hexdigest()

    return Made(
        folder,
        config.skus,
        spus=total("spus"),
        pictures=total("pictures"),
        photos=total("photos"),
        reused=total("reused"),
        records_sha256=joint("records_sha256"),
        pictures_sha256=joint("pictures_sha256"),
    )


def write_shards(
    store: Shards,
    config: WorldConfig,
    spans: list[tuple[int, int]],
    workers: int | None,
    progress: bool,
) -> list[dict]:
    """The notes of all shards, making those that are not there yet."""
    notes = {span: note for span in spans if (note := store.note(*span)) is not None}
    todo = [span for span in spans if span not in notes]
    starts = [start for span in todo for start in range(*span, CHUNK)]
    with contextlib.ExitStack() as stack:
        done = config.skus - sum(stop - start for start, stop in todo)
        bar = stack.enter_context(
            Bar(
                total=config.skus,
                initial=done,
                unit=" SKUs",
                desc="world",
                mininterval=1,
                disable=not progress,
                file=sys.stderr,
            )
        )
        made = stack.enter_context(
            contextlib.closing(chunks(store.folder, config, starts, workers))
        )
        for span in todo:
            shard = []
            for chunk in itertools.islice(made, len(range(*span, CHUNK))):
                shard.append(chunk)
                bar.update(chunk.skus)
            notes[span] = note_of(shard)
            store.write(*span, [c.tables for c in shard], notes[span])
    return [notes[span] for span in spans]


def note_of(shard: list[Chunk]) -> dict:
    """Counts and digests of a shard."""
    pictures = [line for chunk in shard for line in chunk.pictures]
    return {
        "spus": sum(c.spus for c in shard),
        "pictures": len(pictures),
        "photos": sum(c.photos for c in shard),
        "reused": sum(c.reused for c in shard),
        "records_sha256": hashlib.sha256("".join(c.records for c in shard).encode()).hexdigest(),
        "pictures_sha256": hashlib.sha256("".join(pictures).encode()).hexdigest(),
    }


def chunks(
    folder: Path, config: WorldConfig, starts: list[int], workers: int | None
) -> Generator[Chunk, None, None]:
    """The chunks in order, made by a pool of processes (by this one where `workers` is 1)."""
    work = partial(make_chunk, folder, config)
    workers = min(workers or count_cores(), len(starts))
    if workers <= 1:
        yield from map(work, starts)
        return
    with multiprocessing.get_context("spawn").Pool(workers) as pool:
        yield from pool.imap(work, starts)


def make_chunk(folder: Path, config: WorldConfig, start: int) -> Chunk:
    """Draw the pictures of `CHUNK` SKUs and write down what they are."""
    rows, pictures = empty(), []
    photos = reused = 0
    found = list(variants(config, start, start + CHUNK))
    for variant in found:
        taken = list(shots(config, variant))
        for shot in taken:
            data = complete(folder / shot.path)
            reused += data is not None
            if data is None:
                data = shot.draw()
                write_whole(folder / shot.path, data)
            photos += shot.view == "photo"
            pictures.append(f"{shot.path} {hashlib.sha256(data).hexdigest()}\n")
        add_rows(rows, config, variant, taken)
    rows["siblings"] += rows_of.siblings(found)
    return Chunk(
        arrow(rows, schemas(bool(pictures))),
        digest(rows),
        pictures,
        len(found),
        len(rows["siblings"]),
        photos,
        reused,
    )


def add_rows(rows: Rows, config: WorldConfig, variant: Variant, taken: list[Shot]) -> None:
    """All that the tables say about one SKU."""
    seen: list[tuple[Shot, tuple[Region, ...]]] = [(shot, shot.regions()) for shot in taken]
    for name, found in rows_of.of_sku(config, variant, seen).items():
        rows[name] += found


# Files.


def complete(path: Path) -> bytes | None:
    """The bytes of a picture that is there and whole; None otherwise."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return None
    return data if data.endswith(ENDS[path.suffix]) else None


def write_whole(path: Path, data: bytes) -> None:
    """Write aside and rename; not synced, since `complete` finds what a crash cut short."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    part.write_bytes(data)
    part.replace(path)


def claim(folder: Path, config: WorldConfig) -> None:
    """Say whose folder this is, before the first picture.

    Raises:
        StoreError: it is another's.
    """
    if there := read_card(folder):
        if there.get("identity") != config.identity():
            ours = json.loads(json.dumps(asdict(config)))
            was = {k: v for k, v in there.get("config", {}).items() if v != ours.get(k)}
            raise StoreError(
                f"{folder} holds another shop ({was or 'made by another version'}); "
                "give another folder or delete this one"
            )
        return
    if any(path.name != ".lock" for path in folder.iterdir()):
        raise StoreError(
            f"{folder} is not empty and holds no shop of ours; give an empty or new folder"
        )
    begin(folder, config)


def begin(folder: Path, config: WorldConfig) -> None:
    """The world.json of a shop that is not finished."""
    write_whole(
        folder / "world.json",
        json.dumps(
            {"identity": config.identity(), "config": asdict(config), "complete": False}
        ).encode(),
    )


def read_card(folder: Path) -> dict:
    """What world.json says; nothing where there is none. Raises DataError where it is damaged."""
    card = Path(folder) / "world.json"
    try:
        said = json.loads(card.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except ValueError as e:
        raise DataError(
            f"{card} is damaged ({e}); delete the folder and make the shop again"
        ) from None
    return said if isinstance(said, dict) else {}


def describe(folder: Path, config: WorldConfig, made: Made) -> None:
    """The finished world.json."""
    engines = ("resvg_py", "uharfbuzz", "pillow", "numpy")
    card = {
        "identity": config.identity(),
        "complete": True,
        "generator": VERSION,
        "config": asdict(config),
        **{k: v for k, v in asdict(made).items() if k not in ("folder", "reused")},
        "made_with": {name: version(name) for name in engines},
        "texts": "templated, in en, id, ms, vi, th, not reviewed by native speakers; "
        "words of the MERIT cards (Apache-2.0)",
        "fonts": "Noto Sans, SIL Open Font License 1.1",
    }
    write_whole(folder / "world.json", (json.dumps(card, indent=1) + "\n").encode())


def read_config(folder: Path) -> WorldConfig:
    """The configuration a folder was made with. Raises DataError if it is not a finished shop."""
    said = read_card(folder)
    if not said:
        raise DataError(
            f"{folder} has no world.json; make a shop there: skulens world make {folder}"
        )
    if not said.get("complete"):
        raise DataError(
            f"{folder} is not finished; run the same `skulens world make` again, "
            "it goes on where it stopped"
        )
    return WorldConfig(**said["config"])
