"""Sentences of the OpenMPR paper held against its published files: what they support and what not.

Differences are paired over SKUs (skulens.evaluate.compare), in points of Recall@1 unless said.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from skulens.analysis.boards import Board
from skulens.encode.zoo.rows import distinct_weights, find_row, list_rows
from skulens.evaluate import density
from skulens.evaluate.compare import Difference
from skulens.evaluate.panel import compare_measures
from skulens.papers.openmpr.summary_csv import model_name

STATED_PHOTOS = 12_944
"""Photos that section 4.1 says were used."""
SEPARATED = 0.05
METRIC = "hit_rate@1"
"""The paper's Recall@1."""


@dataclass(frozen=True, slots=True)
class Statement:
    """A sentence of the paper and what the files say."""

    where: str
    says: str
    supported: bool
    found: str
    numbers: Mapping[str, float | int | None] = field(default_factory=dict)


@dataclass(frozen=True)
class Files:
    """The published rows and hits, by "architecture/tag"."""

    rows: Sequence[Mapping]
    board: Board

    def recall(self, name: str) -> float:
        return next(r["micro_cmc@1"] for r in self.rows if model_name(r) == name)

    def params(self, name: str) -> int:
        return next(r["nparams"] for r in self.rows if model_name(r) == name)

    def difference(self, a: str, b: str) -> Difference:
        """Recall@1 of a minus that of b, paired over SKUs."""
        names = [model_name(r) for r in self.rows]
        at = [names.index(n) for n in (a, b)]
        return compare_measures(*self.board.panel(METRIC, at).measures)


def check_claims(rows: Sequence[Mapping], board: Board) -> list[Statement]:
    """Every claim below, in the order of the paper.

    Args:
        rows: the published rows, as `summary_csv.read_csv` gives them.
        board: the published results with hits per SKU, entries in the order of `rows`.
    """
    evidence = Files(rows, board)
    return [check(evidence) for check in CLAIMS]


def points(d: Difference) -> str:
    """+0.9 [-1.8, +3.6]"""
    return f"{d.value * 100:+.1f} [{d.low * 100:+.1f}, {d.high * 100:+.1f}]"


def significance(d: Difference) -> str:
    return f"p = {d.p:.2f}" if d.p >= 0.01 else "p < 0.01"


def ends(name: str, d: Difference) -> dict[str, float]:
    return {f"{name}_{end}": round(getattr(d, end), 5) for end in ("value", "low", "high", "p")}


def photos_used(e: Files) -> Statement:
    recalls = np.array([r[f"micro_cmc@{k}"] for r in e.rows for k in (1, 3, 5)])
    whole = {
        n: int((np.abs(recalls * n - np.round(recalls * n)) < 1e-6).sum())
        for n in (int(e.board.sizes.sum()), STATED_PHOTOS)
    }
    used = max(whole)
    return Statement(
        "section 4.1",
        "the 409 SKUs were subsampled to 12,944 front-facing photos",
        False,
        f"all results are of {used:,} photos: "
        f"{whole[used]} of {recalls.size} recalls are whole multiples of 1/{used}, "
        f"{whole[STATED_PHOTOS]} are of 1/{STATED_PHOTOS}",
        {
            "photos": used,
            "stated": STATED_PHOTOS,
            "recalls": recalls.size,
            "multiples": whole[used],
            "multiples_of_stated": whole[STATED_PHOTOS],
        },
    )


def models_counted(e: Files) -> Statement:
    here = {model_name(r) for r in e.rows}
    distinct = distinct_weights(row for row in list_rows() if row.name in here)
    return Statement(
        "section 5",
        "190 open-source models",
        distinct == len(here),
        f"{len(here)} rows, but at most {distinct} different sets of weights: "
        "the others repeat one under another name",
        {"rows": len(here), "distinct_weights": distinct},
    )


