"""Why a task came, in a word: from the arm it lies in, and the strategy that placed it."""

from annotator.models import Task

BY_CHANCE = {
    Task.Arm.AUDIT: "Drawn by chance, to measure the model",
    Task.Arm.RANDOM: "Drawn by chance, for comparison",
}
NOT_RANKED = "No ranking yet"
_UNSURE = "The model is unsure here"
_DISAGREE = "Models disagree here"
_TYPICAL = "Typical of many"
_UNLIKE = "Unlike what has been read"
_UNSURE_AND_UNLIKE = "The model is unsure here, and it is unlike the others"
_TELLING = "Tells most about the others"

# By the names of projects.strategies. "auto" ranks under the name of the strategy it chose.
BY_STRATEGY = {
    "": NOT_RANKED,
    "random": "Drawn by chance",
    "least_confidence": _UNSURE,
    "margin": _UNSURE,
    "entropy": _UNSURE,
    "power_margin": _UNSURE,
    "cluster_margin": _UNSURE_AND_UNLIKE,
    "badge": _UNSURE_AND_UNLIKE,
    "uncertainty_herding": "The model is unsure here, and it is typical of many",
    "bald": _DISAGREE,
    "bald_laplace": _DISAGREE,
    "epig": _TELLING,
    "bait": _TELLING,
    "coreset": _UNLIKE,
    "lcmd": _UNLIKE,
    "typiclust": _TYPICAL,
    "prob_cover": _TYPICAL,
    "max_herding": _TYPICAL,
    "galaxy": "A rare finding is likely",
    "modal:uncertainty_sampling": _UNSURE,
    "modal:margin_sampling": _UNSURE,
    "modal:entropy_sampling": _UNSURE,
    "modal:max_std_sampling": _UNSURE,
    "modal:uncertainty_batch_sampling": _UNSURE_AND_UNLIKE,
    "modal:vote_entropy_sampling": _DISAGREE,
    "modal:consensus_entropy_sampling": _DISAGREE,
    "modal:max_disagreement_sampling": _DISAGREE,
}


def why(*, arm: str, strategy: str) -> str:
    """Why a task of this arm came. A strategy that is no longer offered is called by its name."""
    by_chance = BY_CHANCE.get(Task.Arm(arm))
    return by_chance or BY_STRATEGY.get(strategy) or f"Chosen by {strategy.replace('_', ' ')}"
