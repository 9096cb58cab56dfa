"""A data set whose answers are known."""

import numpy as np

from learner.questions import Question
from learner.tables import Table


def crowds(n: int = 300) -> Table:
    """Three crowds of scans, one of them rare, two scans a patient."""
    rng = np.random.default_rng(0)
    y = rng.choice(3, n, p=[0.6, 0.35, 0.05])
    E = rng.normal(size=(n, 12))
    E[:, :3] += 2.5 * np.eye(3)[y]
    question = Question("q", "single", ("a", "b", "c"))
    targets = np.eye(3, dtype=np.float32)[y]
    return Table(question, E.astype(np.float16), targets, np.arange(n) // 2)
