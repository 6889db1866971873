"""What the published files say of each claim of the OpenMPR paper: the numbers that its reason names."""

import functools
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from skulens.analysis.boards import Board
from skulens.encode.zoo.rows import ZooRow, distinct_weights, find_row, list_rows
from skulens.evaluate import density
from skulens.evaluate.compare import Difference
from skulens.evaluate.panel import compare_measures
from skulens.papers.openmpr.summary_csv import model_name

STATED_PHOTOS = 12_944
"""Photos that section 4.1 says were used."""
METRIC = "hit_rate@1"
"""The paper's Recall@1."""
BEST, PE_CORE, CLIP = "ViT-gopt-16-SigLIP2-384/webli", "PE-Core-L-14-336/meta", "ViT-L-14/openai"
MOBILE, CONVNEXT = "MobileCLIP-B/datacompdr", "convnext_large_d_320/laion2b_s29b_b131k_ft_soup"
VITAMIN = "ViTamin-S/datacomp1b"
DATACOMP = "datacomp_xl_s13b_b90k"
BACKBONES = {"b32": "ViT-B-32", "b16": "ViT-B-16", "l14": "ViT-L-14"}

Numbers = dict[str, float | int]


@dataclass(frozen=True)
class Files:
    """The published rows and hits, by "architecture/tag"."""

    rows: Sequence[Mapping]
    board: Board
    skipped: Sequence[Mapping] | None = None
    """The published list of checkpoints that were left out; None where that is not at hand."""

    def row(self, name: str) -> Mapping:
        return self._by_name[name]

    @functools.cached_property
    def _by_name(self) -> dict[str, Mapping]:
        return {model_name(r): r for r in self.rows}

    def recall(self, name: str) -> float:
        return self.row(name)["micro_cmc@1"]

    def params(self, name: str) -> int:
        return self.row(name)["nparams"]

    def phi(self, name: str) -> float:
        return float(density.phi(self.recall(name), self.params(name)))

    def registered(self) -> dict[str, ZooRow]:
        """What the registry knows of the rows."""
        found = {
            n: find_row(r["vision_model"], r["pretrained_on"]) for n, r in self._by_name.items()
        }
        return {n: row for n, row in found.items() if row}

    def difference(self, a: str, b: str) -> Difference:
        """Recall@1 of a minus that of b, paired over SKUs."""
        at = [list(self._by_name).index(n) for n in (a, b)]
        return compare_measures(*self.board.panel(METRIC, at).measures)


def photos_used(e: Files) -> Numbers:
    recalls = np.array([r[f"micro_cmc@{k}"] for r in e.rows for k in (1, 3, 5)])
    used = int(e.board.sizes.sum())

    def multiples(n: int) -> int:
        return int((np.abs(recalls * n - np.round(recalls * n)) < 1e-6).sum())

    return {
        "photos": used,
        "stated": STATED_PHOTOS,
        "recalls": recalls.size,
        "multiples": multiples(used),
        "multiples_of_stated": multiples(STATED_PHOTOS),
    }


def checkpoints_skipped(e: Files) -> Numbers | None:
    if e.skipped is None:
        return None
    failed = [s for s in e.skipped if "404" in str(s.get("error")) and "download" in str(s)]
    return {"skipped": len(e.skipped), "downloads": len(failed)}


def models_counted(e: Files) -> Numbers:
    here = e.registered()
    distinct = distinct_weights(row for row in list_rows() if row.name in here)
    twins = [
        r
        for r in here.values()
        if any(c.startswith(("duplicate-", "same-results")) for c in r.lint)
    ]
    other = sum(r.arch.endswith("-quickgelu") for r in twins)
    return {
        "rows": len(e.rows),
        "distinct": distinct,
        "twins": len(twins),
        "activation": other,
        "same": len(twins) - other,
    }


def against_clip(e: Files) -> Numbers:
    high, low = e.recall(BEST), e.recall(CLIP)
    return {"high": high, "low": low, "ratio": high / low - 1}


