"""The fast half of the learner: heads refitted after every label, and the pool put in order."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from learner.answers import Asked, answer_of
from learner.calibration import grouped_folds
from learner.fitting import LEAST_FOR_FOLDS, QuestionHead
from learner.importance import Importance
from learner.policy import choose_strategy, tells_apart
from learner.prevalence import findings_at, prevalence, single_at
from learner.projection import Embeddings
from learner.questions import Question
from learner.space import Space
from learner.strategies import (
    DEFAULT,
    check_fits,
    load_strategy,
    strategy_needs,
)
from learner.strategies.cluster_margin import MOST_CLUSTERS, SCANS_PER_CLUSTER
from learner.strategies.clusters import find_clusters
from learner.strategies.pool import Answer, Pool

Float32 = NDArray[np.float32]
Int64 = NDArray[np.int64]
Labels = Mapping[str, tuple[NDArray[np.integer], NDArray[np.floating]]]

FOLDS = 4


@dataclass(frozen=True)
class Ranked:
    """What to read next."""

    indices: Int64  # [b] rows of the embeddings, first to be read in front
    scores: Float32  # [b], comparable within this ranking only
    strategy: str  # the one that chose
    propensity: Float32  # [b], `Chosen.propensity`; 1 where no chance decided


class Ranker:
    """Heads, calibration and order for one pool of cached embeddings.

    Deterministic: the same seed and the same refits give the same order. Not thread safe.
    """

    def __init__(
        self,
        questions: Sequence[Question],
        embeddings: Embeddings,
        strategy: str = DEFAULT,
        seed: int = 0,
        *,
        groups: NDArray[np.integer] | None = None,
        weigh: bool = True,
    ) -> None:
        """`embeddings` [n, d], array or memory map; `groups` [n]: patient numbers, for the folds
        and the noise of a number.

        `weigh`: labels by the part of the pool they stand for (`learner.importance`). What was
        read in random order is a fair picture of the pool as it comes.

        ValueError: no question, an unknown strategy, embeddings with NaN, groups of another length.
        """
        n = len(embeddings)
        if not questions or len({question.name for question in questions}) != len(questions):
            raise ValueError("questions are needed, each with a name of its own")
        if groups is not None and len(groups) != n:
            raise ValueError(f"{len(groups)} groups for {n} embeddings")
        check_fits(strategy, (question.kind for question in questions))
        self.strategy = strategy
        self.seed = seed
        self._space = Space(embeddings)
        patients = np.arange(n) if groups is None else np.asarray(groups, dtype=np.int64)
        folds = grouped_folds(patients, FOLDS, np.random.default_rng(seed))
        self._heads = {one.name: QuestionHead(one, folds, patients) for one in questions}
        self._features = self._space.directions()
        self._importance = {  # a number's head weighs all its labels alike
            question.name: Importance(self._features, np.random.default_rng(seed))
            for question in questions
            if weigh and question.kind != "number"
        }
        self._clusters: Int64 | None = None
        self._labelled = np.zeros(0, dtype=np.int64)
        self._answered: dict[str, tuple[Int64, Float32]] = {}

    def refit(self, labels: Labels) -> None:
        """Fit every head to all labels so far: per question (indices [l], targets [l, c]).

        Targets as in `Question`; a question left out has no labels. Starts from the last fit.
        ValueError: an unknown question, a scan outside the pool or given twice, bad targets.
        """
        unknown = set(labels) - set(self._heads)
        if unknown:
            raise ValueError(f"no question {', '.join(sorted(unknown))}")
        checked = {name: self._checked(name, *labels[name]) for name in labels}
        for name, head in self._heads.items():
            nothing = np.zeros((0, head.question.outputs), dtype=np.float32)
            at, targets = _given(*checked.get(name, (np.zeros(0, dtype=np.int64), nothing)))
            self._answered[name] = (at, targets)
            importance = self._importance.get(name)
            weights = None if importance is None else importance.weights(at)
            head.refit(self._space.rows(at), at, targets, weights)
        self._labelled = np.unique(np.concatenate([at for at, _ in self._answered.values()]))

    def _checked(
        self, name: str, indices: NDArray[np.integer], values: NDArray[np.floating]
    ) -> tuple[Int64, Float32]:
        targets = self._heads[name].question.check_targets(values)
        at = np.asarray(indices, dtype=np.int64)
        if at.shape != (len(targets),):
            raise ValueError(f"{name}: {at.shape} indices for {len(targets)} targets")
        if len(at) and not (at.min() >= 0 and at.max() < len(self._space)):
            raise ValueError(f"{name}: a label of a scan outside the pool")
        if len(np.unique(at)) != len(at):
            raise ValueError(f"{name}: a scan is labelled twice")
        return at, targets

    def predict(self, indices: NDArray[np.integer] | None = None) -> dict[str, Float32]:
        """Calibrated predictions [n, c] of the scans `indices` (None: all), per question.

        A question with too few answers to fit a head is absent.
        """
        at = None if indices is None else np.asarray(indices, dtype=np.int64)
        return {
            name: head.predicted(self._space.logits(head.linear, at))
            for name, head in self._heads.items()
            if head.fitted
        }

    def predict_embeddings(self, embeddings: Embeddings) -> dict[str, Float32]:
        """The same for embeddings [m, d] that are not of the pool: single frames of its bags."""
        return {
            name: head.predicted(self._space.logits_of(head.linear, embeddings))
            for name, head in self._heads.items()
            if head.fitted
        }

    def opinions(
        self, indices: NDArray[np.integer], by_chance: NDArray[np.bool_]
    ) -> dict[str, Float32]:
        """What may be told to people of these scans, per question [n, c]: at the real prevalence.

        `by_chance` [n of the pool] says which scans chance put in their place: their labels show
        how common each class is. Absent: a question with too few answers to be calibrated; NaN: a
        finding with too few, as one that came into the label config later.
        """
        said = self.predict(indices)
        for name, head in self._heads.items():
            if not head.calibrated:
                said.pop(name, None)
            elif head.question.kind != "number":
                said[name] = self._at_prevalence(head, said[name], by_chance)
        return said

    def deviations(self, indices: NDArray[np.integer]) -> dict[str, Float32]:
        """How far off the numbers among the `opinions` of these scans may be: one standard
        deviation of each prediction, per question [n, 1]."""
        rows = self._space.project(np.asarray(indices, dtype=np.int64))
        return {
            name: head.deviation(rows)
            for name, head in self._heads.items()
            if head.question.kind == "number" and head.calibrated
        }

    def _at_prevalence(
        self, head: QuestionHead, probabilities: Float32, by_chance: NDArray[np.bool_]
    ) -> Float32:
        at, targets = self._answered[head.question.name]
        now = prevalence(targets[by_chance[at]], targets, head.importance)
        if head.question.kind == "single":
            return single_at(probabilities, now)
        fitted = prevalence(targets[:0], targets, head.importance)
        told = (~np.isnan(targets)).sum(axis=0) >= LEAST_FOR_FOLDS
        return np.where(told, findings_at(probabilities, fitted, now), np.float32(np.nan))

    def weights(self, question: str) -> Float32 | None:
        """How a question's logits, or its number, change with an embedding, [d, c].

        None before there are answers enough to fit a head.
        """
        head = self._heads[question]
        return self._space.projection.matrix @ head.linear.weights if head.fitted else None

    def rank(
        self,
        candidates: NDArray[np.integer],
        batch: int,
        *,
        pending: NDArray[np.integer] | None = None,
    ) -> Ranked:
        """Choose the next `batch` of the candidates (open, unlabelled, in nobody's hand).

        `pending` are scans in a reader's hand: whatever spreads its choice keeps away from them as
        if they were read. Fewer than `batch` when there are fewer. ValueError: a candidate outside
        the pool or given twice.
        """
        if batch < 1:
            raise ValueError("a batch of at least one is needed")
        name = choose_strategy(self.strategy, list(self._heads.values()))
        at = np.asarray(candidates, dtype=np.int64)
        rng = np.random.default_rng([self.seed, len(self._labelled)])
        held = np.zeros(0, dtype=np.int64) if pending is None else np.asarray(pending, np.int64)
        pool = self._pool(at, np.setdiff1d(held, self._labelled), name)
        if not len(at):
            nothing = np.zeros(0, dtype=np.float32)
            return Ranked(at, nothing, name, nothing)
        chosen = load_strategy(name)(pool, batch, rng)
        certain = np.ones(len(chosen.indices), dtype=np.float32)
        propensity = certain if chosen.propensity is None else chosen.propensity
        return Ranked(chosen.indices, chosen.scores, name, propensity)

    def _pool(self, candidates: Int64, pending: Int64, name: str) -> Pool:
        needs = strategy_needs(name)
        if needs.clusters and self._clusters is None:
            count = min(MOST_CLUSTERS, max(1, len(self._features) // SCANS_PER_CLUSTER))
            rng = np.random.default_rng(self.seed)
            self._clusters = find_clusters(self._features, count, rng)
        answers: tuple[Answer, ...] = ()
        if needs.model:
            asked = Asked(self._space, candidates, self._labelled, pending)
            answers = tuple(
                answer_of(head, asked, self._answered[head.question.name], needs)
                for head in self._heads.values()
                if tells_apart(head)
            )
        return Pool(self._features, candidates, self._labelled, answers, self._clusters, pending)


def _given(at: Int64, targets: Float32) -> tuple[Int64, Float32]:
    """Without the rows where nothing was answered."""
    given = ~np.isnan(targets).all(axis=1)
    return at[given], targets[given]
