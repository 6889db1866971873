"""Parts and items -> vectors of any number of encoders; each picture is decoded once for all.

    embedder = Embedder([open_encoder("mini")])
    [found] = embedder.embed_items(items, "query", "avg")
    found.vectors                                      # (items, dim) float32, rows of length 1

Equal contents are computed once, cached ones never, and the order is kept.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import numpy as np

from skulens.encode.batching import (
    Batching,
    Encoded,
    Target,
    Tokens,
    TokenTarget,
    VectorTarget,
    check_modalities,
    compute,
    key_contents,
    place_contents,
)
from skulens.encode.cache import TokenCache, VectorCache
from skulens.encode.fusion import check_fusion, fuse, parts_of, reads_in_one_pass
from skulens.encode.memo import Memo
from skulens.encode.parts import AnyPart, Content, read_contents
from skulens.errors import EncoderError
from skulens.protocols import Encoder, Role, TokenEncoder
from skulens.records import Item, Reject

T = TypeVar("T", bound=Target)


@dataclass(frozen=True)
class Fused:
    """One vector for each item."""

    vectors: np.ndarray  # (items, dim) float32, length 1; NaN where a part could not be read
    hashes: list[tuple[str | None, ...]]
    """Content hashes of what each item was embedded from: its parts, and for `cat` the tile."""
    encoded: Encoded
    """Of the parts, with rejects and rates."""
    one_pass: bool = False
    """Whether items of several parts were read as one sequence, not averaged from their parts."""


class Embedder:
    """Encoders with their caches, and how their work is cut."""

    def __init__(
        self,
        encoders: Sequence[Encoder],
        caches: Sequence[VectorCache | None] | None = None,
        memo: Memo | None = None,
        batching: Batching = Batching(),
    ):
        """An embedder of one or more encoders.

        Args:
            caches: one per encoder, or None to keep nothing.
            memo: remembers hashes of files, so that a warm run reads no picture.
        """
        self.encoders = tuple(encoders)
        self.caches = tuple(caches) if caches is not None else (None,) * len(self.encoders)
        if len(self.caches) != len(self.encoders):
            raise EncoderError(
                f"{len(self.encoders)} encoders need as many caches, got {len(self.caches)}"
            )
        self.memo, self.batching = memo, batching

    def embed_parts(self, parts: Sequence[AnyPart], role: Role = "query") -> list[Encoded]:
        """Vectors of texts, pictures and interleaved items in any mixture.

        Args:
            role: "query" or "document", for encoders that distinguish them.
        Returns:
            One Encoded per encoder, rows in the order of `parts`. Unreadable parts are NaN rows
            with a Reject each; they never stop the call.
        Raises:
            EncoderError: an encoder lacks a modality that the parts need.
        """
        return self._read_and_compute(parts, role)[1]

    def embed_items(
        self, items: Sequence[Item], role: Role = "query", fusion: str = "avg"
    ) -> list[Fused]:
        """One vector per item and encoder, as `fusion` says (see skulens.encode.fusion).

        Raises:
            EncoderError: an encoder that cannot do this fusion, or lacks a modality.
        """
        check_fusion(self.encoders, fusion)
        found: dict[int, Fused] = {}
        for one_pass in (False, True):
            mine = [
                i
                for i, encoder in enumerate(self.encoders)
                if reads_in_one_pass(encoder.info, fusion) == one_pass
            ]
            if mine:
                fused = self._choose(mine)._embed_alike(items, role, fusion, one_pass)
                found.update(zip(mine, fused, strict=True))
        return [found[i] for i in range(len(self.encoders))]

    def embed_tokens(
        self,
        parts: Sequence[AnyPart],
        role: Role = "query",
        caches: Sequence[TokenCache | None] | None = None,
    ) -> list[Tokens]:
        """All token or patch vectors of texts and pictures, for late interaction.

        Args:
            caches: one per encoder, or None to keep nothing.
        Raises:
            EncoderError: an encoder shows no tokens, or lacks a modality.
        """
        for encoder in self.encoders:
            if not isinstance(encoder, TokenEncoder):
                raise EncoderError(
                    f"{encoder.info.name} shows no token vectors; open_clip, local and hf "
                    "encoders do"
                )
        contents, unread = read_contents(parts, self.memo)
        held = caches if caches is not None else (None,) * len(self.encoders)
        targets = self._compute(TokenTarget, held, contents, role)
        none = [np.zeros((0, encoder.info.dim), np.float32) for encoder in self.encoders]
        return [
            Tokens(
                values=np.concatenate([empty, *target.rows]),
                offsets=np.cumsum([0, *map(len, target.rows)], dtype=np.int64),
                **describe(target, contents, unread),
            )
            for target, empty in zip(targets, none, strict=True)
        ]

    def _choose(self, positions: Sequence[int]) -> "Embedder":
        """The same with some of the encoders."""
        encoders = [self.encoders[i] for i in positions]
        return Embedder(encoders, [self.caches[i] for i in positions], self.memo, self.batching)

    def _embed_alike(
        self, items: Sequence[Item], role: Role, fusion: str, one_pass: bool
    ) -> list[Fused]:
        """`embed_items` for encoders that all read items in the same way."""
        split = [parts_of(item, fusion, one_pass) for item in items]
        sizes = [len(parts) for parts in split]
        owners, ends = np.repeat(np.arange(len(items)), sizes), np.cumsum(sizes)
        contents, answers = self._read_and_compute([p for parts in split for p in parts], role)
        hashes = [
            tuple(h for content in contents[end - size : end] for h in hashes_of(content))
            for end, size in zip(ends, sizes, strict=True)
        ]
        found = []
        for answer in answers:
            vectors = fuse(answer.vectors, owners, len(items))
            rejects = reject_items(items, owners, vectors, answer)
            found.append(Fused(vectors, hashes, replace(answer, rejects=rejects), one_pass))
        return found

    def _read_and_compute(
        self, parts: Sequence[AnyPart], role: Role
    ) -> tuple[list[Content | None], list[Encoded]]:
        contents, unread = read_contents(parts, self.memo)
        targets = self._compute(VectorTarget, self.caches, contents, role)
        answers = [
            Encoded(vectors=target.vectors, **describe(target, contents, unread))
            for target in targets
        ]
        return contents, answers

    def _compute(
        self,
        kind: Callable[..., T],
        caches: Sequence,
        contents: Sequence[Content | None],
        role: Role,
    ) -> list[T]:
        """Targets with every row that could be had."""
        by_id = {content.id: content for content in contents if content is not None}
        check_modalities(self.encoders, {content.modality for content in by_id.values()})
        places = place_contents(contents)
        targets = []
        for encoder, cache in zip(self.encoders, caches, strict=True):
            keys = key_contents(encoder.info, by_id, role, self.batching.upright)
            targets.append(kind(encoder, cache, places, keys, len(contents)))
        for target in targets:  # texts one encoder at a time: only pictures are costly to load
            compute([target], by_id, "text", role, self.batching)
        compute(targets, by_id, "image", role, self.batching)
        compute(targets, by_id, "item", role, self.batching)
        return targets


def hashes_of(content: Content | None) -> tuple[str | None, ...]:
    """Of an item read in one pass the hashes of its texts and pictures, else the content's own."""
    if content is None:
        return (None,)
    if content.modality == "item":
        return tuple(leaf.sha256 for leaf in content.leaves())
    return (content.sha256,)


