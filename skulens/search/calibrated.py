"""A calibrated confidence: is the product asked for in the catalogue at all?

`skulens calibrate RESULT --json`, of a run over the shop's own photos, gives the confidence from which
the first product may be taken; below it, the answer says that the product is probably not there.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from skulens.errors import DataError


@dataclass(frozen=True, slots=True)
class Threshold:
    """The confidence from which the first hit is taken for the product asked for."""

    value: float
    confidence: Literal["score", "margin"] = "score"
    """Score of the first hit, or that minus the second's."""
    system: str = ""
    """Whose scores were calibrated."""
    verdict: str = "shown"
    """What held-out SKUs said of it: "shown" is confirmed (see docs/calibration.md)."""

    def reached(self, scores: Sequence[float]) -> bool:
        """Whether the first hit may be taken; without hits, no.

        Args:
            scores: of the hits, best first; the margin of a single hit is its score.
        """
        if not scores:
            return False
        second = scores[1] if self.confidence == "margin" and len(scores) > 1 else 0.0
        return scores[0] - second >= self.value


def read_threshold(path: str | Path) -> Threshold:
    """The threshold in a file that `skulens calibrate RESULT --json` wrote.

    Raises:
        DataError: no such file, another format, or a calibration that found no threshold.
    """
    try:
        record = json.loads(Path(path).read_text("utf-8"))
        chosen, system = record["promise"], str(record["encoder"])
        value, confidence = chosen["threshold"], chosen["confidence"]
        verdict = str(chosen["verdict"])
    except OSError as e:
        raise DataError(f"{path} cannot be read: {e.strerror}") from None
    except (ValueError, TypeError, KeyError):
        raise DataError(
            f"{path} holds no calibration; write one by `skulens calibrate RESULT --json > FILE`"
        ) from None
    if not isinstance(value, int | float) or confidence not in ("score", "margin"):
        raise DataError(
            f"{path}: the calibration found no threshold ({verdict}); lower the "
            "target precision, or measure more SKUs"
        )
    return Threshold(float(value), confidence, system, verdict)
