"""Addresses of the reading page."""

from django.urls import path

from annotator.views import read

urlpatterns = [path("projects/<int:project_id>/read/", read, name="read")]
