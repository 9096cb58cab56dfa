"""The progress page of a project, and the parts of it that refresh themselves."""

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.safestring import mark_safe
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET
from django_htmx.http import HttpResponseClientRefresh

from accounts.http import SignedInRequest
from accounts.models import User
from annotator.looks import note_look
from annotator.shown import ANSWERS, MODEL
from projects.access import OVERSEEING_ROLES, membership_of, project_of_member
from projects.models import Membership
from rounds.charts import daily_bars
from rounds.parts import PARTS, part_html
from rounds.proofs import DOUBTING_ROLES, doubtful_labels, proof_of
from rounds.queries import anything_left_for, read_per_day, reader_progress


@login_required
@never_cache
@require_GET
def project_page(request: SignedInRequest, project_id: int) -> HttpResponse:
    """How far the reading is. A reader sees their own part of it alone: what others answered, and
    how many of them have, stays hidden from who is yet to read."""
    membership = membership_of(user=request.user, project_id=project_id)
    if membership.role not in OVERSEEING_ROLES:
        return _reader_page(request, membership)
    parts = {
        name: mark_safe(part_html(request, name, project=membership.project)[0])  # noqa: S308
        for name in PARTS
    }
    context = {
        "membership": membership,
        "tab": "overview",
        "parts": parts,
        "may_doubt": membership.role in DOUBTING_ROLES,
    }
    return render(request, "rounds/overview.html", context)


def _reader_page(request: SignedInRequest, membership: Membership) -> HttpResponse:
    project, reader = membership.project, request.user.pk
    days = read_per_day(project=project, reader_id=reader)
    context = {
        "membership": membership,
        "tab": "overview",
        "own": reader_progress(project=project, reader_id=reader),
        "anything_left": anything_left_for(project=project, reader_id=reader),
        "days": daily_bars(days, last=timezone.now().date(), width=1000, height=110),
    }
    return render(request, "rounds/reader.html", context)


@login_required
@never_cache
@require_GET
def second_look(request: SignedInRequest, project_id: int) -> HttpResponse:
    """The labels that the model contradicts, for who may have them looked at again."""
    membership = membership_of(user=request.user, project_id=project_id, roles=DOUBTING_ROLES)
    proof = proof_of(project=membership.project)
    doubts = doubtful_labels(membership, proof) if proof else []
    shown = note_look(membership, {one.task for one in doubts}, at=[ANSWERS, MODEL])
    doubts = [one for one in doubts if one.task in shown]
    context = {"membership": membership, "tab": "overview", "proof": proof, "doubts": doubts}
    return render(request, "rounds/second_look.html", context)


@never_cache
@require_GET
def progress_part(request: HttpRequest, project_id: int, name: str) -> HttpResponse:
    """One part, or 204 where the page shows just that: htmx then touches nothing.

    Who was logged out meanwhile gets the whole page anew, which leads to the log-in; a redirect
    would put the log-in form inside the page.
    """
    if not isinstance(request.user, User):
        return HttpResponseClientRefresh()
    project = project_of_member(user=request.user, project_id=project_id, roles=OVERSEEING_ROLES)
    if name not in PARTS:
        raise Http404(gettext("There is no such part of the page."))
    html, seen = part_html(request, name, project=project)
    if request.GET.get("seen") == seen:
        return HttpResponse(status=204)
    return HttpResponse(html)
