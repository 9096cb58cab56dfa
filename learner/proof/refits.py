"""Heads fitted again to fewer labels, and how they score on the audit sample."""

import numpy as np
from numpy.typing import NDArray

from learner.fitting import QuestionHead
from learner.importance import Importance
from learner.projection import DIVERSITY_COMPONENTS, fit_projection
from learner.proof.evidence import Evidence
from learner.proof.scoring import score
from learner.questions import Question
from learner.scores import Score

Float32 = NDArray[np.float32]
Int64 = NDArray[np.int64]

MOST_FOR_AXES = 20_000  # rows that principal axes are found from
LEAST_LABELS = 5  # where a learning curve begins


class Refits:
    """Features of the rows that matter, projected once for all heads that are fitted to them."""

    def __init__(self, evidence: Evidence, rng: np.random.Generator, *, unread: int = 0) -> None:
        """`unread`: how many rows in no arm to take along, as the fixed set of `stopping`."""
        self.evidence = evidence
        n = len(evidence.embeddings)
        axes = np.sort(rng.choice(n, min(n, MOST_FOR_AXES), replace=False))
        projection = fit_projection(evidence.embeddings[axes])
        read = np.concatenate([evidence.audit, evidence.trained])
        others = np.setdiff1d(np.arange(n), read)
        self.unread = np.sort(rng.choice(others, min(unread, len(others)), replace=False))
        self._rows = np.unique(np.concatenate([read, self.unread]))
        self._X = projection.apply(evidence.embeddings[self._rows])
        directions = projection.directions(evidence.embeddings, DIVERSITY_COMPONENTS)
        self._importance = Importance(directions, rng)

    def features(self, rows: Int64) -> Float32:
        """Projected features of `rows`, [m, k]."""
        return self._X[np.searchsorted(self._rows, rows)]

    def fit(self, question: Question, rows: Int64) -> QuestionHead:
        """A head fitted to the labels of `rows` alone, weighed as the ranker does; uncalibrated."""
        one_fold = np.zeros(len(rows), dtype=np.int64)
        head = QuestionHead(question, one_fold, self.evidence.patients[rows])
        targets = self.evidence.targets[question.name][rows]
        weights = None if question.kind == "number" else self._importance.weights(rows)
        head.refit(self.features(rows), np.arange(len(rows)), targets, weights)
        return head

    def predict(self, head: QuestionHead, rows: Int64) -> Float32:
        """What a fitted head says of `rows`, [m, c]."""
        return head.predict(self.features(rows))

    def deviation(self, head: QuestionHead, rows: Int64) -> Float32:
        """How far off a number that it says of `rows` may be, one standard deviation, [m]."""
        return head.deviation(self.features(rows))[:, 0]

    def score(self, question: Question, rows: Int64, audit: Int64) -> Score:
        """How a head fitted to `rows` does on the rows `audit`, in `unit`s."""
        head = self.fit(question, rows)
        predicted = self.predict(head, audit) if head.fitted else None
        found = score(question, predicted, self.evidence.targets[question.name][audit])
        unit = self.unit(question, audit)
        return Score(found.value / unit, found.influence / unit)

    def unit(self, question: Question, audit: Int64) -> float:
        """What a score of 1 is worth: for a number, the error of always saying its median."""
        if question.kind != "number":
            return 1.0
        y = self.evidence.targets[question.name][audit]
        return float(np.abs(y - np.median(y)).mean()) or 1.0


def label_counts(most: int, *, least: int = LEAST_LABELS, points: int = 12) -> list[int]:
    """Up to `points` numbers of labels from `least` to `most`, evenly spaced by ratio."""
    if most <= least:
        return [most] if most else []
    return sorted({int(count) for count in np.geomspace(least, most, points).round()})
