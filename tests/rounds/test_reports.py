"""What `learner.metrics.evaluate` reports, as rankings and rounds keep it."""

import numpy as np

from learner.metrics import evaluate
from learner.questions import Question
from rounds import services


def test_every_metric_keeps_its_interval_and_what_is_undefined_is_left_out() -> None:
    question = Question("findings", "multiple", ("Nodule", "Effusion", "Mass"))
    targets = np.array([[1, 0, 0], [0, 1, 0], [1, 1, 0], [0, 0, 0]], dtype=np.float32)
    predicted = np.where(targets == 1, 0.9, 0.2).astype(np.float32)
    predicted[2, 0] = 0.4
    told = services.told(evaluate(question, predicted, targets))
    assert set(told) == {
        "accuracy", "balanced_accuracy", "sensitivity", "specificity", "roc_auc", "classes"
    }  # fmt: skip
    # Nodule 1 of 2, effusion 2 of 2; nobody has a mass.
    assert told["sensitivity"]["value"] == 0.75 and told["sensitivity"]["n"] == 4
    assert told["balanced_accuracy"]["value"] == 0.875
    assert 0 <= told["sensitivity"]["low"] < 0.75 < told["sensitivity"]["high"] <= 1
    assert set(told["classes"]) == {"Nodule", "Effusion", "Mass"}


def test_of_one_class_alone_there_is_no_area_and_no_balanced_accuracy() -> None:
    question = Question("diagnosis", "single", ("Normal", "Nodule"))
    targets = np.array([[1, 0], [1, 0]], dtype=np.float32)
    told = services.told(evaluate(question, targets, targets))
    assert told["accuracy"]["value"] == 1
    assert not {"roc_auc", "balanced_accuracy", "sensitivity"} & set(told)
