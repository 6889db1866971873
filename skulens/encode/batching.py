"""Distinct parts through the pipeline into rows of answers: equal ones once, cached ones never."""

import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from skulens.encode.cache import (
    SHARD_BYTES,
    SHARD_ROWS,
    SHARD_SECONDS,
    TokenCache,
    VectorCache,
    part_key,
)
from skulens.encode.parts import Content
from skulens.encode.pipeline import Look, Pipeline, Work
from skulens.errors import EncoderError
from skulens.machine import count_cores
from skulens.protocols import Encoder, Modality, Role
from skulens.records import EncoderInfo, Reject


@dataclass(frozen=True, slots=True)
class Batching:
    """How work is cut and shared out."""

    batch: int = 32
    """Parts of one forward pass."""
    threads: int = 0
    """0: one per core this process may use."""
    upright: bool = True
    """Turn pictures by their EXIF orientation."""
    progress: bool = True
    """Progress bar on stderr with rate and time left."""
    look: Look | None = None
    """Called with each picture that is decoded and its sha256, from any thread, so that nobody need
    decode it once more."""

    def __post_init__(self):
        if self.batch < 1 or self.threads < 0:
            raise EncoderError(
                f"expected batch >= 1 and threads >= 0, got {self.batch} and {self.threads}"
            )

    @property
    def cores(self) -> int:
        return self.threads or count_cores()


@dataclass(kw_only=True)
class Computed:
    """What became of parts, in their order."""

    hashes: list[str | None]
    """sha256 of each part's content; None where it could not be read."""
    rejects: list[Reject] = field(default_factory=list)
    """One for each part without a row, in their order."""
    distinct: int = 0
    forwarded: int = 0
    """Distinct parts that went through the model in this call; the others came from the cache."""
    per_second: dict[str, float] = field(default_factory=dict)
    """Modality -> parts per second of this encoder alone; only where something was computed."""
    timed: dict[str, int] = field(default_factory=dict)
    """Modality -> how many parts that rate is of."""


@dataclass(kw_only=True)
class Encoded(Computed):
    """Vectors of parts, in their order; rows of rejected parts are NaN."""

    vectors: np.ndarray  # (parts, dim) float32, not normalised

    @property
    def ok(self) -> np.ndarray:
        return ~np.isnan(self.vectors).any(axis=1)


@dataclass(kw_only=True)
class Tokens(Computed):
    """Token or patch vectors of parts, in their order; a rejected part has none."""

    values: np.ndarray  # (tokens, dim) float32, not normalised
    offsets: np.ndarray  # (parts + 1,) int64: part i owns values[offsets[i] : offsets[i + 1]]

    def __getitem__(self, part: int) -> np.ndarray:
        return self.values[self.offsets[part] : self.offsets[part + 1]]


class Target:
    """Where one encoder's rows go: the places of the answer and the shards of the cache."""

    tokens = False
    """Whether a row is the vectors of all tokens."""

    def __init__(
        self,
        encoder: Encoder,
        cache: VectorCache | TokenCache | None,
        places: Mapping[str, list[int]],
        keys: Mapping[str, bytes],
        parts: int,
    ):
        """Takes what the cache has.

        Args:
            places: content id -> positions of the answer that hold it.
            keys: content id -> its key in the cache.
            parts: positions of the answer.
        """
        self.encoder, self.cache, self.places, self.keys = encoder, cache, places, keys
        self.failed: dict[str, str] = {}
        """Content id -> why it has no row."""
        self.placed: set[str] = set()
        self.forwarded = 0
        self.per_second: dict[str, float] = {}
        self.timed: dict[str, int] = {}
        self.lock = threading.Lock()
        self.unsaved: list[tuple[list[str], Sequence[np.ndarray] | np.ndarray]] = []
        self.unsaved_rows = self.unsaved_bytes = 0
        self.saved_at = time.monotonic()
        self.missing = set(places)
        if cache is not None:
            here, rows = cache.find(list(keys.values()))
            held = [name for name, whole in zip(keys, here, strict=True) if whole]
            self.place(held, rows)
            self.missing.difference_update(held)

    def place(self, names: Sequence[str], rows: Sequence[np.ndarray] | np.ndarray) -> None:
        """Put rows to the positions of the answer that hold these contents."""
        if names:
            self._place(names, rows)
            self.placed.update(names)

    def _place(self, names: Sequence[str], rows: Sequence[np.ndarray] | np.ndarray) -> None:
        raise NotImplementedError

    def take(self, names: list[str], rows: Sequence[np.ndarray] | np.ndarray) -> None:
        """Place computed rows; write a shard once enough rows, bytes or seconds have gathered."""
        with self.lock:
            self.place(names, rows)
            self.forwarded += len(names)
            self.unsaved.append((names, rows))
            self.unsaved_rows += len(names)
            self.unsaved_bytes += sum(row.nbytes for row in rows)
            full = self.unsaved_rows >= SHARD_ROWS or self.unsaved_bytes >= SHARD_BYTES
            if full or time.monotonic() - self.saved_at > SHARD_SECONDS:
                self.save()

    def fail(self, name: str, reason: str) -> None:
        self.failed[name] = reason

    def save(self) -> None:
        if self.cache is not None and self.unsaved:
            keys = [self.keys[name] for names, _ in self.unsaved for name in names]
            self.cache.put(keys, self._join([rows for _, rows in self.unsaved]))
        self.unsaved, self.unsaved_rows, self.unsaved_bytes = [], 0, 0
        self.saved_at = time.monotonic()

    def _join(self, blocks: list) -> Sequence[np.ndarray] | np.ndarray:
        raise NotImplementedError

    def reject(self, content: Content) -> Reject | None:
        """Why one position that holds this content has no row; None where it has one."""
        if content.id in self.placed:
            return None
        reason = self.failed.get(content.id, "the encoder returned nothing for it")
        todo = "replace the picture or leave the product out"
        return Reject(content.where, content.where, reason, todo)


