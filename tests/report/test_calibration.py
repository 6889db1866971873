"""Sentences of a calibration, one for each outcome."""

import pytest

from skulens.evaluate.calibration import Calibration, OperatingPoint, Outcome
from skulens.evaluate.intervals import Interval
from skulens.report.calibration import describe_outcome


def point(precision=0.95, high=1.0, at_least=0.7, answered=40, coverage=0.5):
    return OperatingPoint(
        skus=50,
        skus_answered=answered,
        coverage=Interval(coverage, 0.4, 0.6, 200, 50),
        precision=Interval(precision, 0.6, high, 100, answered),
        at_least=at_least,
        level=0.95,
    )


@pytest.mark.parametrize(
    ("outcome", "target", "held_out", "says"),
    [
        (
            Outcome.CONFIRMED,
            0.9,
            point(at_least=0.912),
            "A precision of 90.0% is confirmed: "
            "on 50 held-out SKUs it is at least 91.2% (95% confidence).",
        ),
        (
            Outcome.NOT_CONFIRMED,
            0.99,
            point(precision=1.0),
            "A precision of 99.0% cannot be confirmed with this many SKUs: "
            "on 50 held-out SKUs it is 100.0%, at least 70.0% (95% confidence); "
            "that takes at least 299 answered SKUs without an error, and there are 40.",
        ),
        (
            Outcome.NOT_CONFIRMED,
            0.9,
            point(),
            "A precision of 90.0% cannot be confirmed with this many SKUs: "
            "on 50 held-out SKUs it is 95.0%, at least 70.0% (95% confidence); "
            "more SKUs, or a higher target to calibrate for, would tell.",
        ),
        (
            Outcome.NOT_CONFIRMED,
            0.9,
            point(precision=float("nan"), at_least=0.0, answered=0),
            "A precision of 90.0% cannot be tested: "
            "the threshold answers none of the 50 held-out SKUs.",
        ),
        (
            Outcome.MISSED,
            0.9,
            point(precision=0.8, high=0.85),
            "A precision of 90.0% is not reached: on 50 held-out SKUs it is 80.0%, at least 70.0% "
            "(95% confidence).",
        ),
        (
            Outcome.MISSED,
            0.9,
            point(precision=0.8, high=0.95),
            "A precision of 90.0% is not reached: on 50 held-out SKUs it is 80.0%, at least 70.0% "
            "(95% confidence); the target lies within the interval: "
            "measure more SKUs, or calibrate for a higher precision.",
        ),
        (
            Outcome.OUT_OF_REACH,
            0.9,
            None,
            "A precision of 90.0% is out of reach: the most precise threshold on the calibration "
            "split gives 95.0% at a coverage of 50.0%.",
        ),
    ],
)
def test_each_outcome_has_its_sentence(outcome, target, held_out, says):
    threshold = 0.2 if held_out else None
    found = Calibration("score", target, outcome, threshold, point(), held_out)
    assert describe_outcome(found, "SKUs") == says


def test_groups_are_called_as_the_suite_calls_them():
    found = Calibration("score", 0.9, Outcome.MISSED, 0.2, point(), point(precision=0.8))
    said = describe_outcome(found, "items")
    assert "50 held-out items" in said and "measure more items" in said and "SKU" not in said
