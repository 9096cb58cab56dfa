"""Pages about projects as a whole: the list, a new one, the settings of one."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.http import SignedInRequest
from accounts.models import Role
from projects.access import membership_of
from projects.errors import Refused
from projects.forms import NewProjectForm, ProjectForm, SettingsForm
from projects.label_config import LabelConfigError, Question, parse
from projects.label_templates import TEMPLATES
from projects.queries import projects_of
from projects.services import create_project, update_settings


@login_required
@require_GET
def project_list(request: SignedInRequest) -> HttpResponse:
    found = projects_of(user=request.user)
    # `role` is annotated there.
    projects = [(project, Role(vars(project)["role"]).label) for project in found]
    return render(request, "projects/list.html", {"projects": projects})


@login_required
@require_http_methods(["GET", "POST"])
def new_project(request: SignedInRequest) -> HttpResponse:
    if not request.user.creates_projects:
        raise PermissionDenied(
            gettext("You may not create projects. Ask the person who runs Scout.")
        )
    form = NewProjectForm(request.POST or None, initial={"label_config": TEMPLATES[0].xml})
    if request.method == "POST" and form.is_valid():
        try:
            project = create_project(
                creator=request.user, readers=form.cleaned_data["readers"], **form.settings()
            )
        except Refused as refused:
            form.take_refusal(refused)
        else:
            messages.success(request, gettext("The project is ready. Add the scans next."))
            return redirect("project_scans", project_id=project.pk)
    context = {
        "form": form,
        "label_templates": TEMPLATES,
        "label_xml": {template.slug: template.xml for template in TEMPLATES},
        **_preview(str(form["label_config"].value())),
    }
    return render(request, "projects/new.html", context, status=_status(form))


@login_required
@require_http_methods(["GET", "POST"])
def project_settings(request: SignedInRequest, project_id: int) -> HttpResponse:
    membership = membership_of(user=request.user, project_id=project_id, roles=[Role.MANAGER])
    form = SettingsForm(request.POST or None, project=membership.project)
    if request.method == "POST" and form.is_valid():
        try:
            update_settings(project_id=project_id, **form.settings())
        except Refused as refused:
            form.take_refusal(refused)
        else:
            messages.success(request, gettext("The settings are saved."))
            return redirect("project_settings", project_id=project_id)
    context = {
        "membership": membership,
        "tab": "settings",
        "form": form,
        **_preview(str(form["label_config"].value())),
    }
    return render(request, "projects/settings.html", context, status=_status(form))


@login_required
@require_POST
def preview_label_config(request: SignedInRequest) -> HttpResponse:
    """The questions as a reader will meet them, or what is wrong with the XML; for htmx."""
    return render(request, "projects/preview.html", _preview(request.POST.get("label_config", "")))


def _preview(xml: str) -> dict[str, tuple[Question, ...] | tuple[str, ...]]:
    try:
        return {"questions": parse(xml), "problems": ()}
    except LabelConfigError as error:
        return {"questions": (), "problems": error.problems}


def _status(form: ProjectForm) -> int:
    return 400 if form.is_bound and form.errors else 200
