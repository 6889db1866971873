"""Which readings are of the same bars, and which of them agree."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from skulens.verify.bars.reading import Reading
from skulens.verify.layout import Box, frame

SHARED = 0.3
"""Share of the smaller frame that two frames of the same bars have in common."""
SLACK = 0.08
"""Share of its width by which the frame of bars is widened: scan lines may see a part of their
height only."""


@dataclass(slots=True)
class Candidate:
    """A number at a place, with every reading of it."""

    text: str
    symbology: str
    readings: list[Reading] = field(default_factory=list)

    @property
    def looks(self) -> int:
        """Views that show it."""
        return len({reading.view for reading in self.readings})


def gather(readings: Iterable[Reading]) -> list[Candidate]:
    """Readings of one text at one place together, in the order of their first reading."""
    candidates: list[Candidate] = []
    for reading in readings:
        for one in candidates:
            if (one.text, one.symbology) == (reading.text, reading.symbology) and any(
                share_bars(reading, other) for other in one.readings
            ):
                one.readings.append(reading)
                break
        else:
            candidates.append(Candidate(reading.text, reading.symbology, [reading]))
    return candidates


def rivals_of(candidate: Candidate, candidates: Iterable[Candidate]) -> list[Candidate]:
    """Candidates with another text that were read from the same bars."""
    return [
        other
        for other in candidates
        if other is not candidate
        and any(share_bars(a, b) for a in candidate.readings for b in other.readings)
    ]


def share_bars(one: Reading, other: Reading) -> bool:
    """Whether the frames of two readings overlap."""
    a, b = widen(frame(one.quad)), widen(frame(other.quad))
    width = min(a.right, b.right) - max(a.left, b.left)
    height = min(a.bottom, b.bottom) - max(a.top, b.top)
    if width <= 0 or height <= 0:
        return False
    return width * height >= SHARED * min(a.width * a.height, b.width * b.height)


def widen(box: Box) -> Box:
    by = SLACK * max(box.width, box.height)
    return Box(box.left - by, box.top - by, box.right + by, box.bottom + by)
