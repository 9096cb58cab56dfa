"""A session in German: what checks, workers and the learner say is in German on every page."""

import errno
from collections.abc import Callable
from pathlib import Path

import pytest
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import User
from accounts.sentences import Sentence
from releases.models import Release
from releases.services import build_release, create_release
from rounds import services
from rounds.models import Proof, Round
from rounds.serving import answering_for
from scans.models import Ingest
from scans.services import finish_ingest, ingest_paths
from tests.clients import signed_in, token_of
from tests.releases.cast import Cast


@pytest.fixture
def alice(cast: Cast) -> Client:
    client = signed_in(cast.alice)
    client.cookies["django_language"] = "de"
    return client


def program(user: User) -> APIClient:
    client = token_of(user)
    client.credentials(HTTP_ACCEPT_LANGUAGE="de")
    return client


def test_the_problems_of_a_label_config(cast: Cast, alice: Client) -> None:
    address = f"/projects/{cast.project.pk}/settings/"
    sent = {"label_config": '<View><Choices name="a" toName="b"/><Video/></View>'}
    page = alice.post("/projects/preview/", sent).text
    assert "Scout kann &lt;Video&gt; noch nicht zeigen." in page
    assert "Es muss genau ein &lt;Image&gt; geben: die Aufnahme, die befundet wird." in page
    assert "„a“ verweist auf „b“; das ist kein &lt;Image&gt;." in page
    assert "There" not in page and "points to" not in page
    assert "Einstellungen" in alice.get(address).text


def test_the_reasons_why_files_are_not_taken(cast: Cast, alice: Client, tmp_path: Path) -> None:
    (tmp_path / "empty.dcm").touch()
    (tmp_path / "notes.txt").write_text("Nothing to see.")
    ingest = Ingest.objects.create(archive=cast.project.archive)
    ingest_paths(ingest=ingest, paths=[tmp_path], processes=1)
    finish_ingest(ingest=ingest)
    page = alice.get(f"/projects/{cast.project.pk}/ingests/{ingest.pk}/").text
    assert "Die Datei ist leer." in page
    assert "Dies ist kein Bildformat, das Scout liest." in page
    assert "The file is empty" not in page


def broken_activity(cast: Cast) -> None:
    with answering_for(cast.project.pk, Sentence("Embedding")):
        raise OSError(errno.ENOSPC, "No space left on device")


def test_what_the_learner_does_and_what_failed(cast: Cast, alice: Client) -> None:
    with pytest.raises(OSError, match="No space left"):
        broken_activity(cast)
    Round.objects.create(
        project=cast.project,
        number=1,
        state=Round.State.DONE,
        config={"reason": ["It was better on held-out patients", {}]},
    )
    Round.objects.create(
        project=cast.project,
        number=2,
        state=Round.State.FAILED,
        error=Sentence("Broke off {attempt} times.", attempt=5),
    )
    page = alice.get(f"/projects/{cast.project.pk}/").text
    told = "Einbetten der Aufnahmen fehlgeschlagen: kein Platz mehr auf dem Datenträger"
    assert told in page
    assert "5-mal abgebrochen." in page
    assert "Es war bei zurückgehaltenen Patienten besser" in page
    api = program(cast.alice)
    assert api.get(f"/api/projects/{cast.project.pk}/progress").json()["learner"]["doing"] == told
    newest, oldest = api.get(f"/api/projects/{cast.project.pk}/rounds").json()
    assert newest["error"] == "5-mal abgebrochen."
    assert oldest["config"]["reason"] == "Es war bei zurückgehaltenen Patienten besser"


def test_what_is_missing_before_savings_can_be_told(cast: Cast, alice: Client) -> None:
    lack = ["about {count} more audit patients", {"count": 12}]
    reason = ["the audit sample holds one class only", {}]
    nothing = {"value": None, "low": None, "high": None}
    counts = {"audit": 1, "random": 0, "active": 0}
    amounts = dict.fromkeys(("needed", "saved", "ratio", "extrapolated"), nothing)
    curves: dict[str, list[object]] = {"random_curve": [], "active_curve": []}
    about = {"question": "quality", "measure": "balanced_accuracy", "verdict": "not enough"}
    advice = {"question": "quality", "verdict": "cannot tell", "reason": reason, "labels": 9}
    Proof.objects.create(
        project=cast.project,
        computed_at=timezone.now(),
        savings=[about | {"missing": [lack]} | counts | amounts | curves],
        stopping=[advice | {"agreement": None, "gain": nothing, "labels_to_point": nothing}],
    )
    services.fail_proof(project_id=cast.project.pk, error=Sentence("Permission denied"))
    cast.project.audit_share = cast.project.random_share = 0.1
    cast.project.save()
    page = alice.get(f"/projects/{cast.project.pk}/").text
    assert "fehlt: etwa 12 weitere Patienten in der Prüfstichprobe." in page
    assert "Noch lässt sich nichts sagen: die Prüfstichprobe enthält nur eine Klasse." in page
    assert "ist von vorher. Der Grund: Zugriff verweigert" in page
    told = program(cast.alice).get(f"/api/projects/{cast.project.pk}/proof").json()
    assert told["savings"][0]["missing"] == ["etwa 12 weitere Patienten in der Prüfstichprobe"]
    assert told["stopping"][0]["reason"] == "die Prüfstichprobe enthält nur eine Klasse"


def full_disk(*_: object, **__: object) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize(
    ("break_it", "sentence"),
    [
        (full_disk, "Die Datei ließ sich nicht schreiben: kein Platz mehr auf dem Datenträger."),
        (lambda *_, **__: 1 / 0, "was, steht im Protokoll des Workers."),
    ],
)
def test_why_a_release_could_not_be_built(
    cast: Cast,
    alice: Client,
    monkeypatch: pytest.MonkeyPatch,
    break_it: Callable[..., object],
    sentence: str,
) -> None:
    release = create_release(
        project=cast.project, user=cast.alice, formats=["csv"], enqueue=False
    ).release
    monkeypatch.setattr("releases.services.build_archive", break_it)
    with pytest.raises((OSError, ZeroDivisionError)):
        build_release(release_id=release.pk)
    assert Release.objects.get().state == "failed"
    assert sentence in alice.get(f"/projects/{cast.project.pk}/releases/").text
    assert sentence in alice.get(f"/projects/{cast.project.pk}/releases/1/").text
    (told,) = program(cast.alice).get(f"/api/projects/{cast.project.pk}/releases").json()
    assert told["error"].endswith(sentence)


def test_a_program_is_refused_in_the_language_it_asks_for(cast: Cast) -> None:
    task = cast.task("a.png")
    sent = {"result": [{"from_name": "colour"}], "lead_time": 1.0}
    address = f"/api/tasks/{task.pk}/annotations/"
    german = program(cast.bob).post(address, sent, format="json").json()["detail"]
    english = token_of(cast.bob).post(address, sent, format="json").json()["detail"]
    assert german.startswith("Es gibt keine Frage „colour“; from_name ist eines von findings, ")
    assert english.startswith("There is no question “colour”; from_name is one of findings, ")
