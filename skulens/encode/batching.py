"""Parts -> vectors for any encoder: equal contents once, cached ones never, order kept."""

import os
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from skulens.encode.cache import SHARD_ROWS, SHARD_SECONDS, VectorCache, part_key
from skulens.encode.memo import Memo, hash_files
from skulens.encode.parts import Content, Tiled, content_of
from skulens.encode.pipeline import Pipeline, Work
from skulens.errors import EncoderError
from skulens.protocols import Encoder, Modality
from skulens.records import Part, Reject


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

    def __post_init__(self):
        if self.batch < 1 or self.threads < 0:
            raise EncoderError(
                f"expected batch >= 1 and threads >= 0, got {self.batch} and {self.threads}"
            )

    @property
    def cores(self) -> int:
        return self.threads or len(os.sched_getaffinity(0))


@dataclass
class Encoded:
    """Vectors of parts, in their order; rows of rejected parts are NaN."""

    vectors: np.ndarray  # (parts, dim) float32, not normalised
    hashes: list[str | None]
    """sha256 of each part's content; None where it could not be read."""
    rejects: list[Reject] = field(default_factory=list)
    distinct: int = 0
    forwarded: int = 0
    """Distinct parts that went through the model in this call; the others came from the cache."""
    per_second: dict[str, float] = field(default_factory=dict)
    """Modality -> parts per second of this encoder alone; only where something was computed."""

    @property
    def ok(self) -> np.ndarray:
        return ~np.isnan(self.vectors).any(axis=1)


class Target:
    """Where one encoder's vectors go: the rows of the answer and the shards of the cache."""

    def __init__(
        self, encoder: Encoder, cache: VectorCache | None, places: dict[bytes, list[int]], rows: int
    ):
        self.encoder, self.cache, self.places = encoder, cache, places
        self.vectors = np.full((rows, encoder.info.dim), np.nan, np.float32)
        self.failed: dict[bytes, str] = {}
        self.forwarded = 0
        self.per_second: dict[str, float] = {}
        self.lock = threading.Lock()
        self.unsaved: list[tuple[list[bytes], np.ndarray]] = []
        self.saved_at = time.monotonic()
        known = [key for key in places if cache is not None and key in cache]
        if known:
            self._place(known, cache.get(known))
        self.missing = set(places).difference(known)

    def _place(self, keys: Sequence[bytes], vectors: np.ndarray) -> None:
        places = [self.places[key] for key in keys]
        rows = np.repeat(np.arange(len(keys)), [len(p) for p in places])
        self.vectors[[row for p in places for row in p]] = vectors[rows]

    def take(self, keys: list[bytes], vectors: np.ndarray) -> None:
        """Place computed vectors and write a shard when enough rows or seconds have gathered."""
        with self.lock:
            self._place(keys, vectors)
            self.forwarded += len(keys)
            self.unsaved.append((keys, vectors))
            rows = sum(len(k) for k, _ in self.unsaved)
            if rows >= SHARD_ROWS or time.monotonic() - self.saved_at > SHARD_SECONDS:
                self.save()

    def fail(self, key: bytes, reason: str) -> None:
        self.failed[key] = reason

    def save(self) -> None:
        if self.cache is not None and self.unsaved:
            keys = [key for part, _ in self.unsaved for key in part]
            self.cache.put(keys, np.concatenate([vectors for _, vectors in self.unsaved]))
        self.unsaved, self.saved_at = [], time.monotonic()


