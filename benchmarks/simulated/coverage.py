"""How often the 95 % intervals of the audit metrics hold the truth."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from learner.metrics import evaluate
from learner.questions import Question

Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]

SINGLE = Question("finding", "single", ("absent", "present"))
NUMBER = Question("size", "number")
MEASURES = ("accuracy", "sensitivity", "specificity", "balanced_accuracy", "roc_auc")
TRUTH_PATIENTS = 400_000
_SHARE = 0.5  # of the variance that scans of one patient have in common


@dataclass(frozen=True)
class Scenario:
    """An audit sample: so many patients with so many scans each, and how common the finding is."""

    patients: int
    scans: int
    prevalence: float

    def __str__(self) -> str:
        return f"{self.patients} patients, {self.scans} scans each, prevalence {self.prevalence:g}"


SCENARIOS = tuple(
    Scenario(patients, scans, prevalence)
    for patients, scans in ((60, 1), (150, 1), (400, 1), (60, 3), (150, 3))
    for prevalence in (0.5, 0.2)
)


def draw(scenario: Scenario, rng: np.random.Generator) -> tuple[Float64, Float64, Int64]:
    """Predictions [n, 2] and answers [n, 2] of a classifier that is somewhat too sure."""
    who = np.repeat(np.arange(scenario.patients), scenario.scans)
    y = (rng.random(scenario.patients) < scenario.prevalence)[who]
    own = rng.normal(size=scenario.patients)[who]
    score = 1.5 * y + np.sqrt(_SHARE) * own + np.sqrt(1 - _SHARE) * rng.normal(size=len(who))
    # The posterior log-odds of two normals 1.5 apart, made 1.5 times too large.
    odds = 1.5 * score - 1.125 + np.log(scenario.prevalence / (1 - scenario.prevalence))
    p = expit(1.5 * odds)
    return np.column_stack([1 - p, p]), np.eye(2)[y.astype(np.int64)], who


def draw_numbers(scenario: Scenario, rng: np.random.Generator) -> tuple[Float64, Float64, Int64]:
    """Predictions and answers [n, 1], the errors Laplace-like, partly a patient's own."""
    who = np.repeat(np.arange(scenario.patients), scenario.scans)
    y = rng.normal(size=scenario.patients)[who]
    scale = rng.exponential(size=scenario.patients)[who]
    return (y + np.sqrt(scale) * rng.normal(size=len(who)) * 0.5)[:, None], y[:, None], who


def coverage(scenario: Scenario, samples: int, seed: int) -> dict[str, float]:
    """Share of samples whose interval holds the truth, by metric."""
    held: dict[str, list[bool]] = {}
    truth = true_values(scenario, seed)
    for report in _reports(scenario, samples, seed):
        for name in truth:
            found = report[name]
            held.setdefault(name, []).append(found["low"] <= truth[name] <= found["high"])
    return {name: float(np.mean(each)) for name, each in held.items()}


def _reports(scenario: Scenario, samples: int, seed: int) -> Iterator[Any]:
    for number in range(samples):
        rng = np.random.default_rng([seed, number])
        p, y, who = draw(scenario, rng)
        while not 0 < y[:, 1].sum() < len(y):
            p, y, who = draw(scenario, rng)
        choices: Any = evaluate(SINGLE, p, y, who, seed=number)
        p, y, who = draw_numbers(scenario, rng)
        yield choices | evaluate(NUMBER, p, y, who, seed=number)


def true_values(scenario: Scenario, seed: int) -> dict[str, float]:
    """What the metrics are in a population of patients."""
    many = Scenario(TRUTH_PATIENTS // scenario.scans, scenario.scans, scenario.prevalence)
    rng = np.random.default_rng([seed, 10**6])
    p, y, who = draw(many, rng)
    told: Any = evaluate(SINGLE, p, y, np.arange(len(who)))
    found = {name: told[name]["value"] for name in MEASURES}
    p, y, _ = draw_numbers(many, rng)
    mse = float(((p - y) ** 2).mean())
    return found | {"mae": float(np.abs(p - y).mean()), "mse": mse, "r2": 1 - mse / float(y.var())}