def activations(e: Files) -> Statement:
    known = [(model_name(r), find_row(r["vision_model"], r["pretrained_on"])) for r in e.rows]
    wrong = [
        name
        for name, row in known
        if row and row.lint and any(c.startswith("activation") for c in row.lint)
    ]
    twins = {n: f"{n.partition('/')[0]}-quickgelu/{n.partition('/')[2]}" for n in wrong}
    here = {name for name, _ in known}
    shifts = {n: e.recall(t) - e.recall(n) for n, t in twins.items() if t in here}
    low, high = min(shifts.values()), max(shifts.values())
    baselines = ", ".join(
        f"{n} {e.recall(n):.3f} -> {e.recall(twins[n]):.3f}"
        for n in ("ViT-B-32/openai", "ViT-B-16/openai", "ViT-L-14/openai")
    )
    return Statement(
        "tables 1, 4 and 5",
        "the WIT-400M rows stand for OpenAI's CLIP",
        False,
        f"{len(wrong)} of {len(e.rows)} rows were run with another activation than they were "
        "trained with (one of them doubtful); "
        f"with the right one Recall@1 moves by {low * 100:+.1f} to {high * 100:+.1f} "
        f"points; the baselines: {baselines}",
        {
            "rows": len(wrong),
            "twins": len(shifts),
            "lowest": round(low, 5),
            "highest": round(high, 5),
        },
    )


def strongest(e: Files) -> Statement:
    d = e.difference("ViT-gopt-16-SigLIP2-384/webli", "PE-Core-L-14-336/meta")
    return Statement(
        "section 5.1, table 1",
        "ViT-gopt-16-SigLIP2-384 is the strongest",
        d.p < SEPARATED,
        "not significantly better than PE-Core-L-14-336, a third of its size: "
        f"{points(d)}, {significance(d)}",
        ends("difference", d),
    )


def against_clip(e: Files) -> Statement:
    best, clip = "ViT-gopt-16-SigLIP2-384/webli", "ViT-L-14/openai"
    d = e.difference(best, clip)
    ratio = e.recall(best) / e.recall(clip) - 1
    return Statement(
        "section 5.1",
        "ViT-gopt-16-SigLIP2-384 outperforms ViT-L-14 by 35 %",
        d.p < SEPARATED and round(ratio, 2) == 0.35,
        f"{e.recall(best):.3f} against {e.recall(clip):.3f}, {ratio:.1%} more: "
        f"{points(d)} points, {significance(d)}",
        {"ratio": round(ratio, 5), **ends("difference", d)},
    )


def near_peak(e: Files) -> Statement:
    best, small = "ViT-gopt-16-SigLIP2-384/webli", "PE-Core-L-14-336/meta"
    share, size = e.recall(small) / e.recall(best), e.params(small) / e.params(best)
    return Statement(
        "section 5.1, table 1",
        "PE-Core-L-14-336 achieves 98 % of the peak at about a third of the parameters",
        round(share, 2) == 0.98 and size < 0.37,
        f"{share:.1%} of its Recall@1 at {size:.0%} of its parameters",
        {"share": round(share, 5), "size": round(size, 5)},
    )


def resolution_wall(e: Files) -> Statement:
    pairs = {
        "ViT-L-16-SigLIP2 512 px": ("ViT-L-16-SigLIP2-512/webli", "ViT-L-16-SigLIP2-384/webli"),
        "ViT-L-14 336 px": ("ViT-L-14-336/openai", "ViT-L-14/openai"),
        "ViTamin-XL 384": ("ViTamin-XL-384/datacomp1b", "ViTamin-XL-256/datacomp1b"),
    }
    found = {name: e.difference(*pair) for name, pair in pairs.items()}
    said = "; ".join(f"{name} {points(d)}, {significance(d)}" for name, d in found.items())
    row = find_row("ViTamin-XL-384", "datacomp1b")
    px = (
        f"; open_clip configures ViTamin-XL-384 at {row.image_px} px, "
        "so that row was not measured at 384"
        if row and row.image_px != 384
        else ""
    )
    return Statement(
        "section 5.1, table 2",
        "Recall@1 falls beyond 384 px, and ViTamin-XL drops sharply at 384",
        False,
        said + px,
        {k: v for name, d in found.items() for k, v in ends(name.replace(" ", "_"), d).items()},
    )


