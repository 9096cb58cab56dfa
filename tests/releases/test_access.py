"""Who may see, make and fetch releases: on the pages and through the interface."""

import json
import zipfile
from io import BytesIO

import pytest
from django.test import Client
from rest_framework.test import APIClient

from releases.models import Release
from releases.services import build_release, create_release
from tests.clients import signed_in, token_of
from tests.releases.cast import Cast, findings


def status_of(client: Client, address: str) -> int:
    """The status, with the file that may be behind it read to its end, which closes it."""
    answer = client.get(address)
    answer.getvalue()
    return answer.status_code


def released(cast: Cast) -> Release:
    cast.answer(cast.task("a.png"), cast.bob, findings("Nodule"))
    made = create_release(project=cast.project, user=cast.alice, formats=["csv"])
    return build_release(release_id=made.release.pk)


PAGES = ["", "table/", "1/", "1/download/"]
ACTIONS = ["", "1/again/"]
READS = ["releases", "releases/", "releases/1/", "releases/1/download/", "export", "export/"]


@pytest.mark.parametrize("page", PAGES)
def test_charlie_sees_no_page(cast: Cast, page: str) -> None:
    released(cast)
    address = f"/projects/{cast.project.pk}/releases/{page}"
    assert signed_in(cast.charlie).get(address).status_code == 404
    assert signed_in(cast.bob).get(address).status_code == 403
    assert status_of(signed_in(cast.ann), address) == 200
    assert status_of(signed_in(cast.alice), address) == 200


@pytest.mark.parametrize("action", ACTIONS)
def test_charlie_does_nothing(cast: Cast, action: str) -> None:
    released(cast)
    address = f"/projects/{cast.project.pk}/releases/{action}"
    assert signed_in(cast.charlie).post(address, {"format": "csv"}).status_code == 404
    assert signed_in(cast.bob).post(address, {"format": "csv"}).status_code == 403
    assert Release.objects.count() == 1


@pytest.mark.parametrize("path", READS)
def test_charlie_reads_nothing_through_the_interface(cast: Cast, path: str) -> None:
    released(cast)
    address = f"/api/projects/{cast.project.pk}/{path}"
    assert token_of(cast.charlie).get(address).status_code == 404
    assert token_of(cast.bob).get(address).status_code == 403
    assert status_of(token_of(cast.ann), address) == 200
    assert APIClient().get(address).status_code == 401


def test_charlie_makes_nothing_through_the_interface(cast: Cast) -> None:
    address = f"/api/projects/{cast.project.pk}/releases/"
    assert token_of(cast.charlie).post(address, {"formats": ["csv"]}).status_code == 404
    assert token_of(cast.bob).post(address, {"formats": ["csv"]}).status_code == 403
    assert not Release.objects.exists()


def test_another_projects_release_is_not_there(cast: Cast) -> None:
    released(cast)
    other = type(cast.project).objects.create(
        title="Other",
        label_config=cast.project.label_config,
        archive=cast.project.archive,
        created_by=cast.charlie,
    )
    other.memberships.create(user=cast.charlie, role="manager", added_by=cast.charlie)
    assert token_of(cast.charlie).get(f"/api/projects/{other.pk}/releases/1/").status_code == 404
    assert signed_in(cast.charlie).get(f"/projects/{other.pk}/releases/1/").status_code == 404


def test_who_is_not_logged_in_is_led_to_the_log_in(cast: Cast) -> None:
    page = Client().get(f"/projects/{cast.project.pk}/releases/")
    assert page.status_code == 302
    # A part inside a page is not replaced by the log-in form: the page is loaded anew.
    part = Client().get(f"/projects/{cast.project.pk}/releases/table/")
    assert part["HX-Refresh"] == "true"


