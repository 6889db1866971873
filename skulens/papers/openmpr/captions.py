"""All captions of a gallery in one forward pass, as OpenMPR's script encodes them.

In bfloat16 a caption's vector depends on how many share its batch: the matrix product picks its
kernel by the size. So nothing is cut, sorted or left out here, equal captions included, and the
vectors are cached under the whole batch.
"""

import hashlib
import time
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from skulens.encode.batching import Encoded
from skulens.encode.cache import VectorCache
from skulens.encode.embed import Embedder, Fused
from skulens.encode.fusion import normalise
from skulens.encode.parts import sha256_of_text
from skulens.errors import EncoderError
from skulens.protocols import Encoder
from skulens.records import Item, Reject


def embed_gallery(embedder: Embedder, items: Sequence[Item], fusion: str) -> list[Fused]:
    """One vector per item and encoder: captions in one batch, pictures one by one."""
    texts = [part for item in items for part in item.parts if isinstance(part, str)]
    if len(texts) != len(items) or any(len(item.parts) != 1 for item in items):
        return embedder.embed_items(items, "document", fusion)
    pairs = zip(embedder.encoders, embedder.caches, strict=True)
    answers = [_encode(encoder, cache, texts) for encoder, cache in pairs]
    return [Fused(normalise(a.vectors), [(h,) for h in a.hashes], a) for a in answers]


def _encode(encoder: Encoder, cache: VectorCache | None, texts: Sequence[str]) -> Encoded:
    """The vectors of one batch, from the cache where it holds the whole of it."""
    hashes = [sha256_of_text(text) for text in texts]
    keys = [hashlib.sha256(f"{i} {h}".encode()).digest() for i, h in enumerate(hashes)]
    held = _cache_of_batch(cache, hashes)
    if held is not None:
        here, rows = held.find(keys)
        if all(here):
            return _answer(rows, texts, hashes)
    start = time.perf_counter()
    vectors = _forward(encoder, texts)
    seconds = time.perf_counter() - start
    if held is not None and np.isfinite(vectors).all():
        held.put(keys, vectors)
    return _answer(vectors, texts, hashes, len(texts), {"text": len(texts) / seconds})


def _cache_of_batch(cache: VectorCache | None, hashes: Sequence[str]) -> VectorCache | None:
    """Beside the encoder's own cache, one for these captions in this order."""
    if cache is None:
        return None
    batch = sha256_of_text(" ".join([cache.info.identity, "one batch", *hashes]))
    return VectorCache(cache.folder.parents[1], replace(cache.info, identity=batch))


def _forward(encoder: Encoder, texts: Sequence[str]) -> np.ndarray:
    """(texts, dim) float32, not normalised."""
    try:
        batch = [encoder.prepare_text(text, "document") for text in texts]
        return np.asarray(encoder.encode_batch("text", batch), np.float32)
    except (RuntimeError, MemoryError) as e:  # torch raises RuntimeError where memory ends
        raise EncoderError(
            f"{encoder.info.name} cannot encode {len(texts):,} captions in one batch, as the "
            f"paper's script does: {e}; take fewer products or --mode sound"
        ) from e


def _answer(
    vectors: np.ndarray,
    texts: Sequence[str],
    hashes: list[str],
    forwarded: int = 0,
    rates: dict[str, float] | None = None,
) -> Encoded:
    broken = ~np.isfinite(vectors).all(axis=1)
    vectors = np.where(broken[:, None], np.float32(np.nan), vectors)
    why, todo = "the encoder returned NaN or infinity", "change the text or leave the product out"
    rejects = [
        Reject(repr(text[:60]), repr(text[:60]), why, todo)
        for text, bad in zip(texts, broken, strict=True)
        if bad
    ]
    return Encoded(
        vectors=vectors,
        hashes=[*hashes],
        rejects=rejects,
        distinct=len(set(hashes)),
        forwarded=forwarded,
        per_second=rates or {},
    )
