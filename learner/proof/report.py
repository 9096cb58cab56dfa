"""All of the proof at once, as JSON."""

from dataclasses import asdict, dataclass

import numpy as np

from learner.proof.evidence import Evidence
from learner.proof.label_errors import Doubt, find_label_errors
from learner.proof.refits import Refits
from learner.proof.savings import Savings, measure_savings
from learner.proof.stopping import STOP_SET, Advice, advise

MOST_DOUBTS = 200


@dataclass(frozen=True)
class Proof:
    """What a project's labels prove, question by question."""

    savings: tuple[Savings, ...]
    stopping: tuple[Advice, ...]
    label_errors: tuple[Doubt, ...]  # of all questions, the most doubtful first

    def as_json(self) -> dict[str, list[dict[str, object]]]:
        """{"savings": [...], "stopping": [...], "label_errors": [...]}, of fields by name."""
        return {
            name: [asdict(one) for one in getattr(self, name)]
            for name in ("savings", "stopping", "label_errors")
        }


def prove(evidence: Evidence, *, seed: int = 0) -> Proof:
    """Work everything out; the same evidence and seed give the same proof."""
    rng = np.random.default_rng(seed)
    refits = Refits(evidence, rng, unread=STOP_SET)
    doubts = [
        doubt
        for question in evidence.questions
        for doubt in find_label_errors(refits, question, rng)
    ]
    return Proof(
        tuple(measure_savings(refits, question, rng) for question in evidence.questions),
        tuple(advise(refits, question, rng) for question in evidence.questions),
        tuple(sorted(doubts, key=lambda doubt: doubt.rank_by)[:MOST_DOUBTS]),
    )
