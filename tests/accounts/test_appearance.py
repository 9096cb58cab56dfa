"""Theme and language: chosen in the menu, kept for the person, and known to the browser in use."""

import pytest
from django.test import Client

from accounts.models import Preferences, User

pytestmark = pytest.mark.django_db
ADDRESS = "/account/appearance/"
PASSWORD = "a long enough pass phrase"


@pytest.fixture
def alice() -> User:
    return User.objects.create_user("alice@example.org", PASSWORD)


@pytest.fixture
def client(alice: User) -> Client:
    client = Client()
    client.force_login(alice)
    return client


def test_a_page_is_dark_and_speaks_the_browsers_language(client: Client) -> None:
    page = client.get("/", headers={"accept-language": "de-AT,de;q=0.9"})
    assert '<html lang="de" data-theme="dark">' in page.text
    assert "Projekte" in page.text
    assert '<html lang="en-gb"' in client.get("/", headers={"accept-language": "fr"}).text


def test_what_is_chosen_is_kept_and_shown_at_once(client: Client, alice: User) -> None:
    answer = client.post(ADDRESS, {"theme": "light", "next": "/account/token/"})
    assert answer["Location"] == "/account/token/"
    client.post(ADDRESS, {"language": "de"})
    kept = Preferences.objects.get(user=alice)
    assert (kept.theme, kept.language) == ("light", "de")
    page = client.get("/", headers={"accept-language": "en"})
    assert '<html lang="de" data-theme="light">' in page.text


def test_a_new_computer_learns_of_it_when_the_person_logs_in(alice: User) -> None:
    Preferences.objects.create(user=alice, theme="light", language="de")
    elsewhere = Client()
    elsewhere.post("/account/login/", {"login": alice.email, "password": PASSWORD})
    assert 'lang="de" data-theme="light"' in elsewhere.get("/").text


def test_on_a_shared_computer_the_last_persons_language_is_forgotten(alice: User) -> None:
    shared = Client()
    shared.cookies["django_language"] = "de"
    shared.post("/account/login/", {"login": alice.email, "password": PASSWORD})
    page = shared.get("/", headers={"accept-language": "en"})
    assert 'lang="en-gb" data-theme="dark"' in page.text


@pytest.mark.parametrize("sent", [{"theme": "pink"}, {"language": "tlh"}])
def test_what_is_no_theme_or_language_is_refused(client: Client, sent: dict[str, str]) -> None:
    assert client.post(ADDRESS, sent).status_code == 400
    assert not Preferences.objects.exists()


def test_nobody_is_led_away(client: Client) -> None:
    answer = client.post(ADDRESS, {"theme": "light", "next": "https://elsewhere.example"})
    assert answer["Location"] == "/"


def test_a_refusal_is_said_in_the_readers_language(client: Client) -> None:
    answer = client.get("/projects/999/settings/", headers={"accept-language": "de"})
    assert answer.status_code == 404
    assert "Hier ist nichts" in answer.text
