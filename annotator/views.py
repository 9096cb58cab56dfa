"""The reading page, the table of the tasks for who oversees the reading, and one's own answers."""

import re
from collections.abc import Callable
from dataclasses import asdict
from typing import Any, TypeVar
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_GET

from accounts.http import SignedInRequest
from accounts.models import Role
from accounts.preferences import preferences_of
from annotator.asked import asked_by
from annotator.forms import AnswersForm, TasksForm
from annotator.listing import (
    NOTHING_BESIDE,
    beside_answer,
    beside_task,
    earlier_answers,
    listing,
)
from annotator.models import Task
from annotator.opened import opened_task
from annotator.queries import blind_tasks, in_hand, may_undo, visible_tasks
from annotator.results import questions_of
from annotator.search import TooWide
from projects.access import OVERSEEING_ROLES, READING_ROLES, membership_of
from projects.hanging import rules_of
from projects.label_config import question_json
from projects.models import Membership

_ID = re.compile("[0-9]{1,18}")
Page = TypeVar("Page")


# The reading room sends the CSRF cookie's token back with each request.
@require_GET
@login_required
@ensure_csrf_cookie
def read(request: SignedInRequest, project_id: int) -> HttpResponse:
    """The reading room of a project."""
    membership = membership_of(user=request.user, project_id=project_id, roles=READING_ROLES)
    return _reading_room(request, membership, opened=None)


@require_GET
@login_required
@never_cache
@ensure_csrf_cookie
def open_task(request: SignedInRequest, project_id: int, task_id: int) -> HttpResponse:
    """The reading room with a task that is looked at, or whose answer is corrected.

    What the member is about to read is opened where it is read: nothing of others is shown to them.
    """
    membership = membership_of(user=request.user, project_id=project_id)
    task = get_object_or_404(visible_tasks(membership), pk=task_id)
    if task.pk in blind_tasks(membership):
        return redirect("read", project_id=project_id)
    opened = opened_task(membership, task, to_correct="correct" in request.GET)
    beside = _beside(request, membership, task)
    return _reading_room(request, membership, opened={**asdict(opened), **beside})


def _beside(request: SignedInRequest, membership: Membership, task: Task) -> dict[str, str | None]:
    """The addresses of the list that the task was opened from, and of the tasks beside it there.

    The list's filters, and its page, are those in the task's own address.
    """
    asked = request.GET.copy()
    is_own = asked.pop("correct", None) is not None or membership.role == Role.READER
    form = (AnswersForm if is_own else TasksForm)(asked, membership=membership)
    find = beside_answer if is_own else beside_task
    found, _ = _found(lambda: find(membership, task.pk, form.wanted()))
    beside = found or NOTHING_BESIDE
    pages, filters = f"/projects/{membership.project_id}", asked.urlencode()
    query = "&".join(part for part in ("correct" if is_own else "", filters) if part)

    def address(page: str, query: str) -> str:
        return f"{pages}/{page}/?{query}" if query else f"{pages}/{page}/"

    def case(task_id: int | None) -> str | None:
        return None if task_id is None else address(f"tasks/{task_id}", query)

    return {
        "list": address("answers" if is_own else "tasks", filters),
        "before": case(beside.before),
        "after": case(beside.after),
    }


def _reading_room(
    request: SignedInRequest,
    membership: Membership,
    *,
    opened: dict[str, Any] | None,
) -> HttpResponse:
    project, reader = membership.project, request.user
    api, pages = f"/api/projects/{project.pk}", f"/projects/{project.pk}"
    answers = f"{pages}/answers/"
    bootstrap = {
        "project": {"id": project.pk, "title": project.title},
        "hanging": rules_of(project.hanging),
        "questions": question_json(questions_of(project.label_config)),
        # Sent back with each answer: the label config may have changed by then.
        "asked": asked_by(project.label_config),
        # Where the model never helps, the page knows nothing of it.
        "model_help": project.model_help,
        "reader": str(reader),
        "reader_id": reader.pk,  # names may be alike; what the browser keeps is kept by this
        "keys": preferences_of(reader).keys,
        "may_undo": may_undo(membership),
        "opened": opened,
        "urls": {
            "next": f"{api}/next/",
            "ahead": f"{api}/ahead/",
            "undo": f"{api}/undo/",
            "annotations": "/api/tasks/{task}/annotations/",
            "corrections": "/api/annotations/{annotation}/corrections/",
            "draft": "/api/tasks/{task}/draft/",
            "correction_draft": "/api/annotations/{annotation}/draft/",
            "preferences": "/api/preferences/",
            "leave": f"{pages}/",
            "read": f"{pages}/read/",
            "worklist": f"{pages}/tasks/" if membership.role in OVERSEEING_ROLES else answers,
            "answers": answers if membership.role in READING_ROLES else f"{pages}/tasks/",
            "model": "/api/tasks/{task}/model/",
            "task": f"/projects/{project.pk}/tasks/{{task}}/",
            "explanation": "/api/tasks/{task}/explanation/",
        },
    }
    context = {"project": project, "bootstrap": bootstrap}
    return render(request, "annotator/read.html", context)


@require_GET
@login_required
@never_cache
def tasks(request: SignedInRequest, project_id: int) -> HttpResponse:
    """Every task: how far it is, why it stands where it does, and which answers it has."""
    membership = membership_of(user=request.user, project_id=project_id, roles=OVERSEEING_ROLES)
    form = TasksForm(request.GET, membership=membership)
    found, is_too_wide = _found(
        lambda: listing(
            membership,
            form.wanted(),
            after=_id_of(request, "after"),
            before=_id_of(request, "before"),
        )
    )
    context = {"membership": membership, "tab": "tasks", "form": form, "listing": found}
    return render(
        request, "annotator/tasks.html", {**context, **_asked(form), "is_too_wide": is_too_wide}
    )


@require_GET
@login_required
@never_cache
def answers(request: SignedInRequest, project_id: int) -> HttpResponse:
    """The reader's case in hand, and what they have answered before."""
    membership = membership_of(user=request.user, project_id=project_id, roles=READING_ROLES)
    form = AnswersForm(request.GET, membership=membership)
    found, is_too_wide = _found(
        lambda: earlier_answers(membership, form.wanted(), before=_id_of(request, "before"))
    )
    held = in_hand().filter(project=project_id, reader=request.user).first()
    context = {"membership": membership, "tab": "answers", "form": form, "answers": found}
    return render(
        request,
        "annotator/answers.html",
        {**context, **_asked(form), "is_too_wide": is_too_wide, "in_hand": held},
    )


def _found(search: Callable[[], Page]) -> tuple[Page | None, bool]:
    try:
        return search(), False
    except TooWide:
        return None, True


def _asked(form: AnswersForm) -> dict[str, str | bool]:
    """The filters as they are in the address, for the links to other pages."""
    asked = {name: value for name in form.fields if (value := form.data.get(name, ""))}
    return {"asked": urlencode(asked), "is_filtered": bool(asked)}


def _id_of(request: HttpRequest, name: str) -> int | None:
    """The id of a task or an answer in the address; what is none leads to the first page."""
    sent = request.GET.get(name, "")
    return int(sent) if _ID.fullmatch(sent) else None
