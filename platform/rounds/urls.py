"""Addresses of a project's progress."""

from django.urls import path

from rounds import views

urlpatterns = [
    path("projects/<int:project_id>/", views.project_page, name="project"),
    path("projects/<int:project_id>/second-look/", views.second_look, name="second_look"),
    path(
        "projects/<int:project_id>/progress/<slug:name>/", views.progress_part, name="progress_part"
    ),
]
