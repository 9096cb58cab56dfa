"""The releases of a project, for people."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django_htmx.http import HttpResponseClientRefresh

from accounts.http import SignedInRequest
from accounts.models import User
from projects.access import DATA_ROLES, membership_of, project_of_member
from projects.errors import Refused
from releases.downloads import release_response
from releases.formats import FORMATS
from releases.models import Release
from releases.queries import release_of, releases_of
from releases.services import build_again, create_release
from releases.split import SPLITS
from releases.states import STATES


@login_required
@never_cache
@require_http_methods(["GET", "POST"])
def releases(request: SignedInRequest, project_id: int) -> HttpResponse:
    """The list, and the form that makes another."""
    membership = membership_of(user=request.user, project_id=project_id, roles=DATA_ROLES)
    if request.method == "POST":
        return _make(request, project_id)
    context = {
        "membership": membership,
        "tab": "releases",
        "formats": FORMATS.values(),
        **_table(project_id),
    }
    return render(request, "releases/list.html", context)


def _make(request: SignedInRequest, project_id: int) -> HttpResponse:
    project = project_of_member(user=request.user, project_id=project_id, roles=DATA_ROLES)
    try:
        made = create_release(
            project=project, user=request.user, formats=request.POST.getlist("format")
        )
    except Refused as refused:
        messages.error(request, str(refused))
        return redirect("releases", project_id)
    number = made.release.number
    if made.is_new:
        messages.success(request, gettext("Release {number} is being built.").format(number=number))
    else:
        messages.info(
            request,
            gettext("Nothing has changed since release {number}: it holds all there is.").format(
                number=number
            ),
        )
    return redirect("releases", project_id)


def _table(project_id: int) -> dict[str, object]:
    rows = list(releases_of(project_id=project_id))
    building = any(row.state == Release.State.QUEUED for row in rows)
    return {"releases": rows, "is_building": building, "project_id": project_id}


@never_cache
@require_GET
def table(request: HttpRequest, project_id: int) -> HttpResponse:
    """The list alone, which asks again while a release is being built."""
    if not isinstance(request.user, User):
        return HttpResponseClientRefresh()
    project_of_member(user=request.user, project_id=project_id, roles=DATA_ROLES)
    return render(request, "releases/table.html", _table(project_id))


@login_required
@never_cache
@require_GET
def release(request: SignedInRequest, project_id: int, number: int) -> HttpResponse:
    """What is in a release: its manifest."""
    membership = membership_of(user=request.user, project_id=project_id, roles=DATA_ROLES)
    shown = release_of(project_id=project_id, number=number)
    counts = shown.manifest.get("counts", {})
    # jsonb keeps no order of keys; these have one.
    context = {
        "membership": membership,
        "tab": "releases",
        "release": shown,
        "states": [
            (name, {"meaning": gettext(meaning), "tasks": counts.get("states", {}).get(name, 0)})
            for name, meaning in STATES.items()
        ],
        "splits": [(name, counts.get("splits", {}).get(name, {})) for name in SPLITS],
        "files": sorted(shown.manifest.get("files", {}).items()),
    }
    return render(request, "releases/release.html", context)


@login_required
@require_GET
def download(request: SignedInRequest, project_id: int, number: int) -> FileResponse:
    membership = membership_of(user=request.user, project_id=project_id, roles=DATA_ROLES)
    return release_response(release_of(project_id=project_id, number=number), membership=membership)


@login_required
@require_POST
def again(request: SignedInRequest, project_id: int, number: int) -> HttpResponse:
    """Build a release that failed once more."""
    project_of_member(user=request.user, project_id=project_id, roles=DATA_ROLES)
    build_again(release=release_of(project_id=project_id, number=number))
    messages.success(
        request, gettext("Release {number} is being built again.").format(number=number)
    )
    return redirect("releases", project_id)
