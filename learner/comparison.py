"""Strategies against each other on the same seeds: labels saved, losses, who beats whom."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import ttest_rel

from learner.curves import TAIL, Curves, labels_to, mean_interval, quantiles, stack, summarise
from learner.questions import Question
from learner.replays import BASELINE, EVERYTHING, Replay
from learner.scores import FLOORS
from learner.strategies import DEFAULT

Float64 = NDArray[np.float64]

SIGNIFICANCE = 0.05
COLD_START = (20, 50, 100)  # labels
SHARE = 0.95  # of the full-data score, where labels are compared
FIRST_BUDGET = 10  # labels; the budgets of the penalty matrix double from here
POINTS = 100  # a score of 1 in points


@dataclass(frozen=True)
class Compared:
    """All strategies on one table, cut to the label counts that all of them have."""

    curves: Mapping[str, Curves]
    full: Float64  # [seeds] full-data scores
    floor: float = 0.0  # of the score, see `learner.scores.FLOORS`

    @classmethod
    def of(cls, replays: Mapping[str, Sequence[Replay]], question: Question) -> "Compared":
        """From `replay_all`'s result, which holds the baseline and the full-data score."""
        full = np.array([one.scores[-1] for one in replays[EVERYTHING]])
        curves = {name: stack(replays[name]) for name in replays if name != EVERYTHING}
        steps = min(len(one.labels) for one in curves.values())
        cut = {name: one.cut(steps) for name, one in curves.items()}
        return cls(cut, full, FLOORS[question.kind])

    def labels_to(self, name: str, share: float) -> tuple[float, Float64]:
        """`curves.labels_to` of one strategy."""
        return labels_to(self.curves[name], self.full, share, self.floor)

    @property
    def budgets(self) -> list[int]:
        """Label counts that double, and the last one."""
        last = int(next(iter(self.curves.values())).labels[-1])
        found = []
        budget = FIRST_BUDGET
        while budget < last:
            found.append(budget)
            budget *= 2
        return [*found, last]


def compare(compared: Compared) -> dict[str, dict[str, object]]:
    """For JSON, by strategy: `curves.summarise` and what it is against the baseline.

    `ratio_95` is the baseline's labels to 95 % of the full-data score over the strategy's, with its
    bootstrap interval. One that does not get there within the replay counts with the replay's last
    label count: without the strategy (`reached_95` false) the ratio is the most that it can be,
    without the baseline (`baseline_reached_95` false) the least, without both nothing. An end of
    the interval that this holds for in more than 2.5 % of the resamples is `open`.
    `worst_deficit` is the largest mean shortfall below the baseline at any label count, in
    points, with its paired 95 % interval; `beyond_noise` says whether that excludes 0.
    `wins` counts the `budgets` at which no other strategy has a higher mean.
    """
    baseline = compared.curves[BASELINE]
    by_chance, chances = compared.labels_to(BASELINE, SHARE)
    found = {}
    for name, curves in compared.curves.items():
        ratio, each = saving(compared, name)
        low, high = quantiles(each)
        needed, counts = compared.labels_to(name, SHARE)
        found[name] = {
            **summarise(curves, compared.full, compared.floor),
            "ratio_95": round(ratio, 4),
            "ratio_95_low": round(low, 4),
            "ratio_95_high": round(high, 4),
            "ratio_95_low_open": name != BASELINE and bool(np.isinf(counts).mean() > TAIL),
            "ratio_95_high_open": name != BASELINE and bool(np.isinf(chances).mean() > TAIL),
            "reached_95": bool(np.isfinite(needed)),
            "baseline_reached_95": bool(np.isfinite(by_chance)),
            **_worst_deficit(curves, baseline),
            "wins": _wins(compared, name),
            "cold_start": cold_start(curves, baseline),
        }
    return found


def saving(compared: Compared, name: str) -> tuple[float, Float64]:
    """Labels of the baseline over labels of a strategy to 95 %, and the same by bootstrap."""
    counts = []
    for one in (BASELINE, name):
        needed, each = compared.labels_to(one, SHARE)
        last = compared.curves[one].labels[-1]
        counts.append(np.minimum(np.concatenate([[needed], each]), last))
    ratios = counts[0] / counts[1]
    return float(ratios[0]), ratios[1:]


