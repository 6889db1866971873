"""Contents of queries and galleries: which probes leak, and fingerprints of the data."""

import hashlib
import json
from collections.abc import Sequence

import numpy as np

from skulens.encode.gallery import Gallery
from skulens.encode.memo import Memo
from skulens.encode.parts import read_contents
from skulens.records import Item, Query, Reject


def content_hashes(items: Sequence[Item], memo: Memo | None = None) -> list[tuple]:
    """Content hashes of each item's parts, None where a file cannot be read."""
    contents = iter(read_contents([part for item in items for part in item.parts], memo)[0])
    return [
        tuple(content and content.sha256 for _, content in zip(item.parts, contents, strict=False))
        for item in items
    ]


def find_leaks(
    queries: Sequence[Query],
    hashes: Sequence[tuple],
    gallery: Gallery,
    gallery_hashes: Sequence[tuple],
) -> np.ndarray:
    """Which probes are identical to gallery images of their own product (leakage): (queries,) bool.

    Finding a picture by itself proves nothing, so such probes are left out and counted.
    """
    held = {
        (item.id, h)
        for item, mine in zip(gallery.items, gallery_hashes, strict=True)
        for h in mine
        if h
    }
    return np.array(
        [
            any((p, h) in held for p in q.answers for h in mine)
            for q, mine in zip(queries, hashes, strict=True)
        ]
    )


def no_probe_left(seen: int, asked: int, rejects: Sequence[Reject]) -> str:
    if seen:
        return (
            f"{seen} of {asked} probes are identical to gallery images (leakage), "
            "and none is left to measure; mark gallery pictures with split=gallery "
            "and probes with another split, say --gallery-photos N where products have several "
            "photos, or use --gallery text"
        )
    reasons = {r.reason for r in rejects}
    return f"none of the {asked} probes could be read: {'; '.join(sorted(reasons)[:3])}"


def fingerprint(
    queries: Sequence[Query],
    hashes: Sequence[tuple],
    gallery: Gallery,
    gallery_hashes: Sequence[tuple],
) -> str:
    """Fingerprint of queries, gallery and judgements: contents, not paths."""
    asked = _contents(queries, hashes)
    shown = [[item.id, mine] for item, mine in zip(gallery.items, gallery_hashes, strict=True)]
    return hashlib.sha256(json.dumps([asked, shown]).encode()).hexdigest()


def fingerprint_of_queries(queries: Sequence[Query], hashes: Sequence[tuple]) -> str:
    """Fingerprint of queries and judgements alone."""
    return hashlib.sha256(json.dumps(_contents(queries, hashes)).encode()).hexdigest()


def _contents(queries: Sequence[Query], hashes: Sequence[tuple]) -> list:
    return [
        [q.id, sorted(q.relevant.items()), mine] for q, mine in zip(queries, hashes, strict=True)
    ]
