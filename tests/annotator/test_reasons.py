"""The word that says why a task came."""

from annotator.models import Task
from annotator.reasons import BY_STRATEGY, why
from projects.strategies import NAMES


def test_every_strategy_that_can_choose_has_a_reason() -> None:
    assert set(BY_STRATEGY) - {""} == set(NAMES) - {"auto"}
    assert why(arm="pool", strategy="margin") == "The model is unsure here"


def test_reasons_are_a_word_or_a_few() -> None:
    for reason in BY_STRATEGY.values():
        assert 3 < len(reason) < 60 and reason[0].isupper() and not reason.endswith(".")


def test_what_chance_serves_says_so_whatever_the_strategy() -> None:
    assert why(arm=Task.Arm.AUDIT, strategy="") == "Drawn by chance, to measure the model"
    assert why(arm=Task.Arm.RANDOM, strategy="") == "Drawn by chance, for comparison"
    assert why(arm=Task.Arm.POOL, strategy="") == "No ranking yet"


def test_a_strategy_that_is_gone_is_called_by_its_name() -> None:
    assert why(arm="pool", strategy="query_by_committee") == "Chosen by query by committee"
