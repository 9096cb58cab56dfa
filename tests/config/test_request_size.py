"""What is too large or too deep is refused before it costs memory, disk or an error page."""

from pathlib import Path

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from config.request_size import MOST_BYTES

pytestmark = pytest.mark.django_db


@pytest.fixture
def bob() -> Client:
    from accounts.models import User

    client = Client()
    client.force_login(User.objects.create_user("bob@example.org"))
    return client


@pytest.mark.parametrize("path", ["/account/login/", "/api/projects/", "/nowhere/"])
def test_nobody_sends_more_than_scout_asks_for(path: str) -> None:
    answer = Client().post(
        path, b"", content_type="application/json", CONTENT_LENGTH=str(MOST_BYTES + 1)
    )
    assert answer.status_code == 413
    assert answer.json() == {"detail": "A request may have 40 MiB at most; send less at a time."}


@pytest.mark.parametrize("length", ["", "x", "-1", "9" * 400])
def test_a_length_that_is_none_is_no_failure(length: str) -> None:
    answer = Client().post(
        "/account/login/", b"", content_type="application/json", CONTENT_LENGTH=length
    )
    assert answer.status_code in (400, 403, 200, 413)


@pytest.mark.parametrize("body", ["[" * 100_000, '{"a":' * 100_000, "[" * 990 + "]" * 990])
def test_json_nested_without_end_is_refused(bob: Client, body: str) -> None:
    answer = bob.post("/api/projects/", body, content_type="application/json")
    assert answer.status_code == 400


def test_a_file_sent_to_a_form_does_not_fill_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    sent = SimpleUploadedFile("bomb", bytes(settings.FILE_UPLOAD_MAX_MEMORY_SIZE + 1))
    request = Client().post("/account/login/", {"login": "bob@example.org", "f": sent})
    assert request.wsgi_request.FILES == {}
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("cookie", ['"\\000\\000\\000abcdefgh"', "x" * 5000, "a;b", "\xff"])
def test_a_cookie_that_is_no_session_is_nobody(cookie: str) -> None:
    answer = Client().get("/", HTTP_COOKIE=f"sessionid={cookie}")
    assert (answer.status_code, answer["Location"]) == (302, "/account/login/?next=/")
