"""Learning from labels with torch: the backbone, and the attention over a bag's frames."""

from learner.training.attention import STARTS, fit_attention
from learner.training.losses import masked_loss
from learner.training.tuning import (
    LEAST_LABELS,
    Labelled,
    MultiTask,
    fine_tune,
    held_out_loss,
    split_by_patient,
)

__all__ = [
    "LEAST_LABELS",
    "STARTS",
    "Labelled",
    "MultiTask",
    "fine_tune",
    "fit_attention",
    "held_out_loss",
    "masked_loss",
    "split_by_patient",
]
