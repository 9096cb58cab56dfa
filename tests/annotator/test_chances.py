"""With which chance chance served a task: exact cases, and every reader's choices counted anew."""

import random
from collections import Counter
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from annotator.chances import Draw, chances, counted_until

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)


def at(minute: int) -> datetime:
    return BEGIN + timedelta(minutes=minute)


def draw(minute: int, task: int, reader: int = 1, *, asked: bool = True) -> Draw:
    return Draw(minute, task, reader, at(minute), asked)


def test_a_task_less_is_held_after_each_that_was_served() -> None:
    draws = [draw(1, 10), draw(2, 11, 2), draw(3, 12)]
    assert chances(draws, tasks_at=lambda _: 3, overlap=1) == {1: 1 / 3, 2: 1 / 2, 3: 1}


def test_tasks_that_come_later_count_from_then_on() -> None:
    tasks_at = counted_until([at(1), at(5)], [at(0), at(3), at(1), at(9)])
    assert tasks_at == {at(1): 2, at(5): 3}
    assert chances([draw(1, 10), draw(5, 11)], tasks_at=tasks_at.__getitem__, overlap=1) == {
        1: 1 / 2,
        5: 1 / 2,
    }


def test_a_task_is_held_for_the_second_reader_until_two_have_been_served_it() -> None:
    draws = [draw(1, 10, 1), draw(2, 10, 2), draw(3, 11, 2), draw(4, 11, 1)]
    # Reader 2 may get any of three at first; then task 10 is closed, and two are left for each.
    assert chances(draws, tasks_at=lambda _: 3, overlap=2) == {
        1: 1 / 3,
        2: 1 / 3,
        3: 1 / 2,
        4: 1 / 2,
    }


def test_an_imported_label_closes_a_task_and_has_no_chance_of_its_own() -> None:
    draws = [draw(1, 10, 9, asked=False), draw(2, 11)]
    assert chances(draws, tasks_at=lambda _: 4, overlap=1) == {2: 1 / 3}


def test_an_answer_beyond_the_overlap_was_served_before_the_task_was_closed() -> None:
    # Bob's claim expired and Dora was served the task after him; he answered all the same.
    late = [draw(2, 10, 2), Draw(3, 10, 1, at(1), True), Draw(4, 10, 3, at(4), True)]
    assert chances(late, tasks_at=lambda _: 5, overlap=1) == {3: 1 / 5, 2: 1 / 5, 4: 1 / 5}


@given(st.randoms(use_true_random=False), st.integers(1, 3), st.integers(1, 4), st.integers(1, 8))
def test_it_counts_what_each_reader_could_have_been_served(
    chance: random.Random, overlap: int, readers: int, tasks: int
) -> None:
    served: Counter[int] = Counter()
    had: dict[int, set[int]] = {reader: set() for reader in range(readers)}
    draws, expected = [], {}
    for minute in range(40):
        reader = chance.randrange(readers)
        open_to = [
            task for task in range(tasks) if served[task] < overlap and task not in had[reader]
        ]
        if not open_to:
            continue
        task = chance.choice(open_to)
        is_asked = chance.random() < 0.7
        draws.append(draw(minute, task, reader, asked=is_asked))
        if is_asked:
            expected[minute] = 1 / len(open_to)
        served[task] += 1
        had[reader].add(task)
    chance.shuffle(draws)
    assert chances(draws, tasks_at=lambda _: tasks, overlap=overlap) == expected
