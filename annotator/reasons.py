"""Why a task came, in a word: from the arm it lies in, and the strategy that placed it."""

from django.utils.translation import gettext, gettext_noop

from annotator.models import Task

# One word for both arms: who knew which cases measure the model could read those more carefully.
BY_CHANCE = gettext_noop("Drawn by chance")
NOT_RANKED = gettext_noop("No ranking yet")
_UNSURE = gettext_noop("The model is unsure here")
_DISAGREE = gettext_noop("Models disagree here")
_TYPICAL = gettext_noop("Typical of many")
_UNLIKE = gettext_noop("Unlike what has been read")
_UNSURE_AND_UNLIKE = gettext_noop("The model is unsure here, and it is unlike the others")
_TELLING = gettext_noop("Tells most about the others")

# By the names of projects.strategies. "auto" ranks under the name of the strategy it chose.
BY_STRATEGY = {
    "": NOT_RANKED,
    "random": BY_CHANCE,
    "least_confidence": _UNSURE,
    "margin": _UNSURE,
    "entropy": _UNSURE,
    "power_margin": _UNSURE,
    "cluster_margin": _UNSURE_AND_UNLIKE,
    "badge": _UNSURE_AND_UNLIKE,
    "uncertainty_herding": gettext_noop("The model is unsure here, and it is typical of many"),
    "bald": _DISAGREE,
    "bald_laplace": _DISAGREE,
    "epig": _TELLING,
    "bait": _TELLING,
    "coreset": _UNLIKE,
    "lcmd": _UNLIKE,
    "typiclust": _TYPICAL,
    "prob_cover": _TYPICAL,
    "max_herding": _TYPICAL,
    "galaxy": gettext_noop("A rare finding is likely"),
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
    if Task.Arm(arm) != Task.Arm.POOL:
        return gettext(BY_CHANCE)
    known = BY_STRATEGY.get(strategy)
    if known:
        return gettext(known)
    return gettext("Chosen by {strategy}").format(strategy=strategy.replace("_", " "))
