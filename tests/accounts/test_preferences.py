"""What a person chooses for themselves: kept, and nobody else's."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts.models import User
from tests.clients import token_of

pytestmark = pytest.mark.django_db

PATH = "/api/preferences/"


@pytest.fixture
def alice() -> User:
    return User.objects.create_user("alice@example.org")


def change(person: User, **wanted: Any) -> tuple[int, Any]:
    reply = token_of(person).patch(PATH, wanted, format="json")
    return reply.status_code, reply.json()


def test_nothing_is_chosen_at_first(alice: User) -> None:
    reply = token_of(alice).get(PATH)
    assert reply.json() == {"keys": {}, "theme": "dark", "language": ""}
    assert APIClient().get(PATH).status_code == 401


def test_what_is_chosen_is_kept_and_is_nobody_elses(alice: User) -> None:
    assert change(alice, theme="light")[0] == 200
    assert change(alice, keys={"invert": ["k", "Ctrl+Alt+Shift+ArrowUp"]})[0] == 200
    kept = {
        "keys": {"invert": ["k", "Ctrl+Alt+Shift+ArrowUp"]}, "theme": "light", "language": "",
    }  # fmt: skip
    assert token_of(alice).get(PATH).json() == kept
    bob = User.objects.create_user("bob@example.org")
    assert token_of(bob).get(PATH).json() == {"keys": {}, "theme": "dark", "language": ""}


def test_keys_are_changed_one_by_one_and_null_gives_a_command_its_own_again(alice: User) -> None:
    change(alice, keys={"invert": ["k"], "fit": ["0"]})
    assert change(alice, keys={"invert": None, "zoom": []})[1]["keys"] == {"fit": ["0"], "zoom": []}


def test_two_commands_trade_keys_at_once_and_never_share_one(alice: User) -> None:
    change(alice, keys={"invert": ["k"], "fit": ["0"]})
    assert change(alice, keys={"invert": ["0"], "fit": ["k"]})[0] == 200
    status, reply = change(alice, keys={"zoom": ["k"]})
    assert status == 400
    assert reply["detail"] == ("k is the key of “fit” and “zoom” both. Give one of them another.")
    assert token_of(alice).get(PATH).json()["keys"] == {"invert": ["0"], "fit": ["k"]}


@pytest.mark.parametrize(
    ("wanted", "says"),
    [
        ({"keys": {"invert": ["Shift+Ctrl+k"]}}, "This is no key"),
        ({"keys": {"invert": ["kk"]}}, "This is no key"),
        ({"keys": {"in vert": ["k"]}}, "keys: "),
        ({"keys": {"invert": "k"}}, "keys: "),
        ({"keys": {"invert": ["1", "2", "3", "4", "5"]}}, "keys: "),
        ({"theme": "pink"}, "theme: "),
        ({"language": "xx"}, "language: Scout speaks"),
    ],
)
def test_what_is_no_choice_is_refused_with_a_sentence(
    alice: User, wanted: dict[str, Any], says: str
) -> None:
    status, reply = change(alice, **wanted)
    assert status == 400 and says in reply["detail"]
