"""Requests of people who are logged in."""

from typing import Any, cast

from django.http import HttpRequest
from rest_framework import serializers
from rest_framework.exceptions import ParseError
from rest_framework.request import Request
from rest_framework.serializers import Serializer

from accounts.models import User
from accounts.saying import said
from accounts.sentences import sentence


class SignedInRequest(HttpRequest):
    """What a view behind `login_required` is given."""

    user: User


def person_of(request: Request) -> User:
    """Who asks; REST's permission classes have let nobody in without an account."""
    return cast(User, request.user)


def parsed(serializer: Serializer[Any]) -> dict[str, Any]:
    """What the client sent, checked; one sentence about the first mistake otherwise."""
    if serializer.is_valid():
        return dict(serializer.validated_data)
    field, problems = next(iter(serializer.errors.items()))
    while not isinstance(problems, str):
        problems = next(iter(problems.values() if isinstance(problems, dict) else problems))
    raise ParseError(problems if field == "non_field_errors" else f"{field}: {problems}")


class SaidField(serializers.CharField):
    """A sentence as a program is told it: in the language that it asks for."""

    def to_representation(self, value: Any) -> str:
        return said(sentence(value))
