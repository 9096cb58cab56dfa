"""The labels of a pool, and who of its patients is learned from."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from learner.cache import Bags

Float32 = NDArray[np.float32]
Int64 = NDArray[np.int64]

HELD_OUT = 0.25  # of the labelled patients, for the comparison
SHOWN = 16  # frames of a bag, at most, that are looked at between two epochs
LEAST_LABELS = 20  # below, a held-out loss says nothing


@dataclass(frozen=True)
class Labelled:
    """Bags with their targets: per question float32 [n, outputs], NaN where not answered."""

    bags: Bags
    targets: Mapping[str, Float32]  # [all bags, outputs]
    patients: Int64  # [all bags]
    # [all frames], each frame's share of its bag by attention: those are drawn more often.
    attention: Float32 | None = None
    sites: Int64 | None = None  # [all bags], see `FrameBags.harmonised`

    def of(self, rows: Int64) -> "Labelled":
        """These bags, in this order, with all the frames there are."""
        bags = self.bags.of(rows)
        targets = {name: values[rows] for name, values in self.targets.items()}
        sites = None if self.sites is None else self.sites[rows]
        patients = self.patients[rows]
        return replace(self, bags=bags, targets=targets, patients=patients, sites=sites)

    def drawn_frames(self, row: int, most: int, rng: np.random.Generator) -> Int64:
        """So many frames of the bag at most, half of the draw even, half by attention."""
        numbers = self.bags.frames_of(np.array([row]))
        if len(numbers) <= most:
            return numbers
        chances = np.full(len(numbers), 1 / len(numbers))
        if self.attention is not None:
            chances += self.attention[numbers]
        return np.sort(rng.choice(numbers, most, replace=False, p=chances / chances.sum()))

    def some_frames(self, rows: Int64, most: int = SHOWN) -> tuple[NDArray[np.uint8], Int64]:
        """Frames of these bags, the same at each call, and how many of each."""
        rng = np.random.default_rng(0)
        numbers = [self.drawn_frames(row, most, rng) for row in rows]
        counts = np.array([len(each) for each in numbers], dtype=np.int64)
        return self.bags.frames[np.concatenate(numbers)], counts

    def with_guesses(self, guesses: Mapping[str, Float32]) -> "Labelled":
        """With the guessed targets, shaped as its own, where nothing was answered."""
        targets = {
            name: np.where(np.isnan(own), guesses[name], own) for name, own in self.targets.items()
        }
        return replace(self, targets=targets)


def split_by_patient(rows: Int64, patients: Int64, seed: int) -> tuple[Int64, Int64]:
    """Rows to learn from and rows held out, no patient in both."""
    people = np.unique(patients[rows])
    drawn = np.random.default_rng(seed).permutation(people)[: round(HELD_OUT * len(people))]
    held = np.isin(patients[rows], drawn)
    return rows[~held], rows[held]


def answered(data: Labelled, rows: Int64) -> dict[str, tuple[Int64, Float32]]:
    """Per question those of the rows that have an answer, and the answers: what a Ranker takes."""
    found = {}
    for name, targets in data.targets.items():
        at = rows[~np.isnan(targets[rows]).all(axis=1)]
        found[name] = (at, targets[at])
    return found
