"""The reading page, and the table of the tasks for who oversees the reading."""

import re
from typing import cast

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_GET

from accounts.http import SignedInRequest
from accounts.models import User
from annotator.listing import listing
from annotator.models import Task
from annotator.queries import State
from annotator.results import questions_of
from projects.access import OVERSEEING_ROLES, READING_ROLES, membership_of, project_of_member
from projects.hanging import rules_of
from projects.label_config import question_json

_TASK_ID = re.compile("[0-9]{1,18}")


# The reading room sends the CSRF cookie's token back with each request.
@require_GET
@login_required
@ensure_csrf_cookie
def read(request: HttpRequest, project_id: int) -> HttpResponse:
    """The reading room of a project."""
    reader = cast(User, request.user)
    project = project_of_member(user=reader, project_id=project_id, roles=READING_ROLES)
    api = f"/api/projects/{project.pk}"
    bootstrap = {
        "project": {"id": project.pk, "title": project.title},
        "hanging": rules_of(project.hanging),
        "questions": question_json(questions_of(project.label_config)),
        "reader": str(reader),
        "reader_id": reader.pk,  # names may be alike; what the browser keeps is kept by this
        "urls": {
            "next": f"{api}/next/",
            "ahead": f"{api}/ahead/",
            "undo": f"{api}/undo/",
            "annotations": "/api/tasks/{task}/annotations/",
            "draft": "/api/tasks/{task}/draft/",
            "leave": f"/projects/{project.pk}/",
        },
    }
    return render(request, "annotator/read.html", {"project": project, "bootstrap": bootstrap})


@require_GET
@login_required
@never_cache
def tasks(request: SignedInRequest, project_id: int) -> HttpResponse:
    """Every task: how far it is, why it stands where it does, and which answers it has."""
    membership = membership_of(user=request.user, project_id=project_id, roles=OVERSEEING_ROLES)
    arm, state = request.GET.get("arm", ""), request.GET.get("state", "")
    context = {
        "membership": membership,
        "tab": "tasks",
        "arm": arm,
        "state": state,
        "arms": Task.Arm.choices,
        "states": State.choices,
        "listing": listing(
            membership,
            arm=Task.Arm(arm) if arm in Task.Arm.values else None,
            state=State(state) if state in State.values else None,
            after=_task_id(request, "after"),
            before=_task_id(request, "before"),
        ),
    }
    return render(request, "annotator/tasks.html", context)


def _task_id(request: HttpRequest, name: str) -> int | None:
    """The id of a task in the address; what is none leads to the first page."""
    sent = request.GET.get(name, "")
    return int(sent) if _TASK_ID.fullmatch(sent) else None
