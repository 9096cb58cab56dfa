"""From a release's contents to its file: every byte follows from the contents and the database."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from annotator.chances import PROPENSITY
from projects.label_config import question_json
from releases.archive import Written, write_archive, write_text
from releases.formats import FORMATS
from releases.formats.shape import reader_name, stable_json, utc_text
from releases.models import Release
from releases.records import Dataset
from releases.split import RULE
from releases.states import STATES, normal_answers
from releases.survey import Survey, survey_of

MANIFEST = "manifest.json"
READERS = "readers.csv"


def build_archive(release: Release, *, folder: Path) -> tuple[Path, dict[str, Any]]:
    """Write the release's ZIP into `folder`, which is empty; its path, and the manifest in it."""
    dataset = Dataset(release.contents)
    survey = survey_of(dataset)
    members: dict[str, Path] = {}
    written: dict[str, Written] = {}
    for name in release.formats:
        chosen = FORMATS[name]
        members[chosen.file_name] = folder / chosen.file_name
        written[chosen.file_name] = write_text(folder / chosen.file_name, chosen.pieces(dataset))
    members[READERS] = folder / READERS
    written[READERS] = write_text(folder / READERS, _readers(survey, release.contents["roles"]))
    manifest = manifest_of(release, dataset=dataset, survey=survey, written=written)
    members[MANIFEST] = folder / MANIFEST
    write_text(folder / MANIFEST, [stable_json(manifest), "\n"])
    target = folder / "release.zip"
    with target.open("wb") as out:
        write_archive(out, members)
    return target, manifest


def _readers(survey: Survey, roles: Mapping[str, str]) -> Iterator[str]:
    """Who answered, by number alone: names and addresses do not leave with a dataset."""
    yield "reader,role,annotations,not_judgeable\n"
    for reader, answers in sorted(survey.answers.items()):
        role = roles.get(str(reader), "former member")
        yield f"{reader_name(reader)},{role},{answers},{survey.cancelled[reader]}\n"


def manifest_of(
    release: Release, *, dataset: Dataset, survey: Survey, written: Mapping[str, Written]
) -> dict[str, Any]:
    contents = release.contents
    return {
        "scout": contents["scout"],
        "release": release.number,
        "created_at": utc_text(release.created_at),
        "project": contents["project"],
        "questions": question_json(dataset.questions),
        "formats": release.formats,
        "counts": survey.as_json(),
        "last_annotation": release.last_annotation,
        "states": STATES,
        "normal_answers": normal_answers(dataset.questions),
        "split": RULE,
        "propensity": PROPENSITY,
        "rounds": contents["rounds"],
        "rankings": contents["rankings"],
        # SHA-256 and size of each file as it is when unpacked.
        "files": {
            name: {"sha256": file.digest, "bytes": file.size}
            for name, file in sorted(written.items())
        },
    }
