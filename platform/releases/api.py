"""Releases and exports for programs; the export as Label Studio's client asks for it."""

from django.http import FileResponse, StreamingHttpResponse
from django.utils.translation import gettext
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.decorators import api_view
from rest_framework.exceptions import ParseError
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.http import SaidField, parsed, person_of
from projects.access import DATA_ROLES, membership_of, project_of_member
from projects.http import sentences_for_refusals
from releases.downloads import export_response, release_response
from releases.formats import FORMATS
from releases.models import Release
from releases.queries import release_of, releases_of
from releases.services import create_release

EXPORT_TYPES = {chosen.export_type: chosen for chosen in FORMATS.values()}


class ReleaseSerializer(serializers.ModelSerializer[Release]):
    counts = serializers.JSONField(source="manifest.counts", read_only=True, default=None)
    error = SaidField(read_only=True)

    class Meta:
        model = Release
        fields = (
            "number",
            "state",
            "formats",
            "last_annotation",
            "counts",
            "digest",
            "size",
            "error",
            "created_by",
            "created_at",
        )
        read_only_fields = fields


class NewReleaseSerializer(serializers.Serializer[Release]):
    formats = serializers.ListField(
        child=serializers.ChoiceField(choices=[(name, f.title) for name, f in FORMATS.items()]),
        allow_empty=False,
    )


@extend_schema(methods=["GET"], responses=ReleaseSerializer(many=True))
@extend_schema(
    methods=["POST"],
    request=NewReleaseSerializer,
    responses={201: ReleaseSerializer, 200: ReleaseSerializer},
)
@api_view(["GET", "POST"])
def releases(request: Request, project_id: int) -> Response:
    """The project's releases, newest first; POST makes one, or gives the newest (200) where nothing
    has changed since."""
    person = person_of(request)
    project = project_of_member(user=person, project_id=project_id, roles=DATA_ROLES)
    if request.method == "GET":
        return Response(ReleaseSerializer(releases_of(project_id=project_id), many=True).data)
    sent = parsed(NewReleaseSerializer(data=request.data))
    with sentences_for_refusals():
        made = create_release(project=project, user=person, formats=sent["formats"])
    return Response(ReleaseSerializer(made.release).data, status=201 if made.is_new else 200)


@extend_schema(responses=ReleaseSerializer)
@api_view(["GET"])
def release(request: Request, project_id: int, number: int) -> Response:
    """One release; its `state` says whether the file can be fetched."""
    project_of_member(user=person_of(request), project_id=project_id, roles=DATA_ROLES)
    return Response(ReleaseSerializer(release_of(project_id=project_id, number=number)).data)


@extend_schema(responses={(200, "application/zip"): OpenApiTypes.BINARY})
@api_view(["GET"])
def download(request: Request, project_id: int, number: int) -> FileResponse:
    """The release's ZIP; 404 until it is built."""
    membership = membership_of(user=person_of(request), project_id=project_id, roles=DATA_ROLES)
    return release_response(release_of(project_id=project_id, number=number), membership=membership)


@extend_schema(
    parameters=[
        OpenApiParameter("export_type", enum=list(EXPORT_TYPES), default="JSON"),
        OpenApiParameter("download_all_tasks", OpenApiTypes.BOOL, default=False),
    ],
    responses={
        (200, "application/json"): OpenApiTypes.BINARY,
        (200, "text/csv"): OpenApiTypes.BINARY,
    },
)
@api_view(["GET"])
def export(request: Request, project_id: int) -> StreamingHttpResponse:
    """The project's data as it is now: the tasks that somebody answered, or all."""
    membership = membership_of(user=person_of(request), project_id=project_id, roles=DATA_ROLES)
    wanted = request.query_params.get("export_type", "JSON")
    if wanted not in EXPORT_TYPES:
        raise ParseError(
            gettext("There is no export_type {wanted}; choose {value}.").format(
                wanted=wanted, value=", ".join(EXPORT_TYPES)
            )
        )
    everything = request.query_params.get("download_all_tasks", "").lower() in ("true", "1")
    return export_response(EXPORT_TYPES[wanted], membership=membership, everything=everything)
