"""Bags of frames: one embedding for a study, a volume or a single image.

A bag's frames are pooled when a project is loaded, so that pooling can change without a frame being
embedded again. Everything here is NumPy: the process that ranks needs no torch.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file
from scipy.special import expit, xlogy

from learner.harmonising import Harmony, find_harmony
from learner.questions import Question

Float16 = NDArray[np.float16]
Float32 = NDArray[np.float32]
Int64 = NDArray[np.int64]
Features = NDArray[np.floating]  # [m, d], a row for each frame; float16, often memory mapped
Predict = Callable[[Float32], Mapping[str, Float32]]  # bags [k, D] -> per question [k, c]

ATTENTION_FILE = "attention.safetensors"
_FRAMES_AT_ONCE = 16_384
# Frames of a bag looked at for the least sure one: a head costs d² a frame, and a frame like all
# the others of its bag is not where the reader's eye is wanted.
LOOKED_AT = 8


@dataclass(frozen=True)
class Attention:
    """Gated attention over the frames of a bag (Ilse et al. 2018, arXiv:1802.04712, equation 9).

    a_k = softmax over the bag of (tanh(x V + v) ⊙ σ(x U + u)) w, for frames x [m, d].
    """

    V: Float32  # [d, h]
    v: Float32  # [h]
    U: Float32  # [d, h]
    u: Float32  # [h]
    w: Float32  # [h]

    def weights(self, frames: Float32, starts: Int64) -> Float32:
        """Each frame's share of its bag [m], from frames [m, d], bags beginning at `starts` [n]."""
        scores = (np.tanh(frames @ self.V + self.v) * expit(frames @ self.U + self.u)) @ self.w
        counts = np.diff(starts, append=len(frames))
        most = np.repeat(np.maximum.reduceat(scores, starts), counts)
        shares = np.exp(scores - most)
        return np.asarray(shares / np.repeat(np.add.reduceat(shares, starts), counts), np.float32)

    def save(self, folder: Path) -> None:
        """Write it beside the weights of the backbone whose frames it was trained on."""
        save_file(
            {name: np.ascontiguousarray(a) for name, a in vars(self).items()},
            folder / ATTENTION_FILE,
        )

    @classmethod
    def load(cls, folder: Path | None) -> "Attention | None":
        """The one that `save` wrote into the folder; None where there is none."""
        if folder is None or not (folder / ATTENTION_FILE).is_file():
            return None
        return cls(**load_file(folder / ATTENTION_FILE))


