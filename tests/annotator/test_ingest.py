"""Scans become tasks: by the command, with labels, and by the job after an upload."""

import io
from importlib import import_module
from math import nan
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection

from accounts.models import User
from annotator import tasks
from annotator.claims import claim_next_task
from annotator.dataset import labelled_answers
from annotator.models import Annotation, Task
from projects.label_config import parse
from rounds.labels import targets_of
from scans import services
from scans.models import Archive, Ingest, Patient, Scan
from tests.annotator.cast import Cast, answer, make_cast, make_tasks
from tests.scans.cast import ct_series, dicom, png, written

pytestmark = pytest.mark.django_db

CONFIG = """
<View>
  <Image name="image" value="$image"/>
  <Choices name="findings" toName="image" choice="multiple">
    <Choice value="Nodule"/><Choice value="Effusion" alias="effusion"/>
  </Choices>
  <Number name="diameter" toName="image" min="0" max="100"/>
</View>
"""


@pytest.fixture
def cast() -> Cast:
    return make_cast(label_config=CONFIG, audit_share=0.0)


def pictures(folder: Path, count: int = 3) -> Path:
    folder.mkdir()
    for number in range(count):
        (folder / f"{number}.png").write_bytes(png(np.full((2, 3), number, np.uint8)))
    return folder


def ingest(*arguments: str | Path, **options: Any) -> str:
    out = io.StringIO()
    call_command("ingest", *map(str, arguments), processes=1, stdout=out, **options)
    return out.getvalue()


