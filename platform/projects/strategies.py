"""The query strategies a project may name.

The names are the learner's, which the web process does not import; a test holds the two equal.
"""

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

_TITLES = {
    "auto": "Automatic",
    "bald": "BALD over the heads of the folds",
    "bald_laplace": "BALD over a Laplace posterior",
    "epig": "EPIG",
    "typiclust": "TypiClust",
    "prob_cover": "ProbCover",
    "max_herding": "MaxHerding",
    "coreset": "CoreSet",
    "badge": "BADGE",
    "galaxy": "GALAXY (rare findings)",
    "bait": "BAIT (numbers)",
    "lcmd": "LCMD (numbers)",
}


def choices() -> list[tuple[str, str]]:
    """Name and title, as a form offers them."""
    return [(name, _TITLES.get(name) or _title(name)) for name in NAMES]


def _title(name: str) -> str:
    source, _, function = name.rpartition(":")
    words = function.replace("_", " ").capitalize()
    return f"{words} (modAL)" if source else words
