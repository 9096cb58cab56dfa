"""Addresses of the REST interface, with or without the slash at the end."""

from django.urls import re_path

from rounds import api, explanation_api

_PROJECT = r"^projects/(?P<project_id>[0-9]{1,18})"

urlpatterns = [
    re_path(_PROJECT + r"/progress/?$", api.progress, name="api_progress"),
    re_path(_PROJECT + r"/proof/?$", api.proof, name="api_proof"),
    re_path(_PROJECT + r"/rounds/?$", api.rounds, name="api_rounds"),
    re_path(
        r"^tasks/(?P<task_id>[0-9]{1,18})/explanation/?$",
        explanation_api.ExplanationView.as_view(),
        name="api_explanation",
    ),
    re_path(_PROJECT + r"/rankings/latest/?$", api.latest_ranking, name="api_latest_ranking"),
]
