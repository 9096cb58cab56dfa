"""Reading is to stop only where nothing more is to be had."""

from dataclasses import replace

import numpy as np
import pytest

from learner.proof.savings import Amount
from learner.proof.stopping import _verdict as advice_of
from learner.proof.stopping import advise, cohen_kappa, concordance
from learner.questions import Question
from tests.learner.evidence import FINDINGS, SEX, SIZE, evidence, refits


def test_kappa_is_that_of_the_textbook() -> None:
    # Cohen 1960: agreement beyond chance. 20 of 50 both yes, 15 both no: (0.7 - 0.5) / 0.5.
    a = np.repeat([1, 1, 0, 0], [20, 5, 10, 15])
    b = np.repeat([1, 0, 1, 0], [20, 5, 10, 15])
    assert cohen_kappa(a, b) == pytest.approx(0.4)
    assert cohen_kappa(a, a) == 1.0
    assert cohen_kappa(np.zeros(5), np.zeros(5)) is None


def test_concordance_is_kappa_for_numbers() -> None:
    a = np.array([1.0, 2.0, 3.0], dtype=np.float32)
    assert concordance(a, a) == pytest.approx(1)
    assert concordance(a, a + 1) == pytest.approx(2 * (2 / 3) / (2 / 3 + 2 / 3 + 1))
    assert concordance(np.ones(3, np.float32), np.ones(3, np.float32)) is None


@pytest.mark.parametrize(
    ("value", "high", "agreement", "verdict"),
    [
        (0.1, 0.9, 0.99, "may stop"),
        (0.1, 0.9, 0.90, "go on"),
        (0.1, 0.9, None, "cannot tell"),
        (0.1, 1.1, 0.99, "cannot tell"),
        (1.0, 3.0, 0.99, "go on"),
    ],
)
def test_stopping_is_advised_where_nothing_more_is_to_be_had(
    value: float, high: float, agreement: float | None, verdict: str
) -> None:
    assert advice_of(Amount(value, 0.0, high), agreement)[0] == verdict


@pytest.mark.parametrize("question", [SEX, FINDINGS, SIZE], ids=lambda question: question.kind)
def test_advice_holds_its_intervals_in_order(question: Question) -> None:
    of = evidence(audit=80, active=100, random=20, unread=100)
    found = advise(refits(of), question, np.random.default_rng(0))
    gain = found.gain
    assert gain.low is not None and gain.value is not None and gain.high is not None
    assert 0 <= gain.low <= gain.value <= gain.high
    assert found.agreement is not None and 0.5 < found.agreement <= 1
    assert found.labels_to_point.low is not None and found.labels_to_point.low > 0


@pytest.mark.parametrize("unit", [1000.0, 0.001])
def test_advice_does_not_depend_on_the_unit_of_a_number(unit: float) -> None:
    of = evidence(audit=80, active=100, random=20, unread=100)
    other = replace(of, targets={**of.targets, "size": of.targets["size"] * np.float32(unit)})
    plain, scaled = (advise(refits(each), SIZE, np.random.default_rng(0)) for each in (of, other))
    assert scaled.verdict == plain.verdict
    assert scaled.gain.value == pytest.approx(plain.gain.value, rel=0.01)
    assert scaled.gain.high == pytest.approx(plain.gain.high, rel=0.01)


def test_advice_too_early_says_what_is_needed() -> None:
    of = evidence(audit=20, active=10, random=10)
    found = advise(refits(of), SEX, np.random.default_rng(0))
    assert found.verdict == "cannot tell"
    assert str(found.reason) == "about 20 more answers and about 20 more audit patients needed"
    of = evidence(audit=80, active=40, random=10)
    of.targets["sex"][of.audit] = [1, 0]
    assert "one class only" in str(advise(refits(of), SEX, np.random.default_rng(0)).reason)
