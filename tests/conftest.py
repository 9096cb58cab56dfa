"""A PostgreSQL of its own for every test process, and folders of its own for everything kept."""

import atexit
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import django
import pytest
from django.conf import settings
from django.db import connection
from django.test import override_settings
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings

from config.postgres import stop_embedded

# Before Django reads its settings: nothing a test writes lands in the installation's own folder.
# The settings are named here and not in pyproject.toml, because pytest-django would then read them
# before it reads this file. With xdist every worker reads this file, and so has its own server.
_DATA = Path(tempfile.mkdtemp(prefix="scout-test-"))
os.environ["SCOUT_DATA"] = str(_DATA)
os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
os.environ.pop("DATABASE_URL", None)
# Torch with a thread per core in every worker is slower than with one.
os.environ.setdefault("OMP_NUM_THREADS", "1")
# Where tests ask for the same bits again, a graphics card has others than a processor.
os.environ["CUDA_VISIBLE_DEVICES"] = ""
(_DATA / "static").mkdir()  # where whitenoise looks; it warns when the folder is missing

# On a busy machine an example may take long, and that says nothing of the code.
hypothesis_settings.register_profile(
    "busy", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
hypothesis_settings.load_profile("busy")


@atexit.register
def _leave_nothing_behind() -> None:
    """The embedded server outlives its processes by design; the one of a test run must not."""
    stop_embedded(_DATA / "postgres")
    shutil.rmtree(_DATA, ignore_errors=True)


def pytest_configure(config: pytest.Config) -> None:
    hands_out_work = config.getoption("numprocesses", None) and not hasattr(config, "workerinput")
    if hands_out_work:
        # Inherited, it would make pytest-django read the settings before a worker reads this file.
        del os.environ["DJANGO_SETTINGS_MODULE"]
    else:
        django.setup()
        assert os.environ["SCOUT_DATA"] == str(settings.SCOUT_DATA), "the settings were read before"


@pytest.fixture(autouse=True, scope="session")
def plain_static_files() -> Iterator[None]:
    """Pages name their static files without the hashes that only `collectstatic` knows."""
    storages = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }
    with override_settings(STORAGES=storages):
        yield


@pytest.fixture(autouse=True)
def leftover_jobs(request: pytest.FixtureRequest) -> Iterator[None]:
    """Empties the queue after a test that commits: Django's flush leaves unmanaged tables alone."""
    marker = request.node.get_closest_marker("django_db")
    commits = marker is not None and marker.kwargs.get("transaction", False)
    if not commits and "live_server" not in request.fixturenames:
        yield
        return
    request.getfixturevalue("transactional_db")
    yield
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE procrastinate_jobs, procrastinate_workers CASCADE")
