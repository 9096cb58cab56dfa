"""How many of the labels that were planted wrong are among the most doubtful ones."""

from dataclasses import replace
from typing import Any

import numpy as np

from benchmarks.simulated.worlds import QUESTION, World, read
from learner.proof.label_errors import find_label_errors
from learner.proof.refits import Refits

WORLD = World(16, 0.1)
SHARE = 0.05


def precision(labels: int, seed: int) -> float:
    """Share of planted flips among as many of the most doubtful labels as were planted."""
    rng = np.random.default_rng([seed, labels])
    true = read(WORLD, audit=0, random=labels, active=1, order="random", rng=rng)
    planted = rng.choice(true.random, round(SHARE * labels), replace=False)
    targets = true.targets[QUESTION.name].copy()
    targets[planted] = 1 - targets[planted]
    evidence = replace(true, targets={QUESTION.name: targets})
    doubts = find_label_errors(Refits(evidence, rng), QUESTION, rng)
    return float(np.isin([doubt.row for doubt in doubts[: len(planted)]], planted).sum()) / len(
        planted
    )


def planted_flips(runs: int) -> dict[str, Any]:
    """Mean precision at 5 % planted flips, by number of labels."""
    return {
        str(labels): float(np.mean([precision(labels, seed) for seed in range(runs)]))
        for labels in (200, 500, 1000)
    }
