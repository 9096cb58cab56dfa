"""The pool at a glance: a sample of it laid out in a plane, and how unsure the model is."""

import numpy as np
from numpy.typing import NDArray

from learner.attention import FrameBags
from learner.projection import fit_projection
from learner.ranker import Ranker
from learner.strategies.uncertainty import small_margin
from rounds import services
from rounds.models import Ranking
from rounds.pool import Int64, Pool

# What a page can draw and a person can look at.
MOST_POINTS = 2_000
# Enough that a bar of the histogram is off by less than a hundredth of all.
MOST_MEASURED = 20_000
STEPS = 20
_WITHIN = (0.01, 0.99)

Float32 = NDArray[np.float32]


def map_pool(pool: Pool, bags: FrameBags, ranker: Ranker, ranking: Ranking) -> None:
    """Keep where a sample of the tasks lies, and how unsure the model is of the unread."""
    rows = evenly(np.arange(len(pool)), MOST_POINTS)
    if len(rows) < 3:
        return
    places = plane(np.asarray(bags.of(rows).pooled()))
    unsure = uncertainty(pool, ranker, rows)
    unread = evenly(np.flatnonzero(pool.answers == 0), MOST_MEASURED)
    measured = uncertainty(pool, ranker, unread)
    services.keep_pool_map(
        project=ranking.project,
        generation=ranking.generation,
        points=[
            [int(task), round(float(x), 3), round(float(y), 3), doubt]
            for task, (x, y), doubt in zip(
                pool.tasks[rows], places, _rounded(unsure, len(rows)), strict=True
            )
        ],
        uncertainty=[] if measured is None else histogram(measured),
    )


def evenly(rows: Int64, most: int) -> Int64:
    """At most `most` of the rows, evenly spread: the same ones as long as the rows are."""
    if len(rows) <= most:
        return rows
    return rows[np.linspace(0, len(rows) - 1, most).astype(np.int64)]


def plane(embeddings: NDArray[np.floating]) -> Float32:
    """The two principal axes, [n, d] -> [n, 2], each from 0 to 1; a missing axis is flat.

    Each axis spans all but its outermost hundredths, which lie at its ends: a few outliers would
    squeeze the rest into a line.
    Signs are such that the longer tail points right and down: the map does not flip by itself.
    """
    turned = fit_projection(embeddings).apply(embeddings)[:, :2]
    found = np.full((len(embeddings), 2), 0.5, dtype=np.float32)
    for axis in range(turned.shape[1]):
        values = turned[:, axis] - np.median(turned[:, axis])
        values = values if (values**3).sum() >= 0 else -values
        low, high = np.quantile(values, _WITHIN)
        if high <= low:
            low, high = values.min(), values.max()
        if high > low:
            found[:, axis] = np.clip((values - low) / (high - low), 0, 1)
    return found


def uncertainty(pool: Pool, ranker: Ranker, rows: Int64) -> Float32 | None:
    """How close the two likeliest answers are, over the questions of choice, [n] from 0 to 1.

    Of findings that somebody was asked about. None where no such question can be answered yet.
    """
    if not len(rows):
        return None
    kinds = {question.name: question.kind for question in pool.questions}
    each = []
    for name, predicted in ranker.predict(rows).items():
        if kinds[name] == "single" and predicted.shape[1] > 1:
            each.append(small_margin(predicted))
        elif kinds[name] == "multiple":
            is_asked = ~np.isnan(pool.targets[name]).all(axis=0)
            each.append((1 - np.abs(2 * predicted[:, is_asked] - 1)).mean(axis=1))
    if not each:
        return None
    return np.asarray(np.clip(np.mean(each, axis=0), 0, 1), dtype=np.float32)


def histogram(values: Float32) -> list[int]:
    return [int(count) for count in np.histogram(values, bins=STEPS, range=(0, 1))[0]]


def _rounded(values: Float32 | None, count: int) -> list[float | None]:
    return [None] * count if values is None else [round(float(value), 3) for value in values]