def encode_parts(
    encoders: Sequence[Encoder],
    parts: Sequence[Part | Tiled],
    *,
    role: str = "query",
    prompt: str = "",
    caches: Sequence[VectorCache | None] | None = None,
    memo: Memo | None = None,
    how: Batching = Batching(),
) -> list[Encoded]:
    """Vectors of the same parts from several encoders; each picture is decoded once for all.

    Args:
        parts: texts and pictures in any mixture; equal contents are computed once.
        role: "query" or "document", for encoders that tell them apart; part of the cache key.
        prompt: put before every text; part of the cache key.
        caches: one per encoder, or None to keep nothing.
        memo: remembers hashes of files, so that a warm run reads no picture.
    Returns:
        One Encoded per encoder, rows in the order of `parts`. Unreadable parts are NaN rows
        with a Reject each; they never stop the call.
    Raises:
        EncoderError: an encoder lacks a modality that the parts need.
    """
    contents, unread = contents_of(parts, memo)
    check_modalities(encoders, {c.modality for c in contents if c is not None})
    places: dict[bytes, list[int]] = {}
    by_key: dict[bytes, Content] = {}
    for i, content in enumerate(contents):
        if content is not None:
            text_prompt = prompt if content.modality == "text" else ""
            key = part_key(content.modality, content.sha256, role, text_prompt, how.upright)
            places.setdefault(key, []).append(i)
            by_key[key] = content
    caches = caches or [None] * len(encoders)
    targets = [Target(e, c, places, len(parts)) for e, c in zip(encoders, caches, strict=True)]
    for target in targets:  # texts one encoder at a time: only pictures are costly to load
        compute([target], by_key, "text", prompt, how)
    compute(targets, by_key, "image", prompt, how)
    hashes = [c.sha256 if c else None for c in contents]
    return [answer(target, by_key, hashes, unread) for target in targets]


def contents_of(
    parts: Sequence[Part | Tiled], memo: Memo | None
) -> tuple[list[Content | None], list[Reject]]:
    """The content of each part, None with a Reject for files that cannot be read."""
    images = [p.images if isinstance(p, Tiled) else (p,) for p in parts if not isinstance(p, str)]
    paths = [image.own_file for some in images for image in some if image.own_file is not None]
    hashes = memo.hashes(paths) if memo is not None else hash_files(paths)
    contents: list[Content | None] = []
    rejects = []
    for part in parts:
        try:
            contents.append(content_of(part, hashes))
        except OSError as e:
            where = str(e.filename or getattr(part, "path", None))
            rejects.append(
                Reject(where, where, e.strerror or str(e), "check the path and its permissions")
            )
            contents.append(None)
    return contents, rejects


def check_modalities(encoders: Sequence[Encoder], needed: set[Modality]) -> None:
    for encoder in encoders:
        if lacking := needed - set(encoder.info.modalities):
            raise EncoderError(
                f"{encoder.info.name} cannot encode {' or '.join(sorted(lacking))}, only "
                f"{' and '.join(encoder.info.modalities)}; choose another encoder or another gallery"
            )


def compute(
    targets: Sequence[Target],
    by_key: dict[bytes, Content],
    modality: Modality,
    prompt: str,
    how: Batching,
) -> None:
    """Compute what the targets miss of one modality; shards are written also when stopped half-way."""
    from tqdm import tqdm

    mine = {key for key, content in by_key.items() if content.modality == modality}
    busy = [target for target in targets if target.missing & mine]
    if not busy:
        return
    todo = {
        key: by_key[key] for key in by_key if key in mine and any(key in t.missing for t in busy)
    }
    works = [Work(t.encoder, t.missing & mine, prompt, t.take, t.fail) for t in busy]
    pipeline = Pipeline(works, modality, batch=how.batch, threads=how.cores, upright=how.upright)
    title = f"{modality}s, {', '.join(t.encoder.info.name for t in busy)}"
    before = [target.forwarded for target in busy]
    every_s = 0.2 if sys.stderr.isatty() else 10  # a log file wants few lines
    with tqdm(
        total=len(todo),
        desc=title,
        unit=f" {modality}",
        disable=not how.progress,
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
            target.per_second[modality] = (target.forwarded - start) / pipeline.seconds(work)


def answer(
    target: Target, by_key: dict[bytes, Content], hashes: list[str | None], unread: list[Reject]
) -> Encoded:
    broken = [
        Reject(
            by_key[key].where,
            by_key[key].where,
            reason,
            "replace the picture or leave the product out",
        )
        for key, reason in target.failed.items()
    ]
    return Encoded(
        vectors=target.vectors,
        hashes=hashes,
        rejects=[*unread, *broken],
        distinct=len(target.places),
        forwarded=target.forwarded,
        per_second=target.per_second,
    )
