"""The query strategies a project may name.

Names and needs are the learner's, which the web process does not import; a test holds them equal.
"""

from collections.abc import Iterable

from django.utils.translation import gettext, gettext_lazy

NAMES = (
    "auto",
    "random",
    "least_confidence",
    "margin",
    "entropy",
    "power_margin",
    "bald",
    "bald_laplace",
    "epig",
    "typiclust",
    "prob_cover",
    "max_herding",
    "uncertainty_herding",
    "cluster_margin",
    "coreset",
    "badge",
    "galaxy",
    "bait",
    "lcmd",
    "modal:uncertainty_sampling",
    "modal:margin_sampling",
    "modal:entropy_sampling",
    "modal:uncertainty_batch_sampling",
    "modal:vote_entropy_sampling",
    "modal:consensus_entropy_sampling",
    "modal:max_disagreement_sampling",
    "modal:max_std_sampling",
)

# Most strategies make use of any question; these of one kind only.
NEEDS_NUMBER = frozenset({"bait", "lcmd", "modal:max_std_sampling"})
NEEDS_CHOICE = frozenset(
    name
    for name in NAMES
    if name in ("bald", "bald_laplace", "epig", "galaxy")
    or (name.startswith("modal:") and name not in NEEDS_NUMBER)
)

_TITLES = {
    "auto": gettext_lazy("Automatic"),
    "bald": gettext_lazy("BALD over the heads of the folds"),
    "bald_laplace": gettext_lazy("BALD over a Laplace posterior"),
    "epig": "EPIG",
    "typiclust": "TypiClust",
    "prob_cover": "ProbCover",
    "max_herding": "MaxHerding",
    "coreset": "CoreSet",
    "badge": "BADGE",
    "galaxy": gettext_lazy("GALAXY (rare findings)"),
    "bait": gettext_lazy("BAIT (numbers)"),
    "lcmd": gettext_lazy("LCMD (numbers)"),
}


def refusal(name: str, kinds: Iterable[str]) -> str | None:
    """Why a project with questions of these kinds cannot have the strategy; None where it can."""
    asked = set(kinds)
    if name in NEEDS_NUMBER and not asked & {"number", "rating"}:
        return gettext(
            "The strategy “{name}” needs a question that asks for a number or a rating."
        ).format(name=name)
    if name in NEEDS_CHOICE and not asked & {"single", "multiple"}:
        return gettext(
            "The strategy “{name}” needs a question of single or multiple choice."
        ).format(name=name)
    return None


def choices() -> list[tuple[str, str]]:
    """Name and title, as a form offers them."""
    return [(name, title(name)) for name in NAMES]


def title(name: str) -> str:
    """The name in words, as people read it."""
    if name in _TITLES:
        return str(_TITLES[name])
    source, _, function = name.rpartition(":")
    words = gettext(function.replace("_", " ").capitalize())
    return f"{words} (modAL)" if source else words
