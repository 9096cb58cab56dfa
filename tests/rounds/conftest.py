"""The progress page is tested with the project of the releases' tests."""

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.releases.cast import Cast


@pytest.fixture
def cast(db: None) -> "Cast":
    # pytest reads this file before Django is set up.
    from tests.releases.cast import new_cast

    return new_cast()
