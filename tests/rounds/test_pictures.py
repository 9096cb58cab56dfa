"""The plots of the overview: who answered when, how unsure the model is, where each case lies."""

from datetime import UTC, datetime
from typing import Any

import numpy as np
from django.utils import timezone

from annotator.models import Claim
from rounds import services
from rounds.models import PoolMap, Proof
from rounds.poolmap import picture_of
from rounds.queries import ReaderProgress
from rounds.throughput import stacked, throughput
from rounds.worker.mapping import evenly, histogram, plane
from tests.clients import signed_in
from tests.releases.cast import Cast
from tests.rounds.half_read import half_read


def _reader(number: int, name: str) -> ReaderProgress:
    return ReaderProgress(number, name, 1, 0, None, None)


def mapped(cast: Cast) -> list[int]:
    """Six tasks in a row from left to right, the further right the less sure."""
    half_read(cast)
    tasks = [task.pk for task in cast.project.tasks.order_by("pk")]
    points = [[task, at / 5, 0.5, at / 5] for at, task in enumerate(tasks)]
    services.keep_pool_map(
        project=cast.project, generation=3, points=points, uncertainty=[0, 1, 0, 3]
    )
    return tasks


def test_a_day_is_a_stack_of_its_readers() -> None:
    days = [datetime(2026, 3, day, tzinfo=UTC) for day in (1, 2)]
    counts = {days[1]: {7: 3, 8: 1}}
    stacks = stacked(counts, slots=days, unit="day", readers=[_reader(7, "Bob"), _reader(8, "Bea")])
    bob, bea = stacks.segments
    assert (stacks.most, bob.colour, bea.colour) == (4, 1, 2)
    assert (bob.height, bea.height) == (103.5, 34.5)
    assert bob.y + bob.height == stacks.bottom
    assert bea.y + bea.height == bob.y
    assert bob.text == "2 March, Bob: 3 read"


def test_whoever_is_not_among_the_busiest_is_one_of_the_others() -> None:
    day = datetime(2026, 3, 1, tzinfo=UTC)
    readers = [_reader(number, f"r{number}") for number in range(1, 9)]
    stacks = stacked({day: {6: 1, 7: 2, 8: 3}}, slots=[day], unit="day", readers=readers)
    assert [(one.colour, one.text) for one in stacks.segments] == [
        (6, "1 March, r6: 1 read"),
        (0, "1 March, others: 5 read"),
    ]


def test_throughput_counts_what_stands(cast: Cast) -> None:
    half_read(cast)
    readers = [_reader(cast.bob.pk, "Bob"), _reader(cast.bea.pk, "Bea")]
    now = timezone.now()
    cast.project.annotations.update(created_at=now)
    for unit in ("day", "hour"):
        stacks = throughput(project=cast.project, unit=unit, readers=readers)
        assert [one.text.split(", ")[1] for one in stacks.segments] == [
            "Bob: 2 read",
            "Bea: 1 read",
        ]


def test_a_case_that_is_held_is_not_on_the_map_and_an_open_one_tells_no_answer(
    cast: Cast,
) -> None:
    tasks = mapped(cast)
    picture = picture_of(project=cast.project)
    assert picture is not None
    assert {place.task for place in picture.places} == {*tasks[:3], tasks[5]}
    states = {place.task: place.state.value for place in picture.places}
    assert [states[task] for task in tasks[:3]] == ["read", "read", "not-judgeable"]
    said = {place.task: place.said for place in picture.places}
    assert said[tasks[0]] == "0.png · Read · Artefact · uncertainty 0.00"
    assert said[tasks[5]] == "5.png · Open · uncertainty 1.00"
    left, right = (next(p for p in picture.places if p.task == tasks[at]) for at in (0, 5))
    assert (left.x, right.x, left.doubt, right.doubt) == (12.0, 548.0, 0, 4)
    assert picture.doubtful[0].task == tasks[5]
    assert picture.measured == 4
    assert [round(bar.height) for bar in picture.bars] == [0, 46, 0, 138]


