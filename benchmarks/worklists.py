"""The lists of a project with a million tasks: how long each filter takes for its first page."""

import time
from collections.abc import Callable
from datetime import date
from functools import partial
from typing import TYPE_CHECKING, Any

from benchmarks.environment import argument_parser, create_project, installation, report

if TYPE_CHECKING:
    from annotator.search import Wanted
    from projects.models import Project

LABEL_CONFIG = """
<View>
  <Image name="image" value="$image"/>
  <Choices name="findings" toName="image" choice="multiple">
    <Choice value="Nodule"/><Choice value="Effusion"/><Choice value="Fracture"/>
  </Choices>
</View>
"""
READERS = 20
# Ids go up from 1 in the order of the numbers: the database is fresh. Seven tenths are answered,
# one a second; an effusion is found in one of 20, a fracture in one of 50,000; one scan in 20,000
# is a CT; one answer in 50 has a comment, one in 100,000 a rare word in it.
_FILL = """
INSERT INTO scans_patient (id, archive_id, pseudonym)
SELECT n, {archive}, 'patient-' || n FROM generate_series(1, {count}) n;
INSERT INTO scans_study (id, archive_id, patient_id, uid)
SELECT n, {archive}, n, '2.25.' || n FROM generate_series(1, {count}) n;
INSERT INTO scans_series (id, study_id, uid, modality, manufacturer, model_name)
SELECT n, n, '2.25.1.' || n, CASE WHEN n % 20000 = 7 THEN 'CT' ELSE 'DX' END, '', ''
FROM generate_series(1, {count}) n;
INSERT INTO scans_scan (id, archive_id, series_id, kind, name, digest, frames, frame_count, rows,
                        columns, geometry, created_at)
SELECT n, {archive}, n, 'image',
       '2.25.' || (('x' || substr(md5(n::text), 1, 15))::bit(60)::bigint) || '.' || n,
       md5(n::text) || md5(n::text), '', 1, 64, 64, '{{}}', now()
FROM generate_series(1, {count}) n;
INSERT INTO annotator_task (id, project_id, patient_id, arm, rank, answers, is_open, created_at,
                            generation, score, strategy, model)
SELECT n, {project}, n, CASE WHEN n % 10 = 0 THEN 'audit' ELSE 'pool' END,
       CASE WHEN n % 3 = 0 THEN n - (5::bigint << 20) ELSE n END,
       CASE WHEN n % 10 < 7 THEN 1 ELSE 0 END, n % 10 >= 7, now(),
       CASE WHEN n % 3 = 0 THEN 5 END, CASE WHEN n % 3 = 0 THEN (n % 100000) / 100000.0 END,
       'margin', 1
FROM generate_series(1, {count}) n;
INSERT INTO annotator_taskscan (task_id, scan_id, position, is_prior)
SELECT n, n, 0, false FROM generate_series(1, {count}) n;
INSERT INTO annotator_annotation (
    task_id, project_id, reader_id, unique_id, origin, result, asked, comment, lead_time,
    was_cancelled, skip_reason, strategy, created_at, updated_at)
SELECT n, {project}, {reader} + n % {readers}, gen_random_uuid(), 'reading',
       CASE WHEN n % 50000 = 1 THEN '{fracture}'::jsonb
            WHEN n % 20 = 1 THEN '{effusion}'::jsonb
            WHEN n % 3 = 1 THEN '{nodule}'::jsonb ELSE '[]' END,
       '{{"findings": ["Nodule", "Effusion", "Fracture"]}}',
       CASE WHEN n % 100000 = 5 THEN 'Pneumoperitoneum?' WHEN n % 50 = 5 THEN 'left lower zone'
            ELSE '' END,
       7, n % 500 = 3, '', 'margin', '2026-01-01'::timestamptz + n * interval '1 second', now()
FROM generate_series(1, {count}) n WHERE n % 10 < 7;
"""
DAY = date(2026, 1, 3)
# What a manager asks of the list, and how often it is there.
FILTERS: dict[str, dict[str, Any]] = {
    "all": {},
    "arm": {"arm": "audit"},
    "state open": {"state": "open"},
    "state read": {"state": "read"},
    "state not judgeable": {"state": "not-judgeable"},
    "answer, common": {"said": "findings=Nodule"},
    "answer, one in 20": {"said": "findings=Effusion"},
    "answer, rare": {"said": "findings=Fracture"},
    "answered on a day": {"since": DAY, "until": DAY},
    "answered since ever": {"since": date(2025, 1, 1)},
    "modality, common": {"modality": "DX"},
    "modality, rare": {"modality": "CT"},
    "modality, none": {"modality": "MR"},
    "text, in every name": {"text": "2.25"},
    "text, comment": {"text": "lower zone"},
    "text, rare comment": {"text": "peritoneum"},
    "text, nowhere": {"text": "xyzzy"},
    "score, wide": {"least": 0.1, "most": 0.9},
    "score, narrow": {"least": 0.99999},
    "first 50 of the order": {"first": 50},
    "state open, answer (never meet)": {"state": "open", "said": "findings=Nodule"},
}


