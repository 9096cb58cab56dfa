"""The jobs of the queue "learner", and the only bridge to the learner.

`rounds.rerank`  refit the heads on all labels and write a new order: the fast half
`rounds.embed`   bring the caches of small frames and embeddings up to the project's tasks
`rounds.explain` a heat map of what in a frame speaks for an answer, on demand
`rounds.prove`   work out what the labels prove, in a process of its own that gives way to others
`rounds.train`   a training round in a process of its own: the slow half
"""

from learner.cache import EmbeddingCache, FrameCache
from learner.frames import SIZE
from rounds import serving
from rounds.serving import cache_folder, projects_with_tasks, serving_of
from rounds.training import stop
from rounds.worker.embedding import embed
from rounds.worker.explaining import explain
from rounds.worker.proving import prove
from rounds.worker.ranking import rerank
from rounds.worker.training import train

__all__ = ["embed", "explain", "prove", "rerank", "stop", "sweep", "train"]


def sweep() -> None:
    """Set going what no job was left for; the learner calls it every few seconds."""
    embedded = {}
    for project_id in projects_with_tasks():
        folder = cache_folder(project_id)
        features = EmbeddingCache.find(folder, serving_of(project_id=project_id).name)
        frames = FrameCache(folder, SIZE).read()
        tasks = frames.tasks[: 0 if features is None else frames.whole(len(features))]
        embedded[project_id] = (len(tasks), int(tasks.max(initial=0)))
    serving.sweep(embedded=embedded)
