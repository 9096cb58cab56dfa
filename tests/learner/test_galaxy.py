"""GALAXY reads around the place where a class begins."""

import itertools
import sys

import numpy as np
import pytest

from learner.strategies.galaxy import Line, class_margins, queries, select
from learner.strategies.pool import Answer, Known, Pool


def line(candidates: list[float], known: list[float], positive: list[bool]) -> Line:
    return Line(np.array(candidates, np.float32), np.array(known, np.float32), np.array(positive))


def test_it_halves_the_gap_between_the_classes_and_then_reads_around_it() -> None:
    # On the line: -0.9(no) -0.6 -0.5 -0.4 -0.3 -0.2 0.1(yes) 0.4 0.5; the cut lies among the five.
    ask = line([-0.6, -0.5, -0.4, -0.3, -0.2, 0.4, 0.5], [-0.9, 0.1], [False, True])
    rows = [row for row, _ in queries(ask)]
    assert rows[0] == 2
    assert set(rows[1:5]) == {0, 1, 3, 4}
    assert [row for row in rows[5:] if row in (5, 6)] == [5, 6]


def test_it_halves_every_gap_before_any_again() -> None:
    ask = line([0.1, 0.2, 0.3, 0.5, 0.6, 0.7, 0.8, 0.85], [0.0, 0.4, 0.9], [False, True, False])
    rows = [row for row, _ in queries(ask)]
    assert rows[:2] == [1, 5]


def test_it_looks_for_an_unseen_finding_where_it_is_likeliest() -> None:
    values = np.array([[0.9, 0.01], [0.2, 0.02], [0.8, 0.3], [0.5, 0.1]], np.float32)
    known = Known(
        np.array([[0.5, 0.1], [0.1, 0.1]], np.float32), np.array([[1, 0], [0, 0]], np.float32)
    )
    answer = Answer("multiple", values, np.full(2, 0.5, np.float32), known=known)
    pool = Pool(np.eye(6, dtype=np.float32), np.arange(4), np.array([4, 5]), (answer,))
    assert select(pool, 1, np.random.default_rng(0)).indices.tolist() == [2]


@pytest.mark.parametrize("known", [[0.2], [0.2, 0.6]])
def test_it_makes_no_object_of_each_scan(known: list[float]) -> None:
    candidates = np.linspace(0.7, 1, 20_000).tolist()
    turn = queries(line(candidates, known, [margin > 0.5 for margin in known]))
    before = sys.getallocatedblocks()
    assert len({row for row, _ in itertools.islice(turn, 10)}) == 10
    assert sys.getallocatedblocks() - before < 1_000


def test_the_margin_of_a_class_is_over_the_likeliest_other() -> None:
    p = np.array([[0.5, 0.3, 0.2]], np.float32)
    np.testing.assert_allclose(class_margins(p, "single"), [[0.2, -0.2, -0.3]], atol=1e-6)
    np.testing.assert_allclose(class_margins(p, "multiple"), [[0, -0.4, -0.6]], atol=1e-6)
