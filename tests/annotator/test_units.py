"""Which scans stand together in a task, and what becomes of those that come later."""

from collections.abc import Callable
from datetime import date

import pytest
from django.test import Client

from annotator.claims import claim_next_task
from annotator.models import Task, TaskScan
from annotator.queries import reading_task
from annotator.queue import create_tasks
from projects.models import ReadingUnit
from rounds.pool import frame_counts_of_tasks, frames_of_tasks
from scans.models import Archive, Ingest, Patient, Scan, Series, Study
from tests.annotator.cast import Cast, make_cast

Deliver = Callable[..., list[Scan]]


@pytest.fixture
def cast(db: None) -> Cast:
    return make_cast(reading_unit=ReadingUnit.STUDY, audit_share=0.0)


@pytest.fixture
def deliver(cast: Cast) -> Deliver:
    """Scans of one study of a patient; the same study's number again is the same study."""

    def make(
        study: int,
        count: int = 1,
        *,
        on: date | None = None,
        patient: str = "p",
        modality: str = "DX",
    ) -> list[Scan]:
        archive = cast.project.archive
        person, _ = Patient.objects.get_or_create(archive=archive, pseudonym=patient)
        row, _ = Study.objects.get_or_create(
            archive=archive, patient=person, uid=f"1.{study}", defaults={"date": on}
        )
        series, _ = Series.objects.get_or_create(study=row, uid=f"2.{study}", modality=modality)
        first = Scan.objects.count()
        return [
            Scan.objects.create(
                archive=archive, series=series, kind=Scan.Kind.IMAGE, name=f"{number}",
                digest=f"{number}", frames=f"frames {number}", frame_count=1, rows=2, columns=2,
            )
            for number in range(first, first + count)
        ]  # fmt: skip

    return make


def shown() -> dict[tuple[int, ...], tuple[int, ...]]:
    """The scans of each task that are asked about, and its prior's."""
    tasks = {}
    for task in Task.objects.order_by("pk"):
        rows = list(task.task_scans.values_list("scan", "is_prior", "position"))
        assert [position for _, _, position in rows] == list(range(len(rows)))
        now = tuple(scan for scan, is_prior, _ in rows if not is_prior)
        tasks[now] = tuple(scan for scan, is_prior, _ in rows if is_prior)
    return tasks


def pks(scans: list[Scan]) -> tuple[int, ...]:
    return tuple(scan.pk for scan in scans)


def test_a_study_is_one_task(cast: Cast, deliver: Deliver) -> None:
    first, second = deliver(1, 2), deliver(2, 1)
    assert create_tasks(project=cast.project, scans=first + second) == 2
    assert create_tasks(project=cast.project, scans=first + second) == 0
    assert shown() == {pks(first): (), pks(second): ()}


def test_a_scan_joins_its_study_while_nobody_has_begun_it(cast: Cast, deliver: Deliver) -> None:
    first = deliver(1, 1)
    create_tasks(project=cast.project, scans=first)
    before = Task.objects.get().pk
    late = deliver(1, 1)
    assert create_tasks(project=cast.project, scans=late) == 0
    assert shown() == {pks(first + late): ()}
    # A number of its own: what the learner keeps of the smaller task is not taken for this one's.
    assert Task.objects.get().pk != before


def test_a_scan_that_comes_after_its_study_was_claimed_is_a_task_of_its_own(
    cast: Cast, deliver: Deliver
) -> None:
    first = deliver(1, 1)
    create_tasks(project=cast.project, scans=first)
    assert claim_next_task(project=cast.project, reader=cast.bob)
    ingest = Ingest.objects.create(archive=cast.project.archive)
    late = deliver(1, 2)
    assert create_tasks(project=cast.project, scans=late, ingest=ingest) == 1
    assert shown() == {pks(first): (), pks(late): ()}
    ingest.refresh_from_db()
    assert ingest.stood_apart == 2
    client = Client()
    client.force_login(cast.alice)
    page = client.get(f"/projects/{cast.project.pk}/ingests/{ingest.pk}/").content.decode()
    assert "2 scans came when their study was being read already" in page


@pytest.fixture
def with_prior(cast: Cast) -> Cast:
    cast.project.reading_unit = ReadingUnit.PRIOR
    cast.project.save()
    return cast


def test_a_prior_is_of_the_same_patient_in_the_same_archive(
    with_prior: Cast, deliver: Deliver
) -> None:
    elsewhere = Archive.objects.create(name="Elsewhere")
    namesake = Patient.objects.create(archive=elsewhere, pseudonym="p")
    study = Study.objects.create(
        archive=elsewhere, patient=namesake, uid="1.1", date=date(2020, 1, 1)
    )
    series = Series.objects.create(study=study, uid="2.1", modality="DX")
    Scan.objects.create(
        archive=elsewhere, series=series, kind=Scan.Kind.IMAGE, name="x", digest="x", frames="x",
        frame_count=1, rows=2, columns=2,
    )  # fmt: skip
    deliver(2, 1, on=date(2020, 1, 2), patient="q")
    now = deliver(3, 1, on=date(2020, 3, 1))
    create_tasks(project=with_prior.project, scans=now)
    assert shown() == {pks(now): ()}
    before = deliver(4, 1, on=date(2020, 2, 1))
    create_tasks(project=with_prior.project, scans=before)
    assert shown() == {pks(now): pks(before), pks(before): ()}


def test_the_latest_earlier_study_of_the_modality_stands_beside(
    with_prior: Cast, deliver: Deliver
) -> None:
    old = deliver(1, 2, on=date(2020, 1, 1), modality="CR")
    ct = deliver(2, 1, on=date(2020, 2, 20), modality="CT")
    now = deliver(3, 2, on=date(2020, 3, 1))
    other = deliver(4, 1, on=date(2020, 2, 1), patient="q")
    undated = deliver(5, 1)
    create_tasks(project=with_prior.project, scans=old + ct + now + other + undated)
    assert shown() == {
        pks(old): (), pks(ct): (), pks(now): pks(old), pks(other): (), pks(undated): (),
    }  # fmt: skip
    task = TaskScan.objects.filter(scan__in=now, is_prior=False)[0].task
    Task.objects.exclude(pk=task.pk).delete()
    claim = claim_next_task(project=with_prior.project, reader=with_prior.bob)
    assert claim
    read = reading_task(project=with_prior.project, reader=with_prior.bob, claim=claim)
    assert [scan["prior_days"] for scan in read.scans] == [None, None, 60, 60]
    # What is learned is learned from the study that was asked about.
    assert frames_of_tasks([task.pk]) == {task.pk: [scan.frames for scan in now]}
    assert frame_counts_of_tasks([task.pk]) == {task.pk: [1, 1]}


def test_a_prior_that_comes_after_its_study_stands_beside_it_too(
    with_prior: Cast, deliver: Deliver
) -> None:
    now = deliver(1, 1, on=date(2020, 3, 1))
    create_tasks(project=with_prior.project, scans=now)
    old = deliver(2, 1, on=date(2019, 3, 1))
    assert create_tasks(project=with_prior.project, scans=old) == 1
    assert shown() == {pks(old): (), pks(now): pks(old)}


def test_ten_thousand_scans_take_a_few_statements(
    cast: Cast, deliver: Deliver, django_assert_max_num_queries: Callable[..., object]
) -> None:
    scans = [scan for study in range(50) for scan in deliver(study, 2, patient=f"p{study}")]
    with django_assert_max_num_queries(20):  # type: ignore[attr-defined]
        create_tasks(project=cast.project, scans=scans)
    assert Task.objects.count() == 50
