"""What the pages and the interface say of a proof, and to whom."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import Role, User
from annotator.models import Claim
from rounds.models import Proof
from rounds.proof_words import Amount, one_decimal, savings_sentences, stopping_sentences, whole
from rounds.proofs import why_impossible
from tests.clients import signed_in, token_of
from tests.releases.cast import Cast, quality

NOTHING = {"value": None, "low": None, "high": None}


def amount(value: float | None, low: float | None, high: float | None) -> dict[str, Any]:
    return {"value": value, "low": low, "high": high}


def point(labels: int, value: float) -> dict[str, Any]:
    return {"labels": labels, "value": value, "low": value - 0.1, "high": value + 0.1}


def savings(**more: Any) -> dict[str, Any]:
    return {
        "question": "quality",
        "measure": "balanced_accuracy",
        "verdict": "saving",
        "missing": [],
        "audit": 120,
        "random": 100,
        "active": 600,
        "needed": amount(40.0, 25.0, 80.0),
        "saved": amount(60.0, 20.0, 75.0),
        "ratio": amount(2.5, 1.25, 4.0),
        "extrapolated": NOTHING,
        "random_curve": [point(12, 0.5), point(50, 0.6), point(100, 0.7)],
        "active_curve": [point(5, 0.3), point(40, 0.7), point(100, 0.8), point(600, 0.9)],
        **more,
    }


def advice(**more: Any) -> dict[str, Any]:
    return {
        "question": "quality",
        "verdict": "go on",
        "reason": ["the curve still rises", {}],
        "labels": 700,
        "agreement": 0.912,
        "gain": amount(1.2, 0.4, 2.0),
        "labels_to_point": amount(110.0, 60.0, 400.0),
        **more,
    }


def doubt(task: int, **more: Any) -> dict[str, Any]:
    return {
        "task": task,
        "question": "quality",
        "finding": "",
        "given": "Artefact",
        "suggested": "No artefact",
        "probability": 0.94,
        "given_probability": 0.06,
        "rank_by": -0.88,
        **more,
    }


def proved(cast: Cast, **more: Any) -> Proof:
    cast.project.random_share, cast.project.audit_share = 0.05, 0.1
    cast.project.save()
    return Proof.objects.create(
        project=cast.project,
        labels=700,
        last_annotation=1,
        label_seconds=36.0,
        computed_at=timezone.now(),
        **{"savings": [savings()], "stopping": [advice()]} | more,
    )


def part(cast: Cast, user: User) -> str:
    html = signed_in(user).get(f"/projects/{cast.project.pk}/progress/proof/").text
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


def test_a_saving_is_told_in_labels_and_hours() -> None:
    assert savings_sentences(savings(), 36.0) == [
        "40 (25 to 80) labels in the learner’s order teach what 100 in random order do: "
        "2.5 (1.2 to 4.0) times fewer.",
        "Saved on the way there: 60 (20 to 75) labels, 0.6 (0.2 to 0.8) reader-hours at 36 s a "
        "label.",
    ]


def test_what_cannot_be_told_apart_is_no_saving() -> None:
    said = savings_sentences(
        savings(verdict="no difference", ratio=amount(1.4, 0.5, None)), label_seconds=36.0
    )
    assert said == [
        "On 120 audit cases, 100 labels in random order and as many in the learner’s order cannot "
        "be told apart.",
        "A label in the learner’s order may be worth at least 0.5 random ones.",
    ]


def test_an_order_that_costs_labels_is_told_so() -> None:
    cost = savings(
        verdict="cost", needed=amount(160.0, 120.0, None), saved=amount(-60.0, None, -20.0)
    )
    assert savings_sentences(cost, None) == [
        "It takes 160 (at least 120) labels in the learner’s order to teach what 100 in random "
        "order do.",
        "Lost on the way there: 60 (at least 20) labels.",
        "Strategy “random” would serve this question better.",
    ]
    late = savings(
        verdict="cost", needed=amount(None, 120.0, None), saved=amount(None, None, -20.0)
    )
    assert savings_sentences(late, None)[:2] == [
        "It takes at least 120 labels in the learner’s order to teach what 100 in random order do.",
        "Lost on the way there: at least 20 labels.",
    ]
    never = savings(verdict="cost", needed=amount(None, 600.0, None), saved=NOTHING)
    assert savings_sentences(never, None)[0] == (
        "100 labels in random order teach more than all 600 in the learner’s order."
    )


def test_what_is_carried_on_along_a_curve_says_so() -> None:
    said = savings_sentences(savings(extrapolated=amount(500.0, 200.0, 900.0)), None)
    assert said[-1] == (
        "By now: 500 (200 to 900) labels saved, extrapolated: the random arm’s curve, measured to "
        "100 labels, is taken to go on as it went."
    )


def test_too_little_to_go_by_says_what_is_missing() -> None:
    missing = [
        ["about {count} more audit patients", {"count": 12}],
        ["about {count} more random-arm patients", {"count": 20}],
    ]
    assert savings_sentences(savings(verdict="not enough", missing=missing), 36.0) == [
        "Before anything can be said: about 12 more audit patients and about 20 more random-arm "
        "patients needed."
    ]


def test_advice_names_the_labels_for_one_more_point() -> None:
    assert stopping_sentences(advice()) == [
        "About 110 (60 to 400) more labels for one more point.",
        "20 % more labels would bring 1.2 (0.4 to 2.0) points.",
        "The latest models agree on unread scans with a kappa of 0.91.",
    ]
    flat = advice(labels_to_point=amount(None, 900.0, None), agreement=None)
    assert stopping_sentences(flat)[0] == (
        "By the fitted curve one more point is out of reach (at least 900 more labels)."
    )
    far = advice(labels_to_point=amount(300.0, 90.0, 10.0**9))
    assert stopping_sentences(far)[0] == ("About 300 (at least 90) more labels for one more point.")


def test_intervals_open_at_an_end_say_so() -> None:
    assert Amount(None, None, 3.0).interval(whole) == "at most 3"
    assert Amount(1.0, None, None).with_interval(one_decimal) == "1.0"
    assert Amount(None, 2.0, None).with_interval(whole) == "at least 2"
    assert Amount(5.0, 2.0, None).times(-2) == Amount(-10.0, None, -4.0)
    assert whole(-12345) == "−12\u202f345"


def test_the_setting_that_is_missing_is_named(cast: Cast) -> None:
    cast.project.audit_share, cast.project.random_share = 0.1, 0.0
    assert why_impossible(project=cast.project) == (
        "This project has no random arm, so what the learner’s order saves cannot be measured. "
        "Both shares are set when a project is made, before its scans come in."
    )
    cast.project.audit_share = 0.0
    assert "no audit sample and no random arm" in why_impossible(project=cast.project)
    cast.project.audit_share = cast.project.random_share = 0.1
    assert why_impossible(project=cast.project) == ""


def test_without_a_random_arm_nothing_is_claimed(cast: Cast) -> None:
    proved(cast)
    cast.project.random_share = 0.0
    cast.project.save()
    said = part(cast, cast.alice)
    assert "This project has no random arm" in said
    assert "times fewer" not in said
    assert "more labels for one more point" in said


def test_the_page_shows_both_curves_and_the_verdict(cast: Cast) -> None:
    proved(cast)
    html = signed_in(cast.ann).get(f"/projects/{cast.project.pk}/").text
    assert "Balanced accuracy of Quality on the audit sample" in html
    assert html.count('class="chart-line') == 2
    assert "Random order, 100 labels: 0.700 (0.600 to 0.800)" in html
    # Neither before the random arm's curve begins nor far beyond its end.
    assert "order, 100 labels: 0.800" in html
    assert "order, 5 labels" not in html and "order, 600 labels" not in html
    assert "Saves labels" in html and "Go on" in html
    assert "second-look" not in html  # Ann analyses


def test_nothing_is_claimed_before_anything_is_worked_out(cast: Cast) -> None:
    cast.project.random_share = 0.05
    cast.project.save()
    assert "as soon as a few answers are there" in part(cast, cast.alice)
    second = signed_in(cast.alice).get(f"/projects/{cast.project.pk}/second-look/").text
    assert "as soon as there are some thirty" in second


def test_only_managers_and_adjudicators_take_a_second_look(cast: Cast) -> None:
    task = cast.task("a.png")
    cast.answer(task, cast.bob, quality("Artefact"))
    proved(cast, label_errors=[doubt(task.pk)])
    address = f"/projects/{cast.project.pk}/second-look/"
    assert signed_in(cast.charlie).get(address).status_code == 404
    assert signed_in(cast.bob).get(address).status_code == 403
    assert signed_in(cast.ann).get(address).status_code == 403
    assert Client().get(address).status_code == 302
    cast.project.memberships.filter(user=cast.bea).update(role=Role.ADJUDICATOR)
    for user in (cast.alice, cast.bea):
        page = signed_in(user).get(address).text
        assert "a.png" in page and "No artefact" in page and "94 %" in page
        assert "bob@example.org" in page
        assert f'href="/projects/{cast.project.pk}/tasks/{task.pk}/"' in page
        assert "?correct" not in page  # neither has answered it


def test_a_task_in_hand_is_given_no_second_look_by_its_reader(cast: Cast) -> None:
    held, free = cast.task("held.png"), cast.task("free.png")
    for task in (held, free):
        cast.answer(task, cast.bob, quality("Artefact"))
    Claim.objects.create(
        task=held,
        project=cast.project,
        reader=cast.alice,
        rank=1,
        expires_at=timezone.now() + timedelta(minutes=5),
    )
    proved(cast, label_errors=[doubt(held.pk), doubt(free.pk)])
    page = signed_in(cast.alice).get(f"/projects/{cast.project.pk}/second-look/").text
    assert "free.png" in page and "held.png" not in page
    told = token_of(cast.alice).get(f"/api/projects/{cast.project.pk}/proof/").json()
    assert [one["task"] for one in told["label_errors"]] == [free.pk]


@pytest.mark.parametrize("path", ["projects/{}/second-look/", "api/projects/{}/proof/"])
def test_a_second_look_at_ones_own_label_is_noted(cast: Cast, path: str) -> None:
    task = cast.task("a.png")
    own, other = [cast.answer(task, user, quality("Artefact")) for user in (cast.alice, cast.bob)]
    proved(cast, label_errors=[doubt(task.pk)])
    shown = signed_in(cast.alice).get("/" + path.format(cast.project.pk))
    assert shown.status_code == 200
    correction = f'href="/projects/{cast.project.pk}/tasks/{task.pk}/?correct"'
    assert (correction in shown.text) == ("second-look" in path)
    for answer, is_noted in ((own, True), (other, False)):
        answer.refresh_from_db()
        assert (answer.model_seen_at is not None) == is_noted


def test_an_answer_taken_back_is_looked_at_no_more(cast: Cast) -> None:
    task = cast.task("a.png")
    answer = cast.answer(task, cast.bob, quality("Artefact"))
    proved(cast, label_errors=[doubt(task.pk)])
    answer.withdrawn_at = timezone.now()
    answer.save()
    page = signed_in(cast.alice).get(f"/projects/{cast.project.pk}/second-look/").text
    assert "No label is in doubt." in page


def test_the_interface_tells_the_proof_to_who_oversees(cast: Cast) -> None:
    address = f"/api/projects/{cast.project.pk}/proof"
    assert token_of(cast.alice).get(address).status_code == 404
    task = cast.task("a.png")
    proved(cast, label_errors=[doubt(task.pk)])
    assert token_of(cast.charlie).get(address).status_code == 404
    assert token_of(cast.bob).get(address).status_code == 403
    assert APIClient().get(address).status_code == 401
    told = token_of(cast.alice).get(address + "/").json()
    assert told["savings"] == [savings()]
    assert told["stopping"] == [advice(reason="the curve still rises")]
    assert told["label_errors"][0]["suggested"] == "No artefact"
    assert "rank_by" not in told["label_errors"][0]
    analysts = token_of(cast.ann).get(address).json()
    assert "label_errors" not in analysts
    assert analysts["labels"] == 700


@pytest.mark.parametrize("user", ["alice", "ann"])
def test_the_parts_of_the_page_say_the_same_to_all_who_oversee(cast: Cast, user: str) -> None:
    proved(cast)
    assert "40 (25 to 80) labels in the learner’s order" in part(cast, getattr(cast, user))


def test_one_finding_among_several_is_there_or_not_in_the_readers_language(cast: Cast) -> None:
    task = cast.task("a.png")
    cast.answer(task, cast.bob, quality("Artefact"))
    said = {"given": "absent", "suggested": "present"}
    proved(cast, label_errors=[doubt(task.pk) | said | {"finding": "Nodule"}])
    address = f"/projects/{cast.project.pk}/second-look/"
    page = signed_in(cast.alice).get(address, headers={"accept-language": "de"}).text
    assert ">nicht vorhanden<" in page and ">vorhanden <" in page
    Proof.objects.update(label_errors=[doubt(task.pk) | said])  # an option that is called so
    assert ">absent<" in signed_in(cast.alice).get(address).text
