"""The REST interface, named as Label Studio names things."""

from django.urls import include, path, re_path
from drf_spectacular.views import SpectacularAPIView

from config.version import VersionView

urlpatterns = [
    re_path(r"^version/?$", VersionView.as_view(), name="api_version"),
    path("schema/", SpectacularAPIView.as_view(), name="schema"),
    path("", include("accounts.api_urls")),
    path("", include("projects.api_urls")),
    path("", include("annotator.api_urls")),
    path("", include("rounds.api_urls")),
    path("", include("releases.api_urls")),
]
