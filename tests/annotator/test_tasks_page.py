"""The table of a project's tasks: who may see it, what it says, and how it pages."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from annotator.claims import claim_ahead, claim_next_task
from annotator.listing import PAGE, listing
from annotator.models import Claim, Task
from annotator.queries import State
from annotator.queue import Placement, apply_ranking
from annotator.search import Wanted
from projects.models import Membership
from tests.annotator.cast import NORMAL, Cast, answer, make_cast, make_tasks, place


def page(cast: Cast, person: User, query: str = "") -> tuple[int, str]:
    client = Client()
    client.force_login(person)
    reply = client.get(f"/projects/{cast.project.pk}/tasks/{query}")
    return reply.status_code, re.sub(r"<[^>]+>|\s+", " ", reply.content.decode())


def shown(cast: Cast, **asked: Any) -> list[int]:
    membership = Membership.objects.select_related("project").get(
        project=cast.project, user=cast.alice
    )
    page = {name: asked.pop(name) for name in ("after", "before") if name in asked}
    return [row.task.pk for row in listing(membership, Wanted(**asked), **page).rows]


def test_readers_and_strangers_see_nothing(cast: Cast) -> None:
    make_tasks(cast.project, 1)
    assert [page(cast, person)[0] for person in (cast.bob, cast.charlie)] == [403, 404]
    assert Client().get(f"/projects/{cast.project.pk}/tasks/").status_code == 302
    client = Client()
    client.force_login(cast.bob)
    assert "/tasks/" not in client.get(f"/projects/{cast.project.pk}/").content.decode()


@pytest.mark.parametrize("name", ["alice", "erin", "ada"])
def test_who_oversees_sees_why_each_task_stands_where_it_does(cast: Cast, name: str) -> None:
    placed, unranked = make_tasks(cast.project, 2)
    (audit,) = make_tasks(cast.project, 1, arm=Task.Arm.AUDIT)
    ranking = [Placement(placed.pk, 0.4375, propensity=0.125)]
    apply_ranking(project=cast.project, generation=1200, placed=ranking, strategy="badge", model=3)
    status, text = page(cast, getattr(cast, name))
    assert status == 200
    reason = "The model is unsure here, and it is unlike the others"
    for row in (
        f"{placed.pk} 0.dcm DX Pool Open 0 of 1 {reason} BADGE 0.438 1 1,200 3 0.125",
        f"{unranked.pk} 1.dcm DX Pool Open 0 of 1 No ranking yet – – – – –",
        f"{audit.pk} 0.dcm DX Audit sample Open 0 of 1 Drawn by chance –",
    ):
        assert row in re.sub(" +", " ", text)


def test_a_reading_manager_is_blind_to_what_she_is_about_to_read(cast: Cast) -> None:
    (first, second), (third,) = make_tasks(cast.project, 2), make_tasks(cast.project, 1)
    place(cast.project, 1, [(first.pk, 0.4375), (second.pk, 0.25)])
    assert claim_next_task(project=cast.project, reader=cast.alice)
    assert claim_ahead(project=cast.project, reader=cast.alice, count=1)
    _, text = page(cast, cast.alice)
    assert text.count("Yours to read") == 2 and "0.438" not in text
    assert "0.438" in page(cast, cast.erin)[1]
    assert shown(cast, arm=Task.Arm.POOL) == [third.pk]
    assert shown(cast) == [first.pk, second.pk, third.pk]


def test_every_task_is_in_one_state(db: None) -> None:
    cast = make_cast(overlap=2, audit_share=0.0)
    read, doubted, unjudged, begun, held, untouched = (t.pk for t in make_tasks(cast.project, 6))
    for reader in (cast.bob, cast.dora):
        for task in (read, doubted, unjudged, begun):
            assert claim_next_task(project=cast.project, reader=reader)
            cannot = task == unjudged or (task == doubted and reader == cast.dora)
            more = {"was_cancelled": True, "skip_reason": "Blurred"} if cannot else {}
            if task != begun or reader == cast.bob:
                answer(cast.project, task, reader, NORMAL, **more)
    Claim.objects.all().delete()
    Task.objects.filter(pk=begun).update(rank=100)
    assert claim_next_task(project=cast.project, reader=cast.ada)
    assert claim_ahead(project=cast.project, reader=cast.ada, count=1)
    found = {state: shown(cast, state=state) for state in State}
    # As many could not judge the second as could: it is read, and a release calls it disagreement.
    assert found == {
        State.OPEN: [begun, untouched],
        State.IN_HAND: [held],
        State.READ: [read, doubted],
        State.NOT_JUDGEABLE: [unjudged],
    }
    membership = Membership.objects.get(user=cast.alice)
    told = [(row.task.pk, State(row.state)) for row in listing(membership).rows]
    assert told == sorted((task, state) for state, tasks in found.items() for task in tasks)
    Claim.objects.update(expires_at=timezone.now() - timedelta(minutes=1))
    assert shown(cast, state=State.IN_HAND) == []


def test_pages_follow_each_other_in_both_directions_without_a_gap(cast: Cast) -> None:
    ids = [task.pk for task in make_tasks(cast.project, 2 * PAGE + 3)]
    membership = Membership.objects.select_related("project").get(user=cast.alice)
    pages, after = [], None
    while True:
        part = listing(membership, after=after)
        pages.append([row.task.pk for row in part.rows])
        if part.after is None:
            break
        after = part.after
    assert pages == [ids[:PAGE], ids[PAGE : 2 * PAGE], ids[2 * PAGE :]]
    back = listing(membership, before=pages[2][0])
    assert [row.task.pk for row in back.rows] == pages[1]
    first = listing(membership, before=back.before)
    assert ([row.task.pk for row in first.rows], first.before) == (pages[0], None)
    assert first.after == pages[0][-1]


def test_a_filter_and_a_page_go_together(cast: Cast) -> None:
    make_tasks(cast.project, 3)
    ids = [task.pk for task in make_tasks(cast.project, PAGE + 1, arm=Task.Arm.RANDOM)]
    assert shown(cast, arm=Task.Arm.RANDOM) == ids[:PAGE]
    assert shown(cast, arm=Task.Arm.RANDOM, after=ids[PAGE - 1]) == ids[PAGE:]
    assert shown(cast, arm=Task.Arm.RANDOM, state=State.READ) == []


def test_a_page_takes_as_many_queries_as_an_empty_one_and_two(cast: Cast) -> None:
    client = Client()
    client.force_login(cast.alice)

    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as captured:
            client.get(f"/projects/{cast.project.pk}/tasks/?arm=pool&state=open")
        return len(captured)

    empty = queries()
    make_tasks(cast.project, 30)
    assert queries() == empty + 1  # the scans of the page


@pytest.mark.parametrize("query", ["?after=x", "?before=-1", "?arm=none", "?state=lost", "?after="])
def test_an_address_that_makes_no_sense_shows_the_first_page(cast: Cast, query: str) -> None:
    (task,) = make_tasks(cast.project, 1)
    status, text = page(cast, cast.alice, query)
    assert status == 200 and f" {task.pk} " in text


def test_what_is_not_there_is_said(cast: Cast) -> None:
    assert "No task yet." in page(cast, cast.alice)[1]
    make_tasks(cast.project, 1)
    assert "No task passes these filters." in page(cast, cast.alice, "?state=read")[1]