@dataclass(frozen=True)
class FrameBags:
    """A pool's frames as they were embedded, and which of them make up which bag."""

    features: Features  # [m, d]
    firsts: Int64  # [n]
    counts: Int64  # [n]
    attention: Attention | None = None
    harmony: Harmony | None = None  # found on the whole pool, and the same for some of its bags

    def harmonised(self, sites: Int64 | None) -> "FrameBags":
        """The same pool, what each site adds taken out: see `find_harmony`. None: all are of one.

        Nothing is read or copied where all bags are of one site.
        """
        if sites is None:
            return self
        width = _parts_of(self.counts, self.attention)
        parts = ((some, self._part(some, width)) for some in _in_parts(self.counts))
        return replace(self, harmony=find_harmony(parts, sites))

    def of(self, rows: Int64) -> "FrameBags":
        """These bags of the pool alone."""
        harmony = None if self.harmony is None else self.harmony.of(rows)
        firsts, counts = self.firsts[rows], self.counts[rows]
        return replace(self, firsts=firsts, counts=counts, harmony=harmony)

    def pooled(self) -> NDArray[np.floating]:
        """One embedding for each bag [n, D], see `pool_bags`, without what its site adds."""
        if self.harmony is None:
            return pool_bags(self.features, self.firsts, self.counts, self.attention)
        D = self.harmony.scale.shape[1]
        found = np.empty((len(self.counts), D), dtype=np.float16)
        for some in _in_parts(self.counts):
            part = self._part(some, D // self.features.shape[1])
            found[some] = self.harmony.apply(part, some)
        return found

    def shares(self) -> Float32 | None:
        """Each frame's share of its bag by attention [m], 0 where no bag has it; None without."""
        if self.attention is None:
            return None
        frames = frames_of(self.features, self.firsts, self.counts).astype(np.float32)
        starts = _starts(self.counts)
        at = np.repeat(self.firsts - starts, self.counts) + np.arange(len(frames))
        found = np.zeros(len(self.features), dtype=np.float32)
        found[at] = self.attention.weights(frames, starts)
        return found

    def _part(self, some: slice, parts: int) -> NDArray[np.floating]:
        return _pooled(self.features, self.firsts[some], self.counts[some], self.attention, parts)


def pool_bags(
    features: Features, firsts: Int64, counts: Int64, attention: Attention | None = None
) -> NDArray[np.floating]:
    """One embedding [n, D] for each bag, from the features [m, d] of frames.

    Bag i is the frames firsts[i] to firsts[i] + counts[i], at least one. Where every bag has one
    frame, D = d and the features are the embeddings. Else a bag is its mean, its maximum above the
    mean (the baselines of the paper above) and, with `attention`, its weighted mean above the mean:
    for a bag of one the latter are zero, so images and volumes live in one space. What stands above
    the mean is what finds a small lesion in one frame of 64. ValueError: a bag without frames.
    """
    if (counts < 1).any():
        raise ValueError("A bag has at least one frame")
    parts = _parts_of(counts, attention)
    if parts == 1:
        return frames_of(features, firsts, counts)
    pooled = np.empty((len(counts), parts * features.shape[1]), dtype=np.float16)
    for some in _in_parts(counts):
        pooled[some] = _pooled(features, firsts[some], counts[some], attention, parts)
    return pooled


def _parts_of(counts: Int64, attention: Attention | None) -> int:
    """How many times the width of a frame's features a bag's embedding is."""
    if (counts == 1).all():
        return 1
    return 2 if attention is None else 3


def _pooled(
    features: Features, firsts: Int64, counts: Int64, attention: Attention | None, parts: int
) -> NDArray[np.floating]:
    """`pool_bags` of bags that are few enough to lie in memory, as so many parts."""
    rows = frames_of(features, firsts, counts)
    if parts == 1:
        return rows
    frames, starts = rows.astype(np.float32), _starts(counts)
    mean = np.add.reduceat(frames, starts, axis=0) / counts[:, None]
    found = [mean, np.maximum.reduceat(frames, starts, axis=0) - mean]
    if attention is not None:
        weighted = frames * attention.weights(frames, starts)[:, None]
        found.append(np.add.reduceat(weighted, starts, axis=0) - mean)
    return np.concatenate(found, axis=1)


def least_sure_frames(
    bags: FrameBags, questions: Sequence[Question], predict: Predict
) -> list[int | None]:
    """Where in each bag the model is least sure: an index into the bag, or None.

    Each frame is predicted as the bag would be if this frame alone stood out of it, and the one of
    the largest entropy counts, summed over the questions of choice. Looked at are the LOOKED_AT
    frames of the most attention, or without one those farthest from the bag's mean. None for a bag
    of one, where no frame is less sure than another, and where only numbers are predicted.
    """
    found: list[int | None] = [None] * len(bags.counts)
    several = np.flatnonzero(bags.counts > 1)
    for part in _in_parts(bags.counts[several]):
        looked, owner, rows = _standing_out(bags.of(several[part]))
        unsure = _entropy(questions, predict(rows))
        if unsure is None:
            return found
        for at, bag in enumerate(several[part]):
            mine = owner == at
            if np.ptp(unsure[mine]) > 1e-6:
                found[bag] = int(looked[mine][unsure[mine].argmax()])
    return found


def _standing_out(bags: FrameBags) -> tuple[Int64, Int64, Float32]:
    """Frames worth a look: their index in the bag [k], the bag [k], the bag made of each [k, D]."""
    counts = bags.counts
    frames = frames_of(bags.features, bags.firsts, counts).astype(np.float32)
    starts = _starts(counts)
    owner = np.repeat(np.arange(len(counts)), counts)
    mean = (np.add.reduceat(frames, starts, axis=0) / counts[:, None])[owner]
    above = frames - mean
    if bags.attention is None:
        relevance = np.linalg.norm(above, axis=1)
    else:
        relevance = bags.attention.weights(frames, starts)
    order = np.lexsort((-relevance, owner))  # bag by bag, the most relevant in front
    place = np.arange(len(frames)) - starts[owner]
    kept = order[place < LOOKED_AT]
    parts = [mean[kept], above[kept]] + ([] if bags.attention is None else [above[kept]])
    rows = np.concatenate(parts, axis=1)
    if bags.harmony is not None:
        rows = bags.harmony.apply(rows, owner[kept])
    return kept - starts[owner[kept]], owner[kept], rows


def _entropy(questions: Sequence[Question], predicted: Mapping[str, Float32]) -> Float32 | None:
    """How unsure each row is [k], 0 to 1 for each question; None where no choice is predicted."""
    each = []
    for question in questions:
        p = predicted.get(question.name)
        if p is None or question.kind == "number":
            continue
        if question.kind == "single":
            each.append(-xlogy(p, p).sum(axis=1) / np.log(p.shape[1]))
        else:
            each.append(-(xlogy(p, p) + xlogy(1 - p, 1 - p)).mean(axis=1) / np.log(2))
    return np.sum(each, axis=0) if each else None


def _in_parts(counts: Int64) -> Iterator[slice]:
    """Bags in turn, as many at once as have some thousand frames together."""
    ends = np.cumsum(counts)
    begin = 0
    while begin < len(counts):
        before = ends[begin - 1] if begin else 0
        end = max(begin + 1, int(np.searchsorted(ends, before + _FRAMES_AT_ONCE, side="right")))
        yield slice(begin, end)
        begin = end


def _starts(counts: Int64) -> Int64:
    return np.concatenate([[0], np.cumsum(counts)[:-1]])


def frames_of(features: Features, firsts: Int64, counts: Int64) -> NDArray[np.floating]:
    """The rows of these bags' frames, one bag after another; a view where they lie like that."""
    starts = _starts(counts)
    total = int(counts.sum())
    if len(firsts) and (firsts - firsts[0] == starts).all():
        rows = features[firsts[0] : firsts[0] + total]
    else:
        rows = features[np.repeat(firsts - starts, counts) + np.arange(total)]
    return np.asanyarray(rows)
