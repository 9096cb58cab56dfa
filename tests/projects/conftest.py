"""The cast of the projects' tests. Models cannot be imported above: Django is not set up yet."""

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from accounts.models import User
    from projects.models import Project
    from tests.projects.cast import Cast


@pytest.fixture
def cast(db: None) -> "Cast":
    from tests.projects.cast import make_cast

    return make_cast()


@pytest.fixture
def alice(cast: "Cast") -> "User":
    return cast.alice


@pytest.fixture
def bob(cast: "Cast") -> "User":
    return cast.bob


@pytest.fixture
def charlie(cast: "Cast") -> "User":
    return cast.charlie


@pytest.fixture
def project(cast: "Cast") -> "Project":
    return cast.project
