"""What is asked of the reader, as the learner sees it: an outcome to predict."""

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

Kind = Literal["single", "multiple", "number"]


@dataclass(frozen=True)
class Question:
    """One question of the label config.

    Targets and predictions of a question are float32 [n, outputs]: one-hot (single), 0 or 1 per
    finding (multiple), or the value (number). NaN is "not answered", never "normal".
    """

    name: str
    kind: Kind
    classes: tuple[str, ...] = ()  # empty for a number

    def __post_init__(self) -> None:
        if self.kind not in get_args(Kind):
            raise ValueError(
                f"{self.name}: {self.kind!r} is not one of {', '.join(get_args(Kind))}"
            )
        least = {"single": 2, "multiple": 1, "number": 0}[self.kind]
        if len(self.classes) < least or (self.kind == "number" and self.classes):
            raise ValueError(f"{self.name}: {len(self.classes)} classes for a {self.kind} question")
        if len(set(self.classes)) != len(self.classes):
            raise ValueError(f"{self.name}: a class is named twice")

    @property
    def outputs(self) -> int:
        """How many columns its targets and predictions have."""
        return len(self.classes) or 1

    def check_targets(self, values: NDArray[np.floating]) -> NDArray[np.float32]:
        """Give `values` [n, outputs] as float32; ValueError where they cannot be answers.

        A row of a single choice is answered whole or not at all, and holds exactly one 1.
        """
        targets = np.asarray(values, dtype=np.float32)
        if targets.ndim != 2 or targets.shape[1] != self.outputs:
            raise ValueError(f"{self.name}: targets {targets.shape}, not [n, {self.outputs}]")
        answered = targets[~np.isnan(targets).any(axis=1)]
        if np.isinf(targets).any():
            raise ValueError(f"{self.name}: an infinite target")
        if self.kind != "number" and not np.isin(targets[~np.isnan(targets)], (0, 1)).all():
            raise ValueError(f"{self.name}: targets of choices are 0, 1 or NaN")
        if self.kind == "single":
            whole = np.isnan(targets).all(axis=1).sum() + len(answered) == len(targets)
            if not whole or not (answered.sum(axis=1) == 1).all():
                raise ValueError(f"{self.name}: a single choice needs one class a row")
        return targets
