"""Whether a choice made on frozen features carries over to a backbone fine-tuned on it."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import learner
from benchmarks.efficiency.features import Features
from learner.comparison import POINTS, Compared
from learner.curves import mean_interval
from learner.processes import each_done
from learner.replays import BASELINE, Replay, code_digest
from learner.scores import score
from learner.strategies import DEFAULT
from learner.tables import Table, rows_of

Int64 = NDArray[np.int64]

SEEDS = 5
SECONDS = 40.0  # of one fine-tuning, at most
SHARES = (0.90, 0.95)  # the label budgets: where the strategy that chose is on frozen features
_LEARNER = Path(learner.__file__).parent


def fine_tuned(
    table: Table,
    ready: Features,
    compared: Compared,
    replays: Mapping[str, Sequence[Replay]],
    *,
    keep: Path,
    processes: int,
) -> list[dict[str, object]]:
    """Per budget the scores of a backbone fine-tuned on the labels that auto and chance chose.

    The budgets are the labels with which auto is at 90 and 95 % of the full-data score on frozen
    features. Paired over the first seeds; the difference, in points, has its paired 95 % interval.
    ValueError: the features were made elsewhere, or auto was not replayed.
    """
    if ready.folder is None or DEFAULT not in replays:
        raise ValueError("--fine-tune needs features trained here, and the strategy auto")
    found = []
    for budget in _budgets(compared):
        jobs = [
            (table, ready.folder, one.strategy, one.order[:budget], one.seed, keep / "fine-tuned")
            for seed in range(min(SEEDS, len(compared.full)))
            for one in (replays[DEFAULT][seed], replays[BASELINE][seed])
        ]
        scores: dict[str, dict[int, float]] = {DEFAULT: {}, BASELINE: {}}
        for strategy, seed, value in each_done(_tuned_score, jobs, processes=processes):
            scores[strategy][seed] = value
        found.append(_summary(budget, scores))
    return found


def _budgets(compared: Compared) -> list[int]:
    curves = compared.curves[DEFAULT]
    needed = [compared.labels_to(DEFAULT, share)[0] for share in SHARES]
    return sorted({int(min(np.ceil(count), curves.labels[-1])) for count in needed})


def _summary(budget: int, scores: Mapping[str, Mapping[int, float]]) -> dict[str, object]:
    each = {name: [by_seed[seed] for seed in sorted(by_seed)] for name, by_seed in scores.items()}
    gain = POINTS * (np.array(each[DEFAULT]) - np.array(each[BASELINE]))
    (low,), (high,) = mean_interval(gain[:, None])
    return {
        "labels": budget,
        "seeds": len(gain),
        **{name: round(float(np.mean(values)), 5) for name, values in each.items()},
        "difference": round(float(gain.mean()), 3),
        "difference_low": round(float(low), 3),
        "difference_high": round(float(high), 3),
    }


def _tuned_score(
    table: Table, folder: Path, strategy: str, chosen: Int64, seed: int, keep: Path
) -> tuple[str, int, float]:
    """Strategy, seed and score of heads on the fine-tuned embeddings, on the test set."""
    code = code_digest([_LEARNER / "training" / "__init__.py"])
    identity = (
        f"{table.digest()} {folder.name} {strategy} {chosen.tolist()} {seed} {SECONDS} {code}"
    )
    kept = keep / f"{hashlib.sha256(identity.encode()).hexdigest()[:32]}.json"
    if not kept.exists():
        value = _fine_tune(table, folder, strategy, chosen, seed)
        keep.mkdir(parents=True, exist_ok=True)
        kept.write_text(json.dumps(value))
    return strategy, seed, float(json.loads(kept.read_text()))


def _fine_tune(table: Table, folder: Path, strategy: str, chosen: Int64, seed: int) -> float:
    import torch

    from learner.embedding import Backbone, best_device
    from learner.training import tuned_predictions

    torch.set_num_threads(1)
    question = table.question
    _, test = rows_of(table, seed)
    predicted = tuned_predictions(
        Backbone.load(folder).to(best_device()),
        [question],
        np.load(folder / "frames.npy", mmap_mode="r"),
        {question.name: table.targets},
        table.groups,
        learn=chosen,
        test=test,
        seconds=SECONDS,
        seed=seed,
        weigh=strategy != BASELINE,
    )
    return score(question, predicted.get(question.name), table.targets[test])
