"""OpenMPR's own procedure: its numerics, its batches, its five candidates (`--mode paper`).

Maminta and Atienza 2026, released evaluation code: weights cast to bfloat16, forward under
autocast, one picture at a time and not turned by its EXIF tag, all captions in one batch,
checkpoints as open_clip configures them, and scores as in `scoring`.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from skulens.bench.task import Ranked, Tools
from skulens.encode.embed import Embedder, Fused
from skulens.encode.gallery import Gallery
from skulens.encode.numerics import SCRIPT
from skulens.errors import DataError
from skulens.protocols import Encoder, Numerics
from skulens.records import Item, Query, Run


class OpenMPR:
    """What a suite needs to measure as the paper did."""

    numerics: Numerics = SCRIPT
    depth = 5
    """Ranks beyond it the script does not have."""

    def adapt(self, tools: Tools) -> Tools:
        """Pictures one by one and as they lie in the file."""
        return replace(tools, batching=replace(tools.batching, batch=1, upright=False))

    def embed(self, embedder: Embedder, items: Sequence[Item], fusion: str) -> list[Fused]:
        """The gallery's vectors: all captions in one batch."""
        from skulens.papers.openmpr.captions import embed_gallery

        return embed_gallery(embedder, items, fusion)

    def rank(self, shots: str, ks: Sequence[int]) -> Callable[..., Ranked] | None:
        """The paper's order, with the hit rates at `ks` that other orders of its ties would give.

        Raises:
            DataError: several gallery items per product, which the script does not know.
        """
        if shots != "single":
            raise DataError(
                "paper mode knows one gallery item per product; use --shots single or --mode sound"
            )
        return partial(rank_as_published, tuple(ks))


def rank_as_published(
    ks: tuple[int, ...],
    encoder: Encoder,
    queries: Sequence[Query],
    probes: Sequence[Fused],
    kept: np.ndarray,
    gallery: Gallery,
    shown: Fused,
) -> Ranked:
    """The script's scoring; see `bench.task.Rank`."""
    from skulens.papers.openmpr.scoring import paper_top_5

    vectors, rows = stack_raw(probes)[kept], stack_raw([shown])
    good = ~np.isnan(rows).any(axis=1)
    products = [p for p, kept in zip(gallery.products, good, strict=True) if kept]
    place = {p: i for i, p in enumerate(products)}
    answers = [[place[p] for p in q.answers if p in place] for q in queries]
    found = paper_top_5(vectors, rows[good], encoder.info.activation, answers)
    run = Run(tuple(q.id for q in queries), tuple(products), found.order, found.scores)
    return Ranked(run, found.ties.metrics(ks), found.ties.tied)


def stack_raw(fused: Sequence[Fused]) -> np.ndarray:
    """The encoder's own vectors, (items, dim) float32 as it gives them, of items of one part each.

    Raises:
        DataError: items of several parts, which the script does not know.
    """
    if any(len(hashes) != 1 for block in fused for hashes in block.hashes):
        raise DataError(
            "paper mode compares single pictures with single texts; "
            "use --gallery text or --mode sound"
        )
    return np.concatenate([block.encoded.vectors for block in fused])
