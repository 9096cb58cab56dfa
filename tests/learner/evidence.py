"""Evidence whose truth is known."""

import numpy as np

from learner.proof.evidence import Evidence
from learner.proof.refits import Refits
from learner.questions import Question

SEX = Question("sex", "single", ("f", "m"))
FINDINGS = Question("findings", "multiple", ("nodule", "effusion"))
SIZE = Question("size", "number")


def evidence(*, audit: int, active: int, random: int, unread: int = 0, seed: int = 0) -> Evidence:
    """Three questions, each answered by a feature of its own and some noise; one in ten unsaid."""
    rng = np.random.default_rng(seed)
    n = audit + active + random + unread
    X = rng.normal(size=(n, 6)).astype(np.float32)
    seen = X[:, :3] + 0.4 * rng.normal(size=(n, 3))
    findings = (seen[:, 1:] > 0.5).astype(np.float32)
    findings[rng.random(n) < 0.1, 1] = np.nan
    row, ends = np.arange(n), np.cumsum([audit, active, random])
    return Evidence(
        questions=(SEX, FINDINGS, SIZE),
        embeddings=X,
        targets={
            "sex": np.eye(2, dtype=np.float32)[(seen[:, 0] > 0).astype(int)],
            "findings": findings,
            "size": (10 + 2 * seen[:, :1]).astype(np.float32),
        },
        # Two scans of each patient; one of each of the random arm.
        patients=np.where((row >= ends[1]) & (row < ends[2]), n + row, row // 2),
        audit=np.arange(audit),
        active=np.arange(ends[0], ends[1]),
        random=np.arange(ends[1], ends[2]),
    )


def refits(of: Evidence) -> Refits:
    return Refits(of, np.random.default_rng(0), unread=200)
