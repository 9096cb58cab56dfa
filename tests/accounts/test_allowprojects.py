"""Who may create projects is decided on the command line."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from accounts.models import User

pytestmark = pytest.mark.django_db


def allow(email: str) -> str:
    said = StringIO()
    call_command("allowprojects", email, stdout=said)
    return said.getvalue()


def test_bob_may_create_projects_once_he_is_allowed_to() -> None:
    bob = User.objects.create_user("bob@example.org", "a quiet long word")
    assert bob.creates_projects is False
    assert allow("Bob@example.org") == "bob@example.org may create projects.\n"
    allowed = User.objects.get(pk=bob.pk)
    assert allowed.creates_projects
    assert allowed.check_password("a quiet long word")


def test_alice_who_is_new_gets_a_link_that_opens_her_account() -> None:
    said = allow("alice@example.org")
    path = said.split("https://<your Scout>")[1].strip()
    assert Client().get(path, follow=True).status_code == 200
    assert User.objects.get(email="alice@example.org").creates_projects


def test_what_is_no_address_is_refused() -> None:
    with pytest.raises(CommandError, match="is no e-mail address"):
        allow("alice")
    assert not User.objects.exists()
