"""The story of a label: in a release, a corrected answer brings those that it corrected."""

import csv
import io
import json
import uuid

import pytest

from annotator.corrections import correct_annotation
from annotator.models import Annotation
from annotator.services import Submission
from releases.formats import FORMATS
from releases.queries import contents_of
from releases.records import Dataset
from tests.annotator.cast import see_heat_map
from tests.releases.cast import Cast, findings

pytestmark = pytest.mark.django_db


def corrected(cast: Cast, old: Annotation, said: str) -> Annotation:
    submission = Submission(result=[findings(said)], unique_id=uuid.uuid4())
    return correct_annotation(
        project=cast.project,
        annotation_id=old.pk,
        reader=cast.bob,
        submission=submission,
        reason="a slip",
    ).annotation


def text_of(dataset: Dataset, name: str) -> str:
    return "".join(FORMATS[name].pieces(dataset))


def test_a_release_tells_the_story_of_a_label_and_goes_on_telling_it(cast: Cast) -> None:
    first = cast.answer(cast.task("a.png"), cast.bob, findings("Nodule"))
    see_heat_map(first.task_id, cast.bob)
    second = corrected(cast, first, "Effusion")
    dataset = Dataset(contents_of(project=cast.project))
    kept = text_of(dataset, "labelstudio")
    (annotation,) = json.loads(kept)[0]["annotations"]
    assert annotation["id"] == second.pk
    assert (annotation["correction_reason"], annotation["is_after_model"]) == ("a slip", True)
    (before,) = annotation["history"]
    assert (before["id"], before["result"]) == (first.pk, [findings("Nodule")])
    (row,) = csv.DictReader(io.StringIO(text_of(dataset, "csv")))
    assert (row["corrections_1"], row["after_model_1"]) == ("1", "1")
    corrected(cast, second, "Nodule")
    assert text_of(dataset, "labelstudio") == kept
