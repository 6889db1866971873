"""What measuring many encoders will take: download and hours, estimated before anything starts.

Download: 4 bytes per parameter, as most checkpoints are stored in float32 (one stored in 16 bits
takes half); weights that two names share are fetched once. Hours: seconds for a photo are a + b x
GFLOPs of the image tower, a and b at least 0, fitted to measured encoders by least squares of
the relative error; of one encoder b alone. Texts cost b x GFLOPs of the text tower.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass

import numpy as np

from skulens.bench.result import Result, machine
from skulens.encode.zoo.rows import ZooRow, find_row
from skulens.errors import DataError

BYTES = 4
"""Per parameter: float32."""


@dataclass(frozen=True, slots=True)
class Speed:
    """Seconds for a photo: fixed + GFLOPs x per_gflop."""

    fixed: float
    per_gflop: float
    of: tuple[str, ...]
    """The encoders that it was measured with."""


@dataclass(frozen=True, slots=True)
class Planned:
    """What one encoder will take."""

    name: str
    stored: bool
    """Its result is stored already, so that it is not measured again."""
    download_gb: float | None
    """0 where an earlier one brings the same weights; None where the registry does not know it."""
    hours: float | None


@dataclass(frozen=True)
class Plan:
    """What a collection of encoders will take; stored ones take nothing."""

    encoders: tuple[Planned, ...]
    photos: int
    texts: int
    speed: Speed | None

    @property
    def left(self) -> tuple[Planned, ...]:
        return tuple(p for p in self.encoders if not p.stored)

    @property
    def download_gb(self) -> float:
        return sum(p.download_gb or 0.0 for p in self.left)

    @property
    def hours(self) -> float | None:
        """None where the speed is not known."""
        return sum(p.hours or 0.0 for p in self.left) if self.speed else None

    def as_dict(self) -> dict[str, object]:
        return asdict(self) | {
            "left": len(self.left),
            "download_gb": self.download_gb,
            "hours": self.hours,
        }


def plan_encoders(
    names: Sequence[str],
    photos: int,
    texts: int,
    *,
    stored: Collection[str] = (),
    speed: Speed | None = None,
) -> Plan:
    """Args: stored: names that need not be measured again."""
    fetched: set[tuple[str, str]] = set()
    planned = []
    for name in names:
        row = row_of(name)
        hours = size = None
        if row and row.params:
            weights = (row.hub, row.hub_file)
            size = 0.0 if weights in fetched else row.params * BYTES / 1e9
            if name not in stored:
                fetched.add(weights)
        if row and row.gflops_image and speed:
            photo = speed.fixed + row.gflops_image * speed.per_gflop
            text = (row.gflops_text or 0.0) * speed.per_gflop
            hours = (photos * photo + texts * text) / 3600
        planned.append(Planned(name, name in stored, size, hours))
    return Plan(tuple(planned), photos, texts, speed)


def row_of(name: str) -> ZooRow | None:
    """The registry's row of "open_clip:ARCHITECTURE/TAG"."""
    family, _, pair = name.partition(":")
    arch, _, tag = pair.rpartition("/")
    return find_row(arch, tag) if family == "open_clip" else None


def given_speed(given: Mapping[str, float]) -> Speed:
    """The speed from photos per second of encoders that the registry knows.

    Raises:
        DataError: an encoder whose GFLOPs are not known, or a rate that is not above 0.
    """
    points = {}
    for name, rate in given.items():
        row = row_of(name)
        if row is None or not row.gflops_image:
            raise DataError(
                f"the GFLOPs of {name!r} are not known; give the photos per second of a published "
                "one, such as open_clip:RN50/openai=15.6 (`skulens list encoders`)"
            )
        if not 0 < rate < float("inf"):
            raise DataError(f"{name}: expected photos per second above 0, got {rate:g}")
        points[name] = (row.gflops_image, 1 / rate)
    return fit_speed(points)


def measured_speed(results: Sequence[Result]) -> Speed | None:
    """The speed from stored results that this kind of machine measured; None where there are none."""
    points = {}
    for result in results:
        work, rate = (number_of(result.cost.get(k)) for k in ("gflops_image", "images_per_s"))
        here = result.machine is not None and result.machine.get("cpu") == machine()["cpu"]
        if here and work > 0 and rate > 0:
            points[result.name] = (work, 1 / rate)
    return fit_speed(points) if points else None


def number_of(value: object) -> float:
    """A number as it is, 0 for anything else."""
    return float(value) if isinstance(value, int | float) else 0.0


def fit_speed(points: Mapping[str, tuple[float, float]]) -> Speed:
    """The line through encoder -> (GFLOPs of a photo, seconds of a photo), neither part below 0."""
    x, y = np.array(list(points.values()), float).T
    line = np.array([1 / y, x / y]).T  # relative errors: each row times 1 / y
    if len(set(x.tolist())) < 2:
        fixed, slope = 0.0, -1.0
    else:
        fixed, slope = np.linalg.lstsq(line, np.ones(len(y)), rcond=None)[0]
    if slope < 0 < fixed:
        fixed, slope = float((1 / y).sum() / (1 / y**2).sum()), 0.0
    elif fixed <= 0 or slope < 0:
        fixed, slope = 0.0, float((x / y).sum() / ((x / y) ** 2).sum())
    return Speed(float(fixed), float(slope), tuple(points))
