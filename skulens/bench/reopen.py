"""What a stored result was measured on, opened again: catalogue, photos, vectors."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from skulens.bench.result import Result
from skulens.bench.store import ranked_products, relevant_products
from skulens.bench.trust import OPTION, recall_trust
from skulens.catalog.open import open_catalog
from skulens.encode import open_encoder, open_memo
from skulens.encode.batching import Batching
from skulens.encode.cache import VectorCache
from skulens.encode.embed import Embedder, Fused
from skulens.encode.gallery import build_gallery, pictures_of, shots_of
from skulens.encode.numerics import numerics_of
from skulens.errors import DataError, SkulensError
from skulens.files import cache_folder
from skulens.protocols import Catalog, Role
from skulens.records import EncoderInfo, Item, Product
from skulens.registry import resolve


@dataclass(frozen=True)
class Vectors:
    """Vectors of a run's products and probes, (dim,) float32 of length 1, as far as available."""

    texts: Mapping[str, np.ndarray] = field(default_factory=dict)
    pictures: Mapping[str, np.ndarray] = field(default_factory=dict)
    gallery: Mapping[str, np.ndarray] = field(default_factory=dict)
    """What the run ranked: product -> vector."""
    probes: Mapping[str, np.ndarray] = field(default_factory=dict)
    why_not: str = ""
    """Why something is missing."""


def reopen_catalog(
    results: Sequence[Result],
    data: str | None = None,
    options: Mapping[str, object] | None = None,
) -> Catalog:
    """The catalogue that results were measured on, from where it was then, or from `data`.

    Args:
        options: of its reader; they take the place of those that the results remember. That
            pictures outside may be read is not for results to say, but for this machine (`trust`).

    Raises:
        SkulensError: it is not there any more, or holds none of the run's products.
    """
    where = data or results[0].data.name
    remembered = next((r.reader for r in results if r.reader), {})
    remembered = {k: v for k, v in remembered.items() if k != OPTION} | recall_trust(where)
    catalog = open_catalog(where, **(remembered | dict(options or {})))
    ids = {p.id for p in catalog.products()}
    lost = [p for r in results if "run" in r.tables for p in ranked_products(r) if p not in ids]
    if lost:
        raise DataError(
            f"{where} lacks {len(set(lost))} products of the run, such as {lost[0]!r}: "
            "it is not what was measured; give --data"
        )
    return catalog


def pick_products(catalog: Catalog | None, ids: Collection[str | None]) -> dict[str, Product]:
    """The products of these ids, as far as the catalogue is there and has them."""
    return {p.id: p for p in catalog.products() if p.id in ids} if catalog else {}


def photos_of(catalog: Catalog, split: str) -> dict[str, str]:
    """Query id -> path of its photo, of those that lie on disk."""
    firsts = {q.id: pictures_of([q.item])[:1] for q in catalog.queries(split)}
    return {q: images[0].path for q, images in firsts.items() if images and images[0].path}


def find_vectors(result: Result, catalog: Catalog, skus: set[str]) -> Vectors:
    """Vectors of all gallery products, and of the probes and pictures of some SKUs.

    They come from the cache; what it lacks is computed anew where the encoder opens and is the one
    that was measured, and otherwise left out, which `why_not` says.

    Args:
        catalog: the catalogue that was measured (`reopen_catalog`).
        skus: SKUs whose probes are wanted.
    """
    try:
        return _find_vectors(result, catalog, skus)
    except (SkulensError, OSError) as e:
        return Vectors(why_not=f"no angles: {e}")


def _find_vectors(result: Result, catalog: Catalog, skus: set[str]) -> Vectors:
    info = result.system
    if not isinstance(info, EncoderInfo):
        raise DataError(f"{result.name} is not an encoder")
    paper = resolve("procedure", "openmpr")() if result.settings.get("mode") == "paper" else None
    memo, batching = open_memo(), Batching(batch=1, upright=False) if paper else Batching()
    numerics = paper.numerics if paper else numerics_of({"dtype": info.dtype, "about": info.about})
    encoder = open_encoder(result.name, numerics=numerics, memo=memo)
    if encoder.info.identity != info.identity:
        raise DataError(
            f"{result.name} is another encoder today than the one that was measured "
            "(weights, package versions or settings changed)"
        )
    embedder = Embedder([encoder], [VectorCache(cache_folder(), encoder.info)], memo, batching)
    s: Mapping[str, Any] = result.settings
    products, fusion = list(catalog.products()), s.get("fusion", "avg")
    kind, roles, shots = result.variant["gallery"], tuple(s["texts"]), s.get("shots", "single")
    gallery = build_gallery(products, kind, catalog.info, texts=roles, shots=shots)
    ranked = (
        _by_id(gallery.items, paper.embed(embedder, gallery.items, fusion))
        if paper
        else _embed(embedder, gallery.items, "document", fusion)
    )
    kinds: dict[str, Mapping[str, np.ndarray]] = {kind: ranked}
    for other in {"text", "image"}.difference({kind}).intersection(info.modalities):
        mine = _items(products, skus, other, roles, shots)
        kinds[other] = _embed(embedder, mine, "document", fusion)
    relevant = relevant_products(result)
    probes = [
        Item(q.id, q.item.parts)
        for q in catalog.queries(s["split"])
        if q.id in relevant and relevant[q.id][0] in skus
    ]
    found = _embed(embedder, probes, "query", fusion)
    return Vectors(kinds.get("text", {}), kinds.get("image", {}), ranked, found)


def _items(
    products: Sequence[Product], skus: set[str], kind: str, roles: Sequence[str], shots: str
) -> list[Item]:
    """Items that stand for some SKUs."""
    mine = [p for p in products if p.id in skus]
    return [Item(p.id, parts) for p in mine for parts in shots_of(p, kind, roles, shots)]


def _embed(
    embedder: Embedder, items: Sequence[Item], role: Role, fusion: str
) -> dict[str, np.ndarray]:
    """`_by_id` of items embedded as by default."""
    return _by_id(items, embedder.embed_items(items, role, fusion)) if items else {}


def _by_id(items: Sequence[Item], of_encoders: Sequence[Fused]) -> dict[str, np.ndarray]:
    """Item id -> the one encoder's vector of length 1; the mean of several items of one id."""
    [fused] = of_encoders
    sums: dict[str, np.ndarray] = {}
    for item, vector in zip(items, fused.vectors, strict=True):
        if not np.isnan(vector).any():
            sums[item.id] = sums.get(item.id, 0) + vector
    return {i: v / np.linalg.norm(v) for i, v in sums.items()}
