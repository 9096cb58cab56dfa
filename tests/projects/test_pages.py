"""Pages of a project: who gets them, and what a manager does there."""

import re

import pytest
from django.test import Client

from accounts.models import Role, User
from projects.models import Membership, Project
from scans.models import Ingest
from tests.projects.cast import XML, Cast, make_scan, page_of

pytestmark = pytest.mark.django_db

MANAGER_PAGES = ["settings/", "people/", "scans/"]


def manager_actions(project: Project, ingest: Ingest, user: User) -> list[tuple[str, str]]:
    base = f"/projects/{project.pk}"
    return [
        *(("get", f"{base}/{page}") for page in MANAGER_PAGES),
        ("post", f"{base}/settings/"),
        ("post", f"{base}/people/"),
        ("post", f"{base}/people/{user.pk}/role/"),
        ("post", f"{base}/people/{user.pk}/remove/"),
        ("post", f"{base}/people/{user.pk}/invitation/"),
        ("post", f"{base}/uploads/"),
        ("put", f"{base}/uploads/{ingest.pk}/chunks/?path=a&offset=0&total=0"),
        ("post", f"{base}/uploads/{ingest.pk}/finish/"),
        ("post", f"{base}/uploads/{ingest.pk}/cancel/"),
        ("get", f"{base}/ingests/{ingest.pk}/"),
    ]


def test_what_is_a_managers_is_hidden_or_refused(
    project: Project, cast: Cast, client: Client
) -> None:
    ingest = Ingest.objects.create(archive=project.archive)
    for user, status in [(cast.charlie, 404), (cast.bob, 403), (cast.ana, 403)]:
        client.force_login(user)
        for method, path in manager_actions(project, ingest, cast.bob):
            answer = getattr(client, method)(path)
            assert (path, answer.status_code) == (path, status)
    ingest.refresh_from_db()
    assert (Membership.objects.filter(project=project).count(), ingest.state) == (3, "receiving")


def test_a_refusal_says_whom_to_ask(project: Project, bob: User, client: Client) -> None:
    client.force_login(bob)
    page = client.get(f"/projects/{project.pk}/people/").content.decode()
    assert "Ask a manager of the project" in page


def test_a_stranger_is_sent_to_log_in(project: Project, client: Client) -> None:
    for page in ["", f"projects/{project.pk}/settings/", "projects/new/"]:
        answer = client.get(f"/{page}")
        assert answer.status_code == 302
        assert answer.headers["Location"].startswith("/account/login/?next=")


def test_a_manager_of_one_project_reaches_no_delivery_of_another(
    project: Project, charlie: User, client: Client
) -> None:
    """The delivery's number is right, the project's is Charlie's own."""
    ingest = Ingest.objects.create(archive=project.archive)
    his = charlie.memberships.get().project
    client.force_login(charlie)
    assert client.get(f"/projects/{his.pk}/ingests/{ingest.pk}/").status_code == 404
    chunk = f"/projects/{his.pk}/uploads/{ingest.pk}/chunks/?path=a&offset=0&total=1"
    assert client.put(chunk, b"x").status_code == 404


def test_the_list_shows_a_person_only_their_projects(
    project: Project, cast: Cast, client: Client
) -> None:
    make_scan(project)
    client.force_login(cast.charlie)
    assert "Chests" not in page_of(client, "/")
    client.force_login(cast.alice)
    assert "of 1 read" in page_of(client, "/")
    client.force_login(cast.bob)
    page = page_of(client, "/")
    # A reader is told nothing of how far the others are.
    assert "Chests" in page
    assert "of 1 read" not in page
    assert "New project" not in page


def test_alice_creates_a_project(alice: User, client: Client) -> None:
    client.force_login(alice)
    form = {
        "title": "Skulls",
        "description": "",
        "label_config": XML["diagnosis"].replace("\n", "\r\n"),
        "overlap": 2,
        "reading_unit": "scan",
        "audit_percent": 20,
        "random_percent": 15,
        "readers": "new@example.org, other@example.org",
    }
    answer = client.post("/projects/new/", form)
    project = Project.objects.get(title="Skulls")
    assert answer.headers["Location"] == f"/projects/{project.pk}/scans/"
    assert (project.label_config, project.overlap, project.audit_share) == (
        XML["diagnosis"],
        2,
        0.2,
    )
    assert project.random_share == 0.15
    assert project.memberships.count() == 3


def test_a_bad_config_comes_back_with_reasons(alice: User, client: Client) -> None:
    client.force_login(alice)
    form = {
        "title": "X",
        "label_config": "<View/>",
        "overlap": 1,
        "reading_unit": "scan",
        "audit_percent": 10,
        "random_percent": 5,
    }
    answer = client.post("/projects/new/", form)
    assert answer.status_code == 400
    assert "There must be one &lt;Image&gt;" in answer.content.decode()
    form["readers"] = "nobody"
    assert "“nobody” is no e-mail address" in client.post("/projects/new/", form).content.decode()