def said(answer: str) -> str:
    """A result as the reading room sends it."""
    return (
        '[{"id": "a1b2c3", "from_name": "findings", "to_name": "image", "type": "choices", '
        f'"value": {{"choices": ["{answer}"]}}}}]'
    )


def fill(project: "Project", *, count: int, reader: int) -> None:
    """So many tasks, written by the database itself."""
    from django.db import connection

    statements = _FILL.format(
        archive=project.archive_id, project=project.pk, count=count, reader=reader,
        readers=READERS, fracture=said("Fracture"), effusion=said("Effusion"),
        nodule=said("Nodule"),
    )  # fmt: skip
    with connection.cursor() as cursor:
        for statement in statements.split(";\n"):
            if statement.strip():
                cursor.execute(statement)
        cursor.execute("VACUUM ANALYZE")


def milliseconds(search: Callable[[], object], times: int = 5) -> float | str:
    """The median; where the search was stopped, that it was."""
    from annotator.search import TooWide

    taken = []
    for _ in range(times):
        start = time.perf_counter()
        try:
            search()
        except TooWide:
            return "stopped"
        taken.append((time.perf_counter() - start) * 1000)
    return sorted(taken)[times // 2]


def filters(*, count: int, reader: int) -> dict[str, "Wanted"]:
    """What is asked of a list of so many tasks, by a name for the report."""
    from annotator.search import Wanted

    asked: dict[str, dict[str, Any]] = {
        **FILTERS,
        "text, in one name": {"text": f".{count - 5}"},
        "reader": {"reader": reader},
        "reader, answer, state, text (never meet)": {
            "reader": reader, "said": "findings=Nodule", "state": "read", "text": "lower",
        },
        "reader, day, rare answer": {"reader": reader, "said": "findings=Fracture", "since": DAY},
    }  # fmt: skip
    return {name: Wanted(**one) for name, one in asked.items()}


def measure(project: "Project", *, count: int, reader: int) -> dict[str, object]:
    """Milliseconds of each list's first page, and of pages in the middle and at the end."""
    from annotator.listing import earlier_answers, listing
    from annotator.search import Wanted
    from projects.models import Membership

    members = Membership.objects.select_related("project", "user").filter(project=project)
    manager = members.get(user__email="manager@bench.local")
    one = members.get(user=reader)
    of_reader = Wanted(reader=reader)
    searches: dict[str, Callable[[], object]] = {
        name: partial(listing, manager, wanted)
        for name, wanted in filters(count=count, reader=reader).items()
    }
    searches |= {
        "reader, from the middle": partial(listing, manager, of_reader, after=count // 2),
        "reader, backwards from the end": partial(listing, manager, of_reader, before=count),
        "own answers": partial(earlier_answers, one),
        "own answers, rare": partial(earlier_answers, one, Wanted(said="findings=Fracture")),
        "own answers, text": partial(earlier_answers, one, Wanted(text="zone")),
    }
    return {name: milliseconds(search) for name, search in searches.items()}


def main() -> None:
    parser = argument_parser(__doc__)
    parser.add_argument("--tasks", type=int, default=1_000_000)
    arguments = parser.parse_args()
    with installation():
        project, people = create_project(readers=READERS, label_config=LABEL_CONFIG)
        start = time.monotonic()
        fill(project, count=arguments.tasks, reader=people[0].pk)
        filled = time.monotonic() - start
        numbers = measure(project, count=arguments.tasks, reader=people[0].pk)
        report({"tasks": arguments.tasks, "filling_s": filled, **numbers}, arguments.json)


if __name__ == "__main__":
    main()
