"""The cast of the annotator's tests."""

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from annotator.models import Task
    from tests.annotator.cast import Cast


@pytest.fixture
def cast(db: None) -> "Cast":
    # This file is read before Django is set up, so models cannot be imported above.
    from tests.annotator.cast import make_cast

    return make_cast(overlap=1, audit_share=0.0)


@pytest.fixture
def tasks(cast: "Cast") -> "list[Task]":
    from tests.annotator.cast import make_tasks

    return make_tasks(cast.project, 3)