def near_peak(e: Files) -> Numbers:
    return {
        "share": e.recall(PE_CORE) / e.recall(BEST),
        "size": e.params(PE_CORE) / e.params(BEST),
    }


def compute_share(e: Files) -> Numbers:
    pair = [e.registered()[name] for name in (PE_CORE, BEST)]
    small, large = ([r.gflops_image or math.nan, r.gflops_text or math.nan] for r in pair)
    return {
        "share": e.recall(PE_CORE) / e.recall(BEST),
        "compute": small[0] / large[0],
        "compute_both": sum(small) / sum(large),
    }


def configured_px(e: Files) -> Numbers:
    return {"px": e.registered()["ViTamin-XL-384/datacomp1b"].image_px or 0}


def half_size(e: Files) -> Numbers:
    return {
        "small": e.recall(MOBILE),
        "large": e.recall(CONVNEXT),
        "share": e.params(MOBILE) / e.params(CONVNEXT),
    }


def benefit_of_doubling(e: Files) -> Numbers:
    tags = ("openai", DATACOMP), ("laion2b_s34b_b88k", "laion2b_s32b_b82k")
    pairs = [(tags[0][0],) * 2, (tags[0][1],) * 2, tags[1]]
    times = e.params("ViT-L-14/openai") / e.params("ViT-B-16/openai")
    gains = [
        e.recall(f"ViT-L-14/{large}") - e.recall(f"ViT-B-16/{small}") for small, large in pairs
    ]
    return {"times": times, "per_doubling": max(gains) * 100 / math.log2(times)}


def dfn_recalls(e: Files) -> Numbers:
    return {
        "b16_dfn": e.recall("ViT-B-16-quickgelu/dfn2b"),
        "b16_raw": e.recall("ViT-B-16/laion2b_s34b_b88k"),
        "b16_wit": e.recall("ViT-B-16/openai"),
        "l14_wit": e.recall("ViT-L-14/openai"),
    }


def gains_by_size(e: Files) -> Numbers:
    return {
        short: (e.recall(f"{name}/{DATACOMP}") - e.recall(f"{name}/openai")) * 100
        for short, name in BACKBONES.items()
    }


def mixed_pools(e: Files) -> Numbers:
    used = {
        "b32": "ViT-B-32/commonpool_m_clip_s128m_b4k",
        "b16": "ViT-B-16/commonpool_l_s1b_b8k",
        "l14": "ViT-L-14/commonpool_xl_s13b_b90k",
        "b32_plain": "ViT-B-32/commonpool_m_s128m_b4k",
        "b16_clip": "ViT-B-16/commonpool_l_clip_s1b_b8k",
        "l14_clip": "ViT-L-14/commonpool_xl_clip_s13b_b90k",
    }
    return {short: e.recall(name) for short, name in used.items()}


def collapse_ratios(e: Files) -> Numbers:
    archs = "RN50", "RN50-quickgelu", "RN101", "RN101-quickgelu"
    pairs = [(f"{a}/openai", f"{a}/yfcc15m") for a in archs]
    pairs.append(("ViT-B-32/openai", "ViT-B-32/commonpool_s_s13m_b4k"))
    lost = [1 - e.recall(small) / e.recall(large) for large, small in pairs]
    return {"least": min(lost), "most": max(lost)}


def laion_leader(e: Files) -> Numbers:
    ranked = sorted(
        (r for r in e.rows if "laion2b" in r["pretrained_on"]), key=lambda r: -r["micro_cmc@1"]
    )
    names = [model_name(r) for r in ranked]
    return {
        "better": names.index("ViT-L-14/laion2b_s32b_b82k"),
        "rows": len(names),
        "printed": e.recall(CONVNEXT),
        "best": ranked[0]["micro_cmc@1"],
    }