def test_a_case_is_on_the_map_again_when_its_claim_has_run_out(cast: Cast) -> None:
    tasks = mapped(cast)
    Claim.objects.update(expires_at=timezone.now())
    picture = picture_of(project=cast.project)
    assert picture is not None
    assert {place.task for place in picture.places} == {*tasks}


def test_the_page_draws_the_map_in_german_with_points_for_decimals(cast: Cast) -> None:
    mapped(cast)
    page = signed_in(cast.alice).get(
        f"/projects/{cast.project.pk}/progress/pool/", headers={"accept-language": "de"}
    )
    assert 'cx="12.0"' in page.text
    assert "Unsicherheit 0,00" in page.text
    assert page["Content-Language"] == "de"


def test_an_older_generation_does_not_replace_the_map(cast: Cast) -> None:
    mapped(cast)
    services.keep_pool_map(project=cast.project, generation=2, points=[], uncertainty=[])
    assert PoolMap.objects.get().generation == 3


def test_a_failed_proof_is_said_on_the_panel_until_one_succeeds(cast: Cast) -> None:
    address = f"/projects/{cast.project.pk}/progress/proof/"
    services.fail_proof(project_id=cast.project.pk, error="out of memory.")
    alice = signed_in(cast.alice)
    assert "what stands here is from before. The reason: out of memory." in alice.get(address).text
    found: dict[str, Any] = {
        "savings": [],
        "stopping": [],
        "label_errors": [],
        "label_seconds": None,
    }
    services.keep_proof(project=cast.project, labels=9, last_annotation=9, found=found)
    assert "failed" not in alice.get(address).text
    assert Proof.objects.get().error == ""


def test_a_sample_is_spread_evenly_and_bounded() -> None:
    assert evenly(np.arange(5), 9).tolist() == [0, 1, 2, 3, 4]
    assert evenly(np.arange(1001), 3).tolist() == [0, 500, 1000]


def test_the_plane_keeps_the_widest_axis_across_and_never_flips() -> None:
    rng = np.random.default_rng(1)
    long = rng.gamma(1.0, 3.0, 200)  # a tail to the right
    data = np.stack([long, long + rng.normal(0, 1e-3, 200), rng.normal(0, 1, 200)], axis=1)
    found = plane(data.astype(np.float32))
    assert found.min() == 0.0
    assert found.max() == 1.0
    inside = (found[:, 0] > 0) & (found[:, 0] < 1)
    assert inside.sum() == 196 and np.corrcoef(found[inside, 0], long[inside])[0, 1] > 0.99
    assert np.allclose(plane(-data.astype(np.float32)), found, atol=1e-3)


def test_a_few_outliers_lie_at_the_edge_and_squeeze_nobody() -> None:
    rng = np.random.default_rng(2)
    data = rng.uniform(0, 1, (400, 2)).astype(np.float32)
    data[:2] = [[300, 0.5], [0.5, 200]]
    found = plane(data)
    assert (found.max(axis=1)[:2] == 1).all()
    assert (found[2:].std(axis=0) > 0.2).all()
    assert plane(np.repeat(np.eye(2, dtype=np.float32), [1, 999], axis=0))[:, 0].std() > 0


def test_what_was_read_is_drawn_over_what_was_not(cast: Cast) -> None:
    tasks = mapped(cast)
    cast.project.tasks.filter(pk__in=tasks[1:3]).update(is_open=True)
    picture = picture_of(project=cast.project)
    assert picture is not None
    assert [place.state.value for place in picture.places] == ["open", "open", "open", "read"]


def test_the_histogram_has_twenty_steps_and_loses_nobody() -> None:
    counts = histogram(np.array([0.0, 0.04, 0.5, 1.0], dtype=np.float32))
    assert len(counts) == 20
    assert (counts[0], counts[10], counts[19], sum(counts)) == (2, 1, 1, 4)
