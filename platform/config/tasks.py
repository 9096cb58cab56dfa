"""Jobs that keep the installation itself in order."""

import logging

from procrastinate import exceptions
from procrastinate.contrib.django import app
from procrastinate.jobs import Job, Status

logger = logging.getLogger(__name__)

# A worker writes a heartbeat every 5 s (PROCRASTINATE_WORKER_DEFAULTS); after three missed ones it
# counts as dead, and its jobs are run again.
DEAD_AFTER_SECONDS = 15.0
MOST_ATTEMPTS = 5


# Six fields: seconds come last. No lock: a sweep that died must not hold up the next one. An async
# job, so that it runs in the event loop while the worker's threads are busy.
@app.periodic(cron="* * * * * */10")
@app.task(name="config.retry_stalled_jobs", queue="default")
async def retry_stalled_jobs(timestamp: int) -> None:
    """Run the jobs of dead workers again, of both queues; give up after MOST_ATTEMPTS."""
    stalled = await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=DEAD_AFTER_SECONDS)
    for job in stalled:
        try:
            await _retry(job)
        except exceptions.ConnectorException as error:
            # Someone else, the job's own worker included, was faster.
            logger.info("Job %s is left as it is: %s", job.id, error)


async def _retry(job: Job) -> None:
    if job.attempts + 1 >= MOST_ATTEMPTS:
        logger.error("Job %s is given up: %s workers died of it", job.id, job.attempts + 1)
        await app.job_manager.finish_job(job, status=Status.FAILED, delete_job=False)
        return
    try:
        await app.job_manager.retry_job(job)
    except exceptions.UniqueViolation:
        # The same work was queued again while this job was running: that job does it.
        await app.job_manager.finish_job(job, status=Status.ABORTED, delete_job=True)
    else:
        logger.warning("Job %s (%s) is run again: its worker died", job.id, job.task_name)


@app.periodic(cron="17 3 * * *")
@app.task(name="config.tidy", queue="default")
async def tidy(timestamp: int) -> None:
    """Forget jobs that ended, well or badly, more than 30 days ago."""
    await app.job_manager.delete_old_jobs(
        nb_hours=30 * 24, include_failed=True, include_cancelled=True, include_aborted=True
    )
