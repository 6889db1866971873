"""Colour histograms as vectors: the baseline that knows colours and nothing of shapes.

The picture, squashed to 64 x 64 pixels, is counted in CIELAB (D65) in BINS equal bins on each axis:
L* from 0 to 100, a* and b* from -100 to 100, colours beyond in the outer bins. The vector is the
square root of the shares, so that an inner product is the Bhattacharyya coefficient of two
histograms (Bhattacharyya 1943) and every vector has length 1. The background counts like the rest.
"""

from collections.abc import Sequence
from dataclasses import asdict
from typing import NoReturn

import numpy as np
import PIL.Image

from skulens.checkpoints import identity_of, packages
from skulens.encode.numerics import check_float32_only
from skulens.encode.parts import PartByPart
from skulens.errors import EncoderError
from skulens.protocols import Modality, Numerics, Role
from skulens.records import EncoderInfo

VERSION = 1
BINS, MOST_BINS = 8, 32
PX = 64
LOW, HIGH = np.array([0.0, -100.0, -100.0]), np.array([100.0, 100.0, 100.0])
TO_XYZ = np.array(
    [
        [0.4124564, 0.3575761, 0.1804375],
        [0.2126729, 0.7151522, 0.0721750],
        [0.0193339, 0.1191920, 0.9503041],
    ]
)
"""Linear sRGB -> XYZ (IEC 61966-2-1)."""
WHITE = TO_XYZ.sum(axis=1)
"""D65: what (1, 1, 1) is, so that grey has neither a* nor b*."""


class Histogram(PartByPart):
    """Histogram of colours in CIELAB; nothing is trained.

    Args:
        argument: bins on each axis, 2 to 32; empty: 8.
    Raises:
        EncoderError: another argument, a revision, or numerics beyond float32.
    """

    device = "cpu"

    def __init__(
        self,
        argument: str = "",
        numerics: Numerics = Numerics(),
        device: str = "auto",
        revision: str = "",
    ):
        why = "a histogram has no revisions and is counted in float32; name neither"
        check_float32_only(numerics, "histogram", revision, why)
        self.bins = read_bins(argument)
        self.info = EncoderInfo(
            name=f"histogram:{argument}" if argument else "histogram",
            family="histogram",
            identity=identity_of(
                family="histogram",
                version=VERSION,
                bins=self.bins,
                px=PX,
                versions=packages("pillow"),
            ),
            dim=self.bins**3,
            modalities=("image",),
            image_px=PX,
            licence="Apache-2.0",
            params=0,
            trained_spus={},
            about={"space": "CIELAB, D65", "bins": self.bins, "numerics": asdict(numerics)},
        )

    def prepare_image(self, picture: PIL.Image.Image, role: Role = "query") -> np.ndarray:
        """Root of the shares: (bins ** 3,) float32."""
        small = picture.resize((PX, PX), PIL.Image.Resampling.BOX)
        colours = lab_of(np.asarray(small, np.float64).reshape(-1, 3) / 255)
        places = np.floor((colours - LOW) / (HIGH - LOW) * self.bins)
        l, a, b = np.clip(places, 0, self.bins - 1).astype(np.int64).T  # noqa: E741
        counts = np.bincount((l * self.bins + a) * self.bins + b, minlength=self.bins**3)
        return np.sqrt(counts / counts.sum()).astype(np.float32)

    def prepare_text(self, text: str, role: Role = "query") -> NoReturn:
        raise EncoderError(f"{self.info.name} counts the colours of images; it reads no texts")

    def count_tokens(self, text: str) -> int:
        return self.prepare_text(text)

    def encode_batch(self, modality: Modality, batch: Sequence[np.ndarray]) -> np.ndarray:
        """(batch, bins ** 3) float32."""
        if modality != "image":
            self.prepare_text("")
        return np.stack(batch)


def read_bins(argument: str) -> int:
    """Bins on each axis. Raises EncoderError."""
    if argument and not (argument.isdecimal() and 2 <= int(argument) <= MOST_BINS):
        raise EncoderError(
            f"histogram:{argument}: expected 2 to {MOST_BINS} bins on each axis, as histogram:8"
        )
    return int(argument) if argument else BINS


def lab_of(rgb: np.ndarray) -> np.ndarray:
    """CIELAB of sRGB colours in 0..1: (colours, 3) float64 -> (colours, 3)."""
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    xyz = linear @ TO_XYZ.T / WHITE
    f = np.where(xyz > (6 / 29) ** 3, np.cbrt(xyz), xyz / (3 * (6 / 29) ** 2) + 4 / 29)
    x, y, z = f.T
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=1)
