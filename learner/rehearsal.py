"""Rehearsals: replay a labelled data set as if it were being read, to see what a strategy saves.

The replay drives the same `Ranker` as a project does: refit after every few answers, choose, read
the answers off the table. Its score is that of the fast heads on scans of other patients.
"""

import os
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from learner.curves import Replay, summarise
from learner.labelled_folder import read_folder, small_frames
from learner.metrics import roc_auc
from learner.processes import spread
from learner.projection import Embeddings
from learner.questions import Question
from learner.ranker import Ranker
from learner.strategies import DEFAULT, check_strategy

Float32 = NDArray[np.float32]
Int64 = NDArray[np.int64]

TEST_SHARE = 0.25
BATCH = 10  # labels between refits: what a few readers give while one ranking is in force
BASELINE = "random"
MEASURES = {"single": "balanced_accuracy", "multiple": "roc_auc", "number": "r2"}
Represent = Callable[[NDArray[np.uint8]], Embeddings]


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
    findings = range(targets.shape[1])
    defined = [k for k in findings if 0 < targets[:, k].sum() < len(targets)]
    if not defined:
        raise ValueError("no finding of the test set is both present and absent")
    if predicted is None:
        return 0.5
    return float(np.mean([roc_auc(predicted[:, k], targets[:, k]) for k in defined]))


def rehearse(
    folder: Path,
    labels: Path,
    *,
    answer: str,
    group: str | None = None,
    file: str | None = None,
    strategies: Sequence[str] = (DEFAULT,),
    budget: int = 500,
    seeds: int = 5,
    batch: int = BATCH,
    seconds: float = 240.0,
    weights: Path | None = None,
    represent: Represent | None = None,
    processes: int | None = None,
    say: Callable[[str], None] = lambda line: None,
) -> dict[str, object]:
    """Replay a labelled folder and give what each strategy needed, as JSON.

    The pictures are embedded once, seeing no answer: by the backbone in the folder `weights`, or by
    one trained on them for so many `seconds`, or by `represent`, small frames [n, S, S] to
    embeddings [n, d]. The random baseline is always among the strategies. Keys: "full_score" (mean
    over the seeds), "measure" (what the score is), "strategies" with `curves.summarise` of each,
    and the settings.
    ValueError: unknown strategy, bad CSV, less than one label, batch or seed.
    """
    if min(budget, seeds, batch) < 1:
        raise ValueError("budget, seeds and batch are at least 1")
    names = [check_strategy(name) for name in dict.fromkeys([BASELINE, *strategies])]
    source = read_folder(folder, labels, answer=answer, group=group, file=file)
    processes = processes or os.cpu_count() or 1
    say(f"{len(source.paths)} pictures; preparing them")
    frames = small_frames(source.paths, processes=processes)
    say("Learning what they look like")
    represent = represent or partial(_learnt, seconds=seconds, weights=weights)
    table = Table(source.question, represent(frames), source.targets, source.groups)
    say(f"Replaying {', '.join(names)}, {seeds} times each")
    replays = replay_all(table, names, budget=budget, batch=batch, seeds=seeds, processes=processes)
    rng = np.random.default_rng(0)
    return {
        "full_score": float(np.mean([one.full_score for one in replays[BASELINE]])),
        "measure": MEASURES[source.question.kind],
        "pictures": len(source.paths),
        "groups": len(np.unique(source.groups)),
        **{"seeds": seeds, "batch": batch, "budget": budget},
        "strategies": {name: summarise(replays[name], rng) for name in names},
    }


def _learnt(frames: NDArray[np.uint8], *, seconds: float, weights: Path | None) -> Embeddings:
    # torch and MONAI take seconds and memory: the processes that replay do without.
    from learner.selfsupervised import represent

    return represent(frames, seconds=seconds, weights=weights)


def replay_all(
    table: Table, strategies: Sequence[str], *, budget: int, batch: int, seeds: int, processes: int
) -> dict[str, list[Replay]]:
    """Every strategy with every seed, spread over processes of one thread each."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "embeddings.npy"
        np.save(path, table.embeddings)  # mapped by all, where a pickle would be copied to each
        job = partial(_replay_job, path, table.question, table.targets, table.groups, budget, batch)
        pairs = [(name, seed) for name in strategies for seed in range(seeds)]
        done = spread(job, *zip(*pairs, strict=True), processes=processes)
    return {name: [one for one in done if one.strategy == name] for name in strategies}


def _replay_job(
    path: Path,
    question: Question,
    targets: Float32,
    groups: Int64,
    budget: int,
    batch: int,
    strategy: str,
    seed: int,
) -> Replay:
    table = Table(question, np.load(path, mmap_mode="r"), targets, groups)
    return replay(table, strategy, budget=budget, batch=batch, seed=seed)
