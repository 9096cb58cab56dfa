"""Measures of uncertainty, each scaled to [0, 1], and their sum over questions and findings."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.special import entr

from learner.strategies.pool import Answer, Pool, answers_to, blocks

Float32 = NDArray[np.float32]
Measure = Callable[[Float32], Float32]


def least_confidence(p: Float32) -> Float32:
    """(1 - max_c p_c) C / (C - 1), [m, C] -> [m] (Lewis and Gale 1994)."""
    classes = p.shape[1]
    return np.asarray((1 - p.max(axis=1)) * (classes / (classes - 1)), dtype=np.float32)


def small_margin(p: Float32) -> Float32:
    """1 - (p_1st - p_2nd), [m, C] -> [m] (Scheffer et al. 2001)."""
    first, second = two_largest(p)
    return np.asarray(1 - (first - second), dtype=np.float32)


def two_largest(p: Float32) -> tuple[Float32, Float32]:
    """The largest and the second largest of each row, [m, C] -> [m], [m]."""
    columns = np.ascontiguousarray(p.T)  # C is small: a pass per class is far faster than sorting
    first = np.maximum(columns[0], columns[1])
    second = np.minimum(columns[0], columns[1])
    for column in columns[2:]:
        np.maximum(second, np.minimum(first, column), out=second)
        np.maximum(first, column, out=first)
    return first, second


def entropy(p: Float32) -> Float32:
    """-sum_c p_c log p_c / log C, [m, C] -> [m] (Shannon 1948)."""
    return np.asarray(entr(p).sum(axis=1) / np.log(p.shape[1]), dtype=np.float32)


def pool_uncertainty(pool: Pool, measure: Measure) -> Float32:
    """Mean uncertainty over the questions, [m] in [0, 1]; ValueError without predictions."""
    answers = answers_to(pool, "uncertainty", "any")
    each = [answer_uncertainty(answer, measure) for answer in answers]
    return np.asarray(np.mean(each, axis=0), dtype=np.float32)


def answer_uncertainty(answer: Answer, measure: Measure) -> Float32:
    """Uncertainty of one question, [m] in [0, 1].

    A finding is a choice of two, and the findings are weighted (rare ones more); a number's
    predictive deviation is divided by the largest in the pool.
    """
    values = answer.values
    if answer.kind == "number":
        return relative_deviation(values)[:, 0]
    found = np.empty(len(values), dtype=np.float32)
    for rows in blocks(len(values)):
        if answer.kind == "single":
            found[rows] = measure(values[rows])
        else:
            found[rows] = as_choices(values[rows], measure) @ answer.weights
    return found


def as_choices(values: Float32, measure: Measure) -> Float32:
    """The measure of each finding as a choice of two, [m, c] -> [m, c]."""
    both = np.stack([1 - values, values], axis=2).reshape(-1, 2)  # [m * c, 2]
    return measure(both).reshape(values.shape)


def relative_deviation(values: Float32) -> Float32:
    """Predictive deviations as shares of the largest one, [m, 1] -> [m, 1]; 0 where all are 0."""
    largest = float(values.max(initial=0))
    return values / np.float32(largest) if largest > 0 else np.zeros_like(values)
