"""Views -> one self-contained HTML page: no network, readable on a phone and in print."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from markupsafe import Markup

from skulens.analysis.boards import HERE
from skulens.bench.result import Result
from skulens.errors import MissingDependency
from skulens.evaluate.compare import Difference
from skulens.evaluate.intervals import Interval
from skulens.evaluate.metric import find_metric
from skulens.report.answer import Answer, answer_results, list_settings
from skulens.report.differing import Differing, Shown, compare_first_two, find_pictures
from skulens.report.drawing import inline_svg, need_matplotlib
from skulens.report.figures import FEW as FEW_DRAWN
from skulens.report.figures import draw_view
from skulens.report.gallery import list_gallery_facts
from skulens.report.html import PageTable, hide_folders, read_part, write_html
from skulens.report.marks import (
    explain_earlier,
    explain_exposures,
    explain_shared,
    mark_earlier,
    warnings_of,
)
from skulens.report.mistakes import DETAILED, PICTURE_BYTES, Sheet, list_audits, list_mistakes
from skulens.report.names import plural, singular
from skulens.report.origin import describe_systems, every_metric, list_origin, write_raw
from skulens.report.slices import VALUES, SliceTable, slice_tables
from skulens.report.views import COSTS, GALLERIES, Row, View
from skulens.report.words import advise, conclude_view, describe_cost, write_number

COST_WORDS = {"params": "M params", "latency_ms": "ms / {unit}", "memory_mb": "MB"}
LIMIT = 10
"""Rows of a leaderboard shown before "show all"; more where more do not differ significantly from
the first."""
FEW = 5
"""Up to this many systems need no filters."""


@dataclass(frozen=True)
class Figure:
    """A figure on the page."""

    title: str
    caption: str
    svg: Markup


@dataclass(frozen=True)
class Section:
    """What the template shows of a view."""

    id: str
    view: View
    answer: Answer | None
    """None for a leaderboard, which says `conclusion` instead."""
    conclusion: str
    advice: str
    behind: Sequence[Difference | None]
    """Of each row, how far it is behind the first; empty where that was not tested."""
    differing: Differing | None
    facts: Sequence[tuple[str, str]]
    filters: bool
    limit: int
    """Rows shown at first; 0: all."""
    costs: Sequence[tuple[str, str]]
    """(cost, heading)"""
    cost_notes: str
    """Of what runs the costs are."""
    top: float
    """Where the bars end."""
    figures: Sequence[Figure]
    no_figures: str
    """Why there are none."""
    slices: Sequence[SliceTable]
    mistakes: Sequence[dict]
    refused: int
    """Pictures of stored examples that are none, such as addresses; they are left out."""
    origin: Sequence[tuple[str, str]]
    systems: PageTable | None
    every: Sequence[Row]
    """Rows of which every metric is listed."""
    raw: str

    @property
    def apart(self) -> bool:
        """Whether some rows were measured on other data."""
        return any(not row.same_data for row in self.view.rows)

    @property
    def bounded(self) -> bool:
        """Whether the metric that orders the rows has intervals."""
        return any(row.first.known for row in self.view.rows)

    @property
    def families(self) -> list[str]:
        return sorted({row.entry.family for row in self.view.rows if row.entry.family})

    @property
    def licences(self) -> list[str]:
        return sorted({row.entry.licence or "unknown" for row in self.view.rows})

    @property
    def sources(self) -> list[str]:
        return sorted({row.entry.source for row in self.view.rows})

    @property
    def seen(self) -> str:
        """What the marks of systems that saw the data in training mean; empty: there are none."""
        return explain_exposures(row.result for row in self.view.rows).replace("\n", ". ")

    @property
    def galleries(self) -> list[str]:
        return sorted({row.result.variant.get("gallery", "") for row in self.view.rows} - {""})

    @property
    def all_metrics(self) -> list[str]:
        return list(dict.fromkeys(m for row in self.every for m in row.metrics))


def write_page(results: Sequence[Result], out: Path) -> Path:
    """Render results of a store to `out`, with the audits that lie beside them (`audit*.json`)."""
    names = dict.fromkeys(result.data.short for result in results)
    answers = answer_results(results)
    views = [answer.view for answer in answers]
    what = "Product retrieval" if all("gallery" in r.variant for r in results) else "Results"
    title = f"{what} on {', '.join(names)}"
    return render(views, out, title, list_audits(views), answers=answers)


def render(
    views: Sequence[View],
    out: Path,
    title: str,
    found: Sequence[dict] = (),
    origin: Sequence[tuple[str, str]] = (),
    tables: Sequence[PageTable] = (),
    answers: Sequence[Answer] = (),
) -> Path:
    """Write the page aside, then rename it.

    Args:
        found: audits as `Audit.to_dict` gives them.
        origin: more rows on where the numbers come from, (words, value).
        tables: more sections.
        answers: of each view, where it is of stored results.
    """
    pictures = Sheet(PICTURE_BYTES)
    said: Sequence[Answer | None] = answers or [None] * len(views)
    sections = [
        make_section(view, answer, f"v{n}", pictures, origin)
        for n, (view, answer) in enumerate(zip(views, said, strict=True), 1)
    ]
    values = {
        "title": title,
        "sections": sections,
        "pictures": pictures,
        "audits": found,
        "tables": tables,
        "script": Markup(read_part("page.js")),
        "few": FEW_DRAWN,
        "many": VALUES,
        "metrics": explain_metrics(views),
        "groups": " or ".join(dict.fromkeys(view.groups for view in views)),
    }
    functions = {
        "number": write_number,
        "bar": place_bar,
        "describe": describe_row,
        "cost": describe_cost,
        "earlier": mark_earlier,
        "plural": plural,
        "points": write_points,
        "wrap": wrap_name,
        "setup": describe_setup,
        "file": lambda query: re.split(r"[/\\\\]", query)[-1],
        "known": lambda interval: not np.isnan(interval.value),
        "about": lambda name: find_metric(name).about,
    }
    return write_html("page.html", out, values, functions)


def make_section(
    view: View,
    answer: Answer | None,
    id_: str,
    pictures: Sheet,
    origin: Sequence[tuple[str, str]],
) -> Section:
    """What the template shows of a view."""
    rows, unit = view.rows, singular(view.units)
    refused = pictures.refused
    shown = find_pictures(view) if answer else Shown()
    view = replace(view, titles=shown.names)
    differing = compare_first_two(view, answer.first, shown, pictures) if answer else None
    behind = [row.behind if row.place != 1 else None for row in rows]
    mistakes = list_mistakes(view, pictures)
    limit, no_figures = max(LIMIT, len(view.tied)), without_figures()
    return Section(
        id=id_,
        view=view,
        answer=answer,
        conclusion=conclude_view(view),
        advice=advise(view),
        behind=behind if any(behind) else [],
        differing=differing,
        facts=list_facts(view),
        filters=len(rows) > FEW,
        limit=limit if len(rows) > limit + FEW else 0,
        costs=[
            (c, COST_WORDS[c].format(unit=unit))
            for c in COSTS
            if any(getattr(row.entry, c) for row in rows)
        ],
        cost_notes=" ".join(
            f"{said}."
            for explain in (explain_earlier, explain_shared)
            if (said := explain(row.result for row in rows))
        ),
        top=end_of_bars(rows),
        figures=[] if no_figures else make_figures(view, id_),
        no_figures=no_figures and f"No figures: {no_figures}.",
        slices=slice_tables([(r.name, r.result) for r in rows if r.same_data][:DETAILED]),
        mistakes=mistakes,
        refused=pictures.refused - refused,
        origin=[*list_origin(view), *origin],
        systems=describe_systems(view),
        every=every_metric(view),
        raw=write_raw(view) if every_metric(view) else "",
    )


def list_facts(view: View) -> list[tuple[str, str]]:
    """The counts at the head of a section, (words, number)."""
    systems = len({row.result.name for row in view.rows})
    counts = [
        (plural(view.noun) if systems != 1 else view.noun, systems),
        ("results of them", len(view.rows) if len(view.rows) != systems else None),
        (view.groups, view.n_groups),
        (view.units, view.n_units),
    ]
    tied = [("not significantly different from the first", len(view.tied) - 1)] if view.tied else []
    gallery = list_gallery_facts(view.rows[0].result, view.units) if view.stored else []
    return [(words, f"{n:,}") for words, n in (*counts, *tied) if n is not None] + gallery


def describe_row(row: Row, say_source: bool) -> str:
    """Family, licence, source and warnings in a line."""
    entry = row.entry
    source = ("measured here" if entry.source == HERE else entry.source) if say_source else ""
    data = "" if row.same_data else f"on {entry.data or 'other data'}"
    licence = entry.licence or "unknown"
    licence = f"licence {licence}" if licence == "unknown" else licence
    warned = [w.short for w in warnings_of(entry)]
    seen = row.seen.short if row.seen else ""
    return " · ".join(p for p in (entry.family, licence, source, data, *warned, seen) if p)


def wrap_name(name: str) -> Markup:
    """A name that may be broken after / - _ and :, of which folders of the machine are left out."""
    shown = str(hide_folders(name))
    return Markup("<wbr>").join(re.split(r"(?<=[/\-_:+])(?=\w)", shown))


def describe_setup(row: Row) -> str:
    """ "pictures, shots max": gallery and settings of a row."""
    gallery = row.result.variant.get("gallery", "")
    return ", ".join(filter(None, (GALLERIES.get(gallery, gallery), *list_settings(row))))


def write_points(d: Difference, bounded: bool) -> Markup:
    """-17.3 points, and below it the interval; a difference of any other metric as a number."""
    scale, digits = (100, 1) if bounded else (1, 3)
    value, low, high = (round(-scale * x, digits) + 0.0 for x in (d.value, d.high, d.low))
    sign = "+" if value else ""
    said = Markup("{}").format(f"{value:{sign}.{digits}f}".replace("-", "\u2212"))
    if math.isnan(low):
        return said
    ends = " – ".join(f"{end:+.{digits}f}".replace("-", "\u2212") for end in (low, high))
    return said + Markup("<small>{}</small>").format(ends)


def end_of_bars(rows: Sequence[Row]) -> float:
    """Where the bars of a leaderboard end: the next tenth above every interval of a rate."""
    ends = [row.first.high if row.first.known else row.first.value for row in rows if row.known]
    if rows and not find_metric(rows[0].main).bounded:
        high = max(ends, default=1.0) or 1.0
        step = 10.0 ** math.floor(math.log10(abs(high)))
        return math.ceil(high / step + 1e-9) * step
    return min(1.0, math.ceil(max(ends, default=1.0) * 10 + 1e-9) / 10) or 0.1


def place_bar(interval: Interval, top: float = 1.0) -> dict[str, float]:
    """Interval and value as percentages of a bar from 0 to `top`; width 0 without an interval."""
    ends = (interval.low, interval.value, interval.high)
    low, value, high = (
        min(max(end if interval.known else interval.value, 0.0) / top, 1.0) * 100 for end in ends
    )
    return {"left": round(low, 1), "width": round(high - low, 1), "at": round(value, 1)}


def make_figures(view: View, id_: str) -> list[Figure]:
    """Figures for the page."""
    return [
        Figure(d.title, d.caption, Markup(inline_svg(d, f"{id_}-{d.name}-")))
        for d in draw_view(view)
    ]


def without_figures() -> str:
    """Why the page can have no figures; empty where it can."""
    try:
        need_matplotlib()
    except MissingDependency as e:
        return str(e)
    return ""


def explain_metrics(views: Sequence[View]) -> list[tuple[str, str]]:
    """(name, what it is) of every metric that a leaderboard of the page shows."""
    names = dict.fromkeys(m for view in views for m in view.columns)
    return [(name, find_metric(name).about) for name in names]