def test_ann_makes_a_release_in_the_browser_and_fetches_it(cast: Cast) -> None:
    cast.answer(cast.task("a.png"), cast.bob, findings("Nodule"))
    client = signed_in(cast.ann)
    address = f"/projects/{cast.project.pk}/releases/"
    page = client.post(address, {"format": ["csv", "coco"]}, follow=True)
    assert "Release 1 is being built." in page.text
    assert "hx-get" in page.text
    build_release(release_id=Release.objects.get().pk)
    table = client.get(address + "table/").text
    assert "Ready" in table
    assert "hx-get" not in table
    answer = client.get(address + "1/download/")
    content = answer.getvalue()
    assert zipfile.ZipFile(BytesIO(content)).namelist() == [
        "coco.json",
        "manifest.json",
        "readers.csv",
        "tasks.csv",
    ]
    name = f"scout-project-{cast.project.pk}-release-1.zip"
    assert answer["Content-Disposition"] == f'attachment; filename="{name}"'
    assert answer["ETag"] == f'"{Release.objects.get().digest}"'


def test_nothing_new_makes_no_second_release(cast: Cast) -> None:
    released(cast)
    address = f"/projects/{cast.project.pk}/releases/"
    page = signed_in(cast.ann).post(address, {"format": "csv"}, follow=True)
    assert "Nothing has changed since release 1" in page.text
    assert "No format was chosen" in signed_in(cast.ann).post(address, follow=True).text


def test_a_failed_release_is_shown_with_its_reason_and_tried_again(cast: Cast) -> None:
    released(cast)
    Release.objects.update(state=Release.State.FAILED, error="OSError: No space left")
    address = f"/projects/{cast.project.pk}/releases/"
    client = signed_in(cast.alice)
    assert "OSError: No space left" in client.get(address).text
    assert client.get(address + "1/download/").status_code == 404
    assert "Release 1 is being built again." in client.post(address + "1/again/", follow=True).text


def test_the_interface_makes_lists_and_fetches(cast: Cast) -> None:
    cast.answer(cast.task("a.png"), cast.bob, findings("Nodule"))
    client = token_of(cast.alice)
    address = f"/api/projects/{cast.project.pk}/releases/"
    made = client.post(address, {"formats": ["csv"]}, format="json")
    assert (made.status_code, made.json()["state"], made.json()["number"]) == (201, "queued", 1)
    assert client.get(address + "1/download/").status_code == 404
    build_release(release_id=Release.objects.get().pk)
    again = client.post(address, {"formats": ["csv"]}, format="json")
    assert (again.status_code, again.json()["state"]) == (200, "done")
    (listed,) = client.get(address).json()
    assert listed["counts"]["annotations"] == 1
    assert listed["digest"] == Release.objects.get().digest
    answer = client.get(address + "1/download/")
    assert answer["Content-Type"] == "application/zip"
    assert len(answer.getvalue()) == Release.objects.get().size


@pytest.mark.parametrize("sent", [{}, {"formats": []}, {"formats": ["voc"]}])
def test_the_interface_refuses_unknown_formats(cast: Cast, sent: dict[str, object]) -> None:
    address = f"/api/projects/{cast.project.pk}/releases/"
    answer = token_of(cast.alice).post(address, sent, format="json")
    assert answer.status_code == 400
    assert set(answer.json()) == {"detail"}


def test_the_export_answers_as_label_studio_does(cast: Cast) -> None:
    read = cast.task("a.png")
    cast.answer(read, cast.bob, findings("Nodule"))
    cast.task("b.png")
    client = token_of(cast.ann)
    address = f"/api/projects/{cast.project.pk}/export"
    answered = client.get(address, {"export_type": "JSON"})
    tasks = json.loads(answered.getvalue())
    assert [task["id"] for task in tasks] == [read.pk]
    assert tasks[0]["annotations"][0]["completed_by"] == cast.bob.pk
    everything = client.get(address, {"export_type": "JSON", "download_all_tasks": "true"})
    assert len(json.loads(everything.getvalue())) == 2
    table = client.get(address, {"export_type": "CSV"})
    assert table["Content-Type"] == "text/csv; charset=utf-8"
    assert table.getvalue().decode().count("\n") == 2
    assert json.loads(client.get(address, {"export_type": "COCO"}).getvalue())["images"]


def test_the_export_names_the_types_it_has(cast: Cast) -> None:
    answer = token_of(cast.ann).get(f"/api/projects/{cast.project.pk}/export?export_type=VOC")
    assert answer.status_code == 400
    assert answer.json() == {"detail": "There is no export_type VOC; choose JSON, CSV, COCO."}