def test_bob_cannot_create_a_project(bob: User, client: Client) -> None:
    client.force_login(bob)
    assert client.get("/projects/new/").status_code == 403


def test_the_preview_shows_questions_or_problems(alice: User, client: Client) -> None:
    client.force_login(alice)
    good = client.post("/projects/preview/", {"label_config": XML["severity"]}).content.decode()
    assert "Severity" in good
    assert "Moderate" in good
    bad = client.post("/projects/preview/", {"label_config": "<View>"}).content.decode()
    assert "not well-formed XML" in bad


def test_saving_settings_unchanged_changes_nothing(
    project: Project, alice: User, client: Client
) -> None:
    Project.objects.filter(pk=project.pk).update(audit_share=0.125, random_share=0.035)
    make_scan(project)
    client.force_login(alice)
    form = {
        "title": "Chests",
        "description": "",
        "label_config": project.label_config.replace("\n", "\r\n"),
        "overlap": 1,
        "hanging": "",
        "model_help": "off",
        "strategy": "margin",
        "labels_per_round": 50,
        "claim_minutes": 30,
        "backbone": "",
    }
    answer = client.post(f"/projects/{project.pk}/settings/", form)
    assert answer.status_code == 302, answer.content.decode()
    project.refresh_from_db()
    assert (project.audit_share, project.strategy) == (0.125, "margin")
    assert project.random_share == 0.035


def test_a_new_person_gets_a_link_that_is_shown_once(
    project: Project, alice: User, client: Client
) -> None:
    client.force_login(alice)
    people = f"/projects/{project.pk}/people/"
    client.post(people, {"email": "new@example.org", "role": "reader"})
    match = re.search(
        r'value="http://testserver(/account/invitation/[^"]+)"', page_of(client, people)
    )
    assert match is not None
    assert match[1] not in page_of(client, people)
    newcomer = Client()
    assert "new@example.org" in newcomer.get(match[1], follow=True).content.decode()


def test_a_person_with_an_account_is_just_added(
    project: Project, cast: Cast, client: Client
) -> None:
    client.force_login(cast.alice)
    people = f"/projects/{project.pk}/people/"
    client.post(people, {"email": "charlie@example.org", "role": "analyst"})
    page = page_of(client, people)
    assert "charlie@example.org is in the project now." in page
    assert "/account/invitation/" not in page


def test_roles_change_and_people_leave(project: Project, cast: Cast, client: Client) -> None:
    client.force_login(cast.alice)
    base = f"/projects/{project.pk}/people"
    client.post(f"{base}/{cast.bob.pk}/role/", {"role": "adjudicator"})
    assert Membership.objects.get(project=project, user=cast.bob).role == Role.ADJUDICATOR
    client.post(f"{base}/{cast.bob.pk}/role/", {"role": "king"})
    assert Membership.objects.get(project=project, user=cast.bob).role == Role.ADJUDICATOR
    client.post(f"{base}/{cast.bob.pk}/remove/")
    assert not Membership.objects.filter(project=project, user=cast.bob).exists()
    client.post(f"{base}/{cast.alice.pk}/remove/")
    assert "last manager" in page_of(client, f"{base}/")
    assert client.post(f"{base}/{cast.charlie.pk}/remove/").status_code == 404


def test_no_page_has_inline_scripts_or_handlers(
    project: Project, alice: User, client: Client
) -> None:
    client.force_login(alice)
    pages = ["/", "/projects/new/", *(f"/projects/{project.pk}/{p}" for p in MANAGER_PAGES)]
    for path in pages:
        page = page_of(client, path)
        inline = re.findall(r"<script(?![^>]*\b(?:src=|type=\"application/json\"))[^>]*>", page)
        assert (path, inline) == (path, [])
        assert not re.search(r"<[^>]*\son[a-z]+=", page)
        assert "style=" not in page


def test_tabs_follow_the_role(project: Project, cast: Cast, client: Client) -> None:
    def tabs(user: User) -> list[str]:
        client.force_login(user)
        page = page_of(client, f"/projects/{project.pk}/")
        nav = page.split('aria-label="Project"')[1].split("</nav>")[0]
        return re.findall(r">([A-Z][a-z]+)</a>", nav)

    everything = ["Overview", "Read", "Scans", "Tasks", "People", "Releases", "Settings"]
    assert tabs(cast.alice) == everything
    assert tabs(cast.bob) == ["Overview", "Read"]
    assert tabs(cast.ana) == ["Overview", "Tasks", "Releases"]
