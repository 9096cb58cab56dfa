"""Projects over REST, named as Label Studio names them."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.generics import GenericAPIView, ListCreateAPIView, RetrieveUpdateAPIView
from rest_framework.pagination import PageNumberPagination
from rest_framework.serializers import BaseSerializer

from accounts.api import UserSerializer
from accounts.http import person_of
from accounts.models import Role
from projects.access import membership_of
from projects.http import sentences_for_refusals
from projects.models import Project
from projects.queries import projects_of
from projects.services import create_project, update_settings


class ProjectSerializer(serializers.ModelSerializer[Project]):
    """`maximum_annotations` is the overlap; `role` and what follows are Scout's own."""

    maximum_annotations = serializers.IntegerField(
        source="overlap", min_value=1, max_value=20, required=False
    )
    created_by = UserSerializer(read_only=True)
    task_number = serializers.IntegerField(read_only=True)
    finished_task_number = serializers.SerializerMethodField()
    role = serializers.ChoiceField(choices=Role.choices, read_only=True)

    class Meta:
        model = Project
        fields = (
            "id",
            "title",
            "description",
            "label_config",
            "maximum_annotations",
            "created_at",
            "created_by",
            "task_number",
            "finished_task_number",
            "role",
            "audit_share",
            "random_share",
            "reading_unit",
            "hanging",
            "strategy",
            "labels_per_round",
            "backbone",
            "claim_minutes",
            "model_help",
        )

    @extend_schema_field(serializers.IntegerField(allow_null=True))
    def get_finished_task_number(self, project: Any) -> int | None:
        """Null for a reader, who must not learn how far the others are."""
        return None if project.role == Role.READER else int(project.finished_task_number)


class ProjectPages(PageNumberPagination):
    """Label Studio's pages: its client asks for the next one until it gets 404."""

    page_size = 30
    page_size_query_param = "page_size"
    max_page_size = 200


class _ProjectsOfUser(GenericAPIView[Project]):
    """Only the user's own projects exist for the user."""

    serializer_class = ProjectSerializer

    def get_queryset(self) -> QuerySet[Project]:
        if getattr(self, "swagger_fake_view", False):  # drf-spectacular asks without a user
            return Project.objects.none()
        return projects_of(user=person_of(self.request))


class ProjectListView(_ProjectsOfUser, ListCreateAPIView[Project]):
    pagination_class = ProjectPages

    def perform_create(self, serializer: BaseSerializer[Project]) -> None:
        with sentences_for_refusals():
            project = create_project(creator=person_of(self.request), **serializer.validated_data)
        serializer.instance = self.get_queryset().get(pk=project.pk)


class ProjectView(_ProjectsOfUser, RetrieveUpdateAPIView[Project]):
    lookup_url_kwarg = "project_id"

    def perform_update(self, serializer: BaseSerializer[Project]) -> None:
        project_id = self.kwargs["project_id"]
        membership_of(user=person_of(self.request), project_id=project_id, roles=[Role.MANAGER])
        with sentences_for_refusals():
            update_settings(project_id=project_id, **serializer.validated_data)
        serializer.instance = self.get_queryset().get(pk=project_id)
