"""Addresses."""

from django.urls import path

from projects import people_views, scan_views, views

urlpatterns = [
    path("", views.project_list, name="project_list"),
    path("projects/new/", views.new_project, name="project_new"),
    path("projects/preview/", views.preview_label_config, name="project_preview"),
    path("projects/<int:project_id>/settings/", views.project_settings, name="project_settings"),
    path("projects/<int:project_id>/people/", people_views.people, name="project_people"),
    path(
        "projects/<int:project_id>/people/<int:user_id>/role/",
        people_views.role,
        name="project_role",
    ),
    path(
        "projects/<int:project_id>/people/<int:user_id>/remove/",
        people_views.remove,
        name="project_remove",
    ),
    path(
        "projects/<int:project_id>/people/<int:user_id>/invitation/",
        people_views.invitation,
        name="project_invitation",
    ),
    path("projects/<int:project_id>/scans/", scan_views.scans, name="project_scans"),
    path("projects/<int:project_id>/uploads/", scan_views.begin, name="project_uploads"),
    path(
        "projects/<int:project_id>/uploads/<int:ingest_id>/chunks/",
        scan_views.chunk,
        name="project_chunks",
    ),
    path(
        "projects/<int:project_id>/uploads/<int:ingest_id>/finish/",
        scan_views.finish,
        name="project_finish_upload",
    ),
    path(
        "projects/<int:project_id>/uploads/<int:ingest_id>/cancel/",
        scan_views.cancel,
        name="project_cancel_upload",
    ),
    path(
        "projects/<int:project_id>/ingests/<int:ingest_id>/",
        scan_views.ingest_report,
        name="project_ingest",
    ),
]
