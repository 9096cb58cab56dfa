"""Data sets whose every answer is known, and how a rehearsal divides them."""

import hashlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from learner.projection import Embeddings
from learner.questions import Question

Float32 = NDArray[np.float32]
Int64 = NDArray[np.int64]

TEST_SHARE = 0.25
# The long-tailed version of a pool: the largest class stays, the others become this rare.
RARE_CLASSES = 9
LEAST_PREVALENCE, MOST_PREVALENCE = 0.03, 0.10


@dataclass(frozen=True)
class Table:
    """A data set whose every answer is known."""

    question: Question
    embeddings: Embeddings  # [n, d]
    targets: Float32  # [n, c], as in `Question`
    groups: Int64  # [n] patient numbers; a scan without a patient is its own group
    long_tailed: bool = False  # whether the pool is thinned to a long tail, anew for every seed

    def __post_init__(self) -> None:
        if not len(self.embeddings) == len(self.targets) == len(self.groups):
            raise ValueError("embeddings, targets and groups differ in length")
        if np.isnan(self.question.check_targets(self.targets)).any():
            raise ValueError("a rehearsal needs every answer")
        if self.long_tailed and self.question.kind != "single":
            raise ValueError("only a single choice can be made long-tailed")

    def digest(self) -> str:
        """Of everything that a replay reads."""
        found = hashlib.sha256(repr((self.question, self.long_tailed)).encode())
        for array in (self.embeddings, self.targets, self.groups):
            found.update(np.ascontiguousarray(array).tobytes())
        return found.hexdigest()


def split_by_group(groups: Int64, seed: int) -> tuple[Int64, Int64]:
    """Rows to learn from and rows to test on, no group (patient) in both."""
    names = np.unique(groups)
    if len(names) < 2:
        raise ValueError("a rehearsal needs two groups or more, to test on others than it learns")
    rng = np.random.default_rng([seed, 1])
    tested = rng.permutation(names)[: max(1, round(TEST_SHARE * len(names)))]
    test = np.isin(groups, tested)
    return np.flatnonzero(~test), np.flatnonzero(test)


def to_long_tail(rows: Int64, targets: Float32, seed: int) -> Int64:
    """Those of `rows` that make a long-tailed pool: targets [n, c] of a single choice.

    The largest class stays whole. The others, in falling order of their size, are thinned at
    random to prevalences that fall geometrically from 10 % to 3 % of the thinned pool; a class
    that has fewer keeps what it has. Of many classes only the smallest nine are thinned.
    """
    answers = targets[rows].argmax(axis=1)
    sizes = np.bincount(answers, minlength=targets.shape[1])
    classes = [int(k) for k in np.argsort(-sizes, kind="stable") if sizes[k]]
    rare = classes[1:][-RARE_CLASSES:]
    if len(rare) == 1:
        prevalences = np.array([np.sqrt(LEAST_PREVALENCE * MOST_PREVALENCE)])
    else:
        prevalences = np.geomspace(MOST_PREVALENCE, LEAST_PREVALENCE, len(rare))
    whole = ~np.isin(answers, rare)
    total = whole.sum() / (1 - prevalences.sum())
    rng = np.random.default_rng([seed, 2])
    kept = [rows[whole]]
    for k, prevalence in zip(rare, prevalences, strict=True):
        kept.append(rng.permutation(rows[answers == k])[: max(1, round(total * prevalence))])
    return np.sort(np.concatenate(kept))


def rows_of(table: Table, seed: int) -> tuple[Int64, Int64]:
    """The pool's and the test set's rows of the table, as every strategy has them with this seed.

    Balanced accuracy is the mean of the classes' recalls and the same whatever their prevalence,
    so the test set of a long-tailed pool is left whole: that only makes its rare recalls surer.
    """
    pool, test = split_by_group(table.groups, seed)
    return (to_long_tail(pool, table.targets, seed) if table.long_tailed else pool), test
