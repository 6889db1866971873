"""A leaderboard drawn from a seed, for tests of what shows it."""

import numpy as np

from skulens.analysis.boards import Board, Entry


def board(n: int = 40, skus: int = 60, seed: int = 0) -> Board:
    """n encoders, best first: three families, three licences, every fourth measured here with its costs."""
    rng = np.random.default_rng(seed)
    photos = rng.integers(10, 60, skus)
    ease = rng.normal(0, 1, skus)
    quality = np.linspace(1.6, -1.5, n)
    rates = 1 / (1 + np.exp(-(quality[None] + ease[:, None] + rng.normal(0, 0.3, (skus, n)))))
    first = rng.binomial(photos[:, None], rates).astype(float)
    hits = {1: first}
    for k, share in ((3, 0.5), (5, 0.7)):
        hits[k] = first + np.floor((photos[:, None] - first) * share)
    entries = []
    for i in range(n):
        here = i % 4 == 1
        metrics = {f"hit_rate@{k}": float(h[:, i].sum() / photos.sum()) for k, h in hits.items()}
        metrics["gap"] = metrics["hit_rate@5"] - metrics["hit_rate@1"]
        entries.append(
            Entry(
                name=f"open_clip:Net-{i:03d}/tag_s13b_b90k",
                source="here" if here else "published",
                family=("CLIP", "SigLIP", "<b>&")[i % 3],
                params=int(4e7 * 1.02 ** ((i * 37) % n * 2)),
                licence=("MIT", "Apache-2.0", None)[i % 3],
                metrics=metrics,
                latency_ms=3.0 + i if here else None,
                memory_mb=300.0 + 9 * i if here else None,
                machine="a machine" if here else None,
                data="made up",
            )
        )
    return Board(
        "made up", tuple(entries), tuple(f"sku-{i}" for i in range(skus)), photos, hits, "made up"
    )
