"""What `learner.proof` found, in sentences. Pure: JSON as `Proof` keeps it in, words out."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

# A point that costs this many times the labels there are is not to be had.
_FARTHEST = 20


@dataclass(frozen=True)
class Amount:
    """A quantity with its 95 % interval; None: beyond what the labels can tell."""

    value: float | None
    low: float | None
    high: float | None

    @classmethod
    def of(cls, kept: dict[str, Any]) -> Self:
        return cls(kept["value"], kept["low"], kept["high"])

    def times(self, factor: float) -> "Amount":
        ends = [None if end is None else factor * end for end in (self.low, self.high)]
        low, high = ends if factor > 0 else ends[::-1]
        return Amount(None if self.value is None else factor * self.value, low, high)

    def interval(self, said: Callable[[float], str]) -> str:
        """ "0.4 to 3.1", "at least 0.4", "at most 3.1", or "" where nothing is known."""
        if self.low is not None and self.high is not None:
            return f"{said(self.low)} to {said(self.high)}"
        if self.low is not None:
            return f"at least {said(self.low)}"
        return "" if self.high is None else f"at most {said(self.high)}"

    def with_interval(self, said: Callable[[float], str]) -> str:
        """The value, its interval in brackets behind it."""
        interval = self.interval(said)
        value = "" if self.value is None else said(self.value)
        return f"{value} ({interval})" if interval else value


def whole(number: float) -> str:
    return f"{number:,.0f}".replace(",", "\u202f").replace("-", "\u2212")


def one_decimal(number: float) -> str:
    return f"{number:.1f}".replace("-", "\u2212")


def savings_sentences(one: dict[str, Any], label_seconds: float | None) -> list[str]:
    """What one question's `Savings` say; each number's 95 % interval stands in brackets."""
    verdict = one["verdict"]
    if verdict == "not enough":
        return [f"Before anything can be said: {_listed(one['missing'])} needed."]
    if verdict == "no difference":
        said = _no_difference(one)
    else:
        said = _saving(one, label_seconds) if verdict == "saving" else _cost(one, label_seconds)
    extrapolated = Amount.of(one["extrapolated"])
    if extrapolated.value is not None:
        said.append(
            f"By now: {_labels(extrapolated, label_seconds)} saved, extrapolated: the random arm’s "
            f"curve, measured to {one['random']} labels, is taken to go on as it went."
        )
    return said


def _no_difference(one: dict[str, Any]) -> list[str]:
    said = [
        f"On {one['audit']} audit cases, {one['random']} labels in random order and as many in the "
        "learner’s order cannot be told apart."
    ]
    worth = Amount.of(one["ratio"]).interval(one_decimal)
    if worth:
        said.append(f"A label in the learner’s order may be worth {worth} random ones.")
    return said


def _saving(one: dict[str, Any], label_seconds: float | None) -> list[str]:
    needed, ratio = Amount.of(one["needed"]), Amount.of(one["ratio"])
    return [
        f"{whole(needed.value or 0)} labels in the learner’s order teach what {one['random']} in "
        f"random order do: {ratio.with_interval(one_decimal)} times fewer.",
        f"Saved on the way there: {_labels(Amount.of(one['saved']), label_seconds)}.",
    ]


def _cost(one: dict[str, Any], label_seconds: float | None) -> list[str]:
    needed = Amount.of(one["needed"])
    better = "Strategy “random” would serve this question better."
    if needed.value is None:
        return [
            f"{one['random']} labels in random order teach more than all {one['active']} in the "
            "learner’s order.",
            better,
        ]
    return [
        f"It takes {whole(needed.value)} labels in the learner’s order to teach what "
        f"{one['random']} in random order do.",
        f"Lost on the way there: {_labels(Amount.of(one['saved']).times(-1), label_seconds)}.",
        better,
    ]


def _labels(amount: Amount, label_seconds: float | None) -> str:
    said = f"{amount.with_interval(whole)} labels"
    if not label_seconds:
        return said
    hours = amount.times(label_seconds / 3600)
    return (
        f"{said}, {hours.with_interval(one_decimal)} reader-hours at {label_seconds:.0f} s a label"
    )


def stopping_sentences(one: dict[str, Any]) -> list[str]:
    """What one question's `Advice` says."""
    gain = Amount.of(one["gain"])
    if gain.value is None:
        return [f"Before anything can be said: {one['reason']}."]
    said = [
        f"{_to_point(Amount.of(one['labels_to_point']), one['labels'])}",
        f"20 % more labels would bring {gain.with_interval(one_decimal)} points.",
    ]
    if one["agreement"] is not None:
        said.append(
            f"The latest models agree on unread scans with a kappa of {one['agreement']:.2f}."
        )
    return said


def _to_point(more: Amount, labels: int) -> str:
    if more.value is None or more.value > _FARTHEST * labels:
        least = "" if more.low is None else f" (at least {whole(more.low)} more labels)"
        return f"By the fitted curve one more point is out of reach{least}."
    is_open = more.high is None or more.high > _FARTHEST * labels
    shown = Amount(more.value, more.low, None if is_open else more.high)
    return f"About {shown.with_interval(whole)} more labels for one more point."


def _listed(parts: list[str]) -> str:
    return " and ".join(filter(None, [", ".join(parts[:-1]), parts[-1]]))
