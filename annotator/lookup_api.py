"""Tasks, annotations and predictions to be looked up, named and paged as Label Studio does."""

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import api_view
from rest_framework.exceptions import NotFound
from rest_framework.generics import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.http import parsed, person_of
from accounts.models import Role
from annotator.api import submit
from annotator.corrections import history_of
from annotator.looks import looked_at, note_look
from annotator.models import Annotation, Task
from annotator.propensities import propensities_of
from annotator.queries import (
    blind_tasks,
    membership_for_annotation,
    membership_for_task,
    predictions_of,
    task_page,
    visible_annotations,
    visible_tasks,
    with_counts,
)
from annotator.reading_serializers import SubmissionSerializer, SubmittedSerializer
from annotator.serializers import (
    AnnotationSerializer,
    OverseenAnnotationSerializer,
    PredictionSerializer,
    TaskDetailSerializer,
    TaskPageSerializer,
)
from annotator.services import keep_prediction
from annotator.shown import MODEL
from projects.access import DATA_ROLES, OVERSEEING_ROLES, membership_of
from projects.http import sentences_for_refusals
from projects.models import Membership

_LARGEST_PAGE = 1000


class TaskPageRequest(serializers.Serializer[Any]):
    project = serializers.IntegerField()
    page = serializers.IntegerField(min_value=1, max_value=2**31, default=1)
    page_size = serializers.IntegerField(min_value=1, max_value=_LARGEST_PAGE, default=100)


class PredictionsRequest(serializers.Serializer[Any]):
    task = serializers.IntegerField()


def _context(membership: Membership) -> dict[str, Any]:
    is_reader = membership.role == Role.READER
    return {
        "overlap": membership.project.overlap,
        "blind": None if is_reader else blind_tasks(membership),
    }


@extend_schema(
    operation_id="tasks_list", parameters=[TaskPageRequest], responses=TaskPageSerializer
)
@api_view(["GET"])
def tasks(request: Request) -> Response:
    """A project's tasks, page by page from 1; 404 past the last. Readers see their own."""
    asked = parsed(TaskPageRequest(data=request.query_params))
    membership = membership_of(user=person_of(request), project_id=asked["project"])
    page = task_page(membership, page=asked["page"], size=asked["page_size"])
    if page is None:
        raise NotFound(gettext("This page lies past the last one."))
    return Response(TaskPageSerializer(page, context=_context(membership)).data)


@extend_schema(responses=TaskDetailSerializer)
@api_view(["GET"])
def task(request: Request, task_id: str) -> Response:
    """A task with the answers that the member may see."""
    membership = membership_for_task(user=person_of(request), task_id=int(task_id))
    found = get_object_or_404(with_counts(visible_tasks(membership)), pk=task_id)
    answers = visible_annotations(membership).filter(task=found)
    context = {**_context(membership), "annotations": _answers_json(membership, found, answers)}
    return Response(TaskDetailSerializer(found, context=context).data)


@extend_schema(
    methods=["GET"],
    operation_id="tasks_annotations_list",
    responses=OverseenAnnotationSerializer(many=True),
    description="The answers to the task that the member may see: a reader their own.",
)
@extend_schema(
    methods=["POST"],
    operation_id="tasks_annotations_create",
    request=SubmissionSerializer,
    responses={201: SubmittedSerializer, 200: SubmittedSerializer},
    description=submit.__doc__,
)
@api_view(["GET", "POST"])
def annotations(request: Request, task_id: str) -> Response:
    if request.method == "POST":
        return submit(request, task_id)
    membership = membership_for_task(user=person_of(request), task_id=int(task_id))
    found = get_object_or_404(visible_tasks(membership), pk=task_id)
    answers = visible_annotations(membership).filter(task=found)
    return Response(_answers_json(membership, found, answers))


def _answers_json(
    membership: Membership, task: Task, answers: QuerySet[Annotation]
) -> list[dict[str, Any]]:
    """Answers to the task; who oversees the project also learns why it was served."""
    shown = looked_at(membership, answers.select_related("task"))
    if membership.role == Role.READER:
        return [dict(AnnotationSerializer(answer).data) for answer in shown]
    context = {"propensities": propensities_of(task, overlap=membership.project.overlap)}
    return [dict(OverseenAnnotationSerializer(answer, context=context).data) for answer in shown]


@extend_schema(responses=OverseenAnnotationSerializer)
@api_view(["GET"])
def annotation(request: Request, annotation_id: str) -> Response:
    """An answer that the member may see: a reader their own."""
    membership = membership_for_annotation(
        user=person_of(request), annotation_id=int(annotation_id)
    )
    visible = visible_annotations(membership).filter(pk=annotation_id)
    found = get_object_or_404(visible.select_related("task"))
    shown = _answers_json(membership, found.task, visible)
    if not shown:  # claimed by the member in this moment
        raise NotFound
    return Response(shown[0])


@extend_schema(responses=AnnotationSerializer(many=True))
@api_view(["GET"])
def history(request: Request, annotation_id: str) -> Response:
    """An answer that the member may see and those that it corrected, newest first."""
    membership = membership_for_annotation(
        user=person_of(request), annotation_id=int(annotation_id)
    )
    visible = visible_annotations(membership).filter(pk=annotation_id)
    found = next(iter(looked_at(membership, visible)), None)
    if found is None:
        raise NotFound
    return Response(AnnotationSerializer(history_of(found), many=True).data)


@extend_schema(
    methods=["GET"],
    parameters=[PredictionsRequest],
    responses=PredictionSerializer(many=True),
    description="The models' answers to a task.",
)
@extend_schema(
    methods=["POST"],
    request=PredictionSerializer,
    responses={201: PredictionSerializer},
    description="Keep a model's answer; the same model's earlier answer to the task is replaced.",
)
@api_view(["GET", "POST"])
def predictions(request: Request) -> Response:
    if request.method == "POST":
        return _keep_prediction(request)
    task_id = parsed(PredictionsRequest(data=request.query_params))["task"]
    person = person_of(request)
    membership = membership_for_task(user=person, task_id=task_id, roles=OVERSEEING_ROLES)
    found = list(predictions_of(membership, task_id=task_id))
    shown = note_look(membership, [one.task_id for one in found], at=[MODEL])
    told = [one for one in found if one.task_id in shown]
    return Response(PredictionSerializer(told, many=True).data)


def _keep_prediction(request: Request) -> Response:
    sent = parsed(PredictionSerializer(data=request.data))
    person = person_of(request)
    membership = membership_for_task(user=person, task_id=sent["task_id"], roles=DATA_ROLES)
    with sentences_for_refusals():
        kept = keep_prediction(project=membership.project, created_by=person, **sent)
    return Response(PredictionSerializer(kept).data, status=201)
