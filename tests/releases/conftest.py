"""A project whose answers are known to the last character."""

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from pytest_django.fixtures import Settings

if TYPE_CHECKING:
    from tests.releases.cast import Cast


@pytest.fixture
def cast(db: None, settings: Settings, tmp_path: Path) -> "Cast":
    # pytest reads this file before Django is set up.
    from tests.releases.cast import new_cast

    settings.RELEASE_STORE = tmp_path / "releases"
    return new_cast()
