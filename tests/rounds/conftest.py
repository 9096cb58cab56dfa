"""The cast of the learner's tests."""

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.rounds.learning_project import LearningProject


@pytest.fixture
def radiographs(transactional_db: None) -> "LearningProject":
    # Jobs write through connections of their own, so what they read must have been committed. This
    # file is read before Django is set up, so models cannot be imported above.
    from tests.rounds.learning_project import make_learning_project

    return make_learning_project()
