"""Floating-point operations of one forward pass, counted without computing it."""

import torch
from torch.utils.flop_counter import FlopCounterMode


def gflops(forward, *shape: int, dtype: torch.dtype = torch.float32) -> float | None:
    """Multiply-adds x 2 of `forward(zeros(shape))`, in 10^9; None where it cannot be counted.

    Args:
        forward: of a model on torch's "meta" device, whose tensors have shapes and no numbers,
            so counting takes the time of the Python around the layers.
    Matrix products, convolutions and attention are counted, as papers do. Gradients stay
    enabled: without them nn.MultiheadAttention takes a fused path that the counter cannot see.
    """
    counter = FlopCounterMode(display=False)
    try:
        with torch.inference_mode(False), torch.enable_grad(), counter:
            forward(torch.zeros(shape, dtype=dtype, device="meta"))
    except (RuntimeError, NotImplementedError):  # a model that reads values on the way
        return None
    return round(counter.get_total_flops() / 1e9, 4)
