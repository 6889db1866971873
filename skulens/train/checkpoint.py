"""The state of a run, written after each epoch so that a kill at any moment loses at most one.

Tensors go to safetensors and the rest to its metadata, as JSON: nothing is pickled. The file
is written aside and renamed, so that it is either the old one or the new one.
"""

import json
from pathlib import Path
from typing import Any

import safetensors
import safetensors.torch
import torch
from torch import Tensor

from skulens.errors import StoreError


def save_state(
    path: Path,
    model: torch.nn.Module,
    average: dict[str, Tensor],
    optimiser: torch.optim.Optimizer,
    about: dict[str, Any],
) -> None:
    """Write weights, their average and optimiser moments; `about`: epoch, recipe, data (JSON)."""
    tensors = {f"model.{k}": v for k, v in model.state_dict().items()}
    tensors |= {f"average.{k}": v for k, v in average.items()}
    for position, state in optimiser.state_dict()["state"].items():
        tensors |= {f"optimiser.{position}.{k}": torch.as_tensor(v) for k, v in state.items()}
    contiguous = {k: v.detach().contiguous().clone() for k, v in tensors.items()}
    aside = path.with_suffix(".part")
    safetensors.torch.save_file(contiguous, aside, {"about": json.dumps(about)})
    aside.replace(path)


def read_about(path: Path) -> dict[str, Any] | None:
    """What a checkpoint says of itself; None where there is none.

    Raises:
        StoreError: the file is not one of ours.
    """
    if not path.is_file():
        return None
    try:
        with safetensors.safe_open(path, "pt") as f:
            return json.loads(f.metadata()["about"])
    except Exception as e:  # safetensors raises its own, JSON its own, a foreign file anything
        raise StoreError(
            f"{path} is not a checkpoint of skulens ({e}); move it away to start anew"
        ) from e


def load_state(
    path: Path, model: torch.nn.Module, average: dict[str, Tensor], optimiser: torch.optim.Optimizer
) -> None:
    """Put everything back, in place."""
    tensors = safetensors.torch.load_file(path)
    model.load_state_dict(part(tensors, "model."))
    for name, value in part(tensors, "average.").items():
        average[name].copy_(value)
    moments: dict[int, dict[str, Tensor]] = {}
    for name, value in part(tensors, "optimiser.").items():
        position, _, key = name.partition(".")
        moments.setdefault(int(position), {})[key] = value
    optimiser.load_state_dict(optimiser.state_dict() | {"state": moments})
    # The fused update walks memory, so layouts must agree.
    for weight, state in optimiser.state.items():
        for key, value in state.items():
            if value.shape == weight.shape:
                state[key] = torch.empty_like(weight).copy_(value)


def part(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)}
