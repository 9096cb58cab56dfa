"""Addresses of a project's releases."""

from django.urls import path

from releases import views

_RELEASE = "projects/<int:project_id>/releases/<int:number>/"

urlpatterns = [
    path("projects/<int:project_id>/releases/", views.releases, name="releases"),
    path("projects/<int:project_id>/releases/table/", views.table, name="releases_table"),
    path(_RELEASE, views.release, name="release"),
    path(_RELEASE + "download/", views.download, name="release_download"),
    path(_RELEASE + "again/", views.again, name="release_again"),
]
