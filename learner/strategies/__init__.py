"""Query strategies: which unlabelled scans to read next.

One file each; each is a pure function `select(pool, batch, rng) -> Chosen`. This module imports
nothing heavy, so the names can be offered and checked anywhere.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from learner.strategies.pool import Strategy

DEFAULT = "auto"

# Ours by name -> module. "random" cannot be a file's name beside the standard library's.
_OWN = {
    "random": "at_random",
    "least_confidence": "least_confidence",
    "margin": "margin",
    "entropy": "entropy",
    "typiclust": "typiclust",
    "max_herding": "max_herding",
    "uncertainty_herding": "uncertainty_herding",
    "cluster_margin": "cluster_margin",
    "coreset": "coreset",
    "badge": "badge",
}

# modAL's, which keep their own names. Left out: expected_error_reduction (one refit per scan of
# the pool and class), and modAL.dropout (needs skorch).
_MODAL = (
    "uncertainty_sampling",
    "margin_sampling",
    "entropy_sampling",
    "uncertainty_batch_sampling",
    "vote_entropy_sampling",
    "consensus_entropy_sampling",
    "max_disagreement_sampling",
    "max_std_sampling",
)

# These need no fitted head.
MODEL_FREE = frozenset({"random", "typiclust", "max_herding", "coreset"})


def strategy_names() -> tuple[str, ...]:
    """Every name a project may give: "auto", ours, and modAL's as "modal:<name>"."""
    return (DEFAULT, *_OWN, *(f"modal:{name}" for name in _MODAL))


def check_strategy(name: str) -> str:
    """Give `name` back; ValueError with the valid names when there is no such strategy."""
    if name not in strategy_names():
        raise ValueError(f"no strategy {name!r}; choose from {', '.join(strategy_names())}")
    return name


def load_strategy(name: str) -> "Strategy":
    """The function of a strategy other than "auto", which is the Ranker's choice among these."""
    check_strategy(name)
    if name == DEFAULT:
        raise ValueError(f"{DEFAULT!r} is a policy over strategies, not one of them")
    if name.startswith("modal:"):
        from learner.modal_compat import modal_strategy

        return modal_strategy(name.removeprefix("modal:"))
    strategy: Strategy = import_module(f"learner.strategies.{_OWN[name]}").select
    return strategy
