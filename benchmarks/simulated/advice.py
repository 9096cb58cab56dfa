"""How often the stopping advice says "may stop" where 20 % more labels would gain over a point."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks.simulated.worlds import QUESTION, World, read
from learner.proof.refits import Refits
from learner.proof.stopping import MORE, POINT, STOP_SET, advise

# Some of them are learnt at once, some never quite.
WORLDS = (World(8, 0.5), World(16, 0.1), World(32, 0.2), World(64, 0.1))
LABELS = (100, 200, 400)
AUDIT = 300
TRUTH_AUDIT = 5000
TRUTH_REPEATS = 30


@dataclass(frozen=True)
class Moment:
    """A world, and how many labels have been read in it."""

    world: World
    labels: int


MOMENTS = tuple(Moment(world, labels) for world in WORLDS for labels in LABELS)


def true_gain(moment: Moment) -> float:
    """Points that 20 % more labels bring on average."""
    gains = []
    for seed in range(TRUTH_REPEATS):
        rng = np.random.default_rng([seed, 10**6, moment.labels])
        more = round(MORE * moment.labels)
        evidence = read(
            moment.world, audit=TRUTH_AUDIT, random=0, active=more, order="margin", rng=rng
        )
        refits = Refits(evidence, rng)
        before, after = (
            refits.score(QUESTION, evidence.active[:count], evidence.audit).value
            for count in (moment.labels, more)
        )
        gains.append((after - before) / POINT)
    return float(np.mean(gains))


def verdict(moment: Moment, seed: int) -> str:
    """What is advised in one project at that moment."""
    rng = np.random.default_rng([seed, moment.labels, moment.world.width])
    evidence = read(
        moment.world, audit=AUDIT, random=0, active=moment.labels, order="margin", rng=rng
    )
    return advise(Refits(evidence, rng, unread=STOP_SET), QUESTION, rng).verdict


def false_stops(runs: int, moments: tuple[Moment, ...] = MOMENTS) -> dict[str, Any]:
    """Shares of "may stop" where much was to be gained, and where little was."""
    worth: list[bool] = []
    flat: list[bool] = []
    rows = []
    for moment in moments:
        gain = true_gain(moment)
        stopped = [verdict(moment, seed) == "may stop" for seed in range(runs)]
        (worth if gain > 1 else flat).extend(stopped)
        rows.append(
            {
                "features": moment.world.width,
                "blur": moment.world.blur,
                "labels": moment.labels,
                "true_gain": round(gain, 2),
                "may_stop": float(np.mean(stopped)),
            }
        )
    return {
        "runs": len(worth) + len(flat),
        "false_stop_rate": float(np.mean(worth)) if worth else 0.0,
        "stops_where_little_is_gained": float(np.mean(flat)) if flat else 0.0,
        "moments": rows,
    }
