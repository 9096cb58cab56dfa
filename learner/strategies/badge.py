"""BADGE (Ash et al. 2020, "Deep Batch Active Learning by Diverse, Uncertain Gradient Lower
Bounds").

The gradient of the last layer for the predicted class, g = (p - onehot(argmax p)) (x) features,
is large where the model is unsure; k-means++ over g draws a batch that is unsure and diverse. The
product is never formed: <g, g'> = <a, a'> <x, x'>.
"""

from dataclasses import dataclass

import numpy as np

from learner.strategies.distances import squared_lengths
from learner.strategies.pool import Answer, Chosen, Float32, Int64, Pool, answers_to, blocks
from learner.strategies.uncertainty import relative_deviation

_PROPOSALS = 4  # drawn at once: one pass over the pool measures the distances to all of them


def select(pool: Pool, batch: int, rng: np.random.Generator) -> Chosen:
    """Draw by k-means++: the largest gradient first, then with chance by squared distance."""
    answers = answers_to(pool, "badge", "any")
    directions = np.concatenate([error_direction(answer) for answer in answers], axis=1)
    gradients = Gradients.of(directions, pool.vectors(pool.candidates))
    count = min(batch, len(pool.candidates))
    if not count:
        return Chosen(pool.candidates[:0], np.zeros(0, dtype=np.float32))
    rows, scores = _draw(gradients, count, rng)
    return Chosen(pool.candidates[rows], scores)


@dataclass(frozen=True)
class Gradients:
    """Gradients of the last layer, factored: g_i = a_i (x) x_i."""

    directions: Float32  # [m, c]
    features: Float32  # [m, f]
    lengths: Float32  # [m], |g|^2

    @classmethod
    def of(cls, directions: Float32, features: Float32) -> "Gradients":
        """From a [m, c] and x [m, f]."""
        return cls(directions, features, squared_lengths(directions) * squared_lengths(features))

    def apart(self, rows: Int64) -> Float32:
        """|g - g_r|^2 of every gradient to those of these rows, [r] -> [r, m]."""
        found = np.empty((len(rows), len(self.lengths)), dtype=np.float32)
        for at in blocks(len(self.lengths)):  # in cache from one step to the next
            block = self.features[at] @ self.features[rows].T
            block *= self.directions[at] @ self.directions[rows].T
            block *= -2
            block += self.lengths[at, None]
            block += self.lengths[rows]
            np.maximum(block.T, 0, out=found[:, at])
        return found


def _draw(gradients: Gradients, count: int, rng: np.random.Generator) -> tuple[Int64, Float32]:
    """k-means++ (Arthur and Vassilvitskii 2007), a few proposals to each pass over the pool.

    A proposal drawn by the distances before the last few centres is kept with chance
    (distance now) / (distance then): exactly the draw by the distances of now.
    """
    chosen = [int(gradients.lengths.argmax())]
    scores = [float(gradients.lengths[chosen[0]])]
    nearest = gradients.apart(np.array(chosen))[0]
    nearest[chosen] = 0
    while len(chosen) < count:
        mass = np.cumsum(nearest, dtype=np.float64)
        if mass[-1] <= 0:  # only copies of what is chosen are left
            left = np.setdiff1d(np.arange(len(nearest)), chosen)
            chosen += rng.permutation(left)[: count - len(chosen)].tolist()
            break
        at = np.searchsorted(mass, rng.random(_PROPOSALS) * mass[-1], side="right")
        proposals = np.minimum(at, len(nearest) - 1)
        then, apart = nearest[proposals].copy(), gradients.apart(proposals)
        for place, row in enumerate(proposals.tolist()):
            if rng.random() * then[place] >= nearest[row] or len(chosen) == count:
                continue
            chosen.append(row)
            scores.append(float(nearest[row]))
            np.minimum(nearest, apart[place], out=nearest)
            nearest[row] = 0
    scores += [0.0] * (len(chosen) - len(scores))
    return np.array(chosen, dtype=np.int64), np.array(scores, dtype=np.float32)


def error_direction(answer: Answer) -> Float32:
    """Gradient of the loss by the logits, were the prediction right, [m, c].

    Of a number: its predictive deviation, as a share of the largest in the pool.
    """
    p = answer.values
    if answer.kind == "number":
        return relative_deviation(p)
    if answer.kind == "multiple":
        return np.asarray((p - (p > 0.5)) * np.sqrt(answer.weights), dtype=np.float32)
    found = p.copy()
    found[np.arange(len(p)), p.argmax(axis=1)] -= 1
    return found
