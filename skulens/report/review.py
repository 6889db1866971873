"""What people found in captions: rates with exact intervals, agreement, what to decide."""

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from skulens.curate.captions.reviewing import Agreement, Rate, Review

DISAGREEMENTS = 20
"""Listed on a terminal; --json has all."""


def print_review(review: "Review", say: Callable[[str], object]) -> None:
    """Tables per sheet and of the agreement, disagreements, then one line that sums up."""
    from skulens.report.console import show
    from skulens.report.grid import Grid

    for sheet, rates in zip(review.sheets, review.rates, strict=True):
        table = Grid(str(sheet))
        table.add_column("asked")
        for heading in ("yes", "of", "share, 95 %"):
            table.add_column(heading, "number")
        for rate in rates:
            table.add_row(rate.name, f"{rate.passed:,}", f"{rate.n:,}", write_rate(rate))
        show(table)
    if review.agreements:
        table = Grid("agreement of the first two")
        table.add_column("asked")
        for heading in ("both answered", "same", "kappa, 95 %"):
            table.add_column(heading, "words" if heading[0] == "k" else "number", least=14)
        for a in review.agreements:
            table.add_row(a.name, f"{a.n:,}", f"{a.same:,}", write_kappa(a))
        show(table)
    for row in review.disagreements[:DISAGREEMENTS]:
        say(
            f"{row['product_id']}: {row['asked']}: {row['first']} and {row['second']}: {row['caption'][:90]}"
        )
    if len(review.disagreements) > DISAGREEMENTS:
        say(f"and {len(review.disagreements) - DISAGREEMENTS:,} more disagreements: see --json")
    for sheet, unread, unfinished in zip(
        review.sheets, review.unread, review.unfinished, strict=True
    ):
        for sentence in unread[:5]:
            say(f"{sheet}: {sentence}")
        if unfinished:
            say(f"{sheet}: {unfinished:,} captions are not answered in full and do not count")
    for sheet, rates in zip(review.sheets, review.rates, strict=True):
        say(f"{sheet}: {conclude(rates[0])}")


def write_rate(rate: "Rate") -> str:
    """ "100.0 % [98.5, 100.0]"."""
    if not rate.n:
        return "nobody said"
    return f"{100 * rate.value:.1f} % [{100 * rate.low:.1f}, {100 * rate.high:.1f}]"


def write_kappa(agreement: "Agreement") -> str:
    if math.isnan(agreement.kappa):
        return "unknown: both always gave the same one answer" if agreement.n else "nobody said"
    return f"{agreement.kappa:.2f} [{agreement.low:.2f}, {agreement.high:.2f}]"


def conclude(rate: "Rate") -> str:
    """What a reviewed sample says, in one sentence."""
    if not rate.n:
        return "no caption is answered in full yet"
    said = f"{rate.passed:,} of {rate.n:,} captions pass: {write_rate(rate)}"
    if rate.population is None or rate.population <= rate.n:
        return said
    return (
        f"{said}; of all {rate.population:,} between {rate.least:,} and {rate.most:,} pass (95 %)"
    )
