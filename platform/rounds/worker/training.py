"""The slow half: a training round in a child process, published when it is done."""

from procrastinate.contrib.django import app

from accounts.sentences import Sentence
from annotator.dataset import labelled_answers
from annotator.rerank import LEARNER_QUEUE
from learner.cache import EmbeddingCache, FrameCache
from learner.frames import SIZE
from rounds import services, training
from rounds.pool import Pool, learnt_questions
from rounds.serving import answering_for, cache_folder, serving_of, wake_embed, wake_rerank
from rounds.worker.learnt import learnt


@app.task(name=services.TRAIN_JOB, queue=LEARNER_QUEUE)
def train(*, round_id: int) -> None:
    """Run a training round in a child process and publish what it made."""
    begun = services.begin_round(round_id=round_id)
    if begun is None:
        return
    with answering_for(begun.project_id, Sentence("Training round {number}", number=begun.number)):
        questions = learnt_questions(begun.project.label_config)
        tasks = FrameCache(cache_folder(begun.project_id), SIZE).read().tasks
        pool = Pool(begun.project_id, tasks, questions)
        pool.take(labelled_answers(project=begun.project))
        asked = [learnt(question) for question in questions]
        try:
            if not training.run(begun, pool, asked, size=SIZE):
                return
        except training.Interrupted:
            # The sweep of the next learner takes it up again.
            services.lay_down_round(round_id=begun.pk, attempt=begun.attempt)
            return
        # Neither the embeddings that served until now nor those that were no better are read again.
        serves = serving_of(project_id=begun.project_id)
        EmbeddingCache.keep_only(cache_folder(begun.project_id), serves.name)
    wake_embed(begun.project_id)
    wake_rerank(begun.project_id)
