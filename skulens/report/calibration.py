"""A calibrated result for a reader: tables and sentences, JSON, CSV."""

import csv
import math
from pathlib import Path

from skulens.analysis.boards import unit_words
from skulens.analysis.calibrate import AreaDifference, CalibratedResult, compare_areas
from skulens.evaluate.calibration import (
    BOUND_LEVEL,
    Calibration,
    OperatingPoint,
    Outcome,
    attempt_level,
    least_skus,
)
from skulens.evaluate.risk_coverage import RiskCoverage
from skulens.report.console import show
from skulens.report.grid import Grid
from skulens.report.words import write_interval

COLUMNS = ("coverage", "threshold", "risk", "low", "high")
"""Arrays of a curve, in JSON and CSV."""


def print_calibration(found: CalibratedResult, curve_file: Path | None = None) -> None:
    """The curve of the confidence in use, how confidences compare, the threshold, the outcome.

    Args:
        curve_file: where the whole curve was written.
    """
    curve, calibration, answers = found.curve, found.calibration, found.answers
    units, groups = unit_words(found.result)
    gallery = found.result.variant.get("gallery", "")
    asked = f"{len(answers)} {units} of {curve.aurc.groups} {groups}"
    title = f"{found.result.name}, {asked} -> {gallery}"
    _print_lines([f"{title}; confidence: {curve.confidence}"])
    show(make_curve_table(curve))
    lines = [
        f"{c.confidence}: area under the curve {write_interval(c.aurc)}, "
        f"in excess of a perfect order {write_interval(c.excess)}"
        for c in found.curves
    ]
    if len(found.curves) == 2:
        one, other = found.curves
        difference = compare_areas(one, other)
        lines.append(compare_in_words(difference, one.confidence, other.confidence))
    if answers.tied:
        lines.append(
            f"{answers.tied} {units} have two products tied for first: the larger id is answered, "
            "and the margin is 0"
        )
    lines.append(describe_outside(found))
    for split, point in (
        ("calibration", calibration.calibration),
        ("held-out", calibration.held_out),
    ):
        if point is not None and calibration.threshold is not None:
            lines.append(describe_point(split, calibration.threshold, point, groups))
    if found.unseen == "typical":
        lines.append(
            f"the bound supposes that {groups} that are always wrong are no larger than others"
        )
    if attempts := describe_attempts(found, units):
        lines.append(attempts)
    if curve_file:
        lines.append(f"curve: {curve_file}")
    _print_lines([*lines, describe_outcome(calibration, groups)])


def describe_outside(found: CalibratedResult) -> str:
    """Whether the precision speaks of products that are not in the gallery, too."""
    units, _ = unit_words(found.result)
    unjudged = found.answers.without_relevant
    outside = int(found.result.counts.get("unanswerable_queries", unjudged))
    left_out = unjudged if found.left_out else 0
    if outside > left_out:
        rest = f"; {left_out} more are left out" if left_out else ""
        return (
            f"{outside - left_out} {units} show products outside the gallery: "
            f"every answer to them is wrong{rest}"
        )
    which = (
        f"{left_out} {units} of products outside the gallery are left out"
        if left_out
        else f"none of the {units} shows a product outside the gallery"
    )
    return f"{which}: the precision is that of products in the gallery"


def describe_attempts(found: CalibratedResult, units: str) -> str:
    """What earlier attempts on the same probes cost, and what is not corrected for; "" if first."""
    number, others = found.attempts.number, found.attempts.others
    said = []
    if number > 1:
        said.append(
            f"attempt {number} on these {units}: the bound is at "
            f"{attempt_level(number):.2%}, so that all attempts together hold with "
            f"{BOUND_LEVEL:.0%} confidence"
        )
    if others:
        said.append(
            f"not corrected for attempts of other systems or galleries on these {units} ({others}): "
            "a system chosen by its outcome needs new ones"
        )
    return "; ".join(said)


def _print_lines(lines: list[str]) -> None:
    for line in lines:
        print(line)


def make_curve_table(curve: RiskCoverage) -> Grid:
    """Every tenth of coverage."""
    table = Grid()
    for column in ("coverage", "threshold", "risk [95 % band]", "precision"):
        table.add_column(column, "number")
    for i in range(9, len(curve.coverage), 10):
        table.add_row(
            f"{curve.coverage[i]:.0%}",
            f"{curve.threshold[i]:.4f}",
            f"{curve.risk[i]:.3f} [{curve.low[i]:.3f}, {curve.high[i]:.3f}]",
            f"{1 - curve.risk[i]:.3f}",
        )
    return table


def describe_point(split: str, threshold: float, point: OperatingPoint, groups: str) -> str:
    """What a threshold does on a split, in a line."""
    return (
        f"threshold {threshold:.6g}, {split} split of {point.skus} {groups}: "
        f"coverage {write_interval(point.coverage)}, precision {write_interval(point.precision)}, "
        f"at least {point.at_least:.3f} (level {point.level:.2%}); "
        f"{point.precision.n} answers on {point.skus_answered} {groups}"
    )


