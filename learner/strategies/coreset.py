"""k-center greedy (Sener and Savarese 2018, "Active Learning for Convolutional Neural Networks:
A Core-Set Approach").

x* = argmax_x min_{l labelled or chosen} |x - l|. Needs no model.
"""

import numpy as np

from learner.strategies.coverage import squared_distances
from learner.strategies.pool import Chosen, Float32, Pool


def select(pool: Pool, batch: int, rng: np.random.Generator) -> Chosen:
    """Greedy; the distance to the nearest centre is kept and only lowered by each new one."""
    X = pool.features[pool.candidates]
    m = len(X)
    nearest = nearest_distance(X, pool.features[pool.labelled])
    chosen = np.empty(min(batch, m), dtype=np.int64)
    scores = np.empty(len(chosen), dtype=np.float32)
    for place in range(len(chosen)):
        # Without any label the first centre is any scan.
        nothing_yet = np.isinf(nearest).all()
        row = int(rng.integers(m)) if nothing_yet else int(nearest.argmax())
        chosen[place] = row
        scores[place] = 0 if nothing_yet else np.sqrt(nearest[row])
        np.minimum(nearest, squared_distances(X, X[row : row + 1])[:, 0], out=nearest)
        nearest[chosen[: place + 1]] = -1  # never again, even among duplicates
    return Chosen(pool.candidates[chosen], scores)


def nearest_distance(X: Float32, centres: Float32) -> Float32:
    """Squared distance of each row to its nearest centre, [m, f] -> [m]; inf without centres."""
    nearest = np.full(len(X), np.inf, dtype=np.float32)
    for start in range(0, len(centres), 512):  # bounds the [m, centres] matrix
        block = squared_distances(X, centres[start : start + 512])
        np.minimum(nearest, block.min(axis=1), out=nearest)
    return nearest
