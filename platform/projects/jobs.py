"""Jobs that are put on the queue once, however often they are asked for."""

from django.db import transaction
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued


def defer_once(
    name: str,
    *,
    queue: str,
    lock: str,
    queueing_lock: str,
    priority: int = 0,
    **arguments: int | str,
) -> None:
    """Put the job `name` on the queue, unless one of the same `queueing_lock` is waiting there.

    It is there when the transaction it is called in commits. Jobs of one `lock` run one by one.
    """
    job = app.configure_task(
        name, queue=queue, lock=lock, queueing_lock=queueing_lock, priority=priority
    )
    try:
        with transaction.atomic():
            job.defer(**arguments)
    except AlreadyEnqueued:
        return
