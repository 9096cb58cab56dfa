"""Whether reading more is worth it: stabilised predictions and the fitted learning curve.

Predictions have stabilised when heads fitted to ever more labels call a fixed set of unread scans
the same way, by Cohen's kappa (Bloodgood and Vijay-Shanker 2009, "A Method for Stopping Active
Learning Based on Stabilizing Predictions and the Need for User-Adjustable Stopping"). That alone
says nothing about how good they are, so the learning curve on the audit sample is fitted too
(`power_law`), and what 20 % more labels would bring is read off it with its interval.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from learner.proof.luck import Luck, fit_luck
from learner.proof.power_law import Curve, fit_curve
from learner.proof.refits import Refits
from learner.proof.savings import LEAST_AUDIT, NOTHING, Amount
from learner.proof.scoring import covariance
from learner.questions import Question
from learner.scores import Score
from learner.sentences import Unusable, Words, words

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]
Verdict = Literal["go on", "may stop", "cannot tell"]

POINT = 0.01  # of a score in [0, 1]; of a number, of its mean absolute deviation
MORE = 1.2  # labels that the gain is worked out for, as a multiple
GROWTH = 1.05  # labels between two successive models
LAST = 3  # successive comparisons that must agree
STABLE = 0.97  # mean kappa of the last comparisons
LEAST_LABELS = 40
STOP_SET = 2000  # unread scans that are called again and again
_SHARES = (1.0, 0.8, 0.65, 0.5, 0.4, 0.3, 0.2, 0.12)  # of the labels, where the curve is measured
_PARTS = (8, 4, 2)
_ORDERS = 4


@dataclass(frozen=True)
class Advice:
    """What is said about going on, for one question."""

    question: str
    verdict: Verdict
    reason: Words
    labels: int
    agreement: float | None = None  # mean kappa between the last models on unread scans
    gain: Amount = NOTHING  # points that 20 % more labels would bring
    labels_to_point: Amount = NOTHING  # more labels for one more point; None: never, by the curve


def advise(refits: Refits, question: Question, rng: np.random.Generator) -> Advice:
    """Say whether more labels of this question are worth reading."""
    evidence = refits.evidence
    trained = evidence.answered(question, evidence.trained)
    audit = evidence.answered(question, evidence.audit)
    n = len(trained)
    patients = len(np.unique(evidence.patients[audit]))
    if n < LEAST_LABELS or patients < LEAST_AUDIT:
        lack = _lack(answers=LEAST_LABELS - n, patients=LEAST_AUDIT - patients)
        return Advice(question.name, "cannot tell", lack, n)
    try:
        curve = _curve(refits, question, trained, audit, rng)
    except Unusable as error:  # an audit sample of one class
        return Advice(question.name, "cannot tell", error.words, n)
    agreement = _agreement(refits, question, trained)
    gains = (curve.at(MORE * n) - curve.at(n)) / POINT
    gain = Amount(*(float(x) for x in np.quantile(gains, (0.5, 0.025, 0.975))))
    more = curve.labels_for(curve.at(n) + POINT) - n
    quantiles = np.quantile(more, (0.5, 0.025, 0.975), method="higher")
    to_point = Amount(*(float(x) if np.isfinite(x) else None for x in quantiles))
    verdict, reason = _verdict(gain, agreement)
    return Advice(question.name, verdict, reason, n, agreement, gain, to_point)


def _lack(*, answers: int, patients: int) -> Words:
    if patients <= 0:
        return words("about {answers} more answers needed", answers=answers)
    if answers <= 0:
        return words("about {patients} more audit patients needed", patients=patients)
    return words(
        "about {answers} more answers and about {patients} more audit patients needed",
        answers=answers,
        patients=patients,
    )


def _verdict(gain: Amount, agreement: float | None) -> tuple[Verdict, Words]:
    assert gain.value is not None  # noqa: S101  (narrows the type)
    assert gain.high is not None  # noqa: S101
    stable = agreement is not None and agreement >= STABLE
    if gain.high < 1 and stable:
        return "may stop", words("the curve is flat and predictions have stabilised")
    if gain.value >= 1:
        return "go on", words("the curve still rises")
    if gain.high < 1 and agreement is None:
        return "cannot tell", words("the curve is flat, but no unread scans show if models agree")
    if gain.high < 1:
        return "go on", words("predictions still change from model to model")
    return "cannot tell", words("the curve looks flat, but its interval still holds a gain")


def _curve(
    refits: Refits, question: Question, trained: Int64, audit: Int64, rng: np.random.Generator
) -> Curve:
    n = len(trained)
    counts = sorted({max(5, round(share * n)) for share in _SHARES})
    scores = [refits.score(question, trained[:count], audit) for count in counts]
    luck = _luck(refits, question, trained, audit, rng)
    last: Score = scores[-1]
    values = np.array([one.value for one in scores])
    # What every point shares does not bear on the gain, so it is taken out.
    influences = np.stack([one.influence - last.influence for one in scores])
    labels = np.array(counts)
    spread = covariance(influences, refits.evidence.patients[audit])
    return fit_curve(labels, values, spread + luck.nested(labels.astype(np.float64)), rng)


def _luck(
    refits: Refits, question: Question, trained: Int64, audit: Int64, rng: np.random.Generator
) -> Luck:
    apart: dict[int, list[float]] = {len(trained) // parts: [] for parts in _PARTS}
    for _ in range(_ORDERS):
        order = rng.permutation(trained)
        for parts in _PARTS:
            size = len(trained) // parts
            chunks = [order[at * size : (at + 1) * size] for at in range(parts)]
            values = [refits.score(question, chunk, audit).value for chunk in chunks]
            apart[size].append(float(np.var(values, ddof=1)))
    return fit_luck(apart)


def _agreement(refits: Refits, question: Question, trained: Int64) -> float | None:
    """Mean kappa of the last successive models on the stop set; None where nothing is called."""
    if not len(refits.unread):
        return None
    called = []
    for step in range(LAST + 1):
        head = refits.fit(question, trained[: round(len(trained) / GROWTH**step)])
        if not head.fitted:
            return None
        called.append(refits.predict(head, refits.unread))
    kappas = [_kappa(question, a, b) for a, b in pairwise(called)]
    told = [kappa for kappa in kappas if kappa is not None]
    return float(np.mean(told)) if told else None


def _kappa(question: Question, a: Float32, b: Float32) -> float | None:
    """Agreement beyond chance of two models' predictions [m, c]; None where nothing varies."""
    if question.kind == "number":
        return concordance(a[:, 0], b[:, 0])
    if question.kind == "single":
        return cohen_kappa(a.argmax(axis=1), b.argmax(axis=1))
    each = [cohen_kappa(a[:, k] >= 0.5, b[:, k] >= 0.5) for k in range(a.shape[1])]
    told = [kappa for kappa in each if kappa is not None]
    return float(np.mean(told)) if told else None


def cohen_kappa(a: NDArray[np.generic], b: NDArray[np.generic]) -> float | None:
    """(p_o - p_e) / (1 - p_e) of two callers [m] (Cohen 1960); None where both say one thing."""
    names = np.union1d(a, b)
    chance = float(sum((a == name).mean() * (b == name).mean() for name in names))
    if chance >= 1:
        return None
    return (float((a == b).mean()) - chance) / (1 - chance)


def concordance(a: Float32, b: Float32) -> float | None:
    """The concordance coefficient of two [m] (Lin 1989), which is kappa for numbers."""
    x, y = a.astype(np.float64), b.astype(np.float64)
    below = float(x.var() + y.var() + (x.mean() - y.mean()) ** 2)
    if below <= 0:
        return None
    return 2 * float(((x - x.mean()) * (y - y.mean())).mean()) / below
