"""Query strategies: which unlabelled scans to read next.

One file each; each is a pure function `select(pool, batch, rng) -> Chosen`. This module imports
nothing heavy, so the names can be offered and checked anywhere.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from learner.strategies.pool import Strategy

DEFAULT = "auto"


@dataclass(frozen=True)
class Needs:
    """What a strategy has to be given besides the features; nothing else is computed for it."""

    model: bool = True  # a fitted head
    question: Literal["any", "choice", "number"] = "any"  # what a question must ask for
    values: bool = True  # `Answer.values`; without, they are 0
    committee: bool = False  # `Answer.committee`
    draws: bool = False  # `Answer.draws`
    known: bool = False  # `Answer.known`
    clusters: bool = False  # `Pool.clusters`


_FREE = Needs(model=False)
_CHOICE = Needs(question="choice")
_COMMITTEE = Needs(question="choice", committee=True)
_DRAWS = Needs(question="choice", draws=True)
_NUMBER = Needs(question="number")

_OWN = {
    "random": _FREE,
    "least_confidence": Needs(),
    "margin": Needs(),
    "entropy": Needs(),
    "power_margin": Needs(),
    "bald": _COMMITTEE,
    "bald_laplace": _DRAWS,
    "epig": _DRAWS,
    "typiclust": _FREE,
    "prob_cover": _FREE,
    "max_herding": _FREE,
    "uncertainty_herding": Needs(known=True),
    "cluster_margin": Needs(clusters=True),
    "coreset": _FREE,
    "badge": Needs(),
    "galaxy": Needs(question="choice", known=True),
    "bait": Needs(question="number", values=False),
    "lcmd": Needs(question="number", values=False),
}

# modAL's, which keep their own names. Left out: expected_error_reduction (one refit per scan of
# the pool and class), and modAL.dropout (needs skorch).
_MODAL = {
    "uncertainty_sampling": _CHOICE,
    "margin_sampling": _CHOICE,
    "entropy_sampling": _CHOICE,
    "uncertainty_batch_sampling": _CHOICE,
    "vote_entropy_sampling": _COMMITTEE,
    "consensus_entropy_sampling": _COMMITTEE,
    "max_disagreement_sampling": _COMMITTEE,
    "max_std_sampling": _NUMBER,
}

_NEEDS = {**_OWN, **{f"modal:{name}": needs for name, needs in _MODAL.items()}}

# These need no fitted head.
MODEL_FREE = frozenset(name for name, needs in _NEEDS.items() if not needs.model)

# Kinds of questions (`learner.questions`) that answer to each of `Needs.question`.
KINDS = {
    "any": ("single", "multiple", "number"),
    "choice": ("single", "multiple"),
    "number": ("number",),
}
_IN_WORDS = {"choice": "asks for a choice", "number": "asks for a number"}


def strategy_names() -> tuple[str, ...]:
    """Every name a project may give: "auto", ours, and modAL's as "modal:<name>"."""
    return (DEFAULT, *_NEEDS)


def check_strategy(name: str) -> str:
    """Give `name` back; ValueError with the valid names when there is no such strategy."""
    if name not in strategy_names():
        raise ValueError(f"no strategy {name!r}; choose from {', '.join(strategy_names())}")
    return name


def strategy_needs(name: str) -> Needs:
    """What a strategy other than "auto" has to be given."""
    check_strategy(name)
    if name == DEFAULT:
        raise ValueError(f"{DEFAULT!r} is a policy over strategies, not one of them")
    return _NEEDS[name]


def check_fits(name: str, kinds: Iterable[str]) -> None:
    """ValueError where a strategy can do nothing with questions of these kinds.

    Kinds are those of `learner.questions.Question`. "auto" fits any.
    """
    if check_strategy(name) == DEFAULT:
        return
    asked = strategy_needs(name).question
    if asked != "any" and not set(kinds) & set(KINDS[asked]):
        raise ValueError(
            f"the strategy {name!r} needs a question that {_IN_WORDS[asked]}; "
            f"choose another strategy, or {DEFAULT!r}"
        )


def load_strategy(name: str) -> "Strategy":
    """The function of a strategy other than "auto", which is the Ranker's choice among these."""
    strategy_needs(name)
    if name.startswith("modal:"):
        from learner.modal_compat import modal_strategy

        return modal_strategy(name.removeprefix("modal:"))
    # "random" cannot be a file's name beside the standard library's.
    module = "at_random" if name == "random" else name
    strategy: Strategy = import_module(f"learner.strategies.{module}").select
    return strategy
