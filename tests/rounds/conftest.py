"""The cast of the progress page, that of the releases' tests, and a learner to begin with."""

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from pytest_django.fixtures import Settings

if TYPE_CHECKING:
    from tests.releases.cast import Cast
    from tests.rounds.learning_project import LearningProject


@pytest.fixture
def cast(db: None) -> "Cast":
    # pytest reads this file before Django is set up.
    from tests.releases.cast import new_cast

    return new_cast()


@pytest.fixture
def new_learner(tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """A learner that has just started, on one processor, with empty caches."""
    from rounds import serving
    from rounds.worker import embedding, ranking

    settings.LEARNER_CACHE = tmp_path / "cache"
    settings.MODEL_STORE = tmp_path / "models"
    monkeypatch.setattr(ranking, "_live_projects", {})
    monkeypatch.setattr(serving, "_resting", {})
    monkeypatch.setattr("os.cpu_count", lambda: 1)
    embedding.serving_backbones.cache_clear()


@pytest.fixture
def radiographs(transactional_db: None) -> "LearningProject":
    # Jobs write through connections of their own, so what they read must have been committed.
    from tests.rounds.learning_project import make_learning_project

    return make_learning_project()
