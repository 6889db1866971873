"""The one answer of a page: which system to deploy with which gallery, and what speaks against it.

The statistics are those of `skulens choose --across` (`analysis/choose.py`); here they become
sentences, and nothing is tested anew.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from skulens.analysis.boards import Board, store_boards
from skulens.analysis.choose import Choice, Constraints, Option, Outcome, choose
from skulens.bench.result import Result
from skulens.errors import DataError
from skulens.evaluate.metric import Metric
from skulens.report.gallery import describe_unanswerable, pictures_of
from skulens.report.marks import TRAINED_ON_THESE
from skulens.report.names import count, plural
from skulens.report.views import Row, View, view_of_board
from skulens.report.words import SPACE, describe_cost, describe_power, write_number

GALLERY = {"text": "the texts", "image": "the pictures", "both": "texts and pictures"}
NAMED = 2
"""Systems that are named of those that do not differ significantly; the others are counted."""
CHEAPER = 0.8
"""What costs at most this share of the first's cost is called cheaper."""


@dataclass(frozen=True)
class Answer:
    """What a page says first of results that answered the same queries."""

    view: View
    choice: Choice | None
    """None where nothing could be compared."""
    first: Row | None
    """What to deploy; None where nothing was measured."""
    head: str
    """The answer in a sentence."""
    rest: tuple[str, ...]
    """What else decides, a sentence each."""


def answer_results(results: Iterable[Result]) -> list[Answer]:
    """One answer for each set of queries of stored results, over all galleries and settings."""
    return [answer_board(board) for board in store_boards(results, across=True)]


def answer_board(board: Board) -> Answer:
    """The answer of a board of stored results."""
    view = view_of_board(board, stored=True)
    try:
        choice = choose(board, Constraints())
    except DataError:  # no metric, or nothing per group
        choice = None
    best = choice.of(Outcome.BEST) if choice else []
    row = row_of(view, best[0]) if best else next((r for r in view.rows if r.place), None)
    row = row or next((r for r in view.rows if r.known), None)
    if row is None:
        return Answer(view, choice, None, "Nothing was measured.", ())
    return Answer(
        view, choice, row, say_first(view, choice, row), tuple(say_rest(view, choice, row))
    )


def row_of(view: View, option: Option) -> Row | None:
    """The row of an option of the view's board."""
    return next((r for r in view.rows if r.result is option.entry.result), None)


def option_of(choice: Choice | None, row: Row) -> Option | None:
    """The option of a row of the choice's board."""
    options = choice.options if choice else ()
    return next((o for o in options if o.entry.result is row.result), None)


def say_first(view: View, choice: Choice | None, row: Row) -> str:
    """Deploy X with gallery Y: it finds the right SKU first for 68 % [57, 77] of 81 probe
    photos."""
    decides = len(view.rows) > 1 and bool(choice and choice.family and not choice.family.hopeless)
    name, done = name_setup(row), f"{describe_value(row, view.metric)} of {describe_units(view)}"
    if not finds_first(view):
        most = "highest" if view.metric.direction == "higher" else "lowest"
        score = describe_value(row, view.metric)
        return f"{name} has the {most} {view.main}, {score}, on {describe_units(view)}."
    if decides:
        return f"Deploy {name}: it finds the right {answer_word(view)} first for {done}."
    return f"{name} finds the right {answer_word(view)} first for {done}."


def say_rest(view: View, choice: Choice | None, row: Row) -> Iterable[str]:
    """What a reader has to know beside the answer, the most important first."""
    yield from compare_others(view, choice, row)
    yield from say_seen(view, row)
    if said := describe_unanswerable(row.result):
        yield f"{said}."
    pictures, unused = pictures_of(row.result)
    if unused:
        yield f"{unused:,} of the {pictures:,} pictures of the gallery are not used."
    new = was_unseen(row.result) or row.result.counts.get("seen_products") == 0
    if "gallery" in row.result.variant and not new:
        yield f"Unseen {view.groups} were not measured separately."


