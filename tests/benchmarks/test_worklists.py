"""The benchmark of the lists fills its tables as they are now, and measures every list."""

import pytest

from benchmarks.environment import create_project
from benchmarks.worklists import FILTERS, LABEL_CONFIG, READERS, fill, measure


@pytest.mark.django_db(transaction=True)
def test_every_list_has_its_milliseconds() -> None:
    project, people = create_project(readers=READERS, label_config=LABEL_CONFIG)
    reader = people[0].pk
    fill(project, count=200, reader=reader)
    numbers = measure(project, count=200, reader=reader)
    assert set(FILTERS) < set(numbers)
    assert all(isinstance(one, float) for one in numbers.values())
