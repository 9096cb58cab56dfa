"""What every REST view does with a service that says no."""

from collections.abc import Iterator
from contextlib import contextmanager

from rest_framework.exceptions import ParseError

from projects.errors import Refused


@contextmanager
def sentences_for_refusals() -> Iterator[None]:
    """Answer 400 with the sentence of the service that refused."""
    try:
        yield
    except Refused as refused:
        raise ParseError(str(refused)) from refused