def small_beats_large(e: Files) -> Statement:
    d = e.difference("MobileCLIP-B/datacompdr", "convnext_large_d_320/laion2b_s29b_b131k_ft_soup")
    return Statement(
        "section 5.1, table 3",
        "MobileCLIP-B (150M) outperforms ConvNeXt-Large-d-320 (351M)",
        d.p < SEPARATED,
        f"the two do not differ significantly: {points(d)}, {significance(d)}; "
        "as good at less than half the size is what holds",
        ends("difference", d),
    )


def data_gain(e: Files) -> Statement:
    d = e.difference("ViT-B-16/datacomp_xl_s13b_b90k", "ViT-B-16/openai")
    return Statement(
        "section 5.2, table 4",
        "filtered data gains up to 16.6 points over WIT-400M",
        d.p < SEPARATED,
        f"ViT-B-16: {points(d)}, {significance(d)}",
        ends("difference", d),
    )


def filtering_order(e: Files) -> Statement:
    pairs = [
        ("ViT-L-14-quickgelu/dfn2b", "ViT-L-14/laion2b_s32b_b82k"),
        ("ViT-H-14-quickgelu/dfn5b", "ViT-H-14/laion2b_s32b_b79k"),
    ]
    found = [(a, b, e.difference(a, b)) for a, b in pairs]
    said = "; ".join(
        f"{a} {e.recall(a):.3f} against {b} {e.recall(b):.3f}: {points(d)}" for a, b, d in found
    )
    return Statement(
        "section 5.2",
        "filtered datasets consistently outperform raw LAION across all architectures",
        all(d.value > 0 for *_, d in found),
        "DFN (filtered by a network trained for it) is below LAION-2B, "
        f"with the right activation too: {said}",
        {k: v for a, _, d in found for k, v in ends(a, d).items()},
    )


def gap_widens(e: Files) -> Statement:
    gains = {
        b: e.recall(f"{b}/datacomp_xl_s13b_b90k") - e.recall(f"{b}/openai")
        for b in ("ViT-B-32", "ViT-B-16", "ViT-L-14")
    }
    return Statement(
        "section 5.2",
        "the gain of filtered data widens as model capability increases",
        list(gains.values()) == sorted(gains.values()),
        "Table 4's own gains: " + ", ".join(f"{b} {g * 100:+.1f}" for b, g in gains.items()),
        {b: round(g, 5) for b, g in gains.items()},
    )


def mixed_pools(e: Files) -> Statement:
    used = (
        "ViT-B-32/commonpool_m_clip_s128m_b4k",
        "ViT-B-16/commonpool_l_s1b_b8k",
        "ViT-L-14/commonpool_xl_s13b_b90k",
    )
    plain = "ViT-B-32/commonpool_m_s128m_b4k"
    clip = ("ViT-B-16/commonpool_l_clip_s1b_b8k", "ViT-L-14/commonpool_xl_clip_s13b_b90k")
    numbers = {n: round(e.recall(n), 5) for n in (*used, plain, *clip)}
    return Statement(
        "section 5.2, table 5",
        "capacity works as a filter: on noisy CommonPool small models collapse, large ones survive",
        False,
        f"each row is another pool: {used[0]} {numbers[used[0]]:.3f} saw 128 M samples filtered "
        f"by CLIP (unfiltered: {numbers[plain]:.3f}), "
        f"{used[1]} {numbers[used[1]]:.3f} saw 1 B and {used[2]} {numbers[used[2]]:.3f} 13 B, "
        "both unfiltered; filtered by CLIP the "
        f"larger two have {numbers[clip[0]]:.3f} and {numbers[clip[1]]:.3f}: "
        "capacity is confounded with the 100 times larger pool",
        numbers,
    )