def compare_others(view: View, choice: Choice | None, row: Row) -> Iterable[str]:
    """Which others do not differ significantly, what they cost, and how many are worse."""
    others = len([r for r in view.rows if r.place]) - 1
    if others < 1:
        yield f"Nothing else was measured on these {view.units}, so there is nothing to choose from."
        return
    if choice is None or choice.family is None:
        yield (
            f"Whether others differ from it was not tested: values per {view.groups} are unknown."
        )
        return
    if choice.family.hopeless:
        limit = describe_power(choice.family, view.n_groups or 0, view.noun, view.groups)
        yield f"That does not decide: {limit}. Measure more {view.groups}."
        return
    tied = [r for o in choice.of(Outcome.BEST) if (r := row_of(view, o)) and r is not row]
    worse = [r for o in choice.of(Outcome.WORSE) if (r := row_of(view, o))]
    yield from say_tied(tied, row, view, len(worse))
    if worse and tied:
        yield f"{count_words(len(worse), 'other')} significantly worse."
    elif worse:
        step = write_points(option_of(choice, worse[0]), view.metric)
        near = f"{name_beside(worse[0], row)}, is"
        if len(worse) == 1:
            yield f"The other, {near} significantly worse, by {step}."
        else:
            yield f"All {len(worse)} others are significantly worse; the next, {near} {step} behind."


def say_tied(tied: Sequence[Row], row: Row, view: View, worse: int) -> Iterable[str]:
    """Which do not differ significantly from the first, and whether one of them costs less."""
    if not tied:
        return
    named = [name_beside(r, row, short_value(r, view.metric)) for r in tied[:NAMED]]
    more = len(tied) - len(named)
    names = ", ".join(named) + f" and {count(more, 'other')}" * bool(more)
    names = " and ".join(named) if len(named) == 2 and not more else names
    none = "" if worse or len(tied) == 1 else "None is significantly better than all others: "
    yield f"{none}{names} {'does' if len(tied) == 1 else 'do'} not differ significantly from it."
    if (small := cheapest(tied, row, "params")) is not None:
        a, b = (describe_cost(r.entry, "params") for r in (small, row))
        yield f"{name_beside(small, row)} has {a}{SPACE}M parameters instead of {b}{SPACE}M."
    elif (fast := cheapest(tied, row, "latency_ms")) is not None:
        a, b = (describe_cost(r.entry, "latency_ms") for r in (fast, row))
        yield f"{name_beside(fast, row)} takes {a}{SPACE}ms instead of {b}{SPACE}ms."


def cheapest(tied: Sequence[Row], row: Row, cost: str) -> Row | None:
    """The one of the tied that costs clearly less than the first; None where that is unknown or
    none does."""
    mine = getattr(row.entry, cost)
    known = [r for r in tied if getattr(r.entry, cost)]
    least = min(known, key=lambda r: getattr(r.entry, cost), default=None)
    if not mine or least is None or getattr(least.entry, cost) > CHEAPER * mine:
        return None
    return least


def say_seen(view: View, row: Row) -> Iterable[str]:
    """That the first was trained on this data, and which is the best that was not."""
    if row.seen not in TRAINED_ON_THESE:
        if row.seen:
            yield f"{row.system}: {row.seen.sentence}."
        return
    others = (r for r in view.rows if r.place and r.seen not in TRAINED_ON_THESE)
    other = next(others, None)
    said = f"{row.system} was trained on this dataset, so its number says little about other data"
    if other is None:
        yield f"{said}; so was everything else here." if len(view.rows) > 1 else f"{said}."
        return
    yield f"{said}. The best that was not: {name_beside(other, row, short_value(other, view.metric))}."


# ----- words ----------------------------------------------------------------------------------


def name_setup(row: Row) -> str:
    """ "groceries with the pictures as gallery (shots max)"."""
    if "gallery" not in row.result.variant:
        return row.name
    settings = ", ".join(list_settings(row))
    said = f" ({settings})" if settings else ""
    return f"{row.system} with {gallery_words(row.result)} as gallery{said}"


