"""Time and peak memory of one choice, by every strategy, beside modAL and scikit-activeml.

Synthetic embeddings (512-d, float16) of four classes. Measured is `Ranker.rank` as the learner
calls it after a label: predict the whole pool with the heads already fitted (512 principal
components), then choose (distances on the leading 64). The other libraries get the same
embeddings in float32, a fitted logistic regression and the same labels; only their query is timed.

Each measurement is a forked process: it shares the pool, can be killed when its time is up, and
its peak is the most memory it held above the pool. What took under a second is the median of three.
"""

import importlib
import importlib.metadata
import json
import multiprocessing
import os
import resource
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import psutil
from numpy.typing import NDArray

from benchmarks.environment import argument_parser
from learner.questions import Question
from learner.ranker import Ranker
from learner.strategies import DEFAULT, strategy_names, strategy_needs

SIZES = "10000,100000,1000000"
WIDTH = 512  # of an embedding, as the default backbone gives it
CLASSES = 4
LABELS = 200
BATCH = 100
PATIENCE_SECONDS = 120.0
PREPARATION_SECONDS = 60.0  # granted besides, for imports and the fit
MEMORY_SHARE = 0.5  # of what is free: another library may ask for a matrix of all pairs
Query = Callable[[], object]


@dataclass(frozen=True)
class Setting:
    """One pool, its labels, and a ranker for each of two questions."""

    embeddings: NDArray[np.float16]  # [n, WIDTH]
    classes: NDArray[np.int64]  # [LABELS], of the labelled scans
    numbers: NDArray[np.float32]  # [LABELS]
    labelled: NDArray[np.int64]  # [LABELS] rows
    finding: Ranker  # asks for a choice of CLASSES
    size: Ranker  # asks for a number

    @property
    def rest(self) -> NDArray[np.int64]:
        """The rows without a label."""
        return np.setdiff1d(np.arange(len(self.embeddings)), self.labelled)


@dataclass(frozen=True)
class Result:
    """One line of the table."""

    strategy: str
    n: int
    seconds: float | None
    peak_mb: float | None
    note: str = ""


def main() -> None:
    parser = argument_parser(__doc__)
    parser.add_argument("--sizes", default=SIZES, help="embeddings, with commas between")
    options = parser.parse_args()
    os.environ["CUDA_VISIBLE_DEVICES"] = ""  # a forked process has no GPU; see benchmarks.gpu
    results: list[Result] = []
    for size in sorted(int(size) for size in options.sizes.split(",")):
        setting = build(size)
        for name in [*strategy_names(), *OTHERS]:
            failed = next((one for one in results if one.strategy == name and one.note), None)
            results.append(
                measure(name, setting)
                if failed is None
                else Result(name, size, None, None, f"not tried: {failed.n:,}: {failed.note}")
            )
            print(line(results[-1]), flush=True)
    numbers = {**facts(), "results": [asdict(one) for one in results]}
    if options.json is not None:
        options.json.write_text(json.dumps(numbers, indent=1) + "\n")


def line(result: Result) -> str:
    """A row of the printed table."""
    if result.seconds is None:
        return f"{result.strategy:<36}{result.n:>9,}  {result.note}"
    told = f"{result.seconds:>9.3f} s {result.peak_mb:>9.0f} MB"
    return f"{result.strategy:<36}{result.n:>9,}  {told}"


def build(n: int) -> Setting:
    """Embeddings of n scans around one centre per class, and a ranker with LABELS labels."""
    rng = np.random.default_rng(0)
    classes = rng.integers(CLASSES, size=n)
    centres = rng.normal(size=(CLASSES, WIDTH))
    shapes = rng.normal(size=(20, WIDTH))  # what varies within a class varies along few axes
    embeddings = np.empty((n, WIDTH), dtype=np.float16)
    for start in range(0, n, 10_000):
        part = classes[start : start + 10_000]
        noise = rng.normal(size=(len(part), 20)) @ shapes + rng.normal(size=(len(part), WIDTH))
        embeddings[start : start + 10_000] = centres[part] + noise
    labelled = rng.choice(n, LABELS, replace=False)
    finding = Ranker([Question("finding", "single", ("a", "b", "c", "d"))], embeddings)
    size = Ranker([Question("size", "number")], embeddings)
    numbers = np.asarray(embeddings[labelled, :1], dtype=np.float32)
    return Setting(embeddings, classes[labelled], numbers[:, 0], labelled, finding, size)


def measure(name: str, setting: Setting) -> Result:
    """Run one strategy in a process of its own, at most PATIENCE_SECONDS long."""
    context = multiprocessing.get_context("fork")  # the pool is shared, not copied
    receiver, sender = context.Pipe(duplex=False)
    child = context.Process(target=_child, args=(name, setting, sender))
    child.start()
    sender.close()
    n = len(setting.embeddings)
    try:
        if not receiver.poll(PATIENCE_SECONDS + PREPARATION_SECONDS):
            return Result(name, n, None, None, f"did not finish in {PATIENCE_SECONDS:.0f} s")
        seconds, peak, note = receiver.recv()
        return Result(name, n, seconds, peak, note)
    except EOFError:
        if name not in OTHERS:
            raise RuntimeError(f"{name} failed with {n:,} scans; its traceback is above") from None
        return Result(name, n, None, None, "its process ended without a result")
    finally:
        child.kill()
        child.join()


