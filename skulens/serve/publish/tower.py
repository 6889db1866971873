"""The image tower of an encoder as an ONNX file whose vectors have length 1: what browsers run."""

import contextlib
import io
import tempfile
import warnings
from pathlib import Path
from typing import Any

import skulens.torch_shim  # noqa: F401  # before anything that imports torchvision

# isort: split
import torch

from skulens.errors import EncoderError
from skulens.files import write_whole

OPSET = 17
INPUT, OUTPUT = "pixels", "vector"


class UnitTower(torch.nn.Module):
    """Pixels -> vectors of length 1."""

    def __init__(self, model: Any):
        super().__init__()
        self.visual = model.visual

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        return torch.nn.functional.normalize(self.visual(pixels), dim=-1)


def write_tower(encoder: Any, path: Path) -> None:
    """Write the image tower of an encoder of open_clip's to a file.

    Reads float32 (batch, 3, height, width), gives float32 (batch, dim).

    Raises:
        EncoderError: another family, another number format, or a tower that torch cannot export.
    """
    model, name = getattr(encoder, "model", None), encoder.info.name
    if getattr(model, "visual", None) is None:
        raise EncoderError(
            f"{name} has no image tower that can be exported; encoders of open_clip, local folders "
            "and ONNX files have one"
        )
    if encoder.info.dtype != "float32":
        raise EncoderError(
            f"{name} computes in {encoder.info.dtype}, browsers in float32: build the store so"
        )
    frame = (1, 3, encoder.preprocess.height, encoder.preprocess.width)
    names: dict[str, Any] = {"input_names": [INPUT], "output_names": [OUTPUT]}
    with (
        warnings.catch_warnings(),
        contextlib.redirect_stdout(io.StringIO()),
        tempfile.TemporaryDirectory() as folder,
    ):
        out = Path(folder) / path.name
        warnings.simplefilter("ignore")  # that the older exporter, which needs no package, is old
        try:
            torch.onnx.export(
                UnitTower(model).eval(), (torch.zeros(frame),), out, **names, opset_version=OPSET,
                dynamo=False, dynamic_axes={INPUT: {0: "batch"}, OUTPUT: {0: "batch"}},
            )  # fmt: skip
        except Exception as e:  # of many kinds, by operator
            raise EncoderError(f"torch cannot export the image tower of {name}: {e}") from e
        write_whole(path, lambda file: file.write(out.read_bytes()))
