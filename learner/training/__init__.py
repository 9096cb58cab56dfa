"""Learning from labels with torch: the backbone, and the attention over a bag's frames."""

from learner.training.attention import STARTS, fit_attention
from learner.training.comparing import held_out_loss
from learner.training.data import LEAST_LABELS, Labelled, answered, split_by_patient
from learner.training.guessing import guess_labels
from learner.training.losses import masked_loss
from learner.training.network import MultiTask
from learner.training.recipe import TrainingRecipe
from learner.training.tuning import Tuned, fine_tune, tuned_predictions

__all__ = [
    "LEAST_LABELS",
    "STARTS",
    "Labelled",
    "MultiTask",
    "TrainingRecipe",
    "Tuned",
    "answered",
    "fine_tune",
    "fit_attention",
    "guess_labels",
    "held_out_loss",
    "masked_loss",
    "split_by_patient",
    "tuned_predictions",
]