def name_beside(row: Row, first: Row, value: str = "") -> str:
    """The same beside the first: gallery and settings are named only where they are others.

    Args:
        value: stands in the brackets too.
    """
    if "gallery" not in row.result.variant:
        return f"{row.name} ({value})" if value else row.name
    same = row.result.variant["gallery"] == first.result.variant.get("gallery")
    gallery = "" if same else f" with {gallery_words(row.result)}"
    mine = [p for p in list_settings(row) if p not in list_settings(first)]
    if not mine and same and row.system == first.system:
        mine = ["other settings"]
    inside = ", ".join([*mine, *([value] if value else [])])
    return f"{row.system}{gallery}{f' ({inside})' if inside else ''}"


def gallery_words(result: Result) -> str:
    """ "the texts", "the pictures", "all 243 pictures", "81 of 243 pictures"."""
    kind, (pictures, unused) = result.variant["gallery"], pictures_of(result)
    if kind == "image" and pictures > result.counts.get("gallery", 0):
        used = f"{pictures - unused:,} of" if unused else "all"
        return f"{used} {pictures:,} pictures"
    return GALLERY.get(kind, kind)


def list_settings(row: Row) -> list[str]:
    """Settings that tell a row from others: "shots max"."""
    parts = [p for p in row.setup.split(", ") if p and not p.startswith("gallery ")]
    variant = row.result.variant.items()
    return parts or [f"{k} {v}" for k, v in variant if k not in ("gallery", "SKUs")]


def finds_first(view: View) -> bool:
    """Whether the metric is the share of queries whose first product is right."""
    metric = view.metric
    cut_one = metric.name == f"{metric.name.partition('@')[0]}@1"
    return bool(metric.whole and metric.bounded and cut_one)


def answer_word(view: View) -> str:
    return "SKU" if view.groups == "SKUs" else "product"


def describe_units(view: View) -> str:
    """81 probe photos of 81 SKUs; 3 SKUs that were unseen in training are called so."""
    units = "probe photos" if view.units == "probes" else view.units
    first = view.rows[0].result
    unseen = "unseen " if was_unseen(first) else ""
    groups = f" of {view.n_groups:,} {unseen}{view.groups}" if view.n_groups else ""
    return f"{view.n_units or 0:,} {units}{groups}"


def was_unseen(result: Result) -> bool:
    """Whether its SKUs were kept out of training."""
    return result.variant.get("SKUs") == "unseen"


def describe_value(row: Row, metric: Metric) -> str:
    """68 % [57, 77] of a share, 0.68 [0.57, 0.77] of any other metric."""
    i = row.first
    if not metric.bounded:
        low, high = (write_number(end, metric.name) for end in (i.low, i.high))
        return write_number(i.value, metric.name) + (f" [{low}, {high}]" if i.known else "")
    ends = f" [{i.low * 100:.0f}, {i.high * 100:.0f}]" if i.known else ""
    return f"{i.value * 100:.0f}{SPACE}%{ends}"


def short_value(row: Row, metric: Metric) -> str:
    """68 %, or a number."""
    value = row.first.value
    return f"{value * 100:.0f}{SPACE}%" if metric.bounded else write_number(value, metric.name)


def write_points(option: Option | None, metric: Metric) -> str:
    """ "17 points [0, 34]": how far an option is behind the first."""
    d = option.behind if option else None
    if d is None:
        return "an unknown step"
    sign = 1 if d.value >= 0 else -1
    low, high = sorted((sign * d.low, sign * d.high))
    if not metric.bounded:
        return f"{write_number(abs(d.value), metric.name)}"
    interval = "" if d.low != d.low else f" [{low * 100:.1f}, {high * 100:.1f}]"
    return f"{abs(d.value) * 100:.1f} points{interval}"


def count_words(n: int, noun: str) -> str:
    """One other is, 3 others are"""
    return f"One {noun} is" if n == 1 else f"{n:,} {plural(noun)} are"
