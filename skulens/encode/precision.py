"""Which device and number format a torch model runs in, and how it is brought there.

The facts come as `protocols.Numerics`. By default every weight is in `dtype` and batch norms
stay float32: bfloat16 is several times faster where the hardware multiplies it natively; what
it costs is in docs/encoders.md. `cast="parameters"` with `autocast` is what a plain script does
that builds a model in float32, casts its parameters and no buffer, and runs it under autocast.
"""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass

import torch

from skulens.encode.numerics import describe_numerics
from skulens.errors import EncoderError
from skulens.opening import choose_device
from skulens.protocols import Numerics

DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16}
ROTARY = "inv_freq"
"""In the names of rotary position tables: in 16 bits they misplace tokens beyond the first few."""
NORMS = (torch.nn.modules.batchnorm._BatchNorm,)
CASTS = ("all", "parameters")


@dataclass(frozen=True, slots=True)
class Precision:
    """Numerics with everything decided for one device."""

    dtype: str
    """Of the weights and pixels: a key of DTYPES."""
    device: str
    numerics: Numerics

    @property
    def plain(self) -> bool:
        """The model's own calls on whole contexts, as a plain script makes them, without our
        rearrangements for speed."""
        return self.numerics.autocast or self.numerics.cast != "all"

    @property
    def torch_dtype(self) -> torch.dtype:
        return DTYPES[self.dtype]

    def describe(self) -> dict[str, str]:
        """For an encoder's identity."""
        return describe_numerics(self.numerics, self.dtype)

    def apply(self, model: torch.nn.Module) -> torch.nn.Module:
        """The model on its device in its number format, ready for inference; changed in place."""
        if self.numerics.cast == "parameters":
            cast_parameters(model, self.torch_dtype, self.device)
        elif self.dtype != "float32":
            for module in model.modules():
                if not isinstance(module, NORMS):
                    cast_own(module, self.torch_dtype)
        return model.to(self.device).eval().requires_grad_(False)

    @contextlib.contextmanager
    def forward_pass(self) -> Iterator[None]:
        """No gradients; under autocast where the numerics say so."""
        with torch.inference_mode():
            if self.numerics.autocast:
                with torch.autocast(torch.device(self.device).type, dtype=self.torch_dtype):
                    yield
            else:
                yield

    def send(self, tensor: torch.Tensor) -> torch.Tensor:
        """To the device, floating-point numbers in the dtype too."""
        if self.device != "cpu":
            tensor = tensor.to(self.device)
        return tensor.to(self.torch_dtype) if tensor.is_floating_point() else tensor


def choose_precision(numerics: Numerics, device: str) -> Precision:
    """Decide all that is "auto": cuda if available, bfloat16 on a GPU that multiplies it.

    Raises:
        EncoderError: an unknown device, dtype or cast, or autocast to float32.
    """
    where = choose_device(device)
    if numerics.dtype not in (*DTYPES, "auto"):
        raise EncoderError(
            f"unknown dtype {numerics.dtype!r}; expected auto, {' or '.join(DTYPES)}"
        )
    if numerics.cast not in CASTS:
        raise EncoderError(f"unknown cast {numerics.cast!r}; expected {' or '.join(CASTS)}")
    dtype: str = numerics.dtype
    if dtype == "auto":
        fast = where.startswith("cuda") and torch.cuda.is_bf16_supported()
        dtype = "bfloat16" if fast else "float32"
    if numerics.autocast and dtype == "float32":
        raise EncoderError("autocast needs a 16-bit dtype, got float32; give dtype bfloat16")
    return Precision(dtype, where, numerics)


def has_rotary(model: torch.nn.Module) -> bool:
    """Whether the model keeps rotary position tables that stay float32."""
    return any(ROTARY in name for name, _ in model.named_buffers())


def cast_parameters(model: torch.nn.Module, dtype: torch.dtype, device: str) -> None:
    """Cast every parameter and no buffer.

    A CPU batch norm takes no 16-bit weights beside 32-bit statistics. There the weights are
    rounded to 16 bits and kept in 32: the numbers with which a GPU's batch norm computes.
    """
    for module in model.modules():
        widen = device == "cpu" and isinstance(module, NORMS)
        for parameter in module.parameters(recurse=False):
            rounded = parameter.data.to(dtype)
            parameter.data = rounded.float() if widen else rounded


def cast_own(module: torch.nn.Module, dtype: torch.dtype) -> None:
    """Cast a module's own floating tensors, not those of its children and no rotary tables."""
    for parameter in module.parameters(recurse=False):
        if parameter.is_floating_point():
            parameter.data = parameter.data.to(dtype)
    for name, buffer in module.named_buffers(recurse=False):
        if buffer.is_floating_point() and ROTARY not in name:
            module._buffers[name] = buffer.to(dtype)
