"""Data sets are divided by patient, and thinned to a long tail."""

import numpy as np
import pytest

from learner.questions import Question
from learner.tables import Table, rows_of, split_by_group, to_long_tail
from tests.learner.crowds import crowds


def test_no_patient_is_learnt_from_and_tested_on() -> None:
    groups = np.repeat(np.arange(40), 3)
    pool, test = split_by_group(groups, seed=0)
    assert not set(groups[pool]) & set(groups[test])
    assert len(test) == 30
    assert len(pool) + len(test) == 120
    assert split_by_group(groups, seed=0)[1].tolist() == test.tolist()
    assert split_by_group(groups, seed=1)[1].tolist() != test.tolist()
    with pytest.raises(ValueError, match="two groups"):
        split_by_group(np.zeros(5, np.int64), seed=0)


def test_a_long_tail_keeps_the_largest_class_and_thins_the_others() -> None:
    y = np.repeat([0, 1, 2, 3], [400, 2000, 600, 900])
    targets = np.eye(4, dtype=np.float32)[y]
    rows = np.arange(0, len(y), 2)
    thinned = to_long_tail(rows, targets, seed=0)
    assert set(thinned) <= set(rows)
    shares = np.bincount(y[thinned]) / len(thinned)
    assert np.bincount(y[thinned])[1] == 1000
    assert shares[[3, 2, 0]] == pytest.approx([0.1, np.sqrt(0.003), 0.03], abs=0.002)
    assert to_long_tail(rows, targets, seed=0).tolist() == thinned.tolist()
    assert to_long_tail(rows, targets, seed=1).tolist() != thinned.tolist()


def test_a_long_tailed_pool_is_tested_on_everybody_else() -> None:
    table = crowds(400)
    tail = Table(table.question, table.embeddings, table.targets, table.groups, long_tailed=True)
    (pool, test), (thinned, same) = rows_of(table, 3), rows_of(tail, 3)
    assert test.tolist() == same.tolist()
    assert len(thinned) < len(pool) and set(thinned) <= set(pool)
    with pytest.raises(ValueError, match="single choice"):
        Table(Question("n", "number"), table.embeddings, table.targets[:, :1], table.groups, True)


def test_a_table_needs_every_answer() -> None:
    table = crowds(20)
    holes = table.targets.copy()
    holes[3] = np.nan
    with pytest.raises(ValueError, match="every answer"):
        Table(table.question, table.embeddings, holes, table.groups)
    with pytest.raises(ValueError, match="length"):
        Table(table.question, table.embeddings, table.targets[:5], table.groups)