def laion_leader(e: Files) -> Statement:
    ranked = sorted(
        (r for r in e.rows if "laion2b" in r["pretrained_on"]), key=lambda r: -r["micro_cmc@1"]
    )
    names = [model_name(r) for r in ranked]
    named = "ViT-L-14/laion2b_s32b_b82k"
    d = e.difference(names[0], named)
    return Statement(
        "table 7",
        "ViT-L-14-laion2b_s32b_b82k leads LAION-2B with 0.619",
        names[0] == named,
        f"{names.index(named)} of {len(names)} LAION-2B rows are better; "
        f"{names[0]} has {e.recall(names[0]):.3f}: {points(d)}, {significance(d)}",
        {"better": names.index(named), "rows": len(names), **ends("difference", d)},
    )


def threshold(e: Files) -> Statement:
    densities = np.array([density.phi(r["micro_cmc@1"], r["nparams"]) for r in e.rows])
    recall = np.array([r["micro_cmc@1"] for r in e.rows])
    below, above = recall < 0.5, recall >= 0.5
    passed = int((densities[below][:, None] > densities[above][None]).sum())
    vitamin, vit = "ViTamin-S/datacomp1b", "ViT-L-14/openai"
    p = {n: density.phi(e.recall(n), e.params(n)) for n in (vitamin, vit)}
    beaten = int((densities[above] < p[vitamin]).sum())
    step = density.phi(0.501, 1e8) / density.phi(0.499, 1e8)
    return Statement(
        "section 5.3",
        "phi creates a deployment threshold at 50 % and filters out models below",
        passed == 0,
        f"phi has no threshold: from 0.499 to 0.501 it grows by {step - 1:.1%}. "
        f"{vitamin} ({e.recall(vitamin):.3f}) has phi {p[vitamin]:.2f}, more than "
        f"{beaten} of the {int(above.sum())} models above 50 %, {vit} ({e.recall(vit):.3f}, "
        f"phi {p[vit]:.2f}) among them; of the {int(below.sum() * above.sum()):,} pairs of a "
        f"model below and one above, phi puts the one below first in {passed:,}",
        {
            "step": round(step, 5),
            "above": int(above.sum()),
            "below": int(below.sum()),
            "beaten_by_vitamin_s": beaten,
            "pairs_reversed": passed,
        },
    )


def densest(e: Files) -> Statement:
    ranked = sorted(e.rows, key=lambda r: -density.phi(r["micro_cmc@1"], r["nparams"]))
    top = [(model_name(r), float(density.phi(r["micro_cmc@1"], r["nparams"]))) for r in ranked[:2]]
    return Statement(
        "section 5.3, table 9",
        "MobileCLIP-S2 has the highest phi",
        top[0][0].startswith("MobileCLIP-S2"),
        f"{top[0][0]} has {top[0][1]:.2f} (as Table 10 says), {top[1][0]} {top[1][1]:.2f}",
        {name: round(value, 4) for name, value in top},
    )


def rank_one_gap(e: Files) -> Statement:
    row = next(r for r in e.rows if model_name(r) == "ViT-gopt-16-SigLIP2-384/webli")
    gap = row["micro_cmc@5"] - row["micro_cmc@1"]
    return Statement(
        "section 5.4, table 11",
        "the best model finds 94.5 % within five and puts 17.5 points fewer first",
        abs(gap - 0.175) < 5e-4,
        f"Recall@5 {row['micro_cmc@5']:.4f}, Recall@1 {row['micro_cmc@1']:.4f}, "
        f"gap {gap * 100:.1f} points",
        {"gap": round(gap, 5)},
    )


CLAIMS = (
    photos_used,
    models_counted,
    activations,
    strongest,
    against_clip,
    near_peak,
    resolution_wall,
    small_beats_large,
    data_gain,
    filtering_order,
    gap_widens,
    mixed_pools,
    laion_leader,
    threshold,
    densest,
    rank_one_gap,
)