def labels(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


def test_without_a_project_scans_wait_unassigned(tmp_path: Path) -> None:
    (pictures(tmp_path / "in") / "notes.txt").write_text("no image")
    out = ingest(tmp_path / "in")
    assert "not taken: notes.txt: This is not an image format that Scout reads." in out
    assert "4 files: 3 added, 0 already here, 1 not taken; 3 scans in “Unassigned”." in out
    assert (Archive.objects.get().name, Task.objects.count()) == ("Unassigned", 0)
    assert Ingest.objects.get().state == Ingest.State.DONE
    assert "3 already here" in ingest(tmp_path / "in")
    assert Archive.objects.count() == 1


def test_with_a_project_every_scan_is_a_task_once(cast: Cast, tmp_path: Path) -> None:
    pictures(tmp_path / "in")
    assert "3 new tasks in “Nodules”." in ingest(tmp_path / "in", project="Nodules")
    assert "0 new tasks in “Nodules”." in ingest(tmp_path / "in", project=str(cast.project.pk))
    assert cast.project.tasks.count() == 3


def test_labels_become_answers_of_the_person_named(cast: Cast, tmp_path: Path) -> None:
    pictures(tmp_path / "in", 4)
    csv = labels(
        tmp_path / "labels.csv",
        "file,patient,findings,diameter\n"
        "0.png,Anna,nodule|Effusion,12.5\n"
        "1.png,Anna,none,\n"
        "2.png,Ben,,\n",
    )
    options = {"project": "Nodules", "labels": csv, "by": "Bob@example.org"}
    assert "2 labels imported as answers of bob@example.org." in ingest(tmp_path / "in", **options)
    by_name = {
        annotation.task.scans.get().name: annotation for annotation in Annotation.objects.all()
    }
    values = [[entry["value"] for entry in by_name[name].result] for name in ("0.png", "1.png")]
    assert values == [
        [{"choices": ["Nodule", "effusion"]}, {"number": 12.5}],
        [{"choices": []}],
    ]
    assert {(a.origin, a.reader.email) for a in by_name.values()} == {("import", "bob@example.org")}
    assert sorted(by_name) == ["0.png", "1.png"]
    closed = {task.scans.get().name for task in Task.objects.filter(is_open=False, answers=1)}
    assert closed == {"0.png", "1.png"}
    # Anna has two of the four pictures, Ben one, and the last is a patient of its own.
    assert Patient.objects.count() == 3
    assert "0 labels imported" in ingest(tmp_path / "in", **options)
    assert Annotation.objects.count() == 2


def test_an_empty_cell_and_a_missing_column_are_no_answer(cast: Cast, tmp_path: Path) -> None:
    pictures(tmp_path / "in")
    options: dict[str, Any] = {"project": "Nodules", "by": "bob@example.org"}
    csv = labels(tmp_path / "both.csv", "file,findings,diameter\n0.png,none,\n1.png,,4\n")
    ingest(tmp_path / "in", labels=csv, **options)
    csv = labels(tmp_path / "one.csv", "file,diameter\n2.png,5\n")
    ingest(tmp_path / "in", labels=csv, **options)
    learnt = [
        {name: target.tolist() for name, target in targets_of(task, parse(CONFIG)).items()}
        for task in labelled_answers(project=cast.project).tasks
    ]
    assert str(sorted(learnt, key=lambda one: str(one["diameter"]))) == str(
        [
            {"findings": [nan, nan], "diameter": [4.0]},
            {"findings": [nan, nan], "diameter": [5.0]},
            {"findings": [0.0, 0.0], "diameter": [nan]},
        ]
    )


@pytest.mark.parametrize("arm", [Task.Arm.AUDIT, Task.Arm.RANDOM])
def test_what_chance_drew_is_read_in_scout_whatever_was_brought_along(
    cast: Cast, tmp_path: Path, arm: Task.Arm
) -> None:
    pictures(tmp_path / "in", 2)
    ingest(tmp_path / "in", project="Nodules")
    drawn, pooled = Task.objects.order_by("pk")
    Task.objects.filter(pk=drawn.pk).update(arm=arm)
    csv = labels(tmp_path / "labels.csv", "file,findings\n0.png,Nodule\n1.png,Nodule\n")
    out = ingest(tmp_path / "in", project="Nodules", labels=csv, by="bob@example.org")
    assert "2 labels imported as answers of bob@example.org." in out
    assert "1 of them are of cases that chance drew" in out
    claim = claim_next_task(project=cast.project, reader=cast.dora)
    assert claim is not None and claim.task_id == drawn.pk
    learnt = {task.task_id: task for task in labelled_answers(project=cast.project).tasks}
    assert targets_of(learnt[pooled.pk], parse(CONFIG))["findings"].tolist() == [1, 0]
    assert np.isnan(targets_of(learnt[drawn.pk], parse(CONFIG))["findings"]).all()
    answer(cast.project, drawn.pk, cast.dora, [])
    drawn.refresh_from_db()
    assert (drawn.answers, drawn.is_open) == (1, False)
    (read,) = (t for t in labelled_answers(project=cast.project).tasks if t.task_id == drawn.pk)
    assert targets_of(read, parse(CONFIG))["findings"].tolist() == [0, 0]
    assert claim_next_task(project=cast.project, reader=cast.dora) is None


def test_tasks_that_imported_labels_had_closed_are_opened_where_chance_drew_them(
    cast: Cast,
) -> None:
    tasks_ = [make_tasks(cast.project, 2, arm=arm) for arm in (Task.Arm.POOL, Task.Arm.AUDIT)]
    label: dict[str, Any] = {"project": cast.project, "result": [], "asked": {}}
    for pair in tasks_:
        for task, origin in zip(pair, Annotation.Origin, strict=True):
            Annotation.objects.create(task=task, reader=cast.bob, origin=origin, **label)
    Task.objects.update(answers=1, is_open=False)
    (step,) = import_module("annotator.migrations.0009_imported_by_chance").Migration.operations
    for sql, answers in ((step.sql, [1, 1, 1, 0]), (step.reverse_sql, [1, 1, 1, 1])):
        with connection.cursor() as cursor:
            cursor.execute(sql)
        kept = Task.objects.order_by("pk").values_list("answers", "is_open")
        assert list(kept) == [(count, count == 0) for count in answers]


def test_a_row_may_name_a_folder_for_a_volume(cast: Cast, tmp_path: Path) -> None:
    ct_series(tmp_path / "in" / "s1", [0.0, 1.0, 2.0])
    csv = labels(tmp_path / "labels.csv", "file,findings\ns1,Nodule\n")
    out = ingest(tmp_path / "in", project="Nodules", labels=csv, by="bob@example.org")
    assert "1 labels imported" in out
    assert Annotation.objects.get().task.scans.get().frame_count == 3


def test_one_question_takes_one_column_of_any_name(tmp_path: Path) -> None:
    make_cast()
    pictures(tmp_path / "in", 1)
    csv = labels(tmp_path / "labels.csv", "file,what_it_is\n0.png,Nodule\n")
    out = ingest(tmp_path / "in", project="Nodules", labels=csv, by="bob@example.org")
    assert "1 labels imported" in out


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("file,colour\n0.png,red\n", "“colour” answers no question; the project asks “findings”"),
        ("file,findings\n0.png,Nodul\n", "does not offer “Nodul”; it offers “Nodule”, “effusion”"),
        ("file,findings,diameter\n0.png,,big\n", "Line 2: “diameter” takes a number, not “big”."),
        ("file,findings,diameter\n0.png,,101\n", "“diameter” is at most 100"),
        ("path,findings\n0.png,Nodule\n", "The CSV needs a column “file”."),
        ("file,findings\n0.png,Nodule\n0.png,none\n", "“0.png” stands in more than one line."),
        ("file,findings\n9.png,Nodule\n", "its first row names “9.png”"),
    ],
)
def test_labels_that_do_not_fit_are_told_before_anything_is_written(
    cast: Cast, tmp_path: Path, text: str, sentence: str
) -> None:
    pictures(tmp_path / "in")
    csv = labels(tmp_path / "labels.csv", text)
    with pytest.raises(CommandError, match=sentence):
        ingest(tmp_path / "in", project="Nodules", labels=csv, by="bob@example.org")
    assert (Scan.objects.count(), Ingest.objects.count()) == (0, 0)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"project": "Lungs"}, "No project is called Lungs. There are: .*Nodules"),
        ({"project": "Nodules", "labels": "x.csv"}, "--labels needs --project and --by"),
        ({"project": "Nodules", "by": "zoe@example.org"}, "Nobody here has the address"),
    ],
)
def test_mistakes_on_the_command_line_are_told(
    cast: Cast, tmp_path: Path, options: dict[str, str], sentence: str
) -> None:
    with pytest.raises(CommandError, match=sentence):
        ingest(pictures(tmp_path / "in"), **options)


