"""Measures of uncertainty, each scaled to [0, 1], and their sum over questions and findings."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.special import entr

from learner.strategies.pool import Answer, Pool

Float32 = NDArray[np.float32]
Measure = Callable[[Float32], Float32]


def least_confidence(p: Float32) -> Float32:
    """(1 - max_c p_c) C / (C - 1), [m, C] -> [m] (Lewis and Gale 1994)."""
    classes = p.shape[1]
    return np.asarray((1 - p.max(axis=1)) * (classes / (classes - 1)), dtype=np.float32)


def small_margin(p: Float32) -> Float32:
    """1 - (p_1st - p_2nd), [m, C] -> [m] (Scheffer et al. 2001)."""
    two = -np.partition(-p, 1, axis=1)[:, :2]
    return np.asarray(1 - (two[:, 0] - two[:, 1]), dtype=np.float32)


def entropy(p: Float32) -> Float32:
    """-sum_c p_c log p_c / log C, [m, C] -> [m] (Shannon 1948)."""
    return np.asarray(entr(p).sum(axis=1) / np.log(p.shape[1]), dtype=np.float32)


def pool_uncertainty(pool: Pool, measure: Measure) -> Float32:
    """Mean uncertainty over the questions, [m] in [0, 1]; ValueError without predictions."""
    if not pool.answers:
        raise ValueError("uncertainty needs a fitted head")
    each = [answer_uncertainty(answer, measure) for answer in pool.answers]
    return np.asarray(np.mean(each, axis=0), dtype=np.float32)


def answer_uncertainty(answer: Answer, measure: Measure) -> Float32:
    """Uncertainty of one question, [m] in [0, 1].

    A finding is a choice of two, and the findings are weighted (rare ones more); a number's
    predictive deviation is divided by the largest in the pool.
    """
    values = answer.values
    if answer.kind == "single":
        return measure(values)
    if answer.kind == "number":
        largest = float(values.max(initial=0))
        return values[:, 0] / np.float32(largest) if largest > 0 else np.zeros_like(values[:, 0])
    both = np.stack([1 - values, values], axis=2).reshape(-1, 2)  # [m * c, 2]
    return np.asarray(measure(both).reshape(values.shape) @ answer.weights, dtype=np.float32)
