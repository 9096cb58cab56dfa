"""A project's scans: what is in it, what was delivered, and the report of each delivery."""

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.datastructures import MultiValueDictKeyError
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.http import SignedInRequest
from accounts.models import Role
from projects.access import membership_of
from projects.models import Membership
from projects.queries import ingests_of, scan_counts
from scans.models import Ingest, IngestedFile
from scans.queries import files_of
from scans.services import begin_upload, cancel_upload, finish_upload, receive_chunk
from scans.staging import MAX_CHUNK_BYTES, UploadRefused

_CHUNK_BYTES = 8 << 20  # what the page sends at a time
_FILES_PER_PAGE = 200
_INGESTS_SHOWN = 50


@login_required
@require_GET
def scans(request: SignedInRequest, project_id: int) -> HttpResponse:
    membership = _manager(request, project_id)
    scan_count, patient_count = scan_counts(project=membership.project)
    context = {
        "membership": membership,
        "tab": "scans",
        "scan_count": scan_count,
        "patient_count": patient_count,
        "ingests": ingests_of(project=membership.project)[:_INGESTS_SHOWN],
        "chunk_bytes": _CHUNK_BYTES,
    }
    return render(request, "projects/scans.html", context)


@login_required
@never_cache
@require_GET
def ingest_report(request: SignedInRequest, project_id: int, ingest_id: int) -> HttpResponse:
    """The page about one delivery; for htmx the part of it that refreshes itself."""
    membership = _manager(request, project_id)
    ingest = _ingest(membership, ingest_id)
    outcome = request.GET.get("outcome", "")
    files = files_of(ingest=ingest)
    if outcome in IngestedFile.Outcome.values:
        files = files.filter(outcome=outcome)
    context = {
        "membership": membership,
        "tab": "scans",
        "ingest": ingest,
        "is_finished": ingest.state in (Ingest.State.DONE, Ingest.State.FAILED),
        "page": Paginator(files, _FILES_PER_PAGE).get_page(request.GET.get("page")),
        "outcome": outcome,
        "outcomes": IngestedFile.Outcome.choices,
    }
    is_part = request.headers.get("HX-Request") == "true"
    return render(request, f"projects/ingest{'_report' if is_part else ''}.html", context)


@login_required
@require_POST
def begin(request: SignedInRequest, project_id: int) -> JsonResponse:
    """Open an upload and say where its chunks, its end and its report are."""
    membership = _manager(request, project_id)
    ingest = begin_upload(archive=membership.project.archive, user=request.user)
    return JsonResponse(
        {
            name: reverse(f"project_{view}", args=[project_id, ingest.pk])
            for name, view in [
                ("chunks", "chunks"),
                ("finish", "finish_upload"),
                ("cancel", "cancel_upload"),
                ("report", "ingest"),
            ]
        },
        status=201,
    )


@login_required
@require_http_methods(["PUT"])
def chunk(request: SignedInRequest, project_id: int, ingest_id: int) -> JsonResponse:
    """Take one chunk of one file: `path`, `offset` and `total` in the query, bytes in the body."""
    ingest = _ingest(_manager(request, project_id), ingest_id)
    try:
        received = receive_chunk(
            ingest=ingest,
            name=request.GET["path"],
            offset=int(request.GET["offset"]),
            total=int(request.GET["total"]),
            data=_body(request),
        )
    except (MultiValueDictKeyError, ValueError):
        return _refusal(gettext("A chunk needs path, offset and total in its address."))
    except UploadRefused as error:
        return _refusal(str(error))
    return JsonResponse({"received": received})


@login_required
@require_POST
def finish(request: SignedInRequest, project_id: int, ingest_id: int) -> JsonResponse:
    ingest = _ingest(_manager(request, project_id), ingest_id)
    try:
        finish_upload(ingest=ingest, project_id=project_id)
    except UploadRefused as error:
        return _refusal(str(error))
    return JsonResponse({"state": ingest.state})


@login_required
@require_POST
def cancel(request: SignedInRequest, project_id: int, ingest_id: int) -> JsonResponse:
    ingest = _ingest(_manager(request, project_id), ingest_id)
    cancel_upload(ingest=ingest)
    return JsonResponse({})


def _manager(request: SignedInRequest, project_id: int) -> Membership:
    return membership_of(user=request.user, project_id=project_id, roles=[Role.MANAGER])


def _ingest(membership: Membership, ingest_id: int) -> Ingest:
    ingest = ingests_of(project=membership.project).filter(pk=ingest_id).first()
    if ingest is None:
        raise Http404(gettext("There is no such delivery in this project."))
    return ingest


def _body(request: HttpRequest) -> bytes:
    # Read from the stream: `request.body` refuses more than a form may have. One byte beyond the
    # limit is enough for the service to refuse the chunk.
    return request.read(MAX_CHUNK_BYTES + 1)


def _refusal(sentence: str) -> JsonResponse:
    return JsonResponse({"detail": sentence}, status=400)
