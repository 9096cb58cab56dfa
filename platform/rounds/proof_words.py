"""What `learner.proof` found, in sentences. Pure: JSON as `Proof` keeps it in, words out."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

from django.utils.translation import gettext

from accounts.saying import said
from accounts.sentences import sentence
from rounds.charts import decimal_text

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
            return gettext("{low} to {high}").format(low=said(self.low), high=said(self.high))
        if self.low is not None:
            return gettext("at least {low}").format(low=said(self.low))
        return "" if self.high is None else gettext("at most {high}").format(high=said(self.high))

    def with_interval(self, said: Callable[[float], str]) -> str:
        """The value, its interval in brackets behind it; without a value the interval alone."""
        interval = self.interval(said)
        if self.value is None:
            return interval
        return f"{said(self.value)} ({interval})" if interval else said(self.value)


def whole(number: float) -> str:
    return decimal_text(number, 0)


def one_decimal(number: float) -> str:
    return decimal_text(number, 1)


def savings_sentences(one: dict[str, Any], label_seconds: float | None) -> list[str]:
    """What one question's `Savings` say; each number's 95 % interval stands in brackets."""
    verdict = one["verdict"]
    if verdict == "not enough":
        return [
            gettext("Before anything can be said: {parts} needed.").format(
                parts=_listed([said(sentence(lack)) for lack in one["missing"]])
            )
        ]
    if verdict == "no difference":
        told = _no_difference(one)
    else:
        told = _saving(one, label_seconds) if verdict == "saving" else _cost(one, label_seconds)
    extrapolated = Amount.of(one["extrapolated"])
    if extrapolated.value is not None:
        told.append(
            gettext(
                "By now: {labels} saved, extrapolated: the random arm’s curve, measured "
                "to {random} labels, is taken to go on as it went."
            ).format(labels=_labels(extrapolated, label_seconds), random=one["random"])
        )
    return told


def _no_difference(one: dict[str, Any]) -> list[str]:
    said = [
        gettext(
            "On {audit} audit cases, {random} labels in random order and as many in the "
            "learner’s order cannot be told apart."
        ).format(audit=one["audit"], random=one["random"])
    ]
    worth = Amount.of(one["ratio"]).interval(one_decimal)
    if worth:
        said.append(
            gettext("A label in the learner’s order may be worth {worth} random ones.").format(
                worth=worth
            )
        )
    return said


def _saving(one: dict[str, Any], label_seconds: float | None) -> list[str]:
    needed, ratio = Amount.of(one["needed"]), Amount.of(one["ratio"])
    return [
        gettext(
            "{needed} labels in the learner’s order teach what {random} in random order "
            "do: {ratio} times fewer."
        ).format(
            needed=needed.with_interval(whole),
            random=one["random"],
            ratio=ratio.with_interval(one_decimal),
        ),
        gettext("Saved on the way there: {labels}.").format(
            labels=_labels(Amount.of(one["saved"]), label_seconds)
        ),
    ]


def _cost(one: dict[str, Any], label_seconds: float | None) -> list[str]:
    needed = Amount.of(one["needed"])
    better = gettext("Strategy “random” would serve this question better.")
    if needed.value is None and needed.low == one["active"]:
        return [
            gettext(
                "{random} labels in random order teach more than all {active} in the "
                "learner’s order."
            ).format(random=one["random"], active=one["active"]),
            better,
        ]
    return [
        gettext(
            "It takes {needed} labels in the learner’s order to teach what {random} in "
            "random order do."
        ).format(needed=needed.with_interval(whole), random=one["random"]),
        gettext("Lost on the way there: {labels}.").format(
            labels=_labels(Amount.of(one["saved"]).times(-1), label_seconds)
        ),
        better,
    ]


def _labels(amount: Amount, label_seconds: float | None) -> str:
    said = gettext("{amount} labels").format(amount=amount.with_interval(whole))
    if not label_seconds:
        return said
    hours = amount.times(label_seconds / 3600)
    return gettext("{labels}, {hours} reader-hours at {seconds} s a label").format(
        labels=said, hours=hours.with_interval(one_decimal), seconds=f"{label_seconds:.0f}"
    )


def stopping_sentences(one: dict[str, Any]) -> list[str]:
    """What one question's `Advice` says."""
    gain = Amount.of(one["gain"])
    if gain.value is None:
        return [
            gettext("Before anything can be said: {reason}.").format(
                reason=said(sentence(one["reason"]))
            )
        ]
    told = [
        f"{_to_point(Amount.of(one['labels_to_point']), one['labels'])}",
        gettext("20 % more labels would bring {gain} points.").format(
            gain=gain.with_interval(one_decimal)
        ),
    ]
    if one["agreement"] is not None:
        told.append(
            gettext("The latest models agree on unread scans with a kappa of {kappa}.").format(
                kappa=decimal_text(one["agreement"], 2)
            )
        )
    return told


def _to_point(more: Amount, labels: int) -> str:
    if more.value is None or more.value > _FARTHEST * labels:
        least = (
            ""
            if more.low is None
            else gettext(" (at least {low} more labels)").format(low=whole(more.low))
        )
        return gettext("By the fitted curve one more point is out of reach{least}.").format(
            least=least
        )
    is_open = more.high is None or more.high > _FARTHEST * labels
    shown = Amount(more.value, more.low, None if is_open else more.high)
    return gettext("About {more} more labels for one more point.").format(
        more=shown.with_interval(whole)
    )


def _listed(parts: list[str]) -> str:
    together = gettext("and")
    return f" {together} ".join(filter(None, [", ".join(parts[:-1]), parts[-1]]))
