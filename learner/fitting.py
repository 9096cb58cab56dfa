"""The head of one question with all that a refit keeps: the last weights, folds, temperature."""

import numpy as np
from numpy.typing import NDArray

from learner.calibration import sigmoid_temperatures, softmax_temperature
from learner.heads import (
    Linear,
    Ridge,
    fit_ridge,
    fit_sigmoid,
    fit_softmax,
    sigmoid,
    softmax,
)
from learner.laplace import Posterior, fit_posterior
from learner.questions import Question

Float32 = NDArray[np.float32]
Int64 = NDArray[np.int64]

# On projected features (rows of mean square length 1). Measured on the rehearsal's two datasets.
PENALTY = {"single": 0.05, "multiple": 0.05, "number": 0.05}
BALANCE = 0.0
LEAST_FOR_FOLDS = 10  # fewer labels say nothing about a temperature
GROWTH = 1.05  # labels grow by this before folds and temperature are renewed


class QuestionHead:
    """One question's head, refitted from where it stood."""

    def __init__(self, question: Question, folds: Int64) -> None:
        """`folds` [n]: the cross-validation fold of every scan of the pool."""
        self.question = question
        self.temperature: Float32 = np.ones(1, dtype=np.float32)
        self.seen: Float32 = np.zeros(question.outputs, dtype=np.float32)  # labels of each class
        self.absent: Float32 = np.zeros(question.outputs, dtype=np.float32)  # and of its absence
        self.labels = 0
        self._folds = folds
        self._head: Linear | None = None
        self._ridge: Ridge | None = None
        self._members: dict[int, Linear] = {}
        self._calibrated_at = 0

    @property
    def fitted(self) -> bool:
        """Whether there is anything to predict with."""
        return self._head is not None or self._ridge is not None

    def refit(self, X: Float32, indices: Int64, targets: Float32) -> None:
        """Fit to targets [l, c] of the scans `indices` [l] of the pool X [n, k]."""
        answered = ~np.isnan(targets).all(axis=1)
        indices, targets = indices[answered], targets[answered]
        self.labels = len(indices)
        self.seen = np.nansum(targets, axis=0)
        self.absent = (~np.isnan(targets)).sum(axis=0) - self.seen
        if not self._enough(targets):
            self._head, self._ridge, self._members = None, None, {}
            return
        penalty = PENALTY[self.question.kind]
        if self.question.kind == "number":
            self._ridge = fit_ridge(X[indices], targets[:, 0], penalty=penalty)
            return
        self._head = self._fit(X[indices], targets, self._head)
        grown = self.labels >= self._calibrated_at * GROWTH or self.labels < self._calibrated_at
        if self.labels >= LEAST_FOR_FOLDS and grown:
            self._calibrate(X, indices, targets)

    def _enough(self, targets: Float32) -> bool:
        if self.question.kind == "single":
            return int((self.seen > 0).sum()) >= 2
        return len(targets) >= 2

    def _fit(self, X: Float32, targets: Float32, start: Linear | None) -> Linear:
        fit = fit_softmax if self.question.kind == "single" else fit_sigmoid
        penalty = PENALTY[self.question.kind]
        return fit(X, targets, penalty=penalty, balance=BALANCE, start=start)

    def _calibrate(self, X: Float32, indices: Int64, targets: Float32) -> None:
        """Renew the fold heads and find the temperature on the rows each has not seen."""
        single = self.question.kind == "single"
        logits, held_out = [], []
        for fold in np.unique(self._folds[indices]):
            out = self._folds[indices] == fold
            seen = np.nansum(targets[~out], axis=0) > 0
            if out.all() or (single and seen.sum() < 2):
                continue
            start = self._members.get(int(fold))
            member = self._fit(X[indices[~out]], targets[~out], start)
            self._members[int(fold)] = member
            # A class the fold's head never saw says nothing about how far to trust it.
            known = out & ((targets[:, seen] == 1).any(axis=1) if single else True)
            logits.append(member.logits(X[indices[known]]))
            held_out.append(targets[known])
        if not logits:
            return
        z, y = np.concatenate(logits), np.concatenate(held_out)
        self._calibrated_at = self.labels
        if single:
            self.temperature = np.full(1, softmax_temperature(z, y), dtype=np.float32)
        else:
            self.temperature = sigmoid_temperatures(z, y)

    def predict(self, X: Float32) -> Float32:
        """Calibrated probabilities, or the expected number: [n, k] -> [n, c]."""
        if self._ridge is not None:
            return self._ridge.mean(X)[:, None]
        return self._probabilities(self._fitted_head(), X)

    def deviation(self, X: Float32) -> Float32:
        """Predictive standard deviation of a number, [n, k] -> [n, 1]."""
        if self._ridge is None:
            raise ValueError(f"{self.question.name}: no number to predict yet")
        return self._ridge.deviation(X)[:, None]

    @property
    def has_committee(self) -> bool:
        """Whether there are labels enough for the folds to have heads of their own."""
        return bool(self._members)

    def committee(self, X: Float32) -> Float32:
        """Probabilities by each fold's head, [n, k] -> [members, n, c]."""
        return np.stack([self._probabilities(head, X) for head in self._members.values()])

    def posterior(self, X: Float32, targets: Float32) -> Posterior:
        """Laplace posterior of the weights, fitted to X [l, k] and targets [l, c]."""
        return fit_posterior(
            self._fitted_head(),
            X,
            ~np.isnan(targets),
            single=self.question.kind == "single",
            temperature=self.temperature,
            penalty=PENALTY[self.question.kind],
        )

    def _fitted_head(self) -> Linear:
        if self._head is None:
            raise ValueError(f"{self.question.name}: too few labels to predict")
        return self._head

    def _probabilities(self, head: Linear, X: Float32) -> Float32:
        to_probability = softmax if self.question.kind == "single" else sigmoid
        return to_probability(head.logits(X) / self.temperature)
