"""Requests of people who are logged in."""

from typing import cast

from django.http import HttpRequest
from rest_framework.request import Request

from accounts.models import User


class SignedInRequest(HttpRequest):
    """What a view behind `login_required` is given."""

    user: User


def person_of(request: Request) -> User:
    """Who asks; REST's permission classes have let nobody in without an account."""
    return cast(User, request.user)