class VectorTarget(Target):
    """One vector per part."""

    def __init__(self, encoder: Encoder, cache: Any, places: Any, keys: Any, parts: int):
        self.vectors = np.full((parts, encoder.info.dim), np.nan, np.float32)
        super().__init__(encoder, cache, places, keys, parts)

    def _place(self, names: Sequence[str], rows: Sequence[np.ndarray] | np.ndarray) -> None:
        places = [self.places[name] for name in names]
        sources = np.repeat(np.arange(len(names)), [len(p) for p in places])
        self.vectors[[row for p in places for row in p]] = np.asarray(rows)[sources]

    def _join(self, blocks: list) -> np.ndarray:
        return np.concatenate(blocks)


class TokenTarget(Target):
    """All token vectors per part."""

    tokens = True

    def __init__(self, encoder: Encoder, cache: Any, places: Any, keys: Any, parts: int):
        self.rows: list[np.ndarray] = [np.zeros((0, encoder.info.dim), np.float32)] * parts
        super().__init__(encoder, cache, places, keys, parts)

    def _place(self, names: Sequence[str], rows: Sequence[np.ndarray] | np.ndarray) -> None:
        for name, row in zip(names, rows, strict=True):
            for place in self.places[name]:
                self.rows[place] = row

    def _join(self, blocks: list) -> list[np.ndarray]:
        return [row for block in blocks for row in block]


def place_contents(contents: Sequence[Content | None]) -> dict[str, list[int]]:
    """Content id -> the positions that hold it."""
    places: dict[str, list[int]] = {}
    for i, content in enumerate(contents):
        if content is not None:
            places.setdefault(content.id, []).append(i)
    return places


def key_contents(
    info: EncoderInfo, contents: Mapping[str, Content], role: Role, upright: bool
) -> dict[str, bytes]:
    """Content id -> the key of its rows in the cache of one encoder."""
    return {
        name: part_key(info, content.modality, content.sha256, role, upright)
        for name, content in contents.items()
    }


def check_modalities(encoders: Sequence[Encoder], needed: set[Modality]) -> None:
    """Raise EncoderError for an encoder that lacks a modality."""
    for encoder in encoders:
        if lacking := needed - set(encoder.info.modalities):
            raise EncoderError(
                f"{encoder.info.name} cannot encode {' or '.join(sorted(lacking))}, only "
                f"{' and '.join(encoder.info.modalities)}; "
                "choose another encoder or another gallery"
            )


def compute(
    targets: Sequence[Target],
    contents: Mapping[str, Content],
    modality: Modality,
    role: Role,
    batching: Batching,
) -> None:
    """Compute what the targets lack of one modality; shards are written even when interrupted."""
    from skulens.progress import Bar

    mine = {name for name, content in contents.items() if content.modality == modality}
    busy = [target for target in targets if target.missing & mine]
    if not busy:
        return
    wanted = mine & set().union(*(t.missing for t in busy))
    todo = {name: content for name, content in contents.items() if name in wanted}
    works = [
        Work(t.encoder, t.missing & mine, role, take=t.take, fail=t.fail, tokens=t.tokens)
        for t in busy
    ]
    pipeline = Pipeline(
        works,
        modality,
        batch=batching.batch,
        threads=batching.cores,
        upright=batching.upright,
        look=batching.look,
    )
    title = f"{modality}s, {', '.join(t.encoder.info.name for t in busy)}"
    before = [target.forwarded for target in busy]
    every_s = 0.2 if sys.stderr.isatty() else 10  # a log file wants few lines
    with Bar(
        total=len(todo),
        desc=title,
        unit=f" {modality}",
        disable=not batching.progress,
        delay=1,
        mininterval=every_s,
    ) as bar:
        try:
            pipeline.run(todo, bar.update)
        finally:
            for target in busy:
                target.save()
    for target, work, start in zip(busy, works, before, strict=True):
        if target.forwarded > start:
            target.timed[modality] = target.forwarded - start
            target.per_second[modality] = target.timed[modality] / pipeline.seconds(work)
