"""How often the savings meter says what is so: of orders that save, cost or neither."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks.simulated.worlds import ORDERS, QUESTION, Order, World, read
from learner.proof.refits import Refits
from learner.proof.savings import Savings, Verdict, measure_savings

WORLD = World(width=12, blur=0.1)
TRUTH_AUDIT = 4000


@dataclass(frozen=True)
class Reading:
    """How much was read of each arm."""

    audit: int
    random: int
    active: int


READINGS = (Reading(100, 40, 200), Reading(200, 100, 300), Reading(400, 200, 400))


def run(reading: Reading, *, order: Order, seed: int) -> Savings:
    """The meter on one simulated project."""
    rng = np.random.default_rng([seed, reading.random, ORDERS.index(order)])
    counts = {"audit": reading.audit, "random": reading.random, "active": reading.active}
    evidence = read(WORLD, **counts, order=order, rng=rng)
    return measure_savings(Refits(evidence, rng), QUESTION, rng)


def verdicts(reading: Reading, *, order: Order, runs: int) -> dict[str, Any]:
    """Shares of the verdicts, and of the intervals that hold the true ratio."""
    found = [run(reading, order=order, seed=seed) for seed in range(runs)]
    counts = Counter(one.verdict for one in found)
    # All the shortcuts that are read teach less: no number of them is enough.
    truth = true_ratio(reading) if order == "margin" else float(order == "random")
    held = [
        (one.ratio.low or 0.0) <= truth <= (np.inf if one.ratio.high is None else one.ratio.high)
        for one in found
    ]
    return {
        "runs": runs,
        "true_ratio": round(truth, 2),
        **{verdict.replace(" ", "_"): counts[verdict] / runs for verdict in _SAID},
        "interval_holds_the_ratio": float(np.mean(held)),
    }


_SAID: tuple[Verdict, ...] = ("saving", "cost", "no difference", "not enough")


def true_ratio(reading: Reading, *, repeats: int = 20) -> float:
    """Random labels over the chosen ones that reach as high, on average and on many cases."""
    steps = np.array([0.25, 0.35, 0.5, 0.7, 1.0])
    k = (steps * reading.random).astype(np.int64)
    chosen: list[list[float]] = []
    by_chance: list[list[float]] = []
    for seed in range(repeats):
        rng = np.random.default_rng([seed, 10**6])
        counts = {"audit": TRUTH_AUDIT, "random": reading.random, "active": reading.random}
        evidence = read(WORLD, **counts, order="margin", rng=rng)
        refits = Refits(evidence, rng)
        for arm, scores in ((evidence.active, chosen), (evidence.random, by_chance)):
            scores.append([refits.score(QUESTION, arm[:n], evidence.audit).value for n in k])
    level = float(np.mean(by_chance, axis=0)[-1])
    needed = np.exp(np.interp(level, np.maximum.accumulate(np.mean(chosen, axis=0)), np.log(k)))
    return reading.random / float(needed)
