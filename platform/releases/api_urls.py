"""Addresses of the REST interface, with or without the slash at the end."""

from django.urls import re_path

from releases import api

_PROJECT = r"^projects/(?P<project_id>[0-9]{1,18})"
_RELEASE = _PROJECT + r"/releases/(?P<number>[0-9]{1,9})"

urlpatterns = [
    re_path(_PROJECT + r"/releases/?$", api.releases, name="api_releases"),
    re_path(_RELEASE + r"/?$", api.release, name="api_release"),
    re_path(_RELEASE + r"/download/?$", api.download, name="api_release_download"),
    re_path(_PROJECT + r"/export/?$", api.export, name="api_export"),
]