def compare_in_words(difference: AreaDifference, first: str, second: str) -> str:
    """Which of two confidences is better."""
    said = (
        "is the better confidence"
        if difference.significant
        else "has the smaller area, but does not differ significantly from the other"
    )
    d = difference
    numbers = f"{second} - {first} = {d.difference:+.4f} [{d.low:+.4f}, {d.high:+.4f}]"
    return f"{d.smaller} {said}: {numbers}"


def describe_outcome(calibration: Calibration, groups: str) -> str:
    """The outcome of a calibration in a sentence.

    Args:
        groups: what was split and resampled.
    """
    target, held_out = f"{calibration.target:.1%}", calibration.held_out
    if held_out is None:
        best = calibration.calibration
        return (
            f"A precision of {target} is out of reach: the most precise threshold on the "
            f"calibration split gives {best.precision.value:.1%} "
            f"at a coverage of {best.coverage.value:.1%}."
        )
    bound, level = f"{held_out.at_least:.1%}", f"{BOUND_LEVEL:.0%} confidence"
    skus = f"{held_out.skus} held-out {groups}"
    if calibration.outcome is Outcome.CONFIRMED:
        return f"A precision of {target} is confirmed: on {skus} it is at least {bound} ({level})."
    if not held_out.skus_answered:
        return (
            f"A precision of {target} cannot be tested: the threshold answers none of the {skus}."
        )
    measured = f"on {skus} it is {held_out.precision.value:.1%}, at least {bound} ({level})"
    if calibration.outcome is Outcome.MISSED:
        chance = (
            f"; the target lies within the interval: measure more {groups}, or calibrate for a "
            "higher precision"
            if held_out.precision.high >= calibration.target
            else ""
        )
        return f"A precision of {target} is not reached: {measured}{chance}."
    return (
        f"A precision of {target} cannot be confirmed with this many {groups}: {measured}; "
        f"{_advise(calibration.target, held_out, groups)}."
    )


def _advise(target: float, held_out: OperatingPoint, groups: str) -> str:
    """What it would take to confirm a precision."""
    need = least_skus(target, held_out.level)
    if held_out.skus_answered < need:
        return (
            f"that takes at least {need} answered {groups} without an error, "
            f"and there are {held_out.skus_answered}"
        )
    return f"more {groups}, or a higher target to calibrate for, would tell"


def make_record(found: CalibratedResult) -> dict[str, object]:
    """A JSON object. Keys are those of earlier versions, which called a calibration a promise, its
    target "wanted", its splits "chosen" and "tested" and its outcome "verdict"."""
    result, c = found.result, found.calibration
    return {
        "result": str(result.folder),
        "encoder": result.name,
        "gallery": result.variant.get("gallery", ""),
        "data": result.data.name,
        "probes": len(found.answers),
        "tied_first": found.answers.tied,
        "unanswerable": found.answers.without_relevant,
        "outside_gallery": describe_outside(found),
        "promise": {
            "confidence": c.confidence,
            "wanted": c.target,
            "verdict": c.outcome.value,
            "threshold": c.threshold,
            "attempt": c.attempt,
            "unseen": found.unseen,
            "attempts_of_others": found.attempts.others,
            "chosen": _point_record(c.calibration),
            "tested": c.held_out and _point_record(c.held_out),
        },
        "said": describe_outcome(c, unit_words(result)[1]),
        "curves": [_curve_record(curve) for curve in found.curves],
    }


def _point_record(point: OperatingPoint) -> dict[str, object]:
    return {
        "skus": point.skus,
        "skus_answered": point.skus_answered,
        "coverage": point.coverage.as_dict(),
        "precision": point.precision.as_dict(),
        "at_least": point.at_least,
        "level": point.level,
    }


def _curve_record(curve: RiskCoverage) -> dict[str, object]:
    return {
        "confidence": curve.confidence,
        "aurc": curve.aurc.as_dict(),
        "excess_aurc": curve.excess.as_dict(),
        **{name: [_none_unless_finite(x) for x in getattr(curve, name)] for name in COLUMNS},
    }


def _none_unless_finite(x: float) -> float | None:
    """For JSON and CSV, which have no NaN or infinity."""
    return float(x) if math.isfinite(x) else None


def write_curves(found: CalibratedResult, out: Path) -> None:
    """CSV, one row per confidence and coverage; an unknown number is an empty cell."""
    out.parent.mkdir(parents=True, exist_ok=True)
    with out.open("w", newline="", encoding="utf-8") as f:
        writer = csv.writer(f)
        writer.writerow(["confidence", "coverage", "threshold", "risk", "risk_low", "risk_high"])
        for curve in found.curves:
            for row in zip(*(getattr(curve, name) for name in COLUMNS), strict=True):
                cells = ("" if _none_unless_finite(x) is None else f"{x:.9g}" for x in row)
                writer.writerow([curve.confidence, *cells])
