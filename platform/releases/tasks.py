"""The job that builds a release's file."""

from django.db import OperationalError
from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from releases.services import BUILD_JOB, build_release


# A database that restarts or a full disk may be better in a minute; a mistake in the data is not.
@app.task(
    name=BUILD_JOB,
    queue="default",
    retry=RetryStrategy(
        max_attempts=5, exponential_wait=4, retry_exceptions={OperationalError, OSError}
    ),
)
def build(release_id: int) -> None:
    build_release(release_id=release_id)
