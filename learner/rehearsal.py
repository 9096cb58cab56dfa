"""Rehearsals: what a strategy saves on a data set with answers, as a table, curves and JSON."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from learner.comparison import Compared, compare
from learner.labelled_folder import read_folder, small_frames
from learner.projection import Embeddings
from learner.replays import BASELINE, replay_all
from learner.scores import MEASURES
from learner.strategies import DEFAULT, check_strategy
from learner.tables import Table

BATCH = 10  # labels between refits at most: what a few readers give while one ranking is in force
Represent = Callable[[NDArray[np.uint8]], Embeddings]


@dataclass(frozen=True)
class Settings:
    """What is replayed. ValueError: an unknown strategy; less than one label, batch or seed."""

    strategies: Sequence[str] = (DEFAULT,)
    budget: int = 500  # labels to read
    seeds: int = 5
    batch: int = BATCH
    processes: int = os.cpu_count() or 1

    def __post_init__(self) -> None:
        if min(self.budget, self.seeds, self.batch, self.processes) < 1:
            raise ValueError("budget, seeds, batch and processes are at least 1")
        for name in self.strategies:
            check_strategy(name)


def rehearse(
    folder: Path,
    labels: Path,
    *,
    answer: str,
    group: str | None = None,
    file: str | None = None,
    settings: Settings,
    seconds: float = 240.0,
    weights: Path | None = None,
    represent: Represent | None = None,
    say: Callable[[str], None] = lambda line: None,
) -> dict[str, object]:
    """Replay a labelled folder; the result is that of `rehearse_table`.

    The pictures are embedded once, seeing no answer: by the backbone in the folder `weights`, or by
    one trained on them for so many `seconds`, or by `represent`, small frames [n, S, S] to
    embeddings [n, d]. ValueError: a bad CSV or picture.
    """
    source = read_folder(folder, labels, answer=answer, group=group, file=file)
    say(f"{len(source.paths)} pictures; preparing them")
    frames = small_frames(source.paths, processes=settings.processes)
    say("Learning what they look like")
    represent = represent or partial(_learnt, seconds=seconds, weights=weights)
    table = Table(source.question, represent(frames), source.targets, source.groups)
    return rehearse_table(table, settings, say=say)


def rehearse_table(
    table: Table, settings: Settings, *, say: Callable[[str], None] = lambda line: None
) -> dict[str, object]:
    """Replay every strategy on a table and give what each needed, as JSON.

    The random baseline is always among the strategies. Keys: "full_score" (mean over the seeds),
    "measure" (what the score is), "strategies" with `comparison.compare` of each, and the settings.
    """
    names = list(dict.fromkeys([BASELINE, *settings.strategies]))
    say(f"Replaying {', '.join(names)}, {settings.seeds} times each")
    limits = {key: value for key, value in vars(settings).items() if key != "strategies"}
    compared = Compared.of(replay_all(table, names, **limits), table.question)
    return {
        "question": table.question.name,
        "full_score": float(compared.full.mean()),
        "measure": MEASURES[table.question.kind],
        "pictures": len(table.targets),
        "groups": len(np.unique(table.groups)),
        **{key: limits[key] for key in ("seeds", "batch", "budget")},
        "strategies": compare(compared),
    }


def _learnt(frames: NDArray[np.uint8], *, seconds: float, weights: Path | None) -> Embeddings:
    # torch and MONAI take seconds and memory: the processes that replay do without.
    from learner.selfsupervised import represent

    return represent(frames, seconds=seconds, weights=weights)
