"""Small worlds of scans: features, true answers, and evidence read from them."""

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from learner.heads import fit_softmax
from learner.proof.evidence import Evidence
from learner.questions import Question

Float32 = NDArray[np.float32]
Int64 = NDArray[np.int64]

# "random" saves nothing, "margin" (the smallest first) saves some. "shortcut" costs: it takes scans
# whose answer the first feature alone tells, the plainest first, so that hardly more is learnt.
Order = Literal["random", "margin", "shortcut"]
ORDERS: tuple[Order, ...] = get_args(Order)

QUESTION = Question("finding", "single", ("absent", "present"))
_PENALTY = 0.05
_BATCH = 10


@dataclass(frozen=True)
class World:
    """x is standard normal; the answer is the side of a plane that it lies on, blurred."""

    width: int  # features
    blur: float  # standard deviation of what is added before the side is taken

    def draw(self, count: int, rng: np.random.Generator) -> tuple[Float32, Float32]:
        """Features [n, width] and answers [n, 2]."""
        features = rng.normal(size=(count, self.width)).astype(np.float32)
        side = features.sum(axis=1) / np.sqrt(self.width) + self.blur * rng.normal(size=count)
        return features, np.eye(2, dtype=np.float32)[(side > 0).astype(np.int64)]


def read(
    world: World,
    *,
    audit: int,
    random: int,
    active: int,
    order: Order,
    rng: np.random.Generator,
) -> Evidence:
    """A project after so much reading; the active arm in that order."""
    features, answers = world.draw(audit + random + 4 * active, rng)
    pool: Int64 = np.arange(audit + random, len(features))
    if order == "margin":
        pool = _smallest_margins(features, answers, pool, active)
    elif order == "shortcut":
        pool = _shortcuts_first(features, answers, pool)
    return Evidence(
        questions=(QUESTION,),
        embeddings=features,
        targets={QUESTION.name: answers},
        patients=np.arange(len(features)),
        audit=np.arange(audit),
        active=pool[:active],
        random=np.arange(audit, audit + random),
    )


def _smallest_margins(features: Float32, answers: Float32, pool: Int64, count: int) -> Int64:
    chosen, left = pool[:_BATCH], pool[_BATCH:]
    unit = features / np.sqrt(np.float32(features.shape[1]))
    while len(chosen) < count:
        head = fit_softmax(unit[chosen], answers[chosen], penalty=_PENALTY)
        logits = head.logits(unit[left])
        order = np.argsort(np.abs(logits[:, 1] - logits[:, 0]))[:_BATCH]
        chosen, left = np.concatenate([chosen, left[order]]), np.delete(left, order)
    return chosen[:count]


def _shortcuts_first(features: Float32, answers: Float32, pool: Int64) -> Int64:
    tells = features[pool, 0] * (answers[pool, 1] - answers[pool, 0])
    return pool[np.argsort(-tells)]