def _child(name: str, setting: Setting, sender: Connection) -> None:
    query = OTHERS[name](setting) if name in OTHERS else ours(name, setting)
    # The peak starts anew from what is held now (Linux: proc(5), clear_refs).
    Path("/proc/self/clear_refs").write_text("5")
    before = _peak_mb()
    if name in OTHERS:
        free = int(psutil.virtual_memory().available * MEMORY_SHARE)
        held = psutil.Process().memory_info().vms
        resource.setrlimit(resource.RLIMIT_AS, (held + free, held + free))
    try:
        sender.send((timed(query), _peak_mb() - before, ""))
    except MemoryError:
        sender.send((None, None, f"needs more than {free >> 20:,} MB"))


def timed(query: Query) -> float:
    """Seconds of one call; of three calls the median, where that is quick."""
    taken: list[float] = []
    while len(taken) < 3 and sum(taken) < 1:
        begun = time.perf_counter()
        query()
        taken.append(time.perf_counter() - begun)
    return float(np.median(taken))


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def ours(name: str, setting: Setting) -> Query:
    """`Ranker.rank` under this strategy, the heads fitted."""
    rest = setting.rest
    if name != DEFAULT and strategy_needs(name).question == "number":
        ranker = setting.size
        ranker.refit({"size": (setting.labelled, setting.numbers[:, None])})
    else:
        ranker = setting.finding
        ranker.refit({"finding": (setting.labelled, np.eye(CLASSES)[setting.classes])})
    ranker.strategy = name
    ranker.rank(rest[: 2 * BATCH], BATCH)  # what is imported at the first call

    def query() -> None:
        chosen = ranker.rank(rest, BATCH)
        assert len(set(chosen.indices.tolist())) == BATCH
        assert name in (DEFAULT, chosen.strategy), f"{chosen.strategy} chose in place of {name}"

    return query


def _modal(module: str, function: str) -> Callable[[Setting], Query]:
    def prepare(setting: Setting) -> Query:
        select = getattr(importlib.import_module(module), function)
        rows = np.asarray(setting.embeddings, dtype=np.float32)
        learner = SimpleNamespace(
            predict_proba=_regression(setting).predict_proba,
            X_training=rows[setting.labelled],
            on_transformed=False,
        )
        unlabelled = rows[setting.rest]
        return lambda: select(learner, unlabelled, n_instances=BATCH)

    return prepare


def _activeml(strategy: str, **arguments: str) -> Callable[[Setting], Query]:
    def prepare(setting: Setting) -> Query:
        from skactiveml import pool
        from skactiveml.classifier import SklearnClassifier

        rows = np.asarray(setting.embeddings, dtype=np.float32)
        y = np.full(len(rows), np.nan)
        y[setting.labelled] = setting.classes
        select = getattr(pool, strategy)(random_state=0, **arguments)
        model: dict[str, Any] = {}
        if strategy != "CoreSet":
            classifier = SklearnClassifier(_regression(setting), classes=list(range(CLASSES)))
            model = {"clf": classifier.fit(rows, y), "fit_clf": False}
        return lambda: select.query(rows, y, batch_size=BATCH, **model)

    return prepare


def _regression(setting: Setting) -> Any:
    from sklearn.linear_model import LogisticRegression

    rows = np.asarray(setting.embeddings[setting.labelled], dtype=np.float32)
    return LogisticRegression(max_iter=1000).fit(rows, setting.classes)


OTHERS = {
    "modAL: margin_sampling": _modal("modAL.uncertainty", "margin_sampling"),
    "modAL: uncertainty_batch_sampling": _modal("modAL.batch", "uncertainty_batch_sampling"),
    "scikit-activeml: margin": _activeml("UncertaintySampling", method="margin_sampling"),
    "scikit-activeml: CoreSet": _activeml("CoreSet"),
    "scikit-activeml: Badge": _activeml("Badge"),
}


def facts() -> dict[str, object]:
    """What the numbers were measured on."""
    cpu = Path("/proc/cpuinfo")
    names = [row for row in cpu.read_text().splitlines() if row.startswith("model name")]
    return {
        "cores": len(os.sched_getaffinity(0)),
        "cpu": names[0].partition(": ")[2] if names else "unknown",
        "memory_mb": psutil.virtual_memory().total >> 20,
        "device": "cpu",
        "load": os.getloadavg()[0],
        "embedding_width": WIDTH,
        "labels": LABELS,
        "batch": BATCH,
        "others": {
            name: importlib.metadata.version(name) for name in ("modAL-python", "scikit-activeml")
        },
    }


if __name__ == "__main__":
    main()
