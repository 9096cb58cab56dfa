"""What is too large or too deep is refused before it costs memory, disk or an error page."""

import json
import time
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


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ("[" * 100_000, "The JSON is nested too deeply."),
        ('{"a":' * 100_000, "The JSON is nested too deeply."),
        ("[" * 101 + "]" * 101, "The JSON is nested too deeply."),
        ('{"keys": {"a": "\\ud800"}}', "The JSON holds a number or a character that cannot be"),
        ('{"keys": ' + "9" * 5000 + "}", "The JSON holds a number or a character that cannot be"),
        ('{"keys": NaN}', "The JSON holds a number or a character that cannot be stored."),
        ('{"keys": }', "This is no JSON: a bracket, comma or quote is amiss (line 1, column 10)."),
        ("\xff", "The request is no text in utf-8."),
    ],
)
@pytest.mark.parametrize("method", ["patch", "post"])
def test_json_that_cannot_be_kept_is_refused_with_a_sentence(
    bob: Client, method: str, body: str, sentence: str
) -> None:
    path = {"patch": "/api/preferences/", "post": "/api/projects/"}[method]
    sent = body.encode("latin-1")
    answer = getattr(bob, method)(path, sent, content_type="application/json")
    assert answer.status_code == 400
    assert answer.json()["detail"].startswith(sentence)


def test_brackets_in_texts_nest_nothing(bob: Client) -> None:
    body = json.dumps({"theme": "dark", "more": ["[" * 5000 + '\\"{' * 5000, [[[[]]]]]})
    answer = bob.patch("/api/preferences/", body, content_type="application/json")
    assert answer.status_code == 200


@pytest.mark.parametrize("end", ["", "\\", '"'])
def test_a_text_without_an_end_is_refused_at_once(bob: Client, end: str) -> None:
    body = '{"keys": "' + '\\"' * 100_000 + end
    start = time.perf_counter()
    answer = bob.patch("/api/preferences/", body, content_type="application/json")
    assert answer.status_code == 400 and answer.json()["detail"].startswith("This is no JSON")
    assert time.perf_counter() - start < 2  # half a minute, if each quote began a text anew


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
