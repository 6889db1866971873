"""OpenMPR's own procedure: its numerics, its batches of one, its scoring (`--mode paper`).

Maminta and Atienza 2026, released evaluation code: weights cast to bfloat16, forward under
autocast, one picture at a time and not turned by its EXIF tag, checkpoints as open_clip
configures them, and scores as in `scoring`.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from skulens.bench.task import Ranked, Tools
from skulens.encode.gallery import Gallery
from skulens.errors import DataError
from skulens.protocols import Encoder, Numerics
from skulens.records import Query, Run


class OpenMPR:
    """What a suite needs to measure as the paper did."""

    numerics = Numerics(dtype="bfloat16", cast="parameters", autocast=True, as_published=True)

    def adapt(self, tools: Tools) -> Tools:
        """Batches of one, pictures as they lie in the file."""
        return replace(tools, batching=replace(tools.batching, batch=1, upright=False))

    def rank(self, shots: str) -> Callable[..., Ranked]:
        """The paper's order, and how many queries had ties that its bfloat16 made.

        Raises:
            DataError: several gallery items per product, which the script does not know.
        """
        if shots != "single":
            raise DataError(
                "paper mode knows one gallery item per product; use --shots single or --mode sound"
            )
        return rank_as_published


def rank_as_published(
    encoder: Encoder,
    queries: Sequence[Query],
    vectors: np.ndarray,
    gallery: Gallery,
    rows: np.ndarray,
) -> Ranked:
    """Args: vectors (queries, dim) and rows (items, dim), not normalised."""
    from skulens.papers.openmpr.scoring import paper_top_k

    good = ~np.isnan(rows).any(axis=1)
    products = [p for p, kept in zip(gallery.products, good, strict=True) if kept]
    found = paper_top_k(vectors, rows[good], encoder.info.activation, k=len(products))
    run = Run(tuple(q.id for q in queries), tuple(products), found.order, found.scores)
    return Ranked(run, int((found.ties > 0).sum()))
