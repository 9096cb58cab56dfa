"""Which data sets the benchmark runs on."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

LABELS = "labels.csv"
# Columns of a labels.csv that was not described: what names a patient, and what is no answer.
_GROUPS = ("patient", "patientid", "subject", "subjectid", "group", "case")
_NO_ANSWERS = (
    "split", "set", "fold", "site", "view", "side", "sex", "gender", "date", "id", "uid",
    "accession", "accessionnumber", "studyinstanceuid", "seriesinstanceuid", "sopinstanceuid",
)  # fmt: skip


@dataclass(frozen=True)
class DataSet:
    """A folder of pictures, its table, the column that is asked and the one of the patient."""

    name: str
    folder: Path  # of the pictures; below the data folder in KNOWN
    labels: str  # a CSV in it
    answer: str
    group: str | None = None

    def below(self, data: Path) -> "DataSet":
        """The same with its folder in `data`."""
        return DataSet(self.name, data / self.folder, self.labels, self.answer, self.group)


KNOWN = (
    DataSet("cxr-pneumonia", Path("cxr-pneumonia"), LABELS, "type", "patient"),
    DataSet("brain-mri", Path("brain-mri"), LABELS, "tumour"),
    DataSet(
        "nih-chestxray14",
        Path("nih-chestxray14"),
        "Data_Entry_2017.csv",
        "Finding Labels",
        "Patient ID",
    ),
    DataSet(
        "nih-chestxray14-age",
        Path("nih-chestxray14"),
        "Data_Entry_2017.csv",
        "Patient Age",
        "Patient ID",
    ),
)


def find(data: Path, asked: Sequence[str]) -> list[DataSet]:
    """The data sets `asked` for: names of those below `data`, or NAME:FOLDER:CSV:ANSWER[:GROUP].

    None asked: those of KNOWN that are there, and every other folder with a labels.csv.
    ValueError: a name or a folder that is not there.
    """
    here = {one.name: one.below(data) for one in KNOWN if (data / one.folder).is_dir()}
    described = {one.folder for one in KNOWN}
    for labels in sorted(data.glob(f"*/{LABELS}")):
        if Path(labels.parent.name) not in described:
            here[labels.parent.name] = guessed(labels)
    if not asked:
        if not here:
            raise ValueError(f"{data} holds no data set: name a folder with --data or --dataset")
        return list(here.values())
    found = []
    for one in asked:
        if ":" not in one and one not in here:
            raise ValueError(f"{data} has no data set {one!r}; it has {', '.join(here) or 'none'}")
        found.append(parse(one) if ":" in one else here[one])
    return found


def parse(text: str) -> DataSet:
    """NAME:FOLDER:CSV:ANSWER[:GROUP]. ValueError where it is not that or the CSV is not there."""
    parts = text.split(":")
    if len(parts) not in (4, 5) or not all(parts[:4]):
        raise ValueError(f"{text!r} is not NAME:FOLDER:CSV:ANSWER or NAME:FOLDER:CSV:ANSWER:GROUP")
    name, folder, labels, answer = parts[:4]
    if not (Path(folder) / labels).is_file():
        raise ValueError(f"{Path(folder) / labels} is not there")
    return DataSet(name, Path(folder), labels, answer, parts[4] if len(parts) == 5 else None)


def guessed(labels: Path) -> DataSet:
    """A folder that nobody described, by its labels.csv, whose first column is the file.

    The patient is the column that is called so. The answer is the first other column that is not
    called like something else (split, site, view, sex, …) and has two different values or more.
    """
    with labels.open(newline="", encoding="utf-8-sig") as lines:
        reader = csv.DictReader(lines)
        columns = list(reader.fieldnames or ())
        rows = list(reader)
    group = next((name for name in columns[1:] if _letters(name) in _GROUPS), None)
    for name in columns[1:]:
        words = {_letters(name), *name.lower().replace("_", " ").split()}
        values = {row[name] for row in rows} - {"", None}
        if name != group and not words & set(_NO_ANSWERS) and len(values) > 1:
            return DataSet(labels.parent.name, labels.parent, labels.name, name, group)
    raise ValueError(f"{labels} has no column of answers: describe it with --dataset")


def _letters(name: str) -> str:
    return name.lower().replace("_", "").replace(" ", "")
