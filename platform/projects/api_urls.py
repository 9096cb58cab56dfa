"""Addresses."""

from django.urls import re_path

from projects.api import ProjectListView, ProjectView
from projects.frames_api import FrameView

urlpatterns = [
    re_path(r"^projects/?$", ProjectListView.as_view(), name="api_projects"),
    re_path(r"^projects/(?P<project_id>[0-9]{1,18})/?$", ProjectView.as_view(), name="api_project"),
    re_path(
        r"^projects/(?P<project_id>[0-9]{1,18})/scans/(?P<scan_id>[0-9]{1,18})/frames/(?P<number>[0-9]{1,18})/?$",
        FrameView.as_view(),
        name="api_frame",
    ),
]
