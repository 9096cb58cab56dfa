"""Projects and frames over REST."""

import gzip
from typing import Any

import numpy as np
import pytest
from django.test import Client

from accounts.models import User
from accounts.services import renew_token
from projects.models import Project
from tests.projects.cast import XML, Cast, make_scan


def program(user: User) -> Client:
    return Client(headers={"authorization": f"Token {renew_token(user=user)}"})


@pytest.mark.django_db
def test_a_frame_is_sent_as_it_lies_in_the_store(project: Project, bob: User) -> None:
    scan = make_scan(project)
    client = Client()
    client.force_login(bob)
    answer = client.get(f"/api/projects/{project.pk}/scans/{scan.pk}/frames/1")
    assert answer.status_code == 200
    assert answer.headers["Content-Encoding"] == "gzip"
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert answer.headers["Cache-Control"] == "private, max-age=31536000, immutable"
    samples = np.frombuffer(gzip.decompress(answer.content), "<u2")
    assert samples.tolist() == [6, 7, 8, 9, 10, 11]


@pytest.mark.django_db
def test_a_frame_that_is_known_is_not_sent_again(project: Project, bob: User) -> None:
    scan = make_scan(project)
    client = program(bob)
    path = f"/api/projects/{project.pk}/scans/{scan.pk}/frames/0/"
    etag = client.get(path).headers["ETag"]
    again = client.get(path, headers={"if-none-match": etag})
    assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", etag)
    assert again.headers["Cache-Control"] == "private, max-age=31536000, immutable"
    assert client.get(path, headers={"accept": "application/octet-stream"}).status_code == 200


@pytest.mark.django_db
def test_the_access_and_the_scan_are_one_query(
    project: Project, bob: User, django_assert_num_queries: Any
) -> None:
    scan = make_scan(project)
    client = program(bob)
    with django_assert_num_queries(2):  # the token with its user, then the frame
        client.get(f"/api/projects/{project.pk}/scans/{scan.pk}/frames/0")


@pytest.mark.django_db
def test_pixels_are_hidden_from_whom_they_do_not_concern(project: Project, cast: Cast) -> None:
    scan = make_scan(project)
    path = f"/api/projects/{project.pk}/scans/{scan.pk}/frames/"
    his = cast.his
    assert Client().get(f"{path}0").status_code == 401
    charlie = program(cast.charlie)
    assert charlie.get(f"{path}0").status_code == 404
    # The project is his own, the scan is not in it.
    assert charlie.get(f"/api/projects/{his.pk}/scans/{scan.pk}/frames/0").status_code == 404
    bob = program(cast.bob)
    assert bob.get(f"{path}2").status_code == 404
    assert bob.get(f"{path}999999999999999999").status_code == 404
    answer = bob.get(f"/api/projects/{project.pk}/scans/999999999999999999/frames/0")
    assert answer.status_code == 404
    assert answer.json() == {"detail": "There is no such frame in a project of yours."}


@pytest.mark.django_db
def test_projects_are_listed_in_label_studios_pages(project: Project, cast: Cast) -> None:
    make_scan(project)
    answer = program(cast.alice).get("/api/projects").json()
    assert (answer["count"], answer["next"], answer["previous"]) == (1, None, None)
    found = answer["results"][0]
    assert found["title"] == "Chests"
    assert found["label_config"] == XML["findings"]
    assert found["created_by"]["email"] == "alice@example.org"
    assert (found["maximum_annotations"], found["task_number"]) == (1, 1)
    assert (found["finished_task_number"], found["role"]) == (0, "manager")
    assert program(cast.alice).get("/api/projects/?page=2").status_code == 404
    titles = [p["title"] for p in program(cast.charlie).get("/api/projects/").json()["results"]]
    assert titles == ["Charlie's"]


@pytest.mark.django_db
def test_a_reader_is_not_told_how_far_the_others_are(project: Project, bob: User) -> None:
    make_scan(project)
    assert program(bob).get(f"/api/projects/{project.pk}/").json()["finished_task_number"] is None


@pytest.mark.django_db
def test_projects_of_others_do_not_exist(project: Project, cast: Cast) -> None:
    path = f"/api/projects/{project.pk}/"
    changes = {"title": "Taken"}
    for user, statuses in [(cast.charlie, (404, 404)), (cast.bob, (200, 403)), (None, (401, 401))]:
        client = program(user) if user else Client()
        read = client.get(path).status_code
        written = client.patch(path, changes, content_type="application/json").status_code
        assert (read, written) == statuses
    project.refresh_from_db()
    assert project.title == "Chests"


@pytest.mark.django_db
def test_alice_creates_and_changes_a_project(alice: User) -> None:
    client = program(alice)
    body = {"title": "Skulls", "label_config": XML["diagnosis"], "maximum_annotations": 2}
    made = client.post("/api/projects/", body, content_type="application/json")
    assert made.status_code == 201
    assert (made.json()["maximum_annotations"], made.json()["task_number"]) == (2, 0)
    path = f"/api/projects/{made.json()['id']}/"
    bad = client.patch(path, {"label_config": "<View/>"}, content_type="application/json")
    assert bad.status_code == 400
    assert bad.json()["detail"].startswith("There must be one <Image>")
    unknown = client.patch(path, {"strategy": "best"}, content_type="application/json")
    assert unknown.json()["detail"].startswith("There is no strategy “best”.")
    good = client.patch(path, {"title": "Heads"}, content_type="application/json")
    assert (good.status_code, good.json()["title"]) == (200, "Heads")


@pytest.mark.django_db
def test_bob_is_refused_with_a_sentence(bob: User) -> None:
    body = {"title": "Mine", "label_config": XML["diagnosis"]}
    answer = program(bob).post("/api/projects/", body, content_type="application/json")
    assert answer.status_code == 403
    assert answer.json() == {
        "detail": "You may not create projects. Ask the person who runs Scout."
    }


@pytest.mark.django_db(transaction=True)
def test_label_studios_client_creates_gets_and_lists(alice: User, live_server: Any) -> None:
    import httpx
    from label_studio_sdk import LabelStudio

    with httpx.Client() as http:
        key = renew_token(user=alice)
        client: Any = LabelStudio(  # type: ignore[no-untyped-call]
            base_url=live_server.url, api_key=key, httpx_client=http
        )
        made = client.projects.create(title="From the SDK", label_config=XML["severity"])
        assert client.projects.get(id=made.id).title == "From the SDK"
        assert [found.title for found in client.projects.list()] == ["From the SDK", "Chests"]
        client.projects.update(id=made.id, title="Renamed")
        interface = client.projects.get(id=made.id).get_label_interface()
        assert sorted(control.name for control in interface.controls) == ["confidence", "severity"]
        assert client.users.whoami().email == "alice@example.org"
        assert client.versions.get().edition == "Community"
