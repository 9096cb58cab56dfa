"""Learning curves of rehearsals: how many labels until the score is nearly that of all."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t

Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]

_RESAMPLES = 1000


@dataclass(frozen=True)
class Replay:
    """One strategy, one seed."""

    strategy: str
    full_score: float  # of heads fitted to every label outside the test set
    labels: Int64  # [steps]
    scores: Float64  # [steps]


def summarise(replays: Sequence[Replay], rng: np.random.Generator) -> dict[str, object]:
    """The replays of one strategy, one per seed: curve and labels needed, with 95 % intervals.

    `labels_to_90` is where the mean curve first reaches 90 % of the mean full-data score, None
    if it does not; its interval is by bootstrap over the seeds.
    """
    curves = np.stack([one.scores for one in replays])  # [seeds, steps]
    full = np.array([one.full_score for one in replays])
    labels = replays[0].labels
    low, high = _mean_interval(curves)
    found: dict[str, object] = {
        "curve": [
            [int(at), round(float(mean), 5), round(float(a), 5), round(float(b), 5)]
            for at, mean, a, b in zip(labels, curves.mean(axis=0), low, high, strict=True)
        ],
    }
    drawn = rng.integers(len(replays), size=(_RESAMPLES, len(replays)))
    for percent in (90, 95):
        share = percent / 100
        key = f"labels_to_{percent}"
        found[key] = labels_needed(labels, curves.mean(axis=0), share * full.mean())
        each = [
            labels_needed(labels, curves[rows].mean(axis=0), share * full[rows].mean())
            for rows in drawn
        ]
        found[f"{key}_interval"] = _quantiles(each)
    return found


def labels_needed(labels: Int64, scores: Float64, target: float) -> int | None:
    """The first label count whose score reaches the target; None if none does."""
    reached = np.flatnonzero(scores >= target)
    return int(labels[reached[0]]) if len(reached) else None


def _mean_interval(curves: Float64) -> tuple[Float64, Float64]:
    """95 % t interval of the mean over seeds, [seeds, steps] -> two [steps]; one seed: itself."""
    seeds, mean = len(curves), curves.mean(axis=0)
    if seeds == 1:
        return mean, mean
    half = t.ppf(0.975, seeds - 1) * curves.std(axis=0, ddof=1) / np.sqrt(seeds)
    return mean - half, mean + half


def _quantiles(each: Sequence[int | None]) -> list[int | None]:
    """2.5 and 97.5 % quantiles where None, "not reached", is larger than any count."""
    ordered = sorted(np.inf if count is None else float(count) for count in each)
    ends = (ordered[int(0.025 * len(ordered))], ordered[int(0.975 * len(ordered))])
    return [None if np.isinf(end) else int(end) for end in ends]