def threshold(e: Files) -> Numbers:
    densities = np.array([density.phi(r["micro_cmc@1"], r["nparams"]) for r in e.rows])
    recall = np.array([r["micro_cmc@1"] for r in e.rows])
    below, above = recall < 0.5, recall >= 0.5
    return {
        "step": density.phi(0.501, 1e8) / density.phi(0.499, 1e8) - 1,
        "vitamin": e.recall(VITAMIN),
        "vitamin_phi": e.phi(VITAMIN),
        "clip": e.recall(CLIP),
        "clip_phi": e.phi(CLIP),
        "above": int(above.sum()),
        "below": int(below.sum()),
        "beaten_by_vitamin_s": int((densities[above] < e.phi(VITAMIN)).sum()),
        "pairs": int(below.sum() * above.sum()),
        "pairs_reversed": int((densities[below][:, None] > densities[above][None]).sum()),
    }


def densest(e: Files) -> Numbers:
    return {"s1": e.phi("MobileCLIP-S1/datacompdr"), "s2": e.phi("MobileCLIP-S2/datacompdr")}


def threefold(e: Files) -> Numbers:
    high, low = e.phi("MobileCLIP-S2/datacompdr"), e.phi(VITAMIN)
    return {"high": high, "low": low, "ratio": high / low}


def rank_one_gap(e: Files) -> Numbers:
    at_1, at_5 = (e.row(BEST)[f"micro_cmc@{k}"] for k in (1, 5))
    return {"at_1": at_1, "at_5": at_5, "gap": (at_5 - at_1) * 100}


def top_gaps(e: Files) -> Numbers:
    ranked = sorted(e.rows, key=lambda r: -r["micro_cmc@5"])
    gaps = [(r["micro_cmc@5"] - r["micro_cmc@1"]) * 100 for r in ranked[:10]]
    return {
        "least": min(gaps[:5]),
        "most": max(gaps[:5]),
        "least_10": min(gaps),
        "most_10": max(gaps),
    }


def activations(e: Files) -> Numbers:
    wrong = [
        name
        for name, row in e.registered().items()
        if any(code.startswith("activation") for code in row.lint)
    ]
    right = {n: f"{n.partition('/')[0]}-quickgelu/{n.partition('/')[2]}" for n in wrong}
    moved = {n: e.recall(t) - e.recall(n) for n, t in right.items() if t in e._by_name}
    openai = {n: change for n, change in moved.items() if n.endswith("/openai")}
    baselines = {short: f"{name}/openai" for short, name in BACKBONES.items()}
    return {
        "rows": len(wrong),
        "of": len(e.rows),
        "twins": len(moved),
        "lowest": min(moved.values()) * 100,
        "highest": max(moved.values()) * 100,
        "openai": len(openai),
        "openai_worse": sum(change < 0 for change in openai.values()),
        **{short: e.recall(n) for short, n in baselines.items()},
        **{f"{short}_right": e.recall(right[n]) for short, n in baselines.items()},
    }


EVIDENCE: dict[str, Callable[[Files], Numbers | None]] = {
    "photos": photos_used,
    "skipped": checkpoints_skipped,
    "models": models_counted,
    "clip": against_clip,
    "near_peak": near_peak,
    "compute": compute_share,
    "sharp_drop": configured_px,
    "half": half_size,
    "gain": benefit_of_doubling,
    "hierarchy": dfn_recalls,
    "widens": gains_by_size,
    "capacity": mixed_pools,
    "collapse": collapse_ratios,
    "leader": laion_leader,
    "threshold": threshold,
    "densest": densest,
    "threefold": threefold,
    "vitamin_tier": lambda e: {"phi": e.phi(VITAMIN)},
    "pe_core_tier": lambda e: {"phi": e.phi(PE_CORE)},
    "rank_one": rank_one_gap,
    "gaps": top_gaps,
    "activations": activations,
}
"""Claim or finding -> the numbers that its reason names, beside its comparisons; None: not known."""
