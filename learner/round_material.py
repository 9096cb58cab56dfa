"""What one training round is asked for, and the labels that it rests on."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from learner.cache import EmbeddingCache, FrameCache
from learner.questions import Question
from learner.training import Labelled, split_by_patient

Int64 = NDArray[np.int64]


@dataclass(frozen=True)
class Request:
    """What `request.json` holds."""

    kind: str  # "self-supervised" or "fine-tuned"
    cache: str  # folder of the frame and embedding caches
    size: int  # side of the small frames
    embeddings: str  # name of the embeddings to be made
    backbone: str  # what the project names, for the first round
    weights: str  # folder of the files and folders that it may name
    parent: str  # folder of the weights that serve now, or empty
    parent_embeddings: str
    checkpoint: str
    seconds: float  # for each backbone
    seed: int
    questions: list[dict[str, Any]]
    ensemble: int = 1  # backbones that are fine-tuned and serve side by side


@dataclass(frozen=True)
class Material:
    """The request and the labels in a round's folder, the audit sample apart."""

    request: Request
    questions: tuple[Question, ...]
    data: Labelled
    is_audit: NDArray[np.bool_]  # [all bags]
    labelled: Int64  # rows with an answer, those of the audit sample left out
    audited: Int64  # rows of the audit sample with an answer
    unlabelled: Int64  # the audit sample stays unseen, even without its labels
    learn: Int64  # those of `labelled` to learn from
    held_out: Int64  # and those to compare with, of other patients

    @classmethod
    def read(cls, folder: Path) -> "Material":
        request = Request(**json.loads((folder / "request.json").read_text()))
        questions = tuple(
            Question(one["name"], one["kind"], tuple(one["classes"])) for one in request.questions
        )
        cache = Path(request.cache)
        bags = FrameCache(cache, request.size).read()
        if request.kind == "fine-tuned":
            # Scans that came last may not be embedded yet: without them, what is made can be
            # compared with what serves.
            features = EmbeddingCache.find(cache, request.parent_embeddings)
            bags = bags.head(0 if features is None else bags.whole(len(features)))
        with np.load(folder / "labels.npz") as arrays:
            # Both in the order of the cache, which also holds tasks that are gone, or came since.
            rows = np.flatnonzero(np.isin(bags.tasks, arrays["tasks"]))
            bags = bags.head(int(rows.max(initial=-1)) + 1).of(rows)
            known = np.isin(arrays["tasks"], bags.tasks)
            is_audit: NDArray[np.bool_] = arrays["is_audit"][known]
            targets = {q.name: arrays[f"question {q.name}"][known] for q in questions}
            patients = arrays["patients"][known]
            sites = arrays["sites"][known] if "sites" in arrays else None
        answered = np.zeros(len(bags), dtype=bool)
        for values in targets.values():
            answered |= ~np.isnan(values).all(axis=1)
        labelled = np.flatnonzero(answered & ~is_audit)
        learn, held_out = split_by_patient(labelled, patients, request.seed)
        return cls(
            request=request,
            questions=questions,
            data=Labelled(bags, targets, patients, sites=sites),
            is_audit=is_audit,
            labelled=labelled,
            audited=np.flatnonzero(answered & is_audit),
            unlabelled=np.flatnonzero(~answered & ~is_audit),
            learn=learn,
            held_out=held_out,
        )
