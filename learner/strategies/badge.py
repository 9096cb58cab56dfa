"""BADGE (Ash et al. 2020, "Deep Batch Active Learning by Diverse, Uncertain Gradient Lower
Bounds").

The gradient of the last layer for the predicted class, g = (p - onehot(argmax p)) (x) features,
is large where the model is unsure; k-means++ over g draws a batch that is unsure and diverse. The
product is never formed: <g, g'> = <a, a'> <x, x'>.
"""

import numpy as np
from numpy.typing import NDArray

from learner.strategies.pool import Answer, Chosen, Float32, Pool


def select(pool: Pool, batch: int, rng: np.random.Generator) -> Chosen:
    """Draw by k-means++: the largest gradient first, then with chance by squared distance."""
    if not pool.answers:
        raise ValueError("badge needs a fitted head")
    X = pool.features[pool.candidates]
    A = np.concatenate([error_direction(answer) for answer in pool.answers], axis=1)
    lengths = (A * A).sum(axis=1) * (X * X).sum(axis=1)  # |g|^2, [m]
    nearest = lengths.astype(np.float64)
    chosen = np.empty(min(batch, len(X)), dtype=np.int64)
    scores = np.empty(len(chosen), dtype=np.float32)
    free = np.ones(len(X), dtype=bool)
    for place in range(len(chosen)):
        row = int(lengths.argmax()) if place == 0 else _draw(nearest * free, free, rng)
        chosen[place], scores[place], free[row] = row, nearest[row], False
        apart = lengths + lengths[row] - 2 * (A @ A[row]) * (X @ X[row])
        nearest = np.minimum(nearest, np.maximum(apart, 0)) if place else np.maximum(apart, 0)
    return Chosen(pool.candidates[chosen], scores)


def _draw(mass: NDArray[np.float64], free: NDArray[np.bool_], rng: np.random.Generator) -> int:
    total = mass.sum()
    if total <= 0:  # only copies of what is chosen are left
        return int(rng.choice(np.flatnonzero(free)))
    return int(rng.choice(len(mass), p=mass / total))


def error_direction(answer: Answer) -> Float32:
    """Gradient of the loss by the logits, were the prediction right, [m, c]."""
    p = answer.values
    if answer.kind == "number":
        return p
    if answer.kind == "multiple":
        return np.asarray((p - (p > 0.5)) * np.sqrt(answer.weights), dtype=np.float32)
    found = p.copy()
    found[np.arange(len(p)), p.argmax(axis=1)] -= 1
    return found
