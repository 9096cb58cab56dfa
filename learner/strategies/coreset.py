"""k-center greedy (Sener and Savarese 2018, "Active Learning for Convolutional Neural Networks:
A Core-Set Approach").

x* = argmax_x min_{l labelled or chosen} |x - l|. Needs no model.
"""

import numpy as np

from learner.strategies.distances import nearest_distance, squared_distances
from learner.strategies.pool import Chosen, Float32, Int64, Pool, top_rows

_FRONT = 4096  # farthest candidates whose distances are kept to date


def select(pool: Pool, batch: int, rng: np.random.Generator) -> Chosen:
    """Greedy, by distances that each new centre only lowers."""
    X = pool.vectors(pool.candidates)
    nearest = nearest_distance(X, pool.vectors(pool.covered))
    first: list[int] = []
    if len(X) and np.isinf(nearest[0]):  # without any label the first centre is any scan
        first = [int(rng.integers(len(X)))]
        nearest = nearest_distance(X, X[first])
        nearest[first] = -1
    rows, apart = farthest_first(X, nearest, min(batch, len(X)) - len(first))
    chosen = np.array([*first, *rows], dtype=np.int64)
    scores = np.sqrt(np.array([*[0.0] * len(first), *apart], dtype=np.float32))
    return Chosen(pool.candidates[chosen], scores)


def farthest_first(X: Float32, nearest: Float32, count: int) -> tuple[list[int], list[float]]:
    """Take `count` rows of X [m, f], each the farthest from all centres and from those taken.

    `nearest` [m] is the squared distance to the nearest centre, -1 for a row not to be taken.
    Gives the rows and their squared distance at their turn. A distance only ever falls, so one
    computed earlier is an upper bound: those of the front alone are renewed, until it no longer
    lies beyond every bound. The same choice as renewing all of them.
    """
    nearest = nearest.copy()
    taken: list[int] = []
    apart: list[float] = []
    waiting: list[int] = []  # taken, but not yet in the distances outside the front
    front, beyond = _front(nearest, count)
    while len(taken) < count:
        at = int(nearest[front].argmax())
        if waiting and nearest[front[at]] <= beyond:
            np.minimum(nearest, nearest_distance(X, X[waiting]), out=nearest)
            nearest[taken] = -1
            waiting = []
            front, beyond = _front(nearest, count)
            continue
        row = int(front[at])
        taken.append(row)
        waiting.append(row)
        apart.append(float(nearest[row]))
        closer = squared_distances(X[front], X[row : row + 1])[:, 0]
        nearest[front] = np.minimum(nearest[front], closer)
        nearest[row] = -1  # never again, even among duplicates
    return taken, apart


def _front(nearest: Float32, count: int) -> tuple[Int64, float]:
    """Rows of the largest distances, in order, and the largest one outside."""
    front = np.sort(top_rows(nearest, max(_FRONT, 2 * count)))
    if len(front) == len(nearest):
        return front, -np.inf
    outside = np.ones(len(nearest), dtype=bool)
    outside[front] = False
    return front, float(nearest[outside].max())
