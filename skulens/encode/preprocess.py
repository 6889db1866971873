"""A decoded RGB picture -> the float32 array a vision tower reads, with Pillow and numpy only.

The same numbers, bit for bit, as torchvision's transforms give on PIL pictures (a test
compares them), but free of torch: these functions run in worker threads, where torch's
own thread pool would fight with the forward pass.
"""

import functools
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
import PIL.Image

from skulens.errors import EncoderError
from skulens.opening import LARGEST_PX

FILTERS = {
    "bicubic": PIL.Image.Resampling.BICUBIC,
    "bilinear": PIL.Image.Resampling.BILINEAR,
    "random": PIL.Image.Resampling.BICUBIC,  # open_clip's reading of it outside training
    "nearest": PIL.Image.Resampling.NEAREST,
    "lanczos": PIL.Image.Resampling.LANCZOS,
}


@dataclass(frozen=True)
class Preprocess:
    """How a model wants its pictures."""

    height: int
    """px"""
    width: int
    """px"""
    mean: tuple[float, ...]
    """Of each channel, for pixels in 0..1."""
    std: tuple[float, ...]
    interpolation: str = "bicubic"
    resize_mode: Literal["shortest", "longest", "squash"] = "shortest"
    """shortest: fill the frame, crop the edges; longest: fit into it and pad; squash: distort."""
    fill: int = 0
    """Grey value of padding."""
    layout: Literal["chw", "hwc"] = "chw"
    crop_rounding: Literal["nearest", "down"] = "nearest"
    """Crop offset for an odd margin: torchvision rounds half of it, transformers rounds down."""

    def __post_init__(self):
        if not isinstance(self.interpolation, str) or self.interpolation not in FILTERS:
            raise EncoderError(
                f"interpolation {self.interpolation!r}; expected one of {', '.join(FILTERS)}"
            )
        if self.resize_mode not in ("shortest", "longest", "squash"):
            raise EncoderError(
                f"resize_mode {self.resize_mode!r}; expected shortest, longest or squash"
            )
        if any(
            type(px) is not int or not 1 <= px <= LARGEST_PX for px in (self.height, self.width)
        ):
            raise EncoderError(
                f"pictures of {self.height!r} x {self.width!r} px, expected 1 to {LARGEST_PX}"
            )
        for name, values in (("mean", self.mean), ("std", self.std)):
            if len(values) != 3 or not all(is_finite(v) for v in values):
                raise EncoderError(f"{name} is {values!r}, expected three numbers")
        if min(self.std) <= 0:
            raise EncoderError(
                f"preprocessing with a zero std: {self.std!r}, expected numbers above 0"
            )
        if type(self.fill) is not int or not 0 <= self.fill <= 255:
            raise EncoderError(f"fill is {self.fill!r}, expected a grey value of 0 to 255")

    @classmethod
    def of_open_clip(cls, cfg: dict) -> "Preprocess":
        """From open_clip's preprocess_cfg dictionary."""
        size = cfg["size"]
        height, width = size if isinstance(size, Sequence) else (size, size)
        mean, std = (three(cfg[key]) for key in ("mean", "std"))
        mode: Any = cfg["resize_mode"] or "shortest"
        return cls(
            height,
            width,
            mean,
            std,
            cfg["interpolation"] or "bicubic",
            mode,
            cfg.get("fill_color", 0),
        )

    def describe(self) -> dict:
        """Every setting, for an encoder's identity."""
        return asdict(self)

    def __call__(self, picture: PIL.Image.Image) -> np.ndarray:
        """float32 (3, height, width), or (height, width, 3) where the layout says so."""
        pixels = np.asarray(self.frame(picture), np.float32)  # (height, width, 3)
        mean, std = _columns(self.mean, self.std)
        pixels = (pixels / np.float32(255) - mean) / std
        if self.layout == "hwc":
            return pixels
        return np.ascontiguousarray(pixels.transpose(2, 0, 1))  # (3, height, width)

    def frame(self, picture: PIL.Image.Image) -> PIL.Image.Image:
        """The picture at (width, height) px."""
        kernel, frame = FILTERS[self.interpolation], (self.width, self.height)
        if self.resize_mode == "squash":
            return resize(picture, frame, kernel)
        if self.resize_mode == "longest":
            ratio = max(picture.width / self.width, picture.height / self.height)
            return pad_to_frame(
                resize(picture, scale_size(picture.size, ratio), kernel), frame, self.fill
            )
        if self.height == self.width:
            return crop_centre(
                resize(picture, shortest(picture.size, self.width), kernel),
                frame,
                self.crop_rounding,
            )
        ratio = min(picture.width / self.width, picture.height / self.height)
        return crop_centre(
            resize(picture, scale_size(picture.size, ratio), FILTERS["bicubic"]), frame
        )


def is_finite(value: object) -> bool:
    return isinstance(value, int | float) and math.isfinite(value)


def three(value: float | Sequence[float]) -> tuple[float, ...]:
    """One number for every channel, or the three."""
    return tuple(value) if isinstance(value, Sequence) else (value,) * 3


@functools.cache
def _columns(mean: tuple[float, ...], std: tuple[float, ...]) -> tuple[np.ndarray, np.ndarray]:
    return np.array(mean, np.float32), np.array(std, np.float32)


def shortest(size: tuple[int, int], side: int) -> tuple[int, int]:
    """(width, height) with the short side `side`, the long one rounded down like torchvision."""
    width, height = size
    if width <= height:
        return side, int(side * height / width)
    return int(side * width / height), side


def scale_size(size: tuple[int, int], ratio: float) -> tuple[int, int]:
    """(width, height) divided by the ratio, rounded, at least one pixel."""
    return max(1, round(size[0] / ratio)), max(1, round(size[1] / ratio))


def resize(picture: PIL.Image.Image, size: tuple[int, int], kernel: int) -> PIL.Image.Image:
    return picture if picture.size == size else picture.resize(size, kernel)


def crop_centre(
    picture: PIL.Image.Image, frame: tuple[int, int], rounding: str = "nearest"
) -> PIL.Image.Image:
    """The middle of a picture that is at least as large as the frame (width, height)."""
    half = round if rounding == "nearest" else int
    left, top = (half((have - want) / 2.0) for have, want in zip(picture.size, frame, strict=True))
    return picture.crop((left, top, left + frame[0], top + frame[1]))


def pad_to_frame(picture: PIL.Image.Image, frame: tuple[int, int], fill: int) -> PIL.Image.Image:
    """The picture in the middle of a canvas, cut where it is a pixel too large."""
    width, height = (max(side, have) for side, have in zip(frame, picture.size, strict=True))
    canvas = PIL.Image.new("RGB", (width, height), (fill,) * 3)
    canvas.paste(picture, ((width - picture.width) // 2, (height - picture.height) // 2))
    return crop_centre(canvas, frame)
