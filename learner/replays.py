"""Replays: a data set whose answers are known, read in the order of a strategy.

A replay drives the same `Ranker` as a project does: refit after every few answers, choose, read
the answers off the table; labels in random order alone are not weighed. Its score is that of the
fast heads on scans of other patients.
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
from learner.questions import Question
from learner.ranker import Ranker
from learner.scores import mean_error, score
from learner.strategies import check_fits
from learner.tables import Table, rows_of

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]

BASELINE = "random"
EVERYTHING = "all labels"  # the replay that reads the whole pool at once: the full-data score
FIRST_STEP = 2  # labels between the first refits: so few that the very start can be seen
GROWTH = 0.05  # later: this share of the labels there are
_LEARNER = Path(__file__).parent


@dataclass(frozen=True)
class Replay:
    """One strategy, one seed."""

    strategy: str
    seed: int
    labels: Int64  # [steps]
    scores: Float64  # [steps], `learner.scores.score` of the test set
    order: Int64  # [last label count] rows of the table as they were read
    errors: Float64 | None = None  # [steps], mean absolute error; of numbers alone


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
    weigh = asked != BASELINE
    ranker = Ranker([table.question], E, asked, seed, groups=patients, weigh=weigh)
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


def fitting_strategies(question: Question, names: Iterable[str]) -> tuple[str, ...]:
    """Those of `names` that can choose for a question of this kind."""
    return tuple(name for name in names if _fits(name, question))


def _fits(name: str, question: Question) -> bool:
    try:
        check_fits(name, [question.kind])
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
