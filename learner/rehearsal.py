"""Rehearsals: replay a labelled data set as if it were being read, to see what a strategy saves.

The replay drives the same `Ranker` as a project does: refit after every few answers, choose, read
the answers off the table. Its score is that of the fast heads on scans of other patients.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata, t

from learner.projection import Embeddings
from learner.questions import Question
from learner.ranker import Ranker

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]

TEST_SHARE = 0.25
_RESAMPLES = 1000


@dataclass(frozen=True)
class Table:
    """A data set whose every answer is known."""

    question: Question
    embeddings: Embeddings  # [n, d]
    targets: Float32  # [n, c], as in `Question`
    groups: Int64  # [n] patient numbers; a scan without a patient is its own group

    def __post_init__(self) -> None:
        if not len(self.embeddings) == len(self.targets) == len(self.groups):
            raise ValueError("embeddings, targets and groups differ in length")
        if np.isnan(self.question.check_targets(self.targets)).any():
            raise ValueError("a rehearsal needs every answer")


@dataclass(frozen=True)
class Replay:
    """One strategy, one seed."""

    strategy: str
    full_score: float  # of heads fitted to every label outside the test set
    labels: Int64  # [steps]
    scores: Float64  # [steps]


def split_by_group(groups: Int64, seed: int) -> tuple[Int64, Int64]:
    """Rows to learn from and rows to test on, no group (patient) in both."""
    names = np.unique(groups)
    if len(names) < 2:
        raise ValueError("a rehearsal needs two groups or more, to test on others than it learns")
    rng = np.random.default_rng([seed, 1])
    tested = rng.permutation(names)[: max(1, round(TEST_SHARE * len(names)))]
    test = np.isin(groups, tested)
    return np.flatnonzero(~test), np.flatnonzero(test)


def replay(table: Table, strategy: str, *, budget: int, batch: int, seed: int) -> Replay:
    """Read `budget` labels in the order of `strategy`, `batch` between refits.

    The test set and the folds depend on the seed alone, so strategies are compared pairwise.
    """
    pool, test = split_by_group(table.groups, seed)
    name, X = table.question.name, table.embeddings
    full = _ranker(table, "random", seed)
    full.refit({name: (pool, table.targets[pool])})
    full_score = score(table.question, full.predict(test).get(name), table.targets[test])
    ranker = _ranker(table, strategy, seed)
    labelled: Int64 = np.zeros(0, dtype=np.int64)
    counts, scores = [], []
    open_ = np.ones(len(X), dtype=bool)
    open_[test] = False
    while len(labelled) < min(budget, len(pool)):
        take = min(batch, budget - len(labelled))
        chosen = ranker.rank(np.flatnonzero(open_), take).indices
        open_[chosen] = False
        labelled = np.concatenate([labelled, chosen])
        ranker.refit({name: (labelled, table.targets[labelled])})
        counts.append(len(labelled))
        predicted = ranker.predict(test).get(name)
        scores.append(score(table.question, predicted, table.targets[test]))
    return Replay(strategy, full_score, np.array(counts), np.array(scores))


def _ranker(table: Table, strategy: str, seed: int) -> Ranker:
    questions = [table.question]
    return Ranker(questions, table.embeddings, strategy, seed, groups=table.groups)


def score(question: Question, predicted: Float32 | None, targets: Float32) -> float:
    """Balanced accuracy (single), macro ROC-AUC (multiple) or R^2 (number) of [n, c].

    Without a head yet (None) it is that of a guess. Findings of one kind only in the test set are
    left out of the mean; where nothing is left, ValueError.
    """
    if question.kind == "single":
        return balanced_accuracy(predicted, targets)
    if question.kind == "multiple":
        return macro_auc(predicted, targets)
    spread = float(((targets - targets.mean()) ** 2).sum())
    if spread == 0:
        raise ValueError("the numbers of the test set are all the same")
    return 0.0 if predicted is None else 1 - float(((targets - predicted) ** 2).sum()) / spread


def balanced_accuracy(predicted: Float32 | None, targets: Float32) -> float:
    """Mean recall of the classes that occur in targets [n, c]."""
    counts = targets.sum(axis=0)
    if predicted is None:
        return 1 / int((counts > 0).sum())
    right = (predicted.argmax(axis=1) == targets.argmax(axis=1)) @ targets
    return float((right[counts > 0] / counts[counts > 0]).mean())


def macro_auc(predicted: Float32 | None, targets: Float32) -> float:
    """Mean area under the ROC curve of the findings that occur and are absent in targets."""
    positive = targets.sum(axis=0)
    negative = len(targets) - positive
    defined = (positive > 0) & (negative > 0)
    if not defined.any():
        raise ValueError("no finding of the test set is both present and absent")
    if predicted is None:
        return 0.5
    ranks = rankdata(predicted, axis=0)  # Mann and Whitney 1947; ties share their rank
    area = (ranks * targets).sum(axis=0) - positive * (positive + 1) / 2
    return float((area[defined] / (positive * negative)[defined]).mean())


def summarise(replays: Sequence[Replay], rng: np.random.Generator) -> dict[str, object]:
    """The replays of one strategy, one per seed: curve and labels needed, with 95 % intervals.

    `labels_to_90` is where the mean curve first reaches 90 % of the mean full-data score, None
    if it does not; its interval is by bootstrap over the seeds.
    """
    curves = np.stack([one.scores for one in replays])  # [seeds, steps]
    full = np.array([one.full_score for one in replays])
    labels = replays[0].labels
    low, high = _mean_interval(curves)
    found: dict[str, object] = {
        "curve": [
            [int(at), round(float(mean), 5), round(float(a), 5), round(float(b), 5)]
            for at, mean, a, b in zip(labels, curves.mean(axis=0), low, high, strict=True)
        ],
    }
    drawn = rng.integers(len(replays), size=(_RESAMPLES, len(replays)))
    for percent in (90, 95):
        share = percent / 100
        key = f"labels_to_{percent}"
        found[key] = labels_needed(labels, curves.mean(axis=0), share * full.mean())
        each = [
            labels_needed(labels, curves[rows].mean(axis=0), share * full[rows].mean())
            for rows in drawn
        ]
        found[f"{key}_interval"] = _quantiles(each)
    return found


def labels_needed(labels: Int64, scores: Float64, target: float) -> int | None:
    """The first label count whose score reaches the target; None if none does."""
    reached = np.flatnonzero(scores >= target)
    return int(labels[reached[0]]) if len(reached) else None


def _mean_interval(curves: Float64) -> tuple[Float64, Float64]:
    """95 % t interval of the mean over seeds, [seeds, steps] -> two [steps]; one seed: itself."""
    seeds, mean = len(curves), curves.mean(axis=0)
    if seeds == 1:
        return mean, mean
    half = t.ppf(0.975, seeds - 1) * curves.std(axis=0, ddof=1) / np.sqrt(seeds)
    return mean - half, mean + half


def _quantiles(each: Sequence[int | None]) -> list[int | None]:
    """2.5 and 97.5 % quantiles where None, "not reached", is larger than any count."""
    ordered = sorted(np.inf if count is None else float(count) for count in each)
    ends = (ordered[int(0.025 * len(ordered))], ordered[int(0.975 * len(ordered))])
    return [None if np.isinf(end) else int(end) for end in ends]
