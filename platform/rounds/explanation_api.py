"""An overlay for the viewer: where in a frame the model sees what speaks for an answer."""

from typing import Any

from django.http import HttpResponse, JsonResponse
from django.utils.translation import gettext_lazy
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied
from rest_framework.generics import get_object_or_404
from rest_framework.request import Request
from rest_framework.views import APIView

from accounts.http import parsed, person_of
from accounts.models import Role
from annotator.looks import note_look
from annotator.modelhelp import HeatMap, may_see_heat, note_heat_map, note_heat_map_before
from annotator.queries import (
    blind_tasks,
    membership_for_task,
    visible_annotations,
    visible_tasks,
)
from annotator.shown import MODEL
from projects.frames_api import AnyAccepted
from projects.http import sentences_for_refusals
from projects.models import Membership, ModelHelp
from rounds.explanations import Asked, explanation_of
from rounds.serving import serving_of

_BLIND = gettext_lazy("Answer this task first: until then nothing of the model is shown.")
_OFF = gettext_lazy("This project shows its readers nothing of the model.")
_ASKED = gettext_lazy("The learner is working it out: ask again in a second.")
_RETRY_SECONDS = "1"


class ExplanationRequest(serializers.Serializer[Any]):
    question = serializers.CharField(help_text="Its name in the label config.")
    answer = serializers.CharField(
        default="", allow_blank=True, help_text="A class; left out for a number."
    )
    scan = serializers.IntegerField(
        min_value=0, max_value=2**31 - 1, default=0, help_text="Its position in the task, from 0."
    )
    frame = serializers.IntegerField(
        min_value=0, max_value=2**31 - 1, default=0, help_text="Its number in the scan, from 0."
    )


class ExplanationView(APIView):
    content_negotiation_class = AnyAccepted

    @extend_schema(
        operation_id="tasks_explanation",
        parameters=[ExplanationRequest],
        responses={
            (200, "image/png"): OpenApiTypes.BINARY,
            202: OpenApiResponse(description=_ASKED),
        },
    )
    def get(self, request: Request, task_id: str) -> HttpResponse:
        """A grey PNG of the frame's rows and columns, at most 256 a side: bright where the frame
        speaks for the answer, by the model that served within the last ten minutes. 202 with
        Retry-After until the learner has made it. Whoever has not answered a task that they read
        is shown nothing, unless the project lets the model help before reading; whoever has
        answered cannot take the answer back afterwards."""
        asked = parsed(ExplanationRequest(data=request.query_params))
        membership = membership_for_task(user=person_of(request), task_id=int(task_id))
        get_object_or_404(visible_tasks(membership), pk=task_id)
        _check_may_see(membership, int(task_id))
        with sentences_for_refusals():
            found = explanation_of(
                project=membership.project, asked=Asked(task_id=int(task_id), **asked)
            )
        if found is None:
            waiting = JsonResponse({"detail": _ASKED}, status=202)
            waiting["Retry-After"] = _RETRY_SECONDS
            return waiting
        _note(membership, int(task_id), asked)
        return HttpResponse(found, content_type="image/png")


def _check_may_see(membership: Membership, task_id: int) -> None:
    """Whoever reads a task sees what the project's policy lets them; who oversees, all others."""
    if membership.role == Role.READER and membership.project.model_help == ModelHelp.OFF:
        raise PermissionDenied(_OFF)
    has_answered = visible_annotations(membership).filter(
        task_id=task_id, reader=membership.user_id
    )
    reads = membership.role == Role.READER or task_id in blind_tasks(membership)
    if reads and not has_answered.exists() and not _may_see_before(membership, task_id):
        raise PermissionDenied(_BLIND)


def _may_see_before(membership: Membership, task_id: int) -> bool:
    return may_see_heat(project=membership.project, reader=membership.user, task_id=task_id)


def _note(membership: Membership, task_id: int, asked: dict[str, Any]) -> None:
    heat = HeatMap(**asked, model=serving_of(project_id=membership.project_id).number)
    if note_heat_map(task_id=task_id, reader=membership.user, heat=heat):
        return
    if _may_see_before(membership, task_id):
        note_heat_map_before(task_id=task_id, reader=membership.user, heat=heat)
    elif membership.role == Role.READER or not note_look(membership, [task_id], at=[MODEL]):
        raise PermissionDenied(_BLIND)  # the answer was taken back meanwhile, or the task claimed
