"""Probabilities at the frequency with which classes really occur.

Heads are fitted to labels that a strategy chose, and some of them with every class weighing the
same: they tell the classes apart, but 50 % then means "as likely as not, were both equally common".
"""

import numpy as np
from numpy.typing import NDArray

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]

# What chance drew counts for itself; labels that were chosen are worth so many of those together.
CHOSEN_WEIGHT = 10.0
_LEAST = 1e-4  # a class that has not come up yet may still be there


def prevalence(drawn: Float32, every: Float32, importance: Float32) -> Float64:
    """How often each class occurs, [c]: a mean of labels drawn by chance and of all labels.

    Both [l, c] of 0, 1 or NaN; `importance` [l] is that of all labels for the heads. Of those drawn
    by chance each counts, of all together CHOSEN_WEIGHT (the mean of a Dirichlet, or Beta,
    posterior whose prior is all labels' weighed frequencies). No label at all of a class: NaN.
    """
    asked = (~np.isnan(drawn)).sum(axis=0)
    answered = importance @ ~np.isnan(every)
    beforehand = importance @ np.nan_to_num(every) / np.where(answered > 0, answered, np.nan)
    found = (np.nansum(drawn, axis=0) + CHOSEN_WEIGHT * beforehand) / (asked + CHOSEN_WEIGHT)
    return np.asarray(np.clip(found, _LEAST, 1 - _LEAST), dtype=np.float64)


def single_at(probabilities: Float32, now: Float64) -> Float32:
    """Softmax probabilities [n, c], every class equally likely beforehand, at prevalence `now` [c].

    Each is weighed by its class's prevalence (Saerens, Latinne & Decaestecker 2002, equation 2.4).
    """
    weighed = probabilities * np.nan_to_num(now, nan=_LEAST)
    return np.asarray(weighed / weighed.sum(axis=1, keepdims=True), dtype=np.float32)


def findings_at(probabilities: Float32, fitted: Float64, now: Float64) -> Float32:
    """Probabilities of findings [n, c], fitted at frequencies `fitted` [c], at `now` [c].

    The same for each finding and its absence: its odds change as the prevalence's do.
    """
    change = now / (1 - now) / (fitted / (1 - fitted))
    p = probabilities.astype(np.float64)
    moved = p * change / (p * change + 1 - p)
    return np.where(np.isnan(moved), probabilities, moved).astype(np.float32)
