"""The manifold-collapse figure of a run: gallery vectors too close to distinguish products.

OpenMPR (Maminta and Atienza 2026, section 5.4 and Fig. 5) shows one probe between two SKUs whose
texts stand about 4 degrees apart, "a narrow cone of confusion"; here every confused pair of any
run is put into the plane that its two gallery vectors span. The bisector is one axis, the
direction from the wrong product to the right one the other, so nothing of the decision is lost:
the sign of `across` says which of the two scores higher, and cos(right) - cos(wrong) =
2 sin(angle / 2) across.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from skulens.analysis.mistakes import Answers, Pair
from skulens.bench.reopen import Vectors

RANDOM_PAIRS = 100_000
"""Pairs drawn, always the same ones, for the angle between any two products."""


def angle_deg(a: np.ndarray | None, b: np.ndarray | None) -> float | None:
    """Angle between two vectors of length 1, degrees; None where one is missing.

    From the length of the difference, which stays exact for small angles where arccos does not.
    """
    if a is None or b is None:
        return None
    return float(np.degrees(2 * np.arcsin(np.clip(np.linalg.norm(a.astype(float) - b) / 2, 0, 1))))


def project_onto_plane(
    right: np.ndarray, found: np.ndarray, probes: np.ndarray
) -> np.ndarray | None:
    """Coordinates of probes in the plane of two gallery vectors: (probes, 2).

    Along the bisector and across it (positive: nearer to `right`); the two vectors stand at
    +-angle / 2 on the unit circle. None for equal or opposite vectors, which span no plane.
    """
    along, across = right.astype(float) + found, right.astype(float) - found
    lengths = np.linalg.norm(along), np.linalg.norm(across)
    if min(lengths) < 1e-9:
        return None
    return np.stack([probes @ along / lengths[0], probes @ across / lengths[1]], axis=1)


def collapse(answers: Answers, pairs: Sequence[Pair], vectors: Vectors, most: int = 20) -> dict:
    """The numbers of the manifold-collapse figure (OpenMPR, Fig. 5) for a run.

    Args:
        pairs: all confused pairs; the first `most` are put into their planes.
    Returns:
        "pairs": for each confused pair {right, found, angle_deg, probes: [{query, sku, along,
        across, first}]}, `first` being the product ranked first; the right product stands at
        (cos, sin) of angle / 2, the found one at (cos, -sin), and a probe nearer to the right one
        has across > 0.
        "nearest": for each product of the gallery {product, nearest, angle_deg, hit_rate, probes}.
        "angles": quartiles of the angle between gallery vectors, degrees: "confused" (each error
        counts), "nearest" (each product and its nearest neighbour), "random" (any two products).
    """
    rows = []
    by_sku: dict[str, list[str]] = {}
    for query, relevant in answers.relevant.items():
        if query in vectors.probes:
            by_sku.setdefault(relevant[0], []).append(query)
    for pair in pairs[:most]:
        right, found = vectors.gallery.get(pair.right), vectors.gallery.get(pair.found)
        mine = [(q, sku) for sku in (pair.right, pair.found) for q in by_sku.get(sku, ())]
        if right is None or found is None or not mine:
            continue
        places = project_onto_plane(right, found, np.stack([vectors.probes[q] for q, _ in mine]))
        if places is None:
            continue
        probes = [
            {
                "query": q,
                "sku": sku,
                "along": float(x),
                "across": float(y),
                "first": answers.firsts.get(q),
            }
            for (q, sku), (x, y) in zip(mine, places, strict=True)
        ]
        rows.append(
            {
                "right": pair.right,
                "found": pair.found,
                "angle_deg": angle_deg(right, found),
                "probes": probes,
            }
        )
    nearest = nearest_neighbours(answers, vectors.gallery)
    return {"pairs": rows, "nearest": nearest, "angles": quartiles(pairs, nearest, vectors.gallery)}


def nearest_neighbours(answers: Answers, gallery: Mapping[str, np.ndarray]) -> list[dict]:
    """Every product's nearest other product, and how often its own probes find it."""
    from skulens.index.exact import top_k

    ids = list(gallery)
    if len(ids) < 2:
        return []
    matrix = np.stack([gallery[p] for p in ids])
    order, _ = top_k(matrix, matrix, 2)
    other = np.where(order[:, 0] == np.arange(len(ids)), order[:, 1], order[:, 0])
    hits: dict[str, list[bool]] = {}
    for query, relevant in answers.relevant.items():
        hits.setdefault(relevant[0], []).append(answers.firsts.get(query) in relevant)
    return [
        {
            "product": p,
            "nearest": ids[o],
            "angle_deg": angle_deg(matrix[i], matrix[o]),
            "probes": len(hits.get(p, ())),
            "hit_rate": float(np.mean(hits[p])) if p in hits else None,
        }
        for i, (p, o) in enumerate(zip(ids, other.tolist(), strict=True))
    ]


def quartiles(
    pairs: Sequence[Pair], nearest: Sequence[dict], gallery: Mapping[str, np.ndarray]
) -> dict[str, list[float]]:
    """Quartiles (25, 50, 75 %) of gallery angles of confused, nearest and random pairs, degrees."""
    confused = [
        a
        for p in pairs
        if (a := angle_deg(gallery.get(p.right), gallery.get(p.found))) is not None
        for _ in range(p.probes)
    ]
    angles = {"confused": confused, "nearest": [n["angle_deg"] for n in nearest]}
    if len(gallery) > 1:
        matrix = np.stack(list(gallery.values())).astype(float)
        draw = np.random.default_rng(0)
        one = draw.integers(0, len(matrix), RANDOM_PAIRS)
        other = (one + draw.integers(1, len(matrix), RANDOM_PAIRS)) % len(matrix)
        blocks = range(0, RANDOM_PAIRS, 10_000)
        lengths = np.concatenate(
            [
                np.linalg.norm(matrix[one[s : s + 10_000]] - matrix[other[s : s + 10_000]], axis=1)
                for s in blocks
            ]
        )
        angles["random"] = np.degrees(2 * np.arcsin(np.clip(lengths / 2, 0, 1)))
    return {
        name: np.quantile(a, [0.25, 0.5, 0.75]).tolist() for name, a in angles.items() if len(a)
    }
