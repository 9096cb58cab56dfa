"""Addresses of the REST interface, with or without the slash at the end."""

from django.urls import re_path

from annotator import api, lookup_api

urlpatterns = [
    re_path(r"^projects/(?P<project_id>[0-9]{1,18})/next/?$", api.next_task, name="api_next"),
    re_path(r"^projects/(?P<project_id>[0-9]{1,18})/ahead/?$", api.tasks_ahead, name="api_ahead"),
    re_path(r"^projects/(?P<project_id>[0-9]{1,18})/undo/?$", api.undo, name="api_undo"),
    re_path(r"^tasks/?$", lookup_api.tasks, name="api_tasks"),
    re_path(r"^tasks/(?P<task_id>[0-9]{1,18})/?$", lookup_api.task, name="api_task"),
    re_path(
        r"^tasks/(?P<task_id>[0-9]{1,18})/annotations/?$",
        lookup_api.annotations,
        name="api_annotations",
    ),
    re_path(r"^tasks/(?P<task_id>[0-9]{1,18})/draft/?$", api.draft, name="api_draft"),
    re_path(r"^tasks/(?P<task_id>[0-9]{1,18})/model/?$", api.model_says, name="api_model_says"),
    re_path(
        r"^annotations/(?P<annotation_id>[0-9]{1,18})/?$",
        lookup_api.annotation,
        name="api_annotation",
    ),
    re_path(
        r"^annotations/(?P<annotation_id>[0-9]{1,18})/corrections/?$",
        api.correct,
        name="api_corrections",
    ),
    re_path(
        r"^annotations/(?P<annotation_id>[0-9]{1,18})/draft/?$",
        api.correction_draft,
        name="api_correction_draft",
    ),
    re_path(
        r"^annotations/(?P<annotation_id>[0-9]{1,18})/history/?$",
        lookup_api.history,
        name="api_history",
    ),
    re_path(r"^predictions/?$", lookup_api.predictions, name="api_predictions"),
]
