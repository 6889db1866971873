"""Image encoders in ONNX files on disk, run by ONNX Runtime without torch."""

import functools
import importlib.util
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import NoReturn

import numpy as np
import onnxruntime as ort
import PIL.Image

from skulens.checkpoints import identity_of, packages
from skulens.encode.external_data import external_files
from skulens.encode.numerics import check_dtype_only
from skulens.encode.parts import PartByPart
from skulens.encode.preprocess import Preprocess, three
from skulens.errors import EncoderError, MissingFile
from skulens.files import sha256_of_file
from skulens.machine import count_cores
from skulens.protocols import Modality, Numerics, Role
from skulens.records import EncoderInfo

SIDECAR = "preprocess.json"
EXAMPLE = (
    '{"size": 224, "mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225], '
    '"interpolation": "bicubic", "resize_mode": "shortest"}'
)
NUMBERS = {"tensor(float)": np.float32, "tensor(float16)": np.float16}


@dataclass(frozen=True)
class Known:
    """A model that we have met, so that nobody need write a sidecar for it."""

    preprocess: Preprocess
    licence: str
    params: int
    gflops: float


KNOWN = {
    "mobilenet_v1_embedding": Known(
        # (x - 128) / 128 of pixels in 0..255
        Preprocess(224, 224, (128 / 255,) * 3, (128 / 255,) * 3, interpolation="bicubic"),
        licence="Apache-2.0",
        params=3_196_032,
        gflops=1.1354,
    )
}
"""By file name without ending. MobileNet V1 (1.0, 224 px) cut after its average pooling."""


class OnnxImage(PartByPart):
    """`FILE.onnx`, or a folder with exactly one. Pictures only.

    Preprocessing comes from `preprocess.json` beside the file (keys: size or height and width,
    mean, std, interpolation, resize_mode, fill, layout, licence), or from KNOWN.
    """

    family = "onnx"

    def __init__(
        self,
        argument: str,
        numerics: Numerics = Numerics(),
        device: str = "auto",
        revision: str = "",
    ):
        if revision:
            raise EncoderError(
                f"an ONNX file has no revisions, got {revision!r}; its hash identifies it"
            )
        check_dtype_only(numerics, "ONNX")
        if numerics.dtype not in ("auto", "float32"):
            raise EncoderError(
                f"an ONNX file computes in its own number format, got dtype {numerics.dtype!r}; "
                "use auto"
            )
        path = onnx_file(Path(argument).expanduser())
        self.preprocess, about = find_preprocess(path)
        self.path, self.session = path, open_session(path, device, threads())
        self.device = "cuda" if "CUDAExecutionProvider" in self.session.get_providers() else "cpu"
        self.input = check_input(self.session, self.preprocess)
        self.one_by_one = isinstance(self.input.shape[0], int)
        self.output = self.session.get_outputs()[0].name
        self.info = self._describe(path, about, numerics)

    @functools.cached_property
    def stream(self) -> ort.InferenceSession:
        """For batches on a CPU: one thread, because every core then runs batches of its own.

        Threads of one session that wait for each other's cores cost 12 %
        (benchmarks/end_to_end.py); single probes keep all cores. It holds the weights a second
        time.
        """
        return (
            open_session(self.path, "cpu", 1)
            if self.device == "cpu" and threads() > 1
            else self.session
        )

    def _describe(self, path: Path, about: dict, numerics: Numerics) -> EncoderInfo:
        blank = np.zeros((self.preprocess.height, self.preprocess.width, 3), np.float32)
        if self.preprocess.layout == "chw":
            blank = blank.transpose(2, 0, 1)
        beside = {
            file.relative_to(path.parent.resolve()).as_posix(): sha256_of_file(file)
            for file in external_files(path)
        }
        identity = identity_of(
            weights=sha256_of_file(path),
            **({"external_data": beside} if beside else {}),
            preprocess=self.preprocess.describe(),
            output=self.output,
            device=self.device,
            versions=packages("onnxruntime", "pillow"),
        )
        return EncoderInfo(
            name=path.stem,
            family=self.family,
            identity=identity,
            dim=self.encode_batch("image", [blank]).shape[1],
            modalities=("image",),
            image_px=self.preprocess.height,
            licence=about["licence"],
            params_image=about["params"] or count_parameters(path),
            gflops_image=about["gflops"],
            about={"numerics": asdict(numerics)},
        )

    def prepare_image(self, picture: PIL.Image.Image, role: Role = "query") -> np.ndarray:
        """float32 (3, height, width), or (height, width, 3) where the layout is hwc."""
        return self.preprocess(picture)

    def prepare_text(self, text: str, role: Role = "query") -> NoReturn:
        raise EncoderError(
            f"{self.info.name} is an image-only model; texts need an encoder with a text tower"
        )

    def count_tokens(self, text: str) -> int:
        return self.prepare_text(text)

    def encode_batch(self, modality: Modality, batch: Sequence[np.ndarray]) -> np.ndarray:
        """(batch, dim) float32, not normalised."""
        if modality != "image":
            self.prepare_text("")
        kind = NUMBERS[self.input.type]
        pictures = np.stack(batch).astype(kind, copy=False)  # (batch, 3, height, width)
        session = self.stream if len(batch) > 1 else self.session
        parts = np.split(pictures, len(pictures)) if self.one_by_one else [pictures]
        found = [session.run([self.output], {self.input.name: part})[0] for part in parts]
        return np.concatenate(found).reshape(len(batch), -1).astype(np.float32)


