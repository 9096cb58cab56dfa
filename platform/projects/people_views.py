"""The people of a project: who is in it, in which role, and the links that let new ones in."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts.http import SignedInRequest
from accounts.models import Role
from projects.access import membership_of
from projects.errors import Refused
from projects.forms import AddPersonForm, RoleForm
from projects.members import add_member, change_role, invitation_of, remove_member
from projects.models import Membership
from projects.queries import members_of

# Where an invitation waits between the POST that makes it and the one page that shows it.
_INVITATION = "invitation"


@login_required
@never_cache
@require_http_methods(["GET", "POST"])
def people(request: SignedInRequest, project_id: int) -> HttpResponse:
    membership = membership_of(user=request.user, project_id=project_id, roles=[Role.MANAGER])
    form = AddPersonForm(request.POST or None, initial={"role": Role.READER})
    if request.method == "POST" and form.is_valid():
        try:
            added = add_member(
                project=membership.project,
                added_by=request.user,
                email=form.cleaned_data["email"],
                role=Role(form.cleaned_data["role"]),
            )
        except Refused as error:
            form.add_error("email", str(error))
        else:
            _welcome(request, added)
            return redirect("project_people", project_id=project_id)
    context = {
        "membership": membership,
        "tab": "people",
        "form": form,
        "members": members_of(project=membership.project),
        "roles": Role.choices,
        "invitation": request.session.pop(_INVITATION, None),
    }
    return render(request, "projects/people.html", context, status=400 if form.errors else 200)


@login_required
@require_POST
def role(request: SignedInRequest, project_id: int, user_id: int) -> HttpResponse:
    member = _member(request, project_id, user_id)
    form = RoleForm(request.POST)
    if form.is_valid():
        wanted = Role(form.cleaned_data["role"])
        try:
            change_role(project_id=project_id, user_id=user_id, role=wanted)
            messages.success(
                request,
                gettext("{user} now has the role {label}.").format(
                    user=member.user, label=wanted.label
                ),
            )
        except Refused as error:
            messages.error(request, str(error))
    return redirect("project_people", project_id=project_id)


@login_required
@require_POST
def remove(request: SignedInRequest, project_id: int, user_id: int) -> HttpResponse:
    member = _member(request, project_id, user_id)
    try:
        remove_member(project_id=project_id, user_id=user_id)
    except Refused as error:
        messages.error(request, str(error))
        return redirect("project_people", project_id=project_id)
    messages.success(
        request,
        gettext("{user} is out of the project. Their answers stay.").format(user=member.user),
    )
    if member.user == request.user:
        return redirect("project_list")
    return redirect("project_people", project_id=project_id)


@login_required
@require_POST
def invitation(request: SignedInRequest, project_id: int, user_id: int) -> HttpResponse:
    member = _member(request, project_id, user_id)
    try:
        _keep_invitation(request, member)
    except Refused as error:
        messages.error(request, str(error))
    return redirect("project_people", project_id=project_id)


def _member(request: SignedInRequest, project_id: int, user_id: int) -> Membership:
    """The membership a manager acts on."""
    manager = membership_of(user=request.user, project_id=project_id, roles=[Role.MANAGER])
    member = members_of(project=manager.project).filter(user_id=user_id).first()
    if member is None:
        raise Http404(gettext("This person is not in the project."))
    return member


def _welcome(request: SignedInRequest, added: Membership) -> None:
    if added.user.has_usable_password():
        messages.success(request, gettext("{user} is in the project now.").format(user=added.user))
        return
    try:
        _keep_invitation(request, added)
    except Refused as error:
        messages.warning(
            request,
            gettext("{user} is in the project now. {error}").format(user=added.user, error=error),
        )


def _keep_invitation(request: SignedInRequest, member: Membership) -> None:
    path = invitation_of(membership=member, manager=request.user)
    request.session[_INVITATION] = {
        "email": member.user.email,
        "link": request.build_absolute_uri(path),
    }
