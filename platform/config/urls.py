"""Every address of Scout, by app."""

from django.urls import include, path

urlpatterns = [
    path("", include("projects.urls")),
    path("", include("annotator.urls")),
    path("", include("rounds.urls")),
    path("", include("releases.urls")),
    path("account/", include("accounts.urls")),
    path("api/", include("config.api_urls")),
]
