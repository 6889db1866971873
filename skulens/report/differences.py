"""Figures of differences: every system against the first, and two systems SKU by SKU."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from skulens.analysis.pairs import GroupDifference, answered_by_both, differences_by_group
from skulens.report.axes import name_rows, short, wrap
from skulens.report.drawing import BLUE, INK, RED, SIZE, SOFT, TEXT, Drawing, root_of
from skulens.report.names import cut_at_word, plural, singular
from skulens.report.views import Row, View
from skulens.report.words import write_number

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ROWS = 15
"""Systems in the figure of differences."""
EITHER = 8
"""SKUs shown on which one of two systems is ahead, and as many on which the other is."""
DISTINCT = 3
"""Fewer different gaps, as where every SKU has one probe, say no more than their count."""
LINE = 0.75
"""Height of a line of text, in rows of bars."""
MINUS = "\N{MINUS SIGN}"


def behind_drawing(view: View) -> Drawing | None:
    """How far each system is from the first, with intervals that hold for all at once."""
    tested = [row for row in view.rows if row.behind is not None]
    rows = tested[:ROWS]
    if len(rows) < 2:
        return None
    first, main = rows[0], view.main
    said = "; ".join(f"{row.name}: {_write_step(row)}" for row in rows[1:])
    more = f" The first {len(rows)}." if len(tested) > len(rows) else ""
    level = (
        f"with intervals that hold for all {len(tested)} {plural(view.noun)} at once in 95 %"
        if len(tested) > 2
        else "with its 95 % interval"
    )
    return Drawing(
        "behind",
        "Difference to the first",
        f"{main} minus that of {first.name} (diamond), paired over {view.groups}, {level}. Blue "
        f"dot: not significantly different from the first. Grey square: worse.{more}",
        f"{main} of {len(rows)} {plural(view.noun)} minus that of {first.name}. {said}.",
        lambda axes: draw_behind(axes, rows),
        bars=len(rows),
        names=[short(row) for row in rows],
    )


def _ends(row: Row) -> tuple[float, float, float]:
    """This row minus the first: value, low, high."""
    assert row.behind
    return 0.0 - row.behind.value, 0.0 - row.behind.high, 0.0 - row.behind.low


def _write_step(row: Row) -> str:
    """−0.111 [−0.248, 0.026]"""
    value, low, high = (
        write_number(x, row.main).replace("-", MINUS).replace(f"{MINUS}0.000", "0.000")
        for x in _ends(row)
    )
    return f"{value} [{low}, {high}]" if low != "nan" else value


def draw_behind(axes: "Axes", rows: Sequence[Row]) -> None:
    axes.axvline(0, color=SOFT, linewidth=1, zorder=1)
    for y, row in enumerate(rows):
        value, low, high = _ends(row)
        colour = BLUE if row.best else SOFT
        if y and low == low:  # known
            axes.plot([low, high], [y, y], color=colour, linewidth=2, zorder=2,
                      gid=f"row-{row.place}-interval")  # fmt: skip
        axes.plot(
            [value], [y], "D" if not y else "o" if row.best else "s", color=colour, markersize=7,
            markeredgecolor="none", zorder=3, clip_on=False, gid=f"row-{row.place}-point",
        )  # fmt: skip
    values = [write_number(rows[0].first.value, rows[0].main), *map(_write_step, rows[1:])]
    name_rows(axes, [short(row) for row in rows], values)
    ends = [x for row in rows[1:] for x in _ends(row) if x == x]
    low, high = min(0.0, *ends), max(0.0, *ends)
    room = 0.05 * (high - low) or 0.01
    axes.set_xlim(low - room, high + room)
    axes.set_xlabel(f"difference in {rows[0].main}")


def skus_drawing(view: View) -> Drawing | None:
    """The first of a view against the next of those measured by the same groups."""
    comparable = [row for row in view.rows if row.behind is not None]
    return compare_skus(view, *comparable[:2]) if len(comparable) > 1 else None


def compare_skus(view: View, a: Row, b: Row) -> Drawing | None:
    """The groups on which two systems differ most; None where few differ, or all by as much."""
    metric = view.metric
    if not metric.mean or metric.derive is not None or not metric.bounded:
        return None
    x, y = answered_by_both(a.result, b.result, metric.plain)
    gaps = differences_by_group(x, y, metric.plain, fine=False)
    ahead = sorted((g for g in gaps if g.difference > 0), key=_order)
    behind = sorted((g for g in gaps if g.difference < 0), key=_order)
    if len({abs(g.difference) for g in (*ahead, *behind)}) < DISTINCT:
        return None
    shown = [*ahead[:EITHER], *behind[:EITHER][::-1]]
    unit = view.units
    counts = (
        f"{a.name} is ahead on {len(ahead)} {view.groups}, {b.name} on {len(behind)}; "
        f"{len(gaps) - len(ahead) - len(behind)} are equal"
    )
    which = "" if len(shown) == len(ahead) + len(behind) else " Shown: the largest differences."
    said = "; ".join(f"{_title(view, g)} {_write_gap(g.difference)}" for g in shown)
    return Drawing(
        "skus",
        f"{view.groups} on which the first two differ most",
        f"Difference in {view.main} within each {singular(view.groups)}. {counts}.{which}",
        f"{a.name} against {b.name} by {singular(view.groups)}. {counts}. {said}.",
        lambda axes: draw_skus(axes, view, shown, (short(a), short(b))),
        bars=len(shown),
        titles={
            f"sku-{n}": f"{_title(view, g)}: {a.name} {g.a:.3f}, {b.name} {g.b:.3f} of {g.n} {unit}"
            for n, g in enumerate(shown)
        },
    )


def _order(gap: GroupDifference) -> tuple[float, int, str]:
    """Largest difference first, then most units."""
    return -abs(gap.difference), -gap.n, gap.sku


def _title(view: View, gap: GroupDifference) -> str:
    return view.titles.get(gap.sku) or gap.sku


def _write_gap(x: float) -> str:
    return f"{x:+.2f}".replace("-", MINUS)


def draw_skus(
    axes: "Axes", view: View, gaps: Sequence[GroupDifference], names: tuple[str, str]
) -> None:
    """Bars to the right where the first is ahead, to the left where the second is; each name stands
    on the empty side of its bar."""
    room = 30 if root_of(axes).get_figwidth() >= SIZE[0] else 20
    for n, gap in enumerate(gaps):
        right = gap.difference > 0
        axes.barh([n], [gap.difference], 0.62, color=BLUE if right else RED, gid=None)
        axes.patches[-1].set_gid(f"sku-{n}")
        for x, words, away in (
            (0, cut_at_word(_title(view, gap), room), -1 if right else 1),
            (gap.difference, _write_gap(gap.difference), 1 if right else -1),
        ):
            axes.annotate(
                words, (x, n), xytext=(5 * away, 0), textcoords="offset points",
                ha="left" if away > 0 else "right", va="center", fontsize=TEXT, color=INK,
            )  # fmt: skip
    axes.axvline(0, color=SOFT, linewidth=1)
    most = 1.35 * max(abs(gap.difference) for gap in gaps)
    axes.set_xlim(-most, most)
    axes.set_xticks([])
    axes.set_yticks([])
    heads = [f"{wrap(name, room)}\nis ahead" for name in names]
    axes.set_ylim(len(gaps) - 0.4, -0.6 - LINE * max(head.count("\n") + 1 for head in heads))
    axes.grid(visible=False)
    axes.spines[["left", "bottom"]].set_visible(False)
    for words, side in zip(heads, ("left", "right"), strict=True):
        axes.annotate(
            words, (0.5, 1), xycoords="axes fraction",
            xytext=(5 if side == "left" else -5, 0), textcoords="offset points", ha=side, va="top",
            fontsize=TEXT, color=SOFT, multialignment=side,
        )  # fmt: skip
