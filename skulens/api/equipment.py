"""What calls from Python share: encoders by name, the cache, and when to show progress."""

import sys
from typing import Literal

from skulens.bench.run import split_names
from skulens.bench.task import Tools
from skulens.encode import OpenedEncoder, open_encoder, open_memo
from skulens.encode.batching import Batching
from skulens.errors import DataError, EncoderError
from skulens.files import cache_folder
from skulens.protocols import Encoder, Numerics

Dtype = Literal["auto", "float32", "bfloat16"]


def load_encoder(
    name: str, device: str = "auto", dtype: Dtype = "auto", *, revision: str = ""
) -> OpenedEncoder:
    """An encoder by name: "groceries", "open_clip:ViT-B-32/openai", "local:DIR", "onnx:FILE" ...

    What it is (`.info`) is known at once; its weights are read when it first has to compute, so
    that a run whose vectors are all in the cache loads no model.

    Args:
        name: as in `skulens bench --encoder`; `skulens list encoders` has all.
        device: "cpu", "cuda", "cuda:1" ...; auto: a GPU where there is one.
        dtype: of the forward pass; auto: float32 on a CPU, bfloat16 on a GPU.
        revision: of weights on a hub; empty: the one that skulens pins, else the newest.
    Raises:
        UnknownName: nothing is called so; names the nearest.
        MissingDependency: its family needs a package; says which.
        EncoderError: several names joined by "+", which have no vectors in common.
        MissingFile: its weights are neither here nor reachable; says what to put where.
    """
    if len(split_names(name)) > 1:
        raise EncoderError(
            f"{name!r} fuses the rankings of several systems and makes no vectors: measure it with "
            "skulens.bench, or load one of them"
        )
    encoder = open_encoder(
        name, numerics=numerics_of(dtype), device=device, revision=revision, memo=open_memo()
    )
    _ = encoder.info  # what is missing is said here, not in the middle of a job
    return encoder


def as_encoder(encoder: str | Encoder) -> Encoder:
    """The encoder, opened where it is a name. Raises DataError for anything else."""
    if isinstance(encoder, str):
        return load_encoder(encoder)
    if not hasattr(encoder, "encode_batch"):  # isinstance would ask for its device, and so load it
        raise DataError(
            f"got {type(encoder).__name__} as the encoder, expected a name such as 'groceries' or "
            "what skulens.load_encoder returns"
        )
    return encoder


def numerics_of(dtype: str) -> Numerics:
    """Raises DataError for an unknown dtype."""
    if dtype not in ("auto", "float32", "bfloat16"):
        raise DataError(f"unknown dtype {dtype!r}, expected auto, float32 or bfloat16")
    return Numerics(dtype)  # type: ignore[arg-type]


def equip(
    batch: int = 32,
    threads: int = 0,
    cache: bool = True,
    progress: bool | None = None,
    costs: bool = True,
) -> Tools:
    """The cache, the memo and how work is cut, as `bench.task.Tools`.

    Args:
        batch: parts of one forward pass.
        threads: that decode pictures; 0: one per core.
        cache: False neither reads nor keeps vectors.
        progress: a bar on stderr; None: on a terminal and in a notebook.
        costs: measure memory and latency where something is benchmarked.
    """
    shown = is_watched() if progress is None else progress
    return Tools(
        cache=cache_folder() if cache else None,
        memo=open_memo(),
        batching=Batching(batch=batch, threads=threads, progress=shown),
        time_probes=costs,
    )


def is_watched() -> bool:
    """Whether somebody looks: a terminal, or the kernel of a notebook."""
    return sys.stderr.isatty() or "ipykernel" in sys.modules
