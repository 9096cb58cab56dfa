"""Help from the model in the reading room: shown as the policy says, accepted, and recorded."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image

from tests.browser.rooms import Room, extent

if TYPE_CHECKING:
    from pytest_django.fixtures import Settings

    from annotator.models import Annotation
    from projects.models import Project
    from scans.models import Archive

QUESTIONS = """
<Choices name="finding" toName="image" choice="single">
  <Choice value="Normal"/><Choice value="Pneumothorax"/>
</Choices>
<RectangleLabels name="lesions" toName="image"><Label value="Lesion"/></RectangleLabels>
<BrushLabels name="masks" toName="image"><Label value="Consolidation"/></BrushLabels>
"""
SHOT = Path("/tmp/modelhelp")  # where a run that wants pictures puts them


@pytest.fixture
def project(
    archive: Archive,
    make_project: Callable[..., Project],
    tmp_path: Path,
    settings: Settings,
) -> Project:
    """Three radiographs of which the model says the same; the learner has ranked them."""
    from annotator.models import Task
    from annotator.predictions import OwnPrediction, keep_own_predictions
    from rounds.services import publish_ranking
    from tests.browser.phantoms import block_radiograph, radiograph, scans_of

    settings.LEARNER_CACHE = tmp_path
    project = make_project(QUESTIONS, scans_of(archive, [block_radiograph()] * 3, **radiograph()))
    publish_ranking(
        project=project, round_id=None, model=0, strategy="margin", labels=20, last_annotation=0,
        placed=[], milliseconds=1.0,
    )  # fmt: skip
    for task in Task.objects.all():
        keep_own_predictions(
            project=project,
            model=0,
            generation=1,
            predictions=[OwnPrediction(task.pk, said(), 0.83)],
        )
    return project


def said() -> list[dict[str, Any]]:
    return [
        {
            "from_name": "finding", "to_name": "image", "type": "choices", "score": 0.83,
            "value": {"choices": ["Pneumothorax"]},
            "meta": {"probabilities": {"Normal": 0.17, "Pneumothorax": 0.83}},
        },
        *(
            {
                "from_name": "lesions", "to_name": "image", "type": "rectanglelabels",
                "score": score,
                "value": {
                    "x": x, "y": 10, "width": 20, "height": 30, "rotation": 0,
                    "rectanglelabels": ["Lesion"],
                },
            }
            for x, score in ((10, 0.9), (70, 0.4))
        ),
    ]  # fmt: skip


def help_by(project: Project, policy: str) -> None:
    project.model_help = policy
    project.save()


def answer_of(task: str) -> tuple[Annotation, dict[str, Any]]:
    """The answer, and what is kept of what its reader was shown."""
    from annotator.models import Annotation

    kept = Annotation.objects.get(task=int(task))
    assert kept.model_shown is not None
    return kept, dict(kept.model_shown)


def parts(room: Room) -> int:
    """How many elements of the page are about the model."""
    of_model = "[class*=model], [class*=suggestion], [class*=heat], .stack-track"
    return room.page.locator(of_model).count()


def look(room: Room, name: str) -> None:
    if SHOT.exists():
        room.page.screenshot(path=SHOT / f"{name}.png")


def test_where_the_policy_is_off_nothing_of_the_model_is_on_the_page(
    project: Project, enter: Callable[..., Room]
) -> None:
    room = enter(project)
    room.press("o", "Alt+Enter", "Alt+ArrowUp", "2", "?")
    assert parts(room) == 0
    assert "model" not in room.page.locator("body").inner_text().lower()
    room.press("Escape", "Enter")
    room.wait_for_task(other_than="")
    assert not room.problems


def test_help_before_reading_is_accepted_rejected_and_recorded(
    project: Project, enter: Callable[..., Room]
) -> None:
    help_by(project, "before")
    room = enter(project)
    task = room.root("task")
    look(room, "before")
    assert room.chosen() == []  # nothing is answered for the reader
    option = room.page.locator(".option[data-value=Pneumothorax]")
    assert option.inner_text().split() == ["2", "Pneumothorax", "model:", "83", "%"]
    assert room.page.locator("[data-part=suggestions] li").all_inner_texts() == [
        "Lesion\n90 %\n✓\n×", "Lesion\n40 %\n✓\n×"
    ]  # fmt: skip
    assert room.page.locator(".regions li").count() == 0
    room.press("Alt+Enter")
    assert room.page.locator(".regions li").count() == 1
    room.press("Alt+Backspace")
    assert room.page.locator("[data-part=suggestions]").count() == 0
    look(room, "accepted")
    room.press("1", "Enter")
    room.wait_for_task(other_than=task)
    kept, shown = answer_of(task)
    box = next(entry for entry in kept.result if entry["from_name"] == "lesions")
    assert [box["value"][name] for name in ("x", "y", "width", "height")] == pytest.approx(
        [10, 10, 20, 30], abs=0.01
    )
    suggested = {
        entry["score"]: entry["id"]
        for entry in shown["before"]["result"]
        if entry["type"] == "rectanglelabels"
    }
    assert shown["suggestions"] == {
        suggested[0.9]: "accepted",
        suggested[0.4]: "rejected",
    }
    assert box["id"] == suggested[0.9]
    assert not room.problems


def test_the_audit_sample_is_read_without_help(
    project: Project, enter: Callable[..., Room]
) -> None:
    from annotator.models import Task

    Task.objects.update(arm="audit")
    help_by(project, "before")
    room = enter(project)
    room.press("o")
    assert parts(room) == 0


def test_the_heat_map_lies_on_the_hot_place_through_zoom_and_opacity(
    project: Project, enter: Callable[..., Room]
) -> None:
    from rounds.explanations import Asked, keep_explanation

    help_by(project, "before")
    room = enter(project)
    task = room.root("task")
    heat = np.zeros((100, 200), np.uint8)
    heat[10:40, 20:60] = 255  # the phantom's bright block
    png = io.BytesIO()
    Image.fromarray(heat).save(png, "PNG")
    asked = Asked(int(task), "finding", "Pneumothorax", scan=0, frame=0)
    keep_explanation(project_id=project.pk, asked=asked, png=png.getvalue())
    room.press("o")
    room.wait(lambda: room.page.locator(".heat-bar").count() == 1, "the heat map")
    look(room, "heat")
    first = hot(room)
    strong = strength(room)
    room.press("Alt+ArrowDown", "Alt+ArrowDown")
    assert strength(room) == pytest.approx(strong * 0.4 / 0.6, abs=3)
    assert "Opacity 40 %" in room.says("heat")
    room.press("+", "+")
    room.page.wait_for_timeout(300)
    zoomed = hot(room)
    # To within half a pixel of the frame, which is five on the screen wide: two blurred edges.
    assert zoomed == pytest.approx(bright(room), abs=3.5)
    room.press("f")
    room.page.wait_for_timeout(300)
    assert hot(room) == first == pytest.approx(bright(room), abs=2.5)
    room.press("o")
    assert room.page.locator(".heat-bar").count() == 0
    from annotator.models import ModelShown

    (map_,) = ModelShown.objects.get(task=int(task)).shown["heat_maps"]
    assert (map_["answer"], map_["when"]) == ("Pneumothorax", "before")


# Alpha of the heat layer's own pixels, one to a CSS pixel: the strongest, and where half of it is.
_HEAT = """() => {
    const { width, height } = document.querySelector(".heat-layer");
    const context = document.querySelector(".heat-layer").getContext("2d");
    const { data } = context.getImageData(0, 0, width, height);
    const alphas = data.filter((_, at) => at % 4 === 3);
    const most = alphas.reduce((a, b) => Math.max(a, b), 0);
    let [top, bottom, left, right] = [height, 0, width, 0];
    alphas.forEach((alpha, at) => {
        if (alpha <= most / 2) return;
        const [row, column] = [Math.floor(at / width), at % width];
        [top, bottom] = [Math.min(top, row), Math.max(bottom, row + 1)];
        [left, right] = [Math.min(left, column), Math.max(right, column + 1)];
    });
    return [most, top, bottom, left, right];
}"""


def hot(room: Room) -> list[int]:
    return list(room.page.evaluate(_HEAT)[1:])


def strength(room: Room) -> int:
    return int(room.page.evaluate(_HEAT)[0])


def bright(room: Room) -> tuple[int, int, int, int]:
    """Where the phantom's bright block is drawn."""
    room.page.add_style_tag(content=".image-layer, .heat-legend { visibility: hidden }")
    return extent(room.picture()[..., 0] > 128)


