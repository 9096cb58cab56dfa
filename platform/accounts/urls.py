"""Sign-in and the reader's own account."""

from django.urls import include, path

urlpatterns = [path("", include("allauth.account.urls"))]
