"""Learning curves of replays: how many labels until the score is nearly that of all."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import isotonic_regression
from scipy.stats import t

from learner.replays import Replay

Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]

SHARES = (90, 95, 98)  # per cent of the full-data score that labels are counted to
RESAMPLES = 1000
TAIL = 0.025  # of them, on either side of an interval


@dataclass(frozen=True)
class Curves:
    """The scores of one strategy, a row per seed, on label counts that all seeds have."""

    labels: Int64  # [steps]
    scores: Float64  # [seeds, steps]
    errors: Float64 | None = None  # [seeds, steps]

    @property
    def mean(self) -> Float64:
        """[steps]"""
        return np.asarray(self.scores.mean(axis=0))

    @cached_property
    def resampled(self) -> Float64:
        """Smoothed mean curves of bootstrap samples of the seeds, [RESAMPLES, steps]."""
        return smoothed(self.scores[draws(len(self.scores))].mean(axis=1))

    def at(self, count: float) -> Float64:
        """Each seed's score with so many labels, [seeds], linear between the counts."""
        return np.array([np.interp(count, self.labels, row) for row in self.scores])

    def cut(self, steps: int) -> "Curves":
        """The first so many steps."""
        errors = None if self.errors is None else self.errors[:, :steps]
        return Curves(self.labels[:steps], self.scores[:, :steps], errors)


def stack(replays: Sequence[Replay]) -> Curves:
    """The replays of one strategy, one per seed, as far as all of them reach."""
    steps = min(len(one.labels) for one in replays)
    scores = np.stack([one.scores[:steps] for one in replays])
    errors = [one.errors[:steps] for one in replays if one.errors is not None]
    return Curves(replays[0].labels[:steps], scores, np.stack(errors) if errors else None)


def smoothed(curves: Float64) -> Float64:
    """The isotonic regression (pool adjacent violators) of each row, [n, steps] -> [n, steps]."""
    return np.stack([isotonic_regression(row).x for row in curves])


def crossings(labels: Int64, smooth: Float64, targets: Float64) -> Float64:
    """Where rising rows [n, steps] reach their targets [n]: label counts, infinity where never.

    Linear between the counts.
    """
    rows = np.arange(len(smooth))
    step = (smooth >= targets[:, None]).argmax(axis=1)
    before = np.maximum(step - 1, 0)
    rise = smooth[rows, step] - smooth[rows, before]
    share = np.where(step > 0, (targets - smooth[rows, before]) / np.maximum(rise, 1e-12), 0)
    found = labels[before] + share * (labels[step] - labels[before])
    return np.where(smooth[:, -1] >= targets, found, np.inf)


def draws(seeds: int) -> Int64:
    """The seeds of each bootstrap sample, [RESAMPLES, seeds]: the same for all, as pairs are."""
    return np.random.default_rng(0).integers(seeds, size=(RESAMPLES, seeds))


def labels_to(
    curves: Curves, full: Float64, share: float, floor: float = 0.0
) -> tuple[float, Float64]:
    """Labels to this share of the mean full-data score; the same by bootstrap [RESAMPLES].

    `full` [seeds] are the full-data scores; the share is of what they are above `floor`, and where
    they are not above it nothing is ever enough. Read off the isotonic regression of the mean
    curve: the first crossing of a curve that wobbles would come too early, the last too late, and
    the more so the noisier a strategy is; isotonic regression averages a wobble on both of its
    sides. The bootstrap draws seeds, so that what depends on the split is kept together.
    """
    means = np.concatenate([[full.mean()], full[draws(len(full))].mean(axis=1)])
    targets = np.where(means > floor, floor + share * (means - floor), np.inf)
    whole = crossings(curves.labels, smoothed(curves.mean[None]), targets[:1])
    return float(whole[0]), crossings(curves.labels, curves.resampled, targets[1:])


def area(curves: Curves) -> float:
    """Area under the mean curve over its range of label counts: the mean score on the way."""
    span = int(curves.labels[-1] - curves.labels[0])
    if not span:
        return float(curves.mean[-1])
    return float(np.trapezoid(curves.mean, curves.labels) / span)


def summarise(curves: Curves, full: Float64, floor: float = 0.0) -> dict[str, object]:
    """One strategy's curve, area and labels needed, with 95 % intervals, for JSON.

    `curve` and, of numbers, `mean_absolute_error` are lists of [labels, mean, low, high]; `full`
    and `floor` as in `labels_to`. Labels needed are None where the curve does not get there.
    """
    found: dict[str, object] = {"curve": points(curves.labels, curves.scores)}
    if curves.errors is not None:
        found["mean_absolute_error"] = points(curves.labels, curves.errors)
    found["area"] = round(area(curves), 5)
    for percent in SHARES:
        needed, each = labels_to(curves, full, percent / 100, floor)
        found[f"labels_to_{percent}"] = _whole(needed)
        found[f"labels_to_{percent}_interval"] = [_whole(end) for end in quantiles(each)]
    return found


def points(labels: Int64, values: Float64) -> list[list[float]]:
    """[labels, mean, low, high] of values [seeds, steps] at each step."""
    low, high = mean_interval(values)
    return [
        [int(at), round(float(mean), 5), round(float(a), 5), round(float(b), 5)]
        for at, mean, a, b in zip(labels, values.mean(axis=0), low, high, strict=True)
    ]


def mean_interval(values: Float64) -> tuple[Float64, Float64]:
    """95 % t interval of the mean over seeds, [seeds, steps] -> two [steps]; one seed: itself."""
    seeds, mean = len(values), values.mean(axis=0)
    if seeds == 1:
        return mean, mean
    half = t.ppf(0.975, seeds - 1) * values.std(axis=0, ddof=1) / np.sqrt(seeds)
    return mean - half, mean + half


def quantiles(each: Float64) -> tuple[float, float]:
    """2.5 and 97.5 % quantiles, where infinity, "not reached", is larger than any count."""
    ordered = np.sort(each)
    return float(ordered[int(TAIL * len(each))]), float(ordered[int((1 - TAIL) * len(each))])


def _whole(count: float) -> int | None:
    return None if np.isinf(count) else int(np.ceil(count))
