"""Scans come in through the browser, chunk by chunk, and each file has its reason."""

import pytest
from django.test import Client

from accounts.models import User
from projects.models import Project
from scans.models import Ingest, IngestedFile
from tests.projects.cast import page_of


def test_an_upload_goes_from_chunks_to_the_queue(
    project: Project, alice: User, client: Client
) -> None:
    client.force_login(alice)
    opened = client.post(f"/projects/{project.pk}/uploads/").json()
    chunks = opened["chunks"]
    first = client.put(f"{chunks}?path=a/b.png&offset=0&total=10", b"01234")
    assert first.json() == {"received": 5}
    incomplete = client.post(opened["finish"])
    assert incomplete.status_code == 400
    assert "a/b.png has 5 of 10 bytes" in incomplete.json()["detail"]
    # The same chunk again, as after an answer that was lost; then a hole; then the rest.
    again = client.put(f"{chunks}?path=a/b.png&offset=0&total=10", b"01234")
    assert again.json() == {"received": 5}
    hole = client.put(f"{chunks}?path=a/b.png&offset=7&total=10", b"789")
    assert (hole.status_code, hole.json()["detail"]) == (
        400,
        "The chunk begins at 7; send on from byte 5.",
    )
    client.put(f"{chunks}?path=a/b.png&offset=5&total=10", b"56789")
    assert client.post(opened["finish"]).json() == {"state": "queued"}
    assert client.post(opened["finish"]).json() == {"state": "queued"}
    page = page_of(client, opened["report"])
    assert "Waiting for a worker" in page
    assert 'hx-trigger="every 2s"' in page


def test_a_chunk_larger_than_a_form_is_taken(project: Project, alice: User, client: Client) -> None:
    client.force_login(alice)
    chunks = client.post(f"/projects/{project.pk}/uploads/").json()["chunks"]
    eight = 8 << 20
    answer = client.put(f"{chunks}?path=a.zip&offset=0&total={eight}", b"x" * eight)
    assert answer.json() == {"received": eight}


@pytest.mark.parametrize("query", ["", "?path=a", "?path=a&offset=x&total=1"])
def test_a_chunk_says_where_it_belongs(
    query: str, project: Project, alice: User, client: Client
) -> None:
    client.force_login(alice)
    chunks = client.post(f"/projects/{project.pk}/uploads/").json()["chunks"]
    answer = client.put(chunks + query, b"x")
    assert answer.status_code == 400
    assert answer.json()["detail"] == "A chunk needs path, offset and total in its address."


def test_a_chunk_cannot_leave_its_folder(project: Project, alice: User, client: Client) -> None:
    client.force_login(alice)
    chunks = client.post(f"/projects/{project.pk}/uploads/").json()["chunks"]
    answer = client.put(f"{chunks}?path=../../evil&offset=0&total=1", b"x")
    assert answer.status_code == 400


def test_the_report_lists_every_file_with_its_reason(
    project: Project, alice: User, client: Client
) -> None:
    ingest = Ingest.objects.create(archive=project.archive, state=Ingest.State.DONE)
    IngestedFile.objects.create(ingest=ingest, path="good.dcm", outcome="added")
    IngestedFile.objects.create(
        ingest=ingest, path="bad.dcm", outcome="rejected", reason="The file ends too early."
    )
    client.force_login(alice)
    report = f"/projects/{project.pk}/ingests/{ingest.pk}/"
    page = page_of(client, report)
    assert "The file ends too early." in page
    assert "good.dcm" in page
    assert "hx-trigger" not in page
    assert "good.dcm" not in page_of(client, f"{report}?outcome=rejected")
    part = client.get(report, headers={"hx-request": "true"}).content.decode()
    assert "<html" not in part
    assert "bad.dcm" in part
