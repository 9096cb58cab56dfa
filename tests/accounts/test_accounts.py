"""Signing in, invitations, tokens and the headers of every page."""

import re

import pytest
from django.core.cache import cache
from django.test import Client
from rest_framework.authtoken.models import Token

from accounts.models import User
from accounts.services import account_for, invitation_path

pytestmark = pytest.mark.django_db

PASSWORD = "a long enough pass phrase"


@pytest.fixture
def alice() -> User:
    return User.objects.create_user("alice@example.org", PASSWORD, first_name="Alice")


def log_in(client: Client, *, password: str, email: str = "alice@example.org") -> int:
    form = {"login": email, "password": password}
    return int(client.post("/account/login/", form).status_code)


def test_alice_logs_in_by_email_in_any_case(client: Client, alice: User) -> None:
    assert log_in(client, password=PASSWORD, email="Alice@Example.org") == 302
    assert client.session["_auth_user_id"] == str(alice.pk)


def test_a_wrong_password_is_told_in_plain_words(client: Client, alice: User) -> None:
    answer = client.post("/account/login/", {"login": alice.email, "password": "wrong"})
    assert "do not belong together" in answer.content.decode()


def test_five_wrong_passwords_shut_out_even_the_right_one(client: Client, alice: User) -> None:
    for _ in range(5):
        log_in(client, password="wrong")
    # Another browser, and so, with the count in the database, another process.
    assert log_in(Client(), password=PASSWORD) == 200
    answer = Client().post("/account/login/", {"login": alice.email, "password": PASSWORD})
    assert "Too many attempts have failed" in answer.content.decode()


def test_another_host_header_is_worth_no_further_attempt(client: Client, alice: User) -> None:
    form = {"login": alice.email, "password": "wrong"}
    answers = [
        Client(headers={"host": f"localhost:{port}"}).post("/account/login/", form)
        for port in range(6)
    ]
    shut_out = ["Too many attempts" in answer.content.decode() for answer in answers]
    assert shut_out == [False] * 5 + [True]


def test_the_count_of_failures_lies_in_the_database(client: Client, alice: User) -> None:
    from django.db import connection

    cache.clear()
    log_in(client, password="wrong")
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM django_cache WHERE cache_key LIKE '%login_failed%'")
        # One per address of the caller, one per address written in the form.
        assert cursor.fetchone() == (2,)


def test_logging_out_needs_a_post(client: Client, alice: User) -> None:
    client.force_login(alice)
    assert client.get("/account/logout/").status_code == 200
    assert "_auth_user_id" in client.session
    client.post("/account/logout/")
    assert "_auth_user_id" not in client.session


def test_alice_changes_her_password(client: Client, alice: User) -> None:
    client.force_login(alice)
    new = "another long pass phrase"
    form = {"oldpassword": PASSWORD, "password1": new, "password2": new}
    assert client.post("/account/password/change/", form).status_code == 302
    alice.refresh_from_db()
    assert alice.check_password(new)


def test_nobody_signs_up_alone(client: Client) -> None:
    assert client.get("/account/signup/").status_code == 404


def test_an_invitation_opens_the_account_once(client: Client) -> None:
    bob = account_for(email=" Bob@Example.org ")
    path = invitation_path(account=bob)
    form_path = client.get(path).headers["Location"]
    assert path.rsplit("/", 2)[1] not in form_path  # the token is out of the address bar
    form = {
        "first_name": "Bob",
        "last_name": "Reader",
        "new_password1": PASSWORD,
        "new_password2": PASSWORD,
    }
    assert client.post(form_path, form).headers["Location"] == "/"
    assert client.session["_auth_user_id"] == str(bob.pk)
    bob.refresh_from_db()
    assert (bob.email, str(bob)) == ("bob@example.org", "Bob Reader")
    assert "no longer works" in Client().get(path).content.decode()


def test_an_account_in_use_gets_no_invitation(alice: User) -> None:
    with pytest.raises(ValueError, match="already has a password"):
        invitation_path(account=alice)


def test_the_same_address_is_one_account(alice: User) -> None:
    assert account_for(email="ALICE@example.org") == alice


def test_a_token_is_shown_once_and_opens_the_api(client: Client, alice: User) -> None:
    client.force_login(alice)
    shown = client.post("/account/token/").content.decode()
    match = re.search(r'value="([0-9a-f]{40})"', shown)
    assert match is not None
    assert match[1] not in client.get("/account/token/").content.decode()
    program = Client(headers={"authorization": f"Token {match[1]}"})
    me = program.get("/api/current-user/whoami")
    assert me.json() == {
        "id": alice.pk,
        "username": "alice@example.org",
        "email": "alice@example.org",
        "first_name": "Alice",
        "last_name": "",
        "initials": "A",
    }
    client.post("/account/token/revoke/")
    assert program.get("/api/current-user/whoami/").status_code == 401
    assert not Token.objects.exists()


def test_a_stranger_is_sent_to_log_in(client: Client) -> None:
    assert client.get("/account/token/").headers["Location"].startswith("/account/login/")
    assert client.get("/api/current-user/whoami").status_code == 401


def test_the_version_is_no_enterprise_edition(client: Client) -> None:
    assert client.get("/api/version").json()["edition"] == "Community"


def test_every_page_carries_the_security_headers(client: Client) -> None:
    headers = client.get("/account/login/").headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "script-src 'self' 'wasm-unsafe-eval'" in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"


def test_no_page_and_no_reply_is_kept_on_a_shared_workstation(client: Client, alice: User) -> None:
    log_in(client, password=PASSWORD)
    for path in ("/", "/api/current-user/whoami"):
        assert client.get(path).headers["Cache-Control"] == "private, no-store"


def test_the_session_cookie_is_out_of_reach_of_scripts(client: Client, alice: User) -> None:
    log_in(client, password=PASSWORD)
    cookie = client.cookies["sessionid"]
    assert cookie["httponly"] is True
    assert cookie["samesite"] == "Lax"


def test_a_form_without_its_secret_is_refused_in_plain_words(alice: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(alice)
    answer = client.post("/account/token/")
    assert answer.status_code == 403
    assert "The page was too old" in answer.content.decode()


def test_no_page_has_inline_scripts_or_handlers(client: Client, alice: User) -> None:
    client.force_login(alice)
    for path in ("/account/token/", "/account/password/change/", "/account/logout/"):
        page = client.get(path).content.decode()
        assert not re.search(r"<script(?![^>]*\bsrc=)", page)
        assert not re.search(r"\son[a-z]+=", page)


def test_an_unknown_address_is_explained(client: Client, alice: User) -> None:
    client.force_login(alice)
    answer = client.get("/nowhere/")
    assert answer.status_code == 404
    assert "There is nothing here" in answer.content.decode()


def test_a_fault_is_owned_up_to(
    client: Client, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    from accounts import views

    def fail(**_: object) -> None:
        raise RuntimeError("broken on purpose")

    monkeypatch.setattr(views, "renew_token", fail)
    client.raise_request_exception = False
    client.force_login(alice)
    answer = client.post("/account/token/")
    assert answer.status_code == 500
    assert "The fault is Scout" in answer.content.decode()
