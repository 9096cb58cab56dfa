"""Replays: a data set whose answers are known, read in the order of a strategy.

A replay drives the same `Ranker` as a project does: refit after every few answers, choose, read
the answers off the table. Its score is that of the fast heads on scans of other patients.
"""

import hashlib
import json
import re
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from learner.processes import each_done
from learner.projection import Embeddings
from learner.questions import Question
from learner.ranker import Ranker
from learner.scores import mean_error, score
from learner.strategies import DEFAULT, strategy_names

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]

TEST_SHARE = 0.25
BASELINE = "random"
EVERYTHING = "all labels"  # the replay that reads the whole pool at once: the full-data score
FIRST_STEP = 2  # labels between the first refits: so few that the very start can be seen
GROWTH = 0.05  # later: this share of the labels there are
# The long-tailed version of a pool: the largest class stays, the others become this rare.
RARE_CLASSES = 9
LEAST_PREVALENCE, MOST_PREVALENCE = 0.03, 0.10
_LEARNER = Path(__file__).parent


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


@dataclass(frozen=True)
class Replay:
    """One strategy, one seed."""

    strategy: str
    seed: int
    labels: Int64  # [steps]
    scores: Float64  # [steps], `learner.scores.score` of the test set
    order: Int64  # [last label count] rows of the table as they were read
    errors: Float64 | None = None  # [steps], mean absolute error; of numbers alone


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


def schedule(most: int, batch: int) -> list[int]:
    """Label counts after which heads are refitted: by twos at first, then by 5 %, `batch` at most.

    Ends at `most` or before, so that a shorter replay is the beginning of a longer one.
    """
    counts: list[int] = []
    labels = 0
    while True:
        labels += min(batch, max(FIRST_STEP, round(GROWTH * labels)))
        if labels > most:
            return counts
        counts.append(labels)


def rows_of(table: Table, seed: int) -> tuple[Int64, Int64]:
    """The pool's and the test set's rows of the table, as every strategy has them with this seed.

    Balanced accuracy is the mean of the classes' recalls and the same whatever their prevalence,
    so the test set of a long-tailed pool is left whole: that only makes its rare recalls surer.
    """
    pool, test = split_by_group(table.groups, seed)
    return (to_long_tail(pool, table.targets, seed) if table.long_tailed else pool), test


def replay(table: Table, strategy: str, *, budget: int, batch: int, seed: int) -> Replay:
    """Read up to `budget` labels in the order of `strategy`, at most `batch` between refits.

    Test set, folds and first choice at random depend on the seed alone, so that strategies are
    compared pairwise. `EVERYTHING` reads the whole pool at once.
    """
    pool, test = rows_of(table, seed)
    counts = schedule(min(budget, len(pool)), batch)
    if strategy == EVERYTHING:
        counts = [len(pool)]
    asked = BASELINE if strategy == EVERYTHING else strategy
    name, targets, tested = table.question.name, table.targets[pool], table.targets[test]
    # The ranker holds the pool alone: what a strategy covers is what can be read.
    E, patients = table.embeddings[pool], table.groups[pool]
    ranker = Ranker([table.question], E, asked, seed, groups=patients)
    unseen = table.embeddings[test]
    order: Int64 = np.zeros(0, dtype=np.int64)
    open_ = np.ones(len(pool), dtype=bool)
    scores, errors = [], []
    for count in counts:
        chosen = ranker.rank(np.flatnonzero(open_), count - len(order)).indices
        open_[chosen] = False
        order = np.concatenate([order, chosen])
        ranker.refit({name: (order, targets[order])})
        predicted = ranker.predict_embeddings(unseen).get(name)
        scores.append(score(table.question, predicted, tested))
        if table.question.kind == "number":
            errors.append(mean_error(predicted, tested))
    found = np.array(errors) if errors else None
    return Replay(strategy, seed, np.array(counts), np.array(scores), pool[order], found)


def replay_all(
    table: Table,
    strategies: Sequence[str],
    *,
    budget: int,
    batch: int,
    seeds: int,
    processes: int,
    keep: Path | None = None,
    done: Callable[[Replay], None] = lambda one: None,
) -> dict[str, list[Replay]]:
    """Every strategy and `EVERYTHING` with every seed, in processes of one thread each.

    `done` is told of each as it ends. In the folder `keep` each is kept, for the same table,
    strategy, seed, batch and code, and not replayed again.
    """
    if min(budget, batch, seeds) < 1:
        raise ValueError("budget, seeds and batch are at least 1")
    names = [EVERYTHING, *strategies]
    identity = f"{table.digest()} {batch} {code_digest(_ranking_code())}"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "embeddings.npy"
        np.save(path, table.embeddings)  # mapped by all, where a pickle would be copied to each
        rest = (table.question, table.targets, table.groups, table.long_tailed)
        job = partial(_replay_job, path, rest, keep, identity, budget, batch)
        found: dict[str, list[Replay]] = {name: [] for name in names}
        pairs = [(name, seed) for seed in range(seeds) for name in names]
        for one in each_done(job, pairs, processes=processes):
            found[one.strategy].append(one)
            done(one)
    return {name: sorted(found[name], key=lambda one: one.seed) for name in names}


