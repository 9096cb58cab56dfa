"""The reading page."""

from typing import cast

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_GET

from accounts.models import User
from annotator.results import questions_of
from projects.access import READING_ROLES, project_of_member
from projects.label_config import question_json


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
