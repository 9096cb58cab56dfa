"""The head of one question with all that a refit keeps: the last weights, folds, temperature."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_softmax

from learner.calibration import sigmoid_temperatures, softmax_temperature
from learner.heads import (
    Linear,
    Ridge,
    fit_ridge,
    fit_sigmoid,
    fit_softmax,
    sigmoid,
    sigmoid_weights,
    softmax,
    softmax_weights,
)
from learner.laplace import Posterior, fit_posterior
from learner.questions import Question

Float32 = NDArray[np.float32]
Int64 = NDArray[np.int64]

# Of these, on projected features (rows of mean square length 1), cross-validation takes the best.
# The log of a penalty has a normal prior around that of the first: a few dozen labels, read for
# being difficult, would else often take a strong one.
PENALTIES = (0.01, 0.05, 0.2, 1.0, 3.0, 10.0)
FIRST_PENALTY = 0.2
PRIOR_DEVIATION = 0.6
# Every class of a choice weighs the same, however many labels it has: the balanced accuracy of rare
# classes gains far more than the calibration of common ones loses. A finding is its own choice of
# two, told by probability and not by who is likelier: there weights cost calibration for nothing.
BALANCE = {"single": 1.0, "multiple": 0.0}
LEAST_FOR_FOLDS = 10  # fewer labels say nothing about a temperature
GROWTH = 1.1  # labels grow by this before folds and temperature are renewed,
SEARCH_GROWTH = 1.5  # and by this before the penalty is looked for again


class QuestionHead:
    """One question's head, refitted from where it stood. X are rows on principal axes [l, k]."""

    def __init__(self, question: Question, folds: Int64, patients: Int64) -> None:
        """Of every scan of the pool, [n]: its cross-validation fold and its patient's number."""
        self.question = question
        self.temperature: Float32 = np.ones(1, dtype=np.float32)
        self.penalty = FIRST_PENALTY
        self.seen: Float32 = np.zeros(question.outputs, dtype=np.float32)  # labels of each class
        self.absent: Float32 = np.zeros(question.outputs, dtype=np.float32)  # and of its absence
        self.labels = 0
        self.importance: Float32 = np.zeros(0, dtype=np.float32)  # of each, of mean 1
        self._folds = folds
        self._patients = patients
        self._head: Linear | None = None
        self._ridge: Ridge | None = None
        self._members: dict[int, Linear] = {}
        self._calibrated_at = self._counts(0)
        self._searched_at = 0

    @property
    def fitted(self) -> bool:
        """Whether there is anything to predict with."""
        return self._head is not None or self._ridge is not None

    @property
    def calibrated(self) -> bool:
        """Whether labels are enough for its probabilities, or its number, to be told to people."""
        return self.fitted and self.labels >= LEAST_FOR_FOLDS

    def refit(
        self, X: Float32, indices: Int64, targets: Float32, importance: Float32 | None = None
    ) -> None:
        """Fit to targets [l, c] of the scans `indices` [l] of the pool, whose rows are X [l, k].

        `importance` [l]: how much each weighs for a choice; None: all alike. A number's ridge
        takes no weights.
        """
        if importance is None:
            importance = np.ones(len(targets), dtype=np.float32)
        answered = ~np.isnan(targets).all(axis=1)
        X, indices, targets = X[answered], indices[answered], targets[answered]
        self.importance = importance[answered]
        self.labels = len(indices)
        self.seen = np.nansum(targets, axis=0)
        self.absent = (~np.isnan(targets)).sum(axis=0) - self.seen
        enough = self._enough(targets)
        if not enough or self.labels < LEAST_FOR_FOLDS:
            self._forget()
        if not enough:
            self._head, self._ridge = None, None
            return
        if self.question.kind == "number":
            self._fit_number(X, targets[:, 0], self._patients[indices])
            return
        if self.labels >= LEAST_FOR_FOLDS and self._is_due():
            self._cross_validate(X, self._folds[indices], targets)
        every = np.ones(len(X), dtype=bool)
        self._head = self._fit(X, targets, every, self._head, self.penalty)

    def _forget(self) -> None:
        """Forget what was found by cross-validation of labels that are no longer there."""
        self.temperature, self.penalty = np.ones(1, dtype=np.float32), FIRST_PENALTY
        self._members, self._calibrated_at, self._searched_at = {}, self._counts(0), 0

    def _counts(self, labels: int) -> Float32:
        """How many labels there are, in all and of each class or finding, [1 + c]."""
        return np.array([labels, *(self.seen + self.absent)], dtype=np.float32)

    def _is_due(self) -> bool:
        """Whether folds and temperatures are to be renewed: a finding may have come in later."""
        now, then = self._counts(self.labels), self._calibrated_at
        has_grown = (now >= LEAST_FOR_FOLDS) & (now >= then * np.float32(GROWTH))
        return bool(has_grown.any() or self.labels < then[0])

    def _grown(self, since: int, growth: float) -> bool:
        """Whether labels have grown so much, or become fewer, since there were so many."""
        return self.labels >= since * growth or self.labels < since

    def _penalties(self) -> tuple[float, ...]:
        """Those to try now: all of them, or the one found last."""
        if self.labels < LEAST_FOR_FOLDS or not self._grown(self._searched_at, SEARCH_GROWTH):
            return (self.penalty,)
        self._searched_at = self.labels
        return PENALTIES

    def _fit_number(self, X: Float32, y: Float32, patients: Int64) -> None:
        """Ridge, its penalty by the error of leaving a patient out, which costs no fold."""
        penalties = self._penalties()
        fitted = {one: fit_ridge(X, y, penalty=one, patients=patients) for one in penalties}
        # Minus the log-likelihood of the numbers left out is that of their deviation, l times.
        self.penalty = min(
            fitted, key=lambda one: len(y) * np.log(max(fitted[one].noise, 1e-12)) + _surprise(one)
        )
        self._ridge = fitted[self.penalty]

    def _enough(self, targets: Float32) -> bool:
        if self.question.kind == "single":
            return int((self.seen > 0).sum()) >= 2
        return len(targets) >= 2

    def _fit(
        self,
        X: Float32,
        targets: Float32,
        rows: NDArray[np.bool_],
        start: Linear | None,
        penalty: float,
    ) -> Linear:
        kind = self.question.kind
        fit = fit_softmax if kind == "single" else fit_sigmoid
        return fit(
            X[rows],
            targets[rows],
            penalty=penalty,
            balance=BALANCE[kind],
            importance=self.importance[rows],
            start=start,
        )

    def _cross_validate(self, X: Float32, folds: Int64, targets: Float32) -> None:
        """Renew the fold heads, the penalty and the temperature, by the rows no head has seen."""
        tried = [self._held_out(X, folds, targets, penalty) for penalty in self._penalties()]
        found = [one for one in tried if one is not None]
        if not found:
            return
        single = self.question.kind == "single"
        answers = len(targets) if single else int((~np.isnan(targets)).sum())  # one a finding
        best = min(found, key=lambda one: answers * one.loss + _surprise(one.penalty))
        self.penalty, self.temperature = best.penalty, best.temperature
        self._members = best.members
        self._calibrated_at = self._counts(self.labels)

    def _held_out(
        self, X: Float32, folds: Int64, targets: Float32, penalty: float
    ) -> "_HeldOut | None":
        """Heads fitted to all folds but one each, and how well they do on the one left out."""
        single = self.question.kind == "single"
        members: dict[int, Linear] = {}
        logits, held_out, importance = [], [], []
        for fold in np.unique(folds):
            out = folds == fold
            seen = np.nansum(targets[~out], axis=0) > 0
            if out.all() or (single and seen.sum() < 2):
                continue
            start = self._members.get(int(fold))
            member = self._fit(X, targets, ~out, start, penalty)
            members[int(fold)] = member
            # A class the fold's head never saw says nothing about how far to trust it.
            known = out & ((targets[:, seen] == 1).any(axis=1) if single else True)
            logits.append(member.logits(X[known]))
            held_out.append(targets[known])
            importance.append(self.importance[known])
        if not sum(map(len, logits)):
            return None
        z, y, w = np.concatenate(logits), np.concatenate(held_out), np.concatenate(importance)
        temperature = (softmax_temperature if single else sigmoid_temperatures)(z, y, w)
        loss = _loss(z / temperature, y, w, single=single)
        return _HeldOut(penalty, members, temperature, loss)

    @property
    def linear(self) -> Linear:
        """The fitted head, also of a number's mean; ValueError before there is one."""
        if self._ridge is not None:
            return self._ridge.linear
        if self._head is None:
            raise ValueError(f"{self.question.name}: too few labels to predict")
        return self._head

    def predicted(self, logits: Float32) -> Float32:
        """Calibrated probabilities of logits [n, c] by `linear`; of a number, these themselves.

        Every class of a choice counts as equally likely beforehand.
        """
        if self.question.kind == "number":
            return logits
        to_probability = softmax if self.question.kind == "single" else sigmoid
        return to_probability(logits / self.temperature)

    def predict(self, X: Float32) -> Float32:
        """`predicted` of rows on principal axes, [n, k] -> [n, c]."""
        return self.predicted(self.linear.logits(X))

    @property
    def ridge(self) -> Ridge:
        """The head of a number; ValueError before it is fitted."""
        if self._ridge is None:
            raise ValueError(f"{self.question.name}: no number to predict yet")
        return self._ridge

    def deviation(self, X: Float32) -> Float32:
        """Predictive standard deviation of a number, [n, k] -> [n, 1]."""
        whitened = self.ridge.whitening.logits(X)
        return self.ridge.deviation_of(np.einsum("nk,nk->n", whitened, whitened))[:, None]

    @property
    def members(self) -> list[Linear]:
        """The head of each fold, fitted to the others; none before there are folds."""
        return list(self._members.values())

    def posterior(self, X: Float32, targets: Float32) -> Posterior:
        """Laplace posterior of the weights, given X [l, k] and targets [l, c] of the last refit."""
        kind = self.question.kind
        weigh = softmax_weights if kind == "single" else sigmoid_weights
        return fit_posterior(
            self.linear,
            X,
            weigh(targets, BALANCE[kind], self.importance),
            single=kind == "single",
            temperature=self.temperature,
            penalty=self.penalty,
        )


@dataclass(frozen=True)
class _HeldOut:
    penalty: float
    members: dict[int, Linear]
    temperature: Float32
    loss: float


def _surprise(penalty: float) -> float:
    """Minus the log of the prior of a penalty, up to a constant."""
    return 0.5 * float(np.log(penalty / FIRST_PENALTY) / PRIOR_DEVIATION) ** 2


def _loss(logits: Float32, Y: Float32, importance: Float32, *, single: bool) -> float:
    """Mean log-loss, every class of a choice weighing the same; unanswered findings left out."""
    if single:
        each = -(Y * log_softmax(logits, axis=1)).sum(axis=1)
        counts = importance @ Y
        weight = importance * (Y @ (1 / np.maximum(counts, 1e-6)))
        return float((weight * each).sum() / (counts > 0).sum())
    asked = ~np.isnan(Y)
    each = np.logaddexp(0, logits) - np.where(asked, Y, 0) * logits
    weights = importance[:, None] * asked
    return float((weights * each).sum() / weights.sum())
