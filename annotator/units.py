"""Which scans stand together in one task: a scan alone, or a study, or a study and its prior."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import cast

from django.db.models import Exists, OuterRef

from annotator.models import Annotation, Claim, Draft, Task, TaskScan
from projects.models import Project, ReadingUnit
from scans.models import Scan, Series

# A digital radiograph is compared with one from an imaging plate: both are radiographs.
_SAME_MODALITY = {"CR": "DX"}


@dataclass(frozen=True, slots=True)
class NewScan:
    """A scan that no task of the project asks about yet."""

    scan: int
    study: int
    patient: int
    pseudonym: str


@dataclass(frozen=True, slots=True)
class Unit:
    """The scans of one task, in their order."""

    patient: int
    pseudonym: str
    scans: tuple[int, ...]
    priors: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Formed:
    """What becomes of new scans."""

    units: list[Unit]
    replaced: int  # tasks deleted, whose scans are in the units
    stood_apart: int  # scans that came when their study's task had been begun


@dataclass(frozen=True, slots=True)
class _Study:
    id: int
    date: date
    modalities: frozenset[str]


def scan_units(new: Iterable[NewScan]) -> list[Unit]:
    """Each scan for itself."""
    return [Unit(one.patient, one.pseudonym, (one.scan,)) for one in new]


def study_units(project: Project, new: Sequence[NewScan]) -> Formed:
    """A unit for each study of the new scans, with what its untouched tasks showed.

    Those tasks are deleted: a task that has grown is another one, with a number of its own, for
    the learner as for everybody. The caller keeps claims and rankings away (RANKING_LOCK). Where a
    prior is shown too, the studies after a new one are formed again.
    """
    arriving: dict[int, list[int]] = defaultdict(list)
    for one in new:
        arriving[one.study].append(one.scan)
    people = {one.patient: one.pseudonym for one in new}
    with_prior = project.reading_unit == ReadingUnit.PRIOR
    previous = _previous_studies(people) if with_prior else {}
    followers = {study for study, (prior, _) in previous.items() if prior in arriving}
    replaced, kept = _give_way(project, {*arriving, *followers})
    patients = {one.study: one.patient for one in new} | kept.patients
    priors = _prior_scans(previous, patients)
    units = [
        Unit(
            patient=patient,
            pseudonym=people[patient],
            scans=tuple(sorted({*kept.scans.get(study, ()), *arriving.get(study, ())})),
            priors=priors.get(study, ()),
        )
        for study, patient in patients.items()
    ]
    late = [study for study in arriving if study in kept.begun and study not in kept.scans]
    return Formed(units, replaced, sum(len(arriving[study]) for study in late))


@dataclass(frozen=True, slots=True)
class _Kept:
    """What the tasks of some studies showed."""

    scans: dict[int, list[int]]  # by study, of untouched tasks
    patients: dict[int, int]  # by study, of untouched tasks
    begun: set[int]  # studies with a task that somebody has begun


def _give_way(project: Project, studies: Collection[int]) -> tuple[int, _Kept]:
    """Delete the untouched tasks about these studies; how many, and what they showed."""
    asked = TaskScan.objects.filter(
        task__project=project, is_prior=False, scan__series__study__in=studies
    )
    task = OuterRef("task")
    is_begun = (
        Exists(Claim.objects.filter(task=task))
        | Exists(Draft.objects.filter(task=task))
        | Exists(Annotation.objects.filter(task=task))
    )
    kept = _Kept(defaultdict(list), {}, set())
    untouched: set[int] = set()
    rows = asked.annotate(is_begun=is_begun).values_list(
        "task", "scan", "scan__series__study", "task__patient", "is_begun"
    )
    for number, scan, study, patient, begun in rows:
        if begun:
            kept.begun.add(study)
        else:
            untouched.add(number)
            kept.scans[study].append(scan)
            kept.patients[study] = patient
    Task.objects.filter(pk__in=untouched).delete()
    return len(untouched), kept


def _previous_studies(patients: Iterable[int]) -> dict[int, tuple[int, frozenset[str]]]:
    """Each dated study's previous one of the same modality, and the modalities they share."""
    modalities: dict[tuple[int, int, date], set[str]] = defaultdict(set)
    rows = Series.objects.filter(study__patient__in=list(patients), study__date__isnull=False)
    values = rows.values_list("study__patient", "study", "study__date", "modality")
    for patient, study, day, modality in cast("Iterable[tuple[int, int, date, str]]", values):
        modalities[patient, study, day].add(_SAME_MODALITY.get(modality, modality))
    histories: dict[int, list[_Study]] = defaultdict(list)
    for (patient, study, day), found in modalities.items():
        histories[patient].append(_Study(study, day, frozenset(found)))
    return {
        study.id: (prior.id, study.modalities & prior.modalities)
        for history in histories.values()
        for study in history
        if (prior := _previous(study, history)) is not None
    }


def _previous(study: _Study, history: Iterable[_Study]) -> _Study | None:
    earlier = [
        other
        for other in history
        if other.date < study.date and other.modalities & study.modalities
    ]
    return max(earlier, key=lambda other: (other.date, other.id), default=None)


def _prior_scans(
    previous: Mapping[int, tuple[int, frozenset[str]]], studies: Collection[int]
) -> dict[int, tuple[int, ...]]:
    """The scans of each study's previous one, of the modalities that both have."""
    wanted = {study: previous[study] for study in studies if study in previous}
    found: dict[int, list[tuple[int, str]]] = defaultdict(list)
    rows = Scan.objects.filter(series__study__in={prior for prior, _ in wanted.values()})
    for scan, study, modality in rows.order_by("pk").values_list(
        "pk", "series__study", "series__modality"
    ):
        found[study].append((scan, _SAME_MODALITY.get(modality, modality)))
    return {
        study: tuple(scan for scan, modality in found[prior] if modality in shared)
        for study, (prior, shared) in wanted.items()
    }