def test_after_reading_the_model_says_what_it_thought(
    project: Project, enter: Callable[..., Room]
) -> None:
    help_by(project, "after")
    room = enter(project)
    task = room.root("task")
    room.press("o")
    assert parts(room) == 0
    room.press("1", "Enter")
    room.wait_for_task(other_than=task)
    assert room.page.locator("[data-part=model-said]").count() == 0  # a slip can be taken back
    room.wait(lambda: room.page.locator("[data-part=model-said]").count() == 1, "its word")
    look(room, "after")
    assert room.says("model-said") == "The model said: Pneumothorax 83 % Look again"
    assert room.says("why").count("Last case: ") == 1
    _, shown = answer_of(task)
    assert shown["after"]["result"][0]["score"] == 0.83
    room.press("u")
    room.wait(lambda: "Your last answer stands" in room.says("notice"), "the refusal")


def test_in_a_volume_a_suggestion_is_shown_before_it_is_accepted(
    archive: Archive, make_project: Callable[..., Project], enter: Callable[..., Room]
) -> None:
    from annotator.models import Task
    from annotator.services import keep_prediction
    from tests.browser.phantoms import axial, counting_volume, keep_scan

    scan = keep_scan(archive, counting_volume(), **axial(9))
    project = make_project(QUESTIONS, [scan])
    help_by(project, "before")
    task = Task.objects.get()
    Task.objects.update(opens_at={"scan": 0, "frame": 6})
    keep_prediction(
        project=project,
        task_id=task.pk,
        result=[{**said()[1], "item_index": 2}],
        score=None,
        model_version="boxnet 2",
        created_by=project.created_by,
    )
    room = enter(project)
    assert room.overlay("top-right") == "3 / 9"  # frame 6 of 9, from the head to the feet
    track = room.page.locator(".stack-track")
    assert track.get_attribute("aria-label") == "Look first at slice 3"
    tick, here = (track.locator(part).bounding_box() for part in (".stack-first", ".stack-here"))
    assert tick is not None and here is not None
    assert tick["y"] + tick["height"] / 2 == pytest.approx(here["y"] + here["height"] / 2, abs=1)
    assert "Lesion, slice 7" in room.says("suggestions")
    room.press("Alt+Enter")
    room.wait(lambda: room.overlay("top-right") == "7 / 9", "the suggestion's slice")
    assert room.page.locator(".regions li").count() == 0
    room.press("Alt+Enter")
    assert room.page.locator(".regions li").count() == 1
    room.press("Control+z")
    assert room.page.locator(".regions li").count() == 0
    room.press("1", "Enter")
    room.wait_for_state("empty")
    room.wait(lambda: room.root("unsent") == "", "the answer on the server")
    _, shown = answer_of(str(task.pk))
    assert list(shown["suggestions"].values()) == ["rejected"]
    assert not room.problems


def test_a_case_that_was_answered_tells_what_the_model_said_when_asked(
    project: Project, enter: Callable[..., Room]
) -> None:
    from annotator.models import Annotation

    help_by(project, "after")
    room = enter(project)
    task = room.root("task")
    room.press("1", "Enter")
    room.wait_for_task(other_than=task)
    room.page.goto(room.url.replace("/read/", f"/tasks/{task}/"))
    room.wait_for_state("ready")
    assert room.page.locator(".model-chance").count() == 0
    assert Annotation.objects.get().model_shown is None
    room.page.locator(".model-offer").click()
    room.wait(lambda: room.page.locator(".model-chance").count() == 2, "what it said")
    look(room, "again")
    _, shown = answer_of(task)
    assert set(shown) == {"after"}
    assert not room.problems
