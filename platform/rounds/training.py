"""A training round in a child process: a crash or lack of memory kills only the child."""

import contextlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from django.conf import settings

from accounts.sentences import Sentence, read
from rounds import services
from rounds.models import Round
from rounds.pool import Pool
from rounds.serving import cache_folder, serving_of

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

CHILD = "learner.training_process"
# On two CPU cores; a GPU gets through more epochs in the same time.
SECONDS = {"self-supervised": 240.0, "fine-tuned": 180.0}
_LONGEST = 4000  # characters of what a failed process said last
_running: set[subprocess.Popen[str]] = set()
_stopping = threading.Event()


class Interrupted(Exception):
    """The learner is being stopped; the round goes on from its checkpoint at the next start."""


def run(begun: Round, pool: Pool, questions: "Sequence[DataclassInstance]", *, size: int) -> bool:
    """Run the round's attempt and publish its outcome, or keep the reason why there is none.

    False where another attempt has taken over: what lies beside is that one's. Raises Interrupted
    when the learner is being stopped.
    """
    store = Path(settings.MODEL_STORE)
    home = store / f"project-{begun.project_id}" / f"round-{begun.number}"
    folder = home / f"attempt-{begun.attempt}"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    request = _request(begun, home, questions) | {"size": size}
    (folder / "request.json").write_text(json.dumps(request))
    np.savez(folder / "labels.npz", **_arrays(pool))
    is_pool = pool.is_labelled & ~pool.is_audit
    services.note_activity(project_id=begun.project_id, doing=_doing(begun, int(is_pool.sum())))
    error = _run_child(begun, folder)
    if error is not None:
        services.note_activity(
            project_id=begun.project_id,
            doing=Sentence("Training round {number} failed", number=begun.number),
        )
        return services.fail_round(round_id=begun.pk, attempt=begun.attempt, error=error)
    outcome = json.loads((folder / "outcome.json").read_text())
    outcome["metrics"]["questions"] = {
        name: services.told(report) for name, report in outcome["metrics"]["questions"].items()
    }
    metrics, with_labels = outcome["metrics"], request["kind"] == "fine-tuned"
    is_published = services.finish_round(
        round_id=begun.pk,
        attempt=begun.attempt,
        labels=metrics["labels"] if with_labels else begun.labels,
        last_annotation=pool.watermark if with_labels else begun.last_annotation,
        weights=str(folder.relative_to(store)),
        config=outcome["config"],
        metrics=metrics,
    )
    if is_published:
        (home / "checkpoint.pt").unlink(missing_ok=True)
    return is_published


def _request(begun: Round, home: Path, questions: "Sequence[DataclassInstance]") -> dict[str, Any]:
    serving = serving_of(project_id=begun.project_id)
    # Without labels first, also where the first round failed: random weights are no start.
    kind = "fine-tuned" if serving.weights else "self-supervised"
    return {
        "kind": kind,
        "cache": str(cache_folder(begun.project_id)),
        "embeddings": f"r{begun.number}a{begun.attempt}",
        "backbone": begun.project.backbone,
        "weights": str(settings.WEIGHTS_STORE),
        "parent": str(serving.weights) if serving.weights else "",
        "parent_embeddings": serving.name,
        "checkpoint": str(home / "checkpoint.pt"),
        "seconds": SECONDS[kind],
        "seed": begun.number,
        "ensemble": settings.BACKBONE_ENSEMBLE,
        "questions": [asdict(question) for question in questions],
    }


def _arrays(pool: Pool) -> dict[str, Any]:
    """What the round is told of the pool, row by row."""
    arrays: dict[str, Any] = {"tasks": pool.tasks, "patients": pool.patients}
    arrays["is_audit"] = pool.is_audit
    arrays |= {f"question {name}": targets for name, targets in pool.targets.items()}
    if pool.sites is not None:
        arrays["sites"] = pool.sites
    return arrays


def _doing(begun: Round, labels: int) -> str:
    if begun.labels == 0:
        return Sentence("Learning from unlabelled scans")
    return Sentence(
        "Training round {number} on {labels} labels", number=begun.number, labels=labels
    )


def _run_child(begun: Round, folder: Path) -> str | None:
    """Run the child on the folder; what went wrong, or None."""
    root = str(settings.BASE_DIR)
    with (
        (folder / "errors.log").open("w") as errors,
        subprocess.Popen(  # noqa: S603  our own interpreter and module
            [sys.executable, "-m", CHILD, str(folder)],
            cwd=root,
            env={**os.environ, "PYTHONPATH": root},
            stdin=subprocess.PIPE,  # its end tells the child that this process has died
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        ) as child,
    ):
        _running.add(child)
        try:
            assert child.stdout is not None  # noqa: S101  (narrows the type)
            for line in child.stdout:
                services.note_activity(project_id=begun.project_id, doing=read(line.strip()))
            code = child.wait()
        finally:
            child.kill()
            _running.discard(child)
    if _stopping.is_set():
        raise Interrupted
    if code:
        return _what_failed(folder, code)
    return None


def _what_failed(folder: Path, code: int) -> str:
    refusal = folder / "refusal.json"
    if refusal.exists():
        return read(refusal.read_text())
    said = (folder / "errors.log").read_text().strip()
    return said[-_LONGEST:] or Sentence(
        "The training process ended with code {code}; was memory short?", code=code
    )


def stop() -> None:
    """End the training under way, if any."""
    _stopping.set()
    for child in list(_running):
        with contextlib.suppress(ProcessLookupError):
            child.terminate()
