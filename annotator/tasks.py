"""Jobs of the default queue: uploaded scans become tasks, a new overlap opens and closes them."""

import logging

from procrastinate.contrib.django import app

from accounts.sentences import Sentence
from annotator.queue import create_tasks, reopen_tasks
from projects.models import Project
from scans import queries, services
from scans.models import Ingest

logger = logging.getLogger(__name__)


@app.task(name="annotator.ingest", queue="default")
def ingest(*, ingest_id: int, project_id: int) -> None:
    """Decode an upload and make tasks of its scans. Killed and run again, it goes on."""
    delivery = Ingest.objects.select_related("archive").get(pk=ingest_id)
    if delivery.state == Ingest.State.DONE:
        return
    try:
        services.ingest_staged(ingest=delivery)
        project = Project.objects.get(pk=project_id)
        create_tasks(project=project, scans=queries.scans_of(ingest=delivery), ingest=delivery)
        services.finish_ingest(ingest=delivery)
    except Exception:
        # What went wrong may quote file names, so it goes to the log and not to the page.
        logger.exception("Ingest %s broke off", ingest_id)
        services.fail_ingest(
            ingest=delivery,
            error=Sentence(
                "Something broke while the files were taken in; the log of the worker says what."
            ),
        )
        raise


@app.task(name="annotator.refresh_tasks", queue="default")
def refresh_tasks(*, project_id: int) -> None:
    """Open and close a project's tasks after its overlap has changed."""
    reopen_tasks(project=Project.objects.get(pk=project_id))
