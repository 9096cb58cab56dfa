"""What every REST view does with what a client sent, and with a service that says no."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from rest_framework.exceptions import ParseError
from rest_framework.serializers import Serializer

from projects.errors import Refused


@contextmanager
def sentences_for_refusals() -> Iterator[None]:
    """Answer 400 with the sentence of the service that refused."""
    try:
        yield
    except Refused as refused:
        raise ParseError(str(refused)) from refused


def parsed(serializer: Serializer[Any]) -> dict[str, Any]:
    """What the client sent, checked; one sentence about the first mistake otherwise."""
    if serializer.is_valid():
        return dict(serializer.validated_data)
    field, problems = next(iter(serializer.errors.items()))
    while not isinstance(problems, str):
        problems = next(iter(problems.values() if isinstance(problems, dict) else problems))
    raise ParseError(problems if field == "non_field_errors" else f"{field}: {problems}")
