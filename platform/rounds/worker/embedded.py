"""A project's embeddings as everything that learns from them reads them: pooled, harmonised."""

from dataclasses import dataclass

import numpy as np

from learner.attention import Attention, Features, FrameBags
from learner.cache import Bags, EmbeddingCache, FrameCache
from learner.frames import SIZE
from rounds.pool import Int64, Pool
from rounds.serving import Serving, cache_folder, serving_of


@dataclass(frozen=True)
class Embedded:
    """What is embedded of a project by the representation that serves."""

    serves: Serving
    features: Features  # [m, d], a row for each frame
    cached: Bags

    @property
    def tasks(self) -> Int64:
        """Those whose every frame is embedded, with tasks that are gone since."""
        return self.cached.tasks

    def bags(self, pool: Pool) -> FrameBags:
        """The frames of the pool of these tasks, row by row as there.

        What each site adds is taken out when they are pooled.
        """
        attention = Attention.load(self.serves.weights)
        cached = self.cached.of(np.flatnonzero(np.isin(self.tasks, pool.tasks)))
        bags = FrameBags(self.features, cached.firsts, cached.counts, attention)
        return bags.harmonised(pool.sites)


def embedded(project_id: int) -> Embedded | None:
    """What is embedded now; None where no task is."""
    serves, folder = serving_of(project_id=project_id), cache_folder(project_id)
    features = EmbeddingCache.find(folder, serves.name)
    frames = FrameCache(folder, SIZE).read()
    whole = 0 if features is None else frames.whole(len(features))
    if features is None or not whole:
        return None
    return Embedded(serves, features, frames.head(whole))
