"""Random bytes in every kind of file of a cache and of a results folder, then the same command.

Right: the measurement equals that of the undamaged files, and so does what is stored afterwards.
A damaged file may be recomputed, replaced or named; its content may not pass for what was written.
Hand-made: every kind of damage to every kind of file.
"""

import functools
import itertools
import json
import shutil
import tempfile
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
import pyarrow.parquet as pq

from skulens.bench.result import Result
from skulens.bench.store import ResultStore
from skulens.bench.suites.mpr import Mpr, MprSettings
from skulens.bench.task import Tools
from skulens.catalog.open import open_catalog
from skulens.encode import batching, memo
from skulens.encode.memo import Memo
from tests.encode.fake import FakeEncoder
from tests.hostile.field import Case

SMALL = 16
LARGE = 240

Draw = np.random.Generator


def cases(count: int, seed: int) -> Iterator[Case]:
    """Each kind of damage to each kind of file once, then random pairs."""
    pairs = list(itertools.product(FILES, DAMAGES))
    draw = np.random.default_rng(seed)
    for i in range(count):
        file, damage = pairs[i] if i < len(pairs) else pairs[draw.integers(len(pairs))]
        inner = int(draw.integers(2**32))
        yield Case(f"{damage} {file} #{i}", functools.partial(attack, file, damage, inner))


FILES = {
    "shard": "cache/vectors/*/*.arrow",
    "journal": "cache/vectors/*/journal.jsonl",
    "maker": "cache/vectors/*/maker.json",
    "memo": "cache/memo.sqlite",
    "record": "results/*/result.json",
    "run": "results/*/run.parquet",
    "per_query": "results/*/per_query.parquet",
    "qrels": "results/*/qrels.parquet",
    "groups": "results/*/groups.parquet",
    "examples": "results/*/examples.json",
}
"""Kind -> where its files lie."""


def flip(data: bytearray, draw: Draw) -> bytes:
    data[draw.integers(len(data))] ^= 1 << draw.integers(8)
    return data


def scatter(data: bytearray, draw: Draw) -> bytes:
    for at in draw.integers(0, len(data), draw.integers(2, 65)):
        data[at] = draw.integers(256)
    return data


def ones(data: bytearray, draw: Draw) -> bytes:
    """A block of bits all set, which floats read as NaN."""
    at = int(draw.integers(len(data)))
    size = len(data[at : at + 64])
    data[at : at + size] = b"\xff" * size
    return data


def other_digit(data: bytearray, draw: Draw) -> bytes:
    """Another digit where text has one, so that JSON stays JSON."""
    places = [i for i, byte in enumerate(data) if byte in b"0123456789"]
    if places:
        at = places[draw.integers(len(places))]
        data[at] = b"0123456789"[(data[at] - 48 + draw.integers(1, 10)) % 10]
    return data


def noise(data: bytearray, draw: Draw) -> bytes:
    return draw.bytes(len(data))


def cut(data: bytearray, draw: Draw) -> bytes:
    return data[: draw.integers(len(data))]


def extend(data: bytearray, draw: Draw) -> bytes:
    return data + draw.bytes(int(draw.integers(1, 100)))


def empty(data: bytearray, draw: Draw) -> bytes:
    return b""


DAMAGES: dict[str, Callable[[bytearray, Draw], bytes]] = {
    f.__name__: f for f in (flip, scatter, ones, other_digit, noise, cut, extend, empty)
}


def attack(file: str, damage: str, seed: int, folder: Path) -> bool:
    """Damage a copy of a world, run the same command, and compare."""
    world, draw = make_world(), np.random.default_rng(seed)
    for part in ("cache", "results"):
        shutil.copytree(world.folder / part, folder / part)
    found = sorted(folder.glob(FILES[file]))
    path = found[draw.integers(len(found))]
    path.write_bytes(DAMAGES[damage](bytearray(path.read_bytes()), draw))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        result = measure(world.shop, folder / "cache")
        place, _ = ResultStore(folder / "results").add(result)
    return numbers(result) == world.numbers and holds(place, world)


class World:
    """A shop, its cache and its stored result, measured once; removed with the process."""

    def __init__(self):
        self.holder = tempfile.TemporaryDirectory()
        self.folder = Path(self.holder.name)
        self.shop = write_shop(self.folder / "shop")
        result = measure(self.shop, self.folder / "cache")
        place, _ = ResultStore(self.folder / "results").add(result)
        self.numbers, self.contents = numbers(result), contents(place)


@functools.cache
def make_world() -> World:
    return World()


def write_shop(folder: Path, skus: int = 8, photos: int = 40) -> Path:
    """Small noisy pictures: the first of each SKU is its gallery picture."""
    folder.mkdir()
    draw, lines = np.random.default_rng(0), []
    looks = draw.integers(0, 256, (skus, 8, 8, 3))
    for i in range(photos):
        sku, split = i % skus, "gallery" if i < skus else "test"
        pixels = np.clip(looks[sku] + draw.normal(0, 90, (8, 8, 3)), 0, 255).astype(np.uint8)
        PIL.Image.fromarray(pixels).save(folder / f"{i}.png")
        row = {"id": f"sku{sku}", "title": f"thing {sku}", "image": f"{i}.png", "split": split}
        lines.append(json.dumps(row))
    (folder / "products.jsonl").write_text("\n".join(lines))
    return folder


def measure(shop: Path, cache: Path, delay_s: float = 0.0) -> Result:
    """The command: one encoder, picture gallery, with cache and memo."""
    before = batching.SHARD_ROWS, memo.SETTLED_S
    batching.SHARD_ROWS, memo.SETTLED_S = 8, -1.0  # several shards; new files are remembered too
    try:
        how = batching.Batching(batch=4, threads=1, progress=False)
        settings = MprSettings(split="test", gallery="image", texts=("title",))
        tools = Tools(cache, Memo(cache), how, time_probes=False)
        suite = Mpr(open_catalog(str(shop)), settings, name="shop", tools=tools)
        [result] = suite.run([FakeEncoder(delay_s=delay_s)])
        tools.memo.db.close()
        return result
    finally:
        batching.SHARD_ROWS, memo.SETTLED_S = before


def numbers(result: Result) -> Any:
    """All that must not depend on caches."""
    counts = {name: n for name, n in result.counts.items() if name != "forwards"}
    tables = {name: table.to_pylist() for name, table in result.tables.items()}
    metrics = {name: interval.as_dict() for name, interval in result.metrics.items()}
    return metrics, counts, tables, result.rejects, result.data


def holds(place: Path, world: World) -> bool:
    """Whether a stored result is that of the world; what cannot even be read is not."""
    try:
        return contents(place) == world.contents
    except Exception:  # of any parser
        return False


def contents(place: Path) -> Any:
    """What a stored result holds, read without its own checks."""
    record = json.loads((place / "result.json").read_text())
    for name in ("provenance", "files", "digest", "speed", "counts"):
        record.pop(name, None)
    tables = {path.name: pq.read_table(path).to_pylist() for path in place.glob("*.parquet")}
    return record, tables, json.loads((place / "examples.json").read_text())
