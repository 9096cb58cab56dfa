"""What the tests of ingest share."""

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from scans.models import Archive


@pytest.fixture
def archive(db: None) -> "Archive":
    from scans.services import create_archive  # Django is not set up when this file is read

    return create_archive(name="Chests")
