"""The reading interface: what the reading room, or any other client of a reader, sends."""

from typing import Any

from django.utils.translation import gettext_lazy
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import api_view
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.http import parsed, person_of
from accounts.models import User
from annotator.claims import ClaimedTask, claim_ahead, claim_next_task
from annotator.corrections import (
    correct_annotation,
    drop_correction_draft,
    keep_correction_draft,
)
from annotator.modelhelp import after_reading
from annotator.queries import (
    is_more_of_patient_left,
    membership_for_annotation,
    membership_for_task,
    reading_task,
)
from annotator.reading_serializers import (
    AheadSerializer,
    CorrectionSerializer,
    DraftSerializer,
    DraftVersionSerializer,
    ModelSaysSerializer,
    NextSerializer,
    ReadingTaskSerializer,
    SubmissionSerializer,
    SubmittedSerializer,
    TakenBackSerializer,
    TasksAheadSerializer,
)
from annotator.reasons import why
from annotator.serializers import AnnotationSerializer
from annotator.services import Submission, Submitted, save_draft, submit_annotation
from annotator.withdrawals import undo_last
from projects.access import READING_ROLES, project_of_member
from projects.http import sentences_for_refusals
from projects.models import Project

_NOTHING_LEFT = gettext_lazy("There is nothing left for you to read in this project now.")


@extend_schema(request=None, responses=NextSerializer)
@api_view(["POST"])
def next_task(request: Request, project_id: str) -> Response:
    """The task in the reader's hand; where there is none, the next is claimed."""
    reader = person_of(request)
    project = project_of_member(user=reader, project_id=int(project_id), roles=READING_ROLES)
    claim = claim_next_task(project=project, reader=reader)
    return Response(_next_json(project, reader, claim, str(_NOTHING_LEFT)))


@extend_schema(request=AheadSerializer, responses=TasksAheadSerializer)
@api_view(["POST"])
def tasks_ahead(request: Request, project_id: str) -> Response:
    """Reserve the tasks after the one in hand, so that their frames can be fetched early."""
    reader = person_of(request)
    project = project_of_member(user=reader, project_id=int(project_id), roles=READING_ROLES)
    sent = parsed(AheadSerializer(data=request.data))
    claims = claim_ahead(project=project, reader=reader, count=sent["count"])
    return Response({"tasks": [_task_json(project, reader, claim) for claim in claims]})


@extend_schema(request=None, responses=TakenBackSerializer)
@api_view(["POST"])
def undo(request: Request, project_id: str) -> Response:
    """Take the reader's last answer back: its task is in hand again, the answer is the draft."""
    reader = person_of(request)
    project = project_of_member(user=reader, project_id=int(project_id), roles=READING_ROLES)
    with sentences_for_refusals():
        claim = undo_last(project=project, reader=reader)
    return Response({"task": _task_json(project, reader, claim)})


@extend_schema(request=DraftSerializer, responses=DraftVersionSerializer)
@api_view(["PUT"])
def draft(request: Request, task_id: str) -> Response:
    """Keep an unfinished answer, unless a newer one is kept already; renews the claim."""
    reader = person_of(request)
    project = membership_for_task(user=reader, task_id=int(task_id), roles=READING_ROLES).project
    sent = parsed(DraftSerializer(data=request.data))
    with sentences_for_refusals():
        version = save_draft(project=project, task_id=int(task_id), reader=reader, **sent)
    return Response({"version": version})


@extend_schema(request=None, responses=ModelSaysSerializer)
@api_view(["POST"])
def model_says(request: Request, task_id: str) -> Response:
    """Be shown what the model says of a task that you have answered, where the project lets it
    help. Your answer then stands: it can no longer be taken back."""
    reader = person_of(request)
    project = membership_for_task(user=reader, task_id=int(task_id), roles=READING_ROLES).project
    return Response(after_reading(project=project, reader=reader, task_id=int(task_id)))


def submit(request: Request, task_id: str) -> Response:
    """Take an answer; the reply says why the task came and carries the next one. While another task
    of the patient may come it does not say why. The same answer sent twice is one."""
    reader = person_of(request)
    project = membership_for_task(user=reader, task_id=int(task_id), roles=READING_ROLES).project
    sent = parsed(SubmissionSerializer(data=request.data))
    with sentences_for_refusals():
        submitted = submit_annotation(
            project=project,
            task_id=int(task_id),
            reader=reader,
            submission=Submission(**sent),
        )
    return _taken(project, reader, submitted)


@extend_schema(request=CorrectionSerializer, responses={201: SubmittedSerializer})
@api_view(["POST"])
def correct(request: Request, annotation_id: str) -> Response:
    """Give a new answer in the place of an earlier one of yours, which is kept; the reply carries
    the task in your hand. The same correction sent twice is one."""
    reader = person_of(request)
    found = membership_for_annotation(
        user=reader, annotation_id=int(annotation_id), roles=READING_ROLES
    )
    project = project_of_member(user=reader, project_id=found.project_id)
    sent = parsed(CorrectionSerializer(data=request.data))
    reason = sent.pop("reason")
    with sentences_for_refusals():
        corrected = correct_annotation(
            project=project,
            annotation_id=int(annotation_id),
            reader=reader,
            submission=Submission(**sent),
            reason=reason,
        )
    return _taken(project, reader, corrected)


@extend_schema(methods=["PUT"], request=DraftSerializer, responses=DraftVersionSerializer)
@extend_schema(
    methods=["DELETE"], parameters=[DraftVersionSerializer], request=None, responses={204: None}
)
@api_view(["PUT", "DELETE"])
def correction_draft(request: Request, annotation_id: str) -> Response:
    """Keep an unfinished correction of an earlier answer of yours, unless a newer one is kept
    already; or forget it, up to `version`. The answer counts as it is until it is corrected."""
    reader = person_of(request)
    project = membership_for_annotation(
        user=reader, annotation_id=int(annotation_id), roles=READING_ROLES
    ).project
    own: dict[str, Any] = {
        "project": project, "annotation_id": int(annotation_id), "reader": reader,
    }  # fmt: skip
    if request.method == "DELETE":
        left = parsed(DraftVersionSerializer(data=request.query_params))
        drop_correction_draft(**own, version=left["version"])
        return Response(status=204)
    sent = parsed(DraftSerializer(data=request.data))
    del sent["decisions"]  # on suggestions, which stand beside the answer already
    with sentences_for_refusals():
        return Response({"version": keep_correction_draft(**own, **sent)})


def _taken(project: Project, reader: User, submitted: Submitted) -> Response:
    claim = claim_next_task(project=project, reader=reader)
    answer = AnnotationSerializer(submitted.annotation).data
    following = _next_json(project, reader, claim, str(_NOTHING_LEFT))
    reason = ""
    if not is_more_of_patient_left(reader=reader, answered=submitted.annotation):
        reason = why(arm=submitted.arm, strategy=submitted.annotation.strategy)
    reply = {**answer, "why": reason, "next": following}
    return Response(reply, status=201 if submitted.is_new else 200)


def _next_json(
    project: Project, reader: User, claim: ClaimedTask | None, otherwise: str
) -> dict[str, Any]:
    if claim is None:
        return {"task": None, "reason": otherwise}
    return {"task": _task_json(project, reader, claim)}


def _task_json(project: Project, reader: User, claim: ClaimedTask) -> dict[str, Any]:
    task = reading_task(project=project, reader=reader, claim=claim)
    return dict(ReadingTaskSerializer(task).data)
