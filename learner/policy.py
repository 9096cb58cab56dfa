"""Which strategy chooses now: the one that is named, as soon as there are labels for it.

"auto" draws a few scans by chance, covers the pool while the labels tell nothing apart
(MaxHerding), then covers what the model is unsure of (uncertainty herding), whose kernel narrows by
itself as labels come, until the choice is that of uncertainty sampling. Where numbers alone are
asked for, it draws by chance until there are labels enough, then takes the farthest of the largest
cluster (LCMD). docs/decisions/ tells what both were measured against.
"""

from collections.abc import Sequence

from learner.fitting import QuestionHead
from learner.strategies import DEFAULT, KINDS, MODEL_FREE, strategy_needs

# What "auto" begins and goes on with; other strategies that need a model begin at random.
BEGINNING = "max_herding"
THEN = "uncertainty_herding"
FOR_NUMBERS = "lcmd"
CHANCE = "random"
# The most typical scans are often of one class, or differ in what nobody asks for. So many by
# chance, or as many as a question has classes or findings, are as good as chance, and lose little
# afterwards.
BY_CHANCE = 4
MOST_BY_CHANCE = 20
LABELS_PER_CLASS = 2  # before a head's uncertainty is worth following
# A class so rare that it has not come up twice by this many labels a class holds nothing up, nor
# does a question that is seldom answered.
MOST_PER_CLASS = 5
NUMBERS = 10  # labels before a number's uncertainty is worth following


def choose_strategy(named: str, heads: Sequence[QuestionHead]) -> str:
    """The strategy for the next ranking, in place of `named` while the labels are too few for it.

    A strategy for one kind of question waits for the heads of that kind alone.
    """
    if named == DEFAULT:
        if all(head.question.kind == "number" for head in heads):
            return CHANCE if cold(heads) else FOR_NUMBERS
        most = max(heads, key=lambda head: head.labels)
        if most.labels < min(max(BY_CHANCE, most.question.outputs), MOST_BY_CHANCE):
            return CHANCE
        return THEN if any(tells_apart(head) for head in heads) else BEGINNING
    if named in MODEL_FREE:
        return named
    kinds = KINDS[strategy_needs(named).question]
    fitting = [head for head in heads if head.question.kind in kinds]
    return CHANCE if cold(fitting) else named


def tells_apart(head: QuestionHead) -> bool:
    """Whether a head has seen more than one answer, or numbers enough, to be worth asking."""
    if head.question.kind == "number":
        return head.labels >= NUMBERS
    if head.question.kind == "single":
        return head.fitted
    return bool(((head.seen > 0) & (head.absent > 0)).any())


def cold(heads: Sequence[QuestionHead]) -> bool:
    """Whether labels are still too few for the heads' uncertainty to be followed."""
    most = max((head.labels for head in heads), default=0)
    return not any(tells_apart(head) for head in heads) or not all(
        _has_enough(head, most) for head in heads
    )


def _has_enough(head: QuestionHead, most: int) -> bool:
    """Whether a head waits for nothing more, where the question answered most has `most` labels."""
    if head.question.kind == "number":
        return most >= NUMBERS
    if most >= MOST_PER_CLASS * head.question.outputs:
        return True
    least = float(head.seen.min())
    if head.question.kind == "multiple":  # a finding's other class is its absence
        least = min(least, float(head.absent.min()))
    return least >= LABELS_PER_CLASS
