"""Accuracy per parameter, as the OpenMPR paper weighs it (section 5.3, Eq. 6 and Table 8).

`recall_at_1` is the micro hit rate at 1, a fraction; `params` counts all parameters of both
towers before any cast, as printed by the paper (embeddings included). The paper prints all three
times 100, so these do too.
"""

from typing import TypeVar, overload

import numpy as np

from skulens.errors import DataError

EPSILON = 1e-6

Number = TypeVar("Number", float, np.ndarray)
"""One model's number, or an array of many models'."""


@overload
def phi(recall_at_1: Number, params: Number) -> Number: ...
@overload
def phi(recall_at_1: None, params: float | np.ndarray) -> None: ...
def phi(recall_at_1, params):
    """Semantic power density: (R1 / (1 - R1 + 1e-6))**2 / (params / 10**6) * 100; Eq. 6.

    The odds of a hit are 1 at R1 = 0.5, and their square falls fast below; but nothing jumps there,
    so a small model that mostly fails can stand above a large one that does not. Unbounded as R1 nears 1. It grows with R1,
    so the ends of an interval of R1 give those of phi; an unknown end (None) stays unknown.
    """
    if recall_at_1 is None:
        return None
    millions = _millions(recall_at_1, params)
    return (recall_at_1 / (1 - recall_at_1 + EPSILON)) ** 2 / millions * 100


def m1(recall_at_1: Number, params: Number) -> Number:
    """Linear: R1 / (params / 10**6) * 100; Table 8."""
    return recall_at_1 / _millions(recall_at_1, params) * 100


def m2(recall_at_1: Number, params: Number) -> Number:
    """Quadratic: R1**2 / (params / 10**6) * 100; Table 8."""
    return recall_at_1**2 / _millions(recall_at_1, params) * 100


def _millions(recall: Number, params: Number) -> Number:
    if np.any(np.asarray(params) <= 0):
        raise DataError(f"parameters must be a positive count, got {np.min(params)}")
    if np.any(np.asarray(recall) > 1) or np.any(np.asarray(recall) < 0):
        raise DataError(
            f"Recall@1 must be a fraction between 0 and 1, got {recall}; divide percentages by 100"
        )
    return params / 1e6