def geometric_means(tables: Sequence[Compared]) -> dict[str, dict[str, float]]:
    """Geometric mean of `ratio_95` over tables of equally many seeds, by strategy: mean, low, high.

    Of the strategies that every table has. The bootstrap draws the same seeds for all tables, as
    versions of one data set share their splits. `against`, with `against_low` and `against_high`:
    the labels of this strategy over those of the default one, by the same draws. Who does not get
    there counts with all that was read, as in `saving`.
    """
    names = [name for name in tables[0].curves if all(name in one.curves for one in tables)]
    means = {name: _mean_saving(tables, name) for name in names}
    found = {}
    for name, logs in means.items():
        found[name] = _mean_and_ends(logs, "mean", "low", "high")
        if DEFAULT in means:
            ahead = means[DEFAULT] - logs
            found[name] |= _mean_and_ends(ahead, "against", "against_low", "against_high")
    return found


def _mean_saving(tables: Sequence[Compared], name: str) -> Float64:
    """Mean logarithm of `saving` over the tables: of all seeds, then of each resample."""
    savings = [saving(table, name) for table in tables]
    logs = [np.log(np.r_[ratio, each]) for ratio, each in savings]
    return np.asarray(np.mean(logs, axis=0), dtype=np.float64)


def _mean_and_ends(logs: Float64, *names: str) -> dict[str, float]:
    values = (float(logs[0]), *quantiles(logs[1:]))
    return {name: round(float(np.exp(one)), 4) for name, one in zip(names, values, strict=True)}


def _worst_deficit(curves: Curves, baseline: Curves) -> dict[str, object]:
    lost = POINTS * (baseline.scores - curves.scores)  # [seeds, steps]
    low, high = mean_interval(lost)
    step = int(lost.mean(axis=0).argmax())
    return {
        "worst_deficit": round(max(0.0, float(lost.mean(axis=0)[step])), 3),
        "worst_deficit_at": int(curves.labels[step]),
        "worst_deficit_low": round(float(low[step]), 3),
        "worst_deficit_high": round(float(high[step]), 3),
        "worst_deficit_beyond_noise": bool(low[step] > 0),
    }


def cold_start(curves: Curves, baseline: Curves) -> dict[str, dict[str, float]]:
    """By label count, points above the baseline with their paired 95 % interval."""
    found = {}
    for count in COLD_START:
        if count <= curves.labels[-1]:
            gain = POINTS * (curves.at(count) - baseline.at(count))
            (low,), (high,) = mean_interval(gain[:, None])
            values = {"difference": gain.mean(), "low": low, "high": high}
            found[str(count)] = {name: round(float(value), 3) for name, value in values.items()}
    return found


def _wins(compared: Compared, name: str) -> int:
    return sum(
        all(
            compared.curves[name].at(budget).mean() >= other.at(budget).mean()
            for other in compared.curves.values()
        )
        for budget in compared.budgets
    )


def penalties(tables: Sequence[Compared]) -> dict[str, object]:
    """The pairwise penalty matrix of Ash et al. 2020 (BADGE, arXiv:1906.03671, section 4.2).

    matrix[i][j] is the share of label budgets, summed over the tables, at which strategy i beats j
    in a two-sided paired t-test at 5 %. `mean_loss` is the mean of a column: how often the others
    beat it, the lower the better. Of the strategies that every table has.
    """
    names = [name for name in tables[0].curves if all(name in one.curves for one in tables)]
    matrix = np.zeros((len(names), len(names)))
    for table in tables:
        for budget in table.budgets:
            scores = [table.curves[name].at(budget) for name in names]
            matrix += _beats(scores) / len(table.budgets)
    return {
        "strategies": names,
        "matrix": matrix.round(4).tolist(),
        "mean_loss": {name: round(float(matrix[:, j].mean()), 4) for j, name in enumerate(names)},
    }


def _beats(scores: Sequence[Float64]) -> NDArray[np.bool_]:
    """Whether i is significantly above j: [k] of scores [seeds] -> [k, k]."""
    k = len(scores)
    found = np.zeros((k, k), dtype=bool)
    for i in range(k):
        for j in range(k):
            lead = scores[i] - scores[j]
            if lead.mean() > 0 and len(lead) > 1:
                # Without any spread the test has nothing to divide by, and no doubt either.
                surely = lead.std() == 0
                found[i, j] = surely or ttest_rel(scores[i], scores[j]).pvalue < SIGNIFICANCE
    return found
