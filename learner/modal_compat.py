"""modAL's query strategies on scikit-learn 1.9 and NumPy 2.

modAL-python 0.4.2.1 breaks there in two places only: `ActiveLearner.teach` passes
`force_all_finite` to `check_X_y`, and `modAL.expected_error` names `np.float` at import. Neither is
needed: no learner of modAL's is built, only its scoring and query functions are called, on an
object that answers `predict_proba` from predictions we already hold. So nothing in scikit-learn
or NumPy is patched. Nor is modAL's `query()` used, which calls a failing strategy a second time
and hides the first error.

modAL scores one classifier: with several questions, the first one that it can score.
"""

import importlib
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from learner.strategies.distances import Points, nearest_distance
from learner.strategies.pool import (
    Answer,
    Chosen,
    Float32,
    Pool,
    Strategy,
    answers_to,
    first_by_score,
)

# modAL's name -> its module and whether larger scores come first.
_SCORERS = {
    "uncertainty_sampling": ("modAL.uncertainty", "classifier_uncertainty", 1),
    "margin_sampling": ("modAL.uncertainty", "classifier_margin", -1),
    "entropy_sampling": ("modAL.uncertainty", "classifier_entropy", 1),
    "vote_entropy_sampling": ("modAL.disagreement", "vote_entropy", 1),
    "consensus_entropy_sampling": ("modAL.disagreement", "consensus_entropy", 1),
    "max_disagreement_sampling": ("modAL.disagreement", "KL_max_disagreement", 1),
}


@dataclass(frozen=True)
class Classifier:
    """The candidates' probabilities under modAL's interface of a classifier."""

    probabilities: Float32  # [m, classes]

    def predict_proba(self, X: object) -> Float32:
        """[m, classes], whatever X: it always stands for the candidates."""
        return self.probabilities


@dataclass(frozen=True)
class Committee:
    """The fold heads' probabilities under modAL's interface of a committee."""

    members: Float32  # [members, m, classes]

    @property
    def classes_(self) -> NDArray[np.int64]:
        """Class numbers, [classes]."""
        return np.arange(self.members.shape[2])

    def __len__(self) -> int:
        return len(self.members)

    def __iter__(self) -> Iterator[Float32]:
        return iter(self.members)

    def predict_proba(self, X: object) -> Float32:
        """The consensus, [m, classes]."""
        return np.asarray(self.members.mean(axis=0))

    def vote_proba(self, X: object) -> Float32:
        """[m, members, classes]."""
        return self.members.transpose(1, 0, 2)

    def vote(self, X: object) -> NDArray[np.int64]:
        """The class each member would say, [m, members]."""
        return np.asarray(self.vote_proba(X).argmax(axis=2), dtype=np.int64)


def modal_strategy(name: str) -> Strategy:
    """One of modAL's query strategies as one of ours. KeyError for an unknown name."""
    if name == "uncertainty_batch_sampling":
        return ranked_batch
    if name == "max_std_sampling":
        return largest_deviation
    module, function, sign = _SCORERS[name]

    def select(pool: Pool, batch: int, rng: np.random.Generator) -> Chosen:
        score = getattr(importlib.import_module(module), function)
        learner = _committee(pool) if module == "modAL.disagreement" else _classifier(pool)
        scores = np.asarray(score(learner, pool.candidates), dtype=np.float32)
        return first_by_score(pool, sign * scores, batch)

    return select


def largest_deviation(pool: Pool, batch: int, rng: np.random.Generator) -> Chosen:
    """modAL.disagreement.max_std_sampling: the largest predictive deviation of a number."""
    number = answers_to(pool, "modal:max_std_sampling", "number")[0]
    return first_by_score(pool, number.values[:, 0], batch)


def ranked_batch(pool: Pool, batch: int, rng: np.random.Generator) -> Chosen:
    """modAL.batch.uncertainty_batch_sampling (Cardoso et al. 2017, "Ranked batch-mode active
    learning"): argmax a (1 - 1 / (1 + d)) + (1 - a) u, d the distance to the nearest labelled or
    chosen scan, u the uncertainty, a = unlabelled / (unlabelled + labelled).

    The same choice as modAL's, which computes every distance anew at each pick; here they are
    kept, and only the newest pick's are computed. Without labels modAL starts with the scan
    nearest to all others; here, where a head is fitted, there always is a label.
    """
    from modAL.uncertainty import classifier_uncertainty

    classifier = _classifier(pool)
    uncertainty = np.asarray(classifier_uncertainty(classifier, pool.candidates), dtype=np.float32)
    points = Points.of(pool.vectors(pool.candidates))
    m = len(points.rows)
    nearest = nearest_distance(points.rows, pool.vectors(pool.labelled))
    free = np.ones(m, dtype=bool)
    chosen = np.empty(min(batch, m), dtype=np.int64)
    scores = np.empty(len(chosen), dtype=np.float32)
    for place in range(len(chosen)):
        unlabelled, labelled = m - place, len(pool.labelled) + place
        alpha = unlabelled / (unlabelled + labelled)
        value = alpha * (1 - 1 / (1 + np.sqrt(nearest))) + (1 - alpha) * uncertainty
        row = int(np.where(free, value, -np.inf).argmax())
        chosen[place], scores[place], free[row] = row, value[row], False
        np.minimum(nearest, points.apart(row), out=nearest)
    return Chosen(pool.candidates[chosen], scores)


def _choice(pool: Pool) -> Answer:
    return answers_to(pool, "this modAL strategy", "choice")[0]


def _classifier(pool: Pool) -> Classifier:
    answer = _choice(pool)
    return Classifier(_as_classes(answer.kind, answer.values))


def _committee(pool: Pool) -> Committee:
    answer = _choice(pool)
    # Until there are labels enough for folds, one head is a committee that agrees.
    members = answer.values[None] if answer.committee is None else answer.committee
    return Committee(np.stack([_as_classes(answer.kind, member) for member in members]))


def _as_classes(kind: str, values: Float32) -> Float32:
    """Findings as one choice of two, by the least certain finding: [m, c] -> [m, 2]."""
    if kind == "single":
        return values
    least = np.abs(values - 0.5).argmin(axis=1)
    p = values[np.arange(len(values)), least]
    return np.stack([1 - p, p], axis=1)
