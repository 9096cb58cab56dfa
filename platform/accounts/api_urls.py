"""Addresses."""

from django.urls import re_path

from accounts.api import WhoAmIView, preferences

urlpatterns = [
    re_path(r"^current-user/whoami/?$", WhoAmIView.as_view(), name="api_whoami"),
    re_path(r"^preferences/?$", preferences, name="api_preferences"),
]