def onnx_file(path: Path) -> Path:
    """The file itself, or the only one in that folder."""
    if path.is_file():
        return path
    if not path.is_dir():
        raise MissingFile(f"no file or folder {path}; expected an .onnx file or a folder with one")
    found = sorted(path.glob("*.onnx"))
    if len(found) != 1:
        names = ", ".join(f.name for f in found[:4]) or "none"
        raise EncoderError(
            f"{path} should hold exactly one .onnx file, found {names}; name the file itself"
        )
    return found[0]


def find_preprocess(path: Path) -> tuple[Preprocess, dict]:
    """(preprocessing, licence and costs) from the sidecar, else from what we know of the model."""
    known = KNOWN.get(path.stem)
    about = (
        {"licence": known.licence, "params": known.params, "gflops": known.gflops} if known else {}
    )
    about = {"licence": "unknown", "params": None, "gflops": None} | about
    sidecar = path.parent / SIDECAR
    if sidecar.is_file():
        written = read_sidecar(sidecar)
        about["licence"] = written.pop("licence", about["licence"])
        return preprocess_of(written, sidecar), about
    if known:
        return known.preprocess, about
    raise EncoderError(
        f"nothing says how {path.name} wants its pictures, "
        "and guessing would spoil every vector silently. "
        f"Write it into {sidecar}, for example {EXAMPLE}"
    )


def read_sidecar(path: Path) -> dict:
    try:
        written = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as e:
        raise EncoderError(f"{path} is not JSON: {e}") from e
    allowed = {f.name for f in fields(Preprocess)} | {"size", "licence"}
    extra = set(written) - allowed if isinstance(written, dict) else {"no object"}
    if extra:
        raise EncoderError(
            f"{path}: {', '.join(sorted(extra))} unknown; expected of {', '.join(sorted(allowed))}"
        )
    return written


def preprocess_of(written: dict, path: Path) -> Preprocess:
    try:
        size = written.pop("size", None)
        frame = {"height": size, "width": size} if size else {}
        scale = {key: three(written[key]) for key in ("mean", "std")}
        return Preprocess(**{**frame, **written, **scale})
    except (KeyError, TypeError) as e:
        raise EncoderError(
            f"{path} lacks or misspells a setting ({e}); a whole one is {EXAMPLE}"
        ) from e


def open_session(path: Path, device: str, cores: int) -> ort.InferenceSession:
    """A session on `cores` cores, or on the GPU where the runtime has CUDA and may use it."""
    settings = ort.SessionOptions()
    settings.intra_op_num_threads = cores
    # Leave cores to decoding.
    settings.add_session_config_entry("session.intra_op.allow_spinning", "0")
    providers = ["CPUExecutionProvider"]
    if device != "cpu" and "CUDAExecutionProvider" in ort.get_available_providers():
        providers.insert(0, "CUDAExecutionProvider")
    elif device not in ("auto", "cpu"):
        raise EncoderError(
            f"device {device!r} was asked for, but this onnxruntime has no CUDA; use cpu or auto"
        )
    try:
        return ort.InferenceSession(path, settings, providers=providers)
    except Exception as e:  # onnxruntime's own come from pybind, derived from Exception alone
        raise EncoderError(f"ONNX Runtime cannot open {path}: {str(e)[:300]}") from e


def threads() -> int:
    """$OMP_NUM_THREADS, else what torch uses where it is loaded, else every core we may use."""
    named = os.environ.get("OMP_NUM_THREADS", "")
    if named.isdigit() and int(named) > 0:
        return int(named)
    torch = sys.modules.get("torch")
    return torch.get_num_threads() if torch else count_cores()


def check_input(session: ort.InferenceSession, preprocess: Preprocess):
    """The only input of an image encoder, if it fits the preprocessing."""
    inputs = session.get_inputs()
    if len(inputs) != 1 or len(inputs[0].shape) != 4 or inputs[0].type not in NUMBERS:
        what = ", ".join(f"{i.name} {i.shape} {i.type}" for i in inputs)
        raise EncoderError(
            f"expected one float input of shape (N, 3, height, width), the file has {what}"
        )
    frame = (preprocess.height, preprocess.width)
    expected = (3, *frame) if preprocess.layout == "chw" else (*frame, 3)
    for have, want in zip(inputs[0].shape[1:], expected, strict=True):
        if isinstance(have, int) and have != want:
            raise EncoderError(
                f"the file reads {inputs[0].shape}, the preprocessing gives (N, {expected}); "
                "fix one of them"
            )
    return inputs[0]


def count_parameters(path: Path) -> int | None:
    """Parameters of the file; None without the package `onnx`, which ONNX Runtime does not need."""
    if importlib.util.find_spec("onnx") is None:
        return None
    import onnx

    graph = onnx.load(path, load_external_data=False).graph
    floats = (onnx.TensorProto.FLOAT, onnx.TensorProto.FLOAT16)
    return sum(int(np.prod(t.dims)) for t in graph.initializer if t.dims and t.data_type in floats)
