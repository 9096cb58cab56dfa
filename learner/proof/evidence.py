"""What has been read in a project, and by which arm: all that the proof is worked out from."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from learner.projection import Embeddings
from learner.questions import Question

Float32 = NDArray[np.float32]
Int64 = NDArray[np.int64]


@dataclass(frozen=True)
class Evidence:
    """A project's labels, the three arms apart, each arm's rows in the order they were read."""

    questions: tuple[Question, ...]
    embeddings: Embeddings  # [n, D], array or memory map
    targets: Mapping[str, Float32]  # per question [n, c], NaN where there is no answer
    patients: Int64  # [n]
    audit: Int64  # rows of the random audit sample, never trained on
    active: Int64  # rows that a strategy chose
    random: Int64  # rows served in random order, trained on
    given: Int64 = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    """Rows whose labels were brought along: trained on, and in neither arm."""

    def __post_init__(self) -> None:
        n = len(self.embeddings)
        if self.patients.shape != (n,):
            raise ValueError(f"{self.patients.shape} patients for {n} embeddings")
        for question in self.questions:
            if len(question.check_targets(self.targets[question.name])) != n:
                raise ValueError(f"{question.name}: targets for other than {n} embeddings")
        rows = np.concatenate([self.audit, self.active, self.random, self.given])
        if len(rows) and not (rows.min() >= 0 and rows.max() < n):
            raise ValueError("a label of a scan outside the pool")
        if len(np.unique(rows)) != len(rows):
            raise ValueError("a scan is in two arms, or twice in one")

    @property
    def trained(self) -> Int64:
        """Rows that heads learn from: those given, then the arms, read side by side."""
        place = [
            np.arange(1, len(arm) + 1) / max(len(arm), 1) for arm in (self.active, self.random)
        ]
        rows = np.concatenate([self.active, self.random])
        read = rows[np.argsort(np.concatenate(place), kind="stable")]
        return np.concatenate([self.given, read])

    def answered(self, question: Question, rows: Int64) -> Int64:
        """Those of `rows` with an answer to the question, in the same order."""
        return rows[~np.isnan(self.targets[question.name][rows]).all(axis=1)]

    def first_of_each_patient(self, rows: Int64) -> Int64:
        """Those of `rows` that come first of their patient, in the same order.

        The random arm is drawn by patient, and of few. Random order over the whole project would
        seldom come to a patient twice in so few labels: a patient's later scans, much like the
        first, would make it look worse than it is.
        """
        _, first = np.unique(self.patients[rows], return_index=True)
        return rows[np.sort(first)]