def _replay_job(
    path: Path,
    rest: tuple[Question, Float32, Int64, bool],
    keep: Path | None,
    identity: str,
    budget: int,
    batch: int,
    strategy: str,
    seed: int,
) -> Replay:
    question, targets, groups, long_tailed = rest
    table = Table(question, np.load(path, mmap_mode="r"), targets, groups, long_tailed)
    if keep is None:
        return replay(table, strategy, budget=budget, batch=batch, seed=seed)
    name = hashlib.sha256(f"{identity} {strategy} {seed}".encode()).hexdigest()[:32]
    kept = keep / f"{name}.json"
    if kept.exists():
        last = len(rows_of(table, seed)[0]) if strategy != EVERYTHING else 0
        one = shortened(read_replay(kept), schedule(min(budget, last), batch))
        if one is not None:
            return one
    one = replay(table, strategy, budget=budget, batch=batch, seed=seed)
    write_replay(one, kept)
    return one


def shortened(one: Replay, counts: Sequence[int]) -> Replay | None:
    """The replay up to the last of `counts`, None where it does not reach it; no counts: whole."""
    if not counts:
        return one
    if one.labels[-1] < counts[-1]:
        return None
    steps = len(counts)
    errors = None if one.errors is None else one.errors[:steps]
    return Replay(
        one.strategy, one.seed, one.labels[:steps], one.scores[:steps], one.order[: counts[-1]],
        errors,
    )  # fmt: skip


def read_replay(path: Path) -> Replay:
    """What `write_replay` wrote."""
    found = json.loads(path.read_text())
    errors = found["errors"]
    return Replay(
        found["strategy"],
        found["seed"],
        np.array(found["labels"], dtype=np.int64),
        np.array(found["scores"], dtype=np.float64),
        np.array(found["order"], dtype=np.int64),
        None if errors is None else np.array(errors, dtype=np.float64),
    )


def write_replay(one: Replay, path: Path) -> None:
    """As JSON, under another name first: an interruption leaves no half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    values = {
        key: value.tolist() if isinstance(value, np.ndarray) else value
        for key, value in vars(one).items()
    }
    partial_ = path.with_suffix(".partial")
    partial_.write_text(json.dumps(values))
    partial_.replace(path)


def fitting_strategies(question: Question, names: Iterable[str] | None = None) -> tuple[str, ...]:
    """Those of `names` (None: all that are ours) that can choose for a question of this kind."""
    ours = (name for name in strategy_names() if not name.startswith("modal:"))
    return tuple(name for name in (ours if names is None else names) if _fits(name, question))


def _fits(strategy: str, question: Question) -> bool:
    """By a trial on random numbers: a strategy says ValueError to what it cannot choose for."""
    if strategy == DEFAULT:
        return True
    rng = np.random.default_rng(0)
    c = question.outputs
    half = np.arange(8 * c + 8)
    n = 2 * len(half)
    targets = rng.normal(size=(n, 1))
    if question.kind == "single":
        targets = np.eye(c)[np.arange(n) % c]
    elif question.kind == "multiple":
        targets = (np.arange(n)[:, None] % (2 + np.arange(c)) == 0).astype(np.float64)
    ranker = Ranker([question], rng.normal(size=(n, 8)), strategy)
    ranker.refit({question.name: (half, targets[half])})
    try:
        ranker.rank(half + len(half), 2)
    except ValueError:
        return False
    return True


def _ranking_code() -> list[Path]:
    return [Path(__file__), _LEARNER / "modal_compat.py", *_LEARNER.glob("strategies/*.py")]


def code_digest(paths: Iterable[Path]) -> str:
    """Of these files of the learner and all of the learner's that they import, directly or not."""
    found: dict[str, bytes] = {}
    rest = list(paths)
    while rest:
        path = rest.pop()
        name = str(path.relative_to(_LEARNER))
        if name in found or not path.exists():
            continue
        found[name] = path.read_bytes()
        modules = re.findall(rb"(?:from|import) learner\.([.\w]+)", found[name])
        for module in modules:
            place = _LEARNER / module.decode().replace(".", "/")
            rest += [place.with_suffix(".py"), place / "__init__.py"]
    everything = b"".join(name.encode() + found[name] for name in sorted(found))
    return hashlib.sha256(everything).hexdigest()