def reject_items(
    items: Sequence[Item], owners: np.ndarray, vectors: np.ndarray, answer: Encoded
) -> list[Reject]:
    """A reject for each part without a vector, under its item's id, and for each other item
    without one.

    Args:
        owners: (parts,) the item of each part; vectors: (items, dim) of the items.
    """
    lost = owners[~answer.ok]
    rejects = [
        replace(reject, item=items[i].id) for i, reject in zip(lost, answer.rejects, strict=True)
    ]
    for i in np.setdiff1d(np.flatnonzero(np.isnan(vectors).any(axis=1)), lost):
        why = "its vector has length 0" if (owners == i).any() else "it has no text and no picture"
        rejects.append(Reject(items[i].id, items[i].id, why, "complete it or leave it out"))
    return rejects


def describe(
    target: Target, contents: Sequence[Content | None], unread: Sequence[Reject]
) -> dict[str, Any]:
    """The fields of Computed."""
    left = iter(unread)
    rejects = [target.reject(content) if content else next(left) for content in contents]
    return {
        "hashes": [content.sha256 if content else None for content in contents],
        "rejects": [reject for reject in rejects if reject is not None],
        "distinct": len(target.places),
        "forwarded": target.forwarded,
        "per_second": target.per_second,
        "timed": target.timed,
    }