def uploaded(cast: Cast, tmp_path: Path) -> Ingest:
    upload = services.begin_upload(archive=cast.project.archive, user=cast.alice)
    content = written(dicom(), tmp_path / "a.dcm").read_bytes()
    services.receive_chunk(
        ingest=upload, name="p1/a.dcm", offset=0, data=content, total=len(content)
    )
    services.finish_upload(ingest=upload, project_id=cast.project.pk)
    return upload


def test_an_upload_becomes_tasks_and_leaves_no_staged_file(cast: Cast, tmp_path: Path) -> None:
    upload = uploaded(cast, tmp_path)
    for _ in range(2):  # a job that is run again does nothing more
        tasks.ingest(ingest_id=upload.pk, project_id=cast.project.pk)
    upload.refresh_from_db()
    assert upload.state == Ingest.State.DONE
    assert upload.files.get().path == "p1/a.dcm"
    assert cast.project.tasks.get().scans.get() == Scan.objects.get()
    assert not (Path(settings.STAGED_UPLOADS) / str(upload.pk)).exists()


def test_a_job_that_died_before_its_end_is_finished_by_the_next(
    cast: Cast, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload = uploaded(cast, tmp_path)
    with monkeypatch.context() as patch:

        def killed(**_: Any) -> None:
            raise KeyboardInterrupt

        patch.setattr(tasks, "create_tasks", killed)
        with pytest.raises(KeyboardInterrupt):
            tasks.ingest(ingest_id=upload.pk, project_id=cast.project.pk)
    tasks.ingest(ingest_id=upload.pk, project_id=cast.project.pk)
    assert (Scan.objects.count(), cast.project.tasks.count()) == (1, 1)


def test_a_broken_ingest_says_so_and_keeps_what_was_sent(
    cast: Cast, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload = uploaded(cast, tmp_path)

    def broken(**_: Any) -> None:
        raise OSError("No space left on device: Doe_Jane.dcm")

    monkeypatch.setattr(services, "ingest_staged", broken)
    with pytest.raises(OSError, match="No space"):
        tasks.ingest(ingest_id=upload.pk, project_id=cast.project.pk)
    upload.refresh_from_db()
    assert upload.state == Ingest.State.FAILED
    assert "the log of the worker" in upload.error and "Doe" not in upload.error
    assert (Path(settings.STAGED_UPLOADS) / str(upload.pk)).exists()


def test_more_readers_open_tasks_again(cast: Cast, tmp_path: Path) -> None:
    pictures(tmp_path / "in", 1)
    csv = labels(tmp_path / "labels.csv", "file,findings\n0.png,Nodule\n")
    ingest(tmp_path / "in", project="Nodules", labels=csv, by="bob@example.org")
    assert not Task.objects.get().is_open
    cast.project.overlap = 2
    cast.project.save()
    tasks.refresh_tasks(project_id=cast.project.pk)
    assert Task.objects.get().is_open
    assert User.objects.filter(email="bob@example.org").exists()
