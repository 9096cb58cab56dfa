"""How long after an accepted label the order that knows of it can be read.

A real database and a real learner process; the pool's embeddings are synthetic clusters, one per
class and some noise, put straight into the learner's caches. Readers claim and submit one task
after another; measured is from the return of `submit_annotation` (the answer has been committed) to
the first sight of a ranking whose `last_annotation` reaches it.
"""

import random
import time
import uuid
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.environment import (
    Installation,
    argument_parser,
    create_project,
    create_tasks,
    installation,
    report,
)

if TYPE_CHECKING:
    from accounts.models import User
    from projects.models import Project

CLASSES = ("Normal", "Nodule", "Effusion", "Pneumonia")
LABEL_CONFIG = """<View><Image name="image" value="$image"/>
<Choices name="finding" toName="image" choice="single">{}</Choices></View>""".format(
    "".join(f'<Choice value="{name}"/>' for name in CLASSES)
)
WIDTH = 256  # of an embedding, as the default backbone gives it
PATIENCE_SECONDS = 120.0


def main() -> None:
    parser = argument_parser(__doc__)
    parser.add_argument("--pool", type=int, default=10_000, help="tasks in the project")
    parser.add_argument("--labels", type=int, default=100, help="labels to measure")
    parser.add_argument("--strategy", default="auto")
    options = parser.parse_args()
    with installation() as here:
        project, readers = create_project(
            readers=1,
            label_config=LABEL_CONFIG,
            strategy=options.strategy,
            labels_per_round=1_000_000,
        )
        tasks = create_tasks(project, count=options.pool)
        truth = fill_caches(project, tasks)
        here.manage("learner")
        wait_for_ranking(here, project, last_annotation=0)
        delays = [label_and_wait(here, project, readers[0], truth) for _ in range(options.labels)]
        p50, p95 = np.percentile(delays, [50, 95])
        numbers: dict[str, Any] = {"pool": options.pool, "labels": options.labels}
        numbers |= {"p50_ms": float(p50), "p95_ms": float(p95), "most_ms": max(delays)}
        numbers["learner_ms"] = learner_milliseconds(project)
    report(numbers, options.json)


def fill_caches(project: "Project", tasks: list[int]) -> dict[int, str]:
    """Embeddings around one centre per class, and a blank frame each; every task's true class."""
    from learner.cache import EmbeddingCache, FrameCache
    from learner.frames import SIZE
    from rounds.models import Round
    from rounds.serving import cache_folder

    rng = np.random.default_rng(0)
    classes = rng.integers(len(CLASSES), size=len(tasks))
    centres = rng.normal(size=(len(CLASSES), WIDTH))
    frames = FrameCache(cache_folder(project.pk), SIZE)
    embeddings = EmbeddingCache(cache_folder(project.pk), "r1a1", WIDTH)
    blank = np.zeros((1, SIZE, SIZE), dtype=np.uint8)
    for start in range(0, len(tasks), 5000):
        part = tasks[start : start + 5000]
        noise = rng.normal(scale=3.0, size=(len(part), WIDTH))
        frames.append(part, [blank] * len(part))
        embeddings.append(
            (centres[classes[start : start + 5000]] + noise).astype(np.float16), at=start
        )
    # The representation is given: no training shall run beside the measurement.
    config = {"embeddings": "r1a1", "serves": True}
    Round.objects.create(project=project, number=1, state=Round.State.DONE, config=config)
    return {task: CLASSES[chosen] for task, chosen in zip(tasks, classes, strict=True)}


def wait_for_ranking(here: Installation, project: "Project", *, last_annotation: int) -> None:
    """Return when a ranking that knows of this annotation can be read."""
    from rounds.models import Ranking

    known = Ranking.objects.filter(project=project, last_annotation__gte=last_annotation)
    until = time.monotonic() + PATIENCE_SECONDS
    while not known.exists():
        if time.monotonic() > until:
            raise TimeoutError(f"No ranking within {PATIENCE_SECONDS:.0f} s\n{here.logs()}")
        time.sleep(0.002)


def label_and_wait(
    here: Installation, project: "Project", reader: "User", truth: dict[int, str]
) -> float:
    """Claim a task, answer it truly, and wait for the order that knows of it; milliseconds."""
    from annotator.claims import claim_next_task
    from annotator.services import Submission, submit_annotation

    claimed = claim_next_task(project=project, reader=reader)
    assert claimed is not None, "the queue is empty"
    result = [
        {
            "id": "a",
            "from_name": "finding",
            "to_name": "image",
            "type": "choices",
            "value": {"choices": [truth[claimed.task_id]]},
        }
    ]
    time.sleep(random.uniform(0, 0.1))  # noqa: S311  so that no rhythm of the learner's is met
    submitted = submit_annotation(
        project=project,
        task_id=claimed.task_id,
        reader=reader,
        submission=Submission(result=result, unique_id=uuid.uuid4()),
    )
    begun = time.perf_counter()
    wait_for_ranking(here, project, last_annotation=submitted.annotation.pk)
    return (time.perf_counter() - begun) * 1000


def learner_milliseconds(project: "Project") -> float:
    """The median of what the learner itself spent from reading the labels to having the order."""
    from rounds.models import Ranking

    return float(np.median([r.milliseconds for r in Ranking.objects.filter(project=project)]))


if __name__ == "__main__":
    main()
