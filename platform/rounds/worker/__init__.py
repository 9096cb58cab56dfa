"""The jobs of the queue "learner", and the only bridge to the learner.

`rounds.rerank`  refit the heads on all labels and write a new order: the fast half
`rounds.embed`   bring the caches of small frames and embeddings up to the project's tasks
`rounds.train`   a training round in a process of its own: the slow half
"""

from pathlib import Path
from typing import Any

from learner.cache import EmbeddingCache
from rounds import serving
from rounds.serving import cache_folder, projects_with_tasks, serving_of
from rounds.training import stop
from rounds.worker.embedding import embed
from rounds.worker.ranking import rerank
from rounds.worker.training import train

__all__ = ["embed", "rehearse", "rerank", "stop", "sweep", "train"]


def sweep() -> None:
    """Set going what no job was left for; the learner calls it every few seconds."""
    embedded = {}
    for project_id in projects_with_tasks():
        folder = cache_folder(project_id)
        done = EmbeddingCache.find(folder, serving_of(project_id=project_id).name)
        embedded[project_id] = 0 if done is None else len(done)
    serving.sweep(embedded=embedded)


def rehearse(folder: Path, labels: Path, **settings: Any) -> dict[str, object]:
    """`learner.rehearsal.rehearse`, for the command of that name: only here is it imported."""
    from learner.rehearsal import rehearse as replay_folder

    return replay_folder(folder, labels, **settings)
