"""What a dataset comes to, counted in one pass, for the manifest and the list of readers."""

from collections import Counter
from dataclasses import dataclass, field

from annotator.models import Task
from releases.records import AnswerRecord, Dataset, TaskRecord
from releases.split import SPLITS
from releases.states import STATES


@dataclass
class Survey:
    tasks: int = 0
    annotations: int = 0
    states: Counter[str] = field(default_factory=Counter)
    arms: Counter[str] = field(default_factory=Counter)
    tasks_per_split: Counter[str] = field(default_factory=Counter)
    patients: dict[str, set[str]] = field(default_factory=lambda: {name: set() for name in SPLITS})
    # By user id: annotations, and those that said it cannot be judged.
    answers: Counter[int] = field(default_factory=Counter)
    cancelled: Counter[int] = field(default_factory=Counter)

    def count(self, record: TaskRecord) -> None:
        self.tasks += 1
        self.annotations += len(record.answers)
        self.states[record.state] += 1
        self.arms[record.arm] += 1
        self.tasks_per_split[record.split] += 1
        self.patients[record.split].add(record.patient)
        for answer in record.answers:
            self._count_answer(answer)

    def _count_answer(self, answer: AnswerRecord) -> None:
        self.answers[answer.reader] += 1
        self.cancelled[answer.reader] += answer.was_cancelled

    def as_json(self) -> dict[str, object]:
        """Every name with its count, zeros among them."""
        return {
            "tasks": self.tasks,
            "annotations": self.annotations,
            "patients": sum(map(len, self.patients.values())),
            "readers": len(self.answers),
            "states": {name: self.states[name] for name in STATES},
            "arms": {arm.value: self.arms[arm.value] for arm in Task.Arm},
            "splits": {
                name: {
                    "tasks": self.tasks_per_split[name],
                    "patients": len(self.patients[name]),
                }
                for name in SPLITS
            },
        }


def survey_of(dataset: Dataset) -> Survey:
    survey = Survey()
    for record in dataset:
        survey.count(record)
    return survey
