"""Which device and number format a torch model runs in, and how it is brought there.

sound: every weight in `dtype`; batch norms stay float32. bfloat16 is several times faster
    where the hardware multiplies it natively; what it costs is in docs/encoders.md.
paper: OpenMPR's script (built in float32, every parameter but no buffer cast to bfloat16,
    bfloat16 inputs, forward under bfloat16 autocast), whatever `dtype` says.
"""

import contextlib
from typing import Literal

import torch

from skulens.errors import EncoderError

Mode = Literal["sound", "paper"]
DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16}
NORMS = (torch.nn.modules.batchnorm._BatchNorm,)


def chosen_device(device: str) -> str:
    """The device's name; "auto" is cuda where there is one, else cpu."""
    if device == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    if device.startswith("cuda") and not torch.cuda.is_available():
        raise EncoderError(
            f"device {device!r} was asked for, but torch sees no CUDA GPU; use cpu or auto"
        )
    try:
        return str(torch.device(device))
    except RuntimeError as e:
        raise EncoderError(f"unknown device {device!r}; expected auto, cpu, cuda or cuda:N") from e


def chosen_dtype(dtype: str, mode: Mode, device: str) -> str:
    """The name of the number format: what was asked for; "auto" is bfloat16 on a GPU, float32 on a CPU."""
    if mode not in ("sound", "paper"):
        raise EncoderError(f"unknown mode {mode!r}; expected sound or paper")
    if dtype not in (*DTYPES, "auto"):
        raise EncoderError(f"unknown dtype {dtype!r}; expected auto, {' or '.join(DTYPES)}")
    if mode == "paper":
        return "bfloat16"
    if dtype != "auto":
        return dtype
    return "bfloat16" if device.startswith("cuda") and torch.cuda.is_bf16_supported() else "float32"


def settle(model: torch.nn.Module, dtype: str, mode: Mode, device: str) -> torch.nn.Module:
    """The model on its device in its number format, ready for inference; changed in place."""
    if mode == "paper":
        cast_parameters(model, DTYPES[dtype], device)
    elif dtype != "float32":
        for module in model.modules():
            if not isinstance(module, NORMS):
                cast_own(module, DTYPES[dtype])
    return model.to(device).eval().requires_grad_(False)


def cast_parameters(model: torch.nn.Module, dtype: torch.dtype, device: str) -> None:
    """Cast every parameter and no buffer, as OpenMPR's script does.

    A CPU batch norm takes no 16-bit weights beside 32-bit statistics. There the weights are
    rounded to 16 bits and kept in 32: the numbers with which a GPU's batch norm computes.
    """
    for module in model.modules():
        widen = device == "cpu" and isinstance(module, NORMS)
        for parameter in module.parameters(recurse=False):
            rounded = parameter.data.to(dtype)
            parameter.data = rounded.float() if widen else rounded


def cast_own(module: torch.nn.Module, dtype: torch.dtype) -> None:
    """Cast a module's own floating tensors, not those of its children."""
    for parameter in module.parameters(recurse=False):
        if parameter.is_floating_point():
            parameter.data = parameter.data.to(dtype)
    for name, buffer in module.named_buffers(recurse=False):
        if buffer.is_floating_point():
            module._buffers[name] = buffer.to(dtype)


@contextlib.contextmanager
def forward_pass(dtype: str, mode: Mode, device: str):
    """No gradients; bfloat16 autocast in paper mode."""
    with torch.inference_mode():
        if mode == "paper":
            with torch.autocast(torch.device(device).type, dtype=DTYPES[dtype]):
                yield
        else:
            yield
