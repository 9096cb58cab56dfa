"""Charts as numbers: where the marks, the lines and the ticks go. Templates draw them as SVG.

Pixels run right and down from the top left corner, as in SVG.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.utils.formats import date_format, get_format
from django.utils.translation import gettext


@dataclass(frozen=True)
class Point:
    """One value of a metric with its 95 % interval, where it has one."""

    labels: int
    value: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Tick:
    at: float  # pixels along its axis
    text: str


@dataclass(frozen=True)
class Dot:
    x: float
    y: float
    text: str  # what it says when pointed at


@dataclass(frozen=True)
class Whisker:
    """One point on its own, with its 95 % interval."""

    x: float
    y: float
    top: float
    bottom: float
    text: str


@dataclass(frozen=True)
class Curve:
    """A metric against the number of labels, with its 95 % band, and single points beside it."""

    width: int
    height: int
    left: float  # the plot's edges
    right: float
    top: float
    bottom: float
    middle: float  # of the plot, from left to right
    line: str  # SVG path
    band: str  # SVG path, empty where no point has an interval
    dots: tuple[Dot, ...]
    whiskers: tuple[Whisker, ...]
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]


@dataclass(frozen=True)
class Bar:
    x: float
    y: float
    width: float
    height: float
    text: str


@dataclass(frozen=True)
class Bars:
    width: int
    height: int
    bars: tuple[Bar, ...]
    most: int
    first: date
    last: date


LEFT, RIGHT, TOP, BOTTOM = 48.0, 16.0, 12.0, 44.0  # room for the axes
MOST_DOTS = 24  # more would run into one another


def nice_step(span: float, count: int) -> float:
    """The least of 1, 2, 5 times a power of ten that divides `span` into at most `count` steps."""
    if span <= 0 or count < 1:
        raise ValueError("A scale needs a span and at least one step.")
    raw = span / count
    power = 10.0 ** math.floor(math.log10(raw))
    # A hair of tolerance, so that 0.1 + 0.2 is no reason for the next greater step.
    return next(power * factor for factor in (1, 2, 5, 10) if power * factor >= raw * (1 - 1e-9))


def nice_ticks(low: float, high: float, count: int) -> tuple[float, ...]:
    """Round numbers from `low` to `high`, both within."""
    step = nice_step(high - low, count)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return tuple(round(step * number, 10) for number in range(first, last + 1))


def value_domain(points: Sequence[Point], *, is_share: bool) -> tuple[float, float]:
    """The value axis: round numbers around the points, within 0 and 1 for a share."""
    lows = [point.value if point.low is None else point.low for point in points]
    highs = [point.value if point.high is None else point.high for point in points]
    low, high = min(lows), max(highs)
    if not is_share:
        low = min(0.0, low)
    span = max(high - low, 0.1 if is_share else abs(high) or 1.0)
    step = nice_step(span, 5)
    low, high = math.floor(low / step + 1e-9) * step, math.ceil(high / step - 1e-9) * step
    if high - low < step / 2:  # all in one place, on a tick
        low, high = (low - step, high) if low > step / 2 else (low, high + step)
    return (max(low, 0.0), min(high, 1.0)) if is_share else (low, high)


def tick_text(value: float, step: float) -> str:
    """As many decimals as the step has, thousands apart."""
    decimals = max(0, -math.floor(math.log10(step) + 1e-9))
    return decimal_text(value, decimals)


def decimal_text(value: float, decimals: int) -> str:
    """Rounded, with the decimal separator of the language in use and thousands apart."""
    whole, point, fraction = f"{value:,.{decimals}f}".partition(".")
    apart = whole.replace(",", "\u202f").replace("-", "\u2212")
    return f"{apart}{get_format('DECIMAL_SEPARATOR') if point else ''}{fraction}"


def _path(places: Sequence[tuple[float, float]]) -> str:
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in places) if places else ""


@dataclass(frozen=True)
class _Scale:
    """Where labels and values lie in the plot."""

    left: float
    right: float
    top: float
    bottom: float
    most: int
    low: float
    high: float

    def x(self, labels: float) -> float:
        return round(self.left + (self.right - self.left) * labels / self.most, 1)

    def y(self, value: float) -> float:
        part = (value - self.low) / (self.high - self.low)
        return round(self.bottom - (self.bottom - self.top) * part, 1)


def learning_curve(
    points: Sequence[Point],
    rounds: Sequence[Point] = (),
    *,
    is_share: bool,
    beside: Sequence[Point] = (),
    width: int = 1000,
    height: int = 320,
) -> Curve | None:
    """A line through `points` and a mark for each of `rounds`, both in the order of their labels.

    The scales leave room for the points `beside`, of a curve drawn on top of this one. None where
    there is neither point nor round.
    """
    if not points and not rounds:
        return None
    shown = [*points, *rounds, *beside]
    low, high = value_domain(shown, is_share=is_share)
    most = max(1, *(point.labels for point in shown))
    scale = _Scale(LEFT, width - RIGHT, TOP, height - BOTTOM, most, low, high)
    x_ticks, y_ticks = _ticks(scale)
    return Curve(
        width=width,
        height=height,
        left=scale.left,
        right=scale.right,
        top=scale.top,
        bottom=scale.bottom,
        middle=(scale.left + scale.right) / 2,
        line=_path([(scale.x(point.labels), scale.y(point.value)) for point in points]),
        band=_band(points, scale),
        dots=_dots(points, scale),
        whiskers=tuple(_whisker(point, scale) for point in rounds),
        x_ticks=x_ticks,
        y_ticks=y_ticks,
    )


def _ticks(scale: _Scale) -> tuple[tuple[Tick, ...], tuple[Tick, ...]]:
    """Along the labels, which are whole, and along the values."""
    low, high = scale.low, scale.high
    step = nice_step(high - low, 5)
    along = [labels for labels in nice_ticks(0, scale.most, 6) if labels == int(labels)]
    return (
        tuple(Tick(scale.x(labels), tick_text(labels, 1)) for labels in along),
        tuple(Tick(scale.y(value), tick_text(value, step)) for value in nice_ticks(low, high, 5)),
    )


def _dots(points: Sequence[Point], scale: _Scale) -> tuple[Dot, ...]:
    """So many that each can be pointed at, the newest among them."""
    every = max(1, math.ceil(len(points) / MOST_DOTS))
    return tuple(
        Dot(scale.x(point.labels), scale.y(point.value), _said(point))
        for point in points[::-every][::-1]
    )


def _band(points: Sequence[Point], scale: _Scale) -> str:
    upper = [(scale.x(p.labels), scale.y(p.high)) for p in points if p.high is not None]
    lower = [(scale.x(p.labels), scale.y(p.low)) for p in points if p.low is not None]
    return _path(upper + lower[::-1]) + "Z" if len(upper) > 1 else ""


def _whisker(point: Point, scale: _Scale) -> Whisker:
    return Whisker(
        x=scale.x(point.labels),
        y=scale.y(point.value),
        top=scale.y(point.value if point.high is None else point.high),
        bottom=scale.y(point.value if point.low is None else point.low),
        text=gettext("Trained model, {value}").format(value=_said(point)),
    )


def _said(point: Point) -> str:
    if point.low is None or point.high is None:
        return gettext("{labels} labels: {value}").format(
            labels=point.labels, value=decimal_text(point.value, 3)
        )
    return gettext("{labels} labels: {value} ({low} to {high})").format(
        labels=point.labels,
        value=decimal_text(point.value, 3),
        low=decimal_text(point.low, 3),
        high=decimal_text(point.high, 3),
    )


def daily_bars(
    counts: dict[date, int], *, last: date, days: int = 30, width: int = 360, height: int = 72
) -> Bars:
    """One bar for each of the `days` up to `last`; a day without counts has no height."""
    first = last - timedelta(days=days - 1)
    most = max((counts.get(first + timedelta(days=day), 0) for day in range(days)), default=0)
    slot = width / days
    bars = []
    for number in range(days):
        day = first + timedelta(days=number)
        count = counts.get(day, 0)
        tall = height * count / most if most else 0.0
        bars.append(
            Bar(
                x=round(slot * number + slot * 0.12, 1),
                y=round(height - tall, 1),
                width=round(slot * 0.76, 1),
                height=round(tall, 1),
                text=gettext("{day}: {count} read").format(
                    day=date_format(day, "MONTH_DAY_FORMAT"), count=count
                ),
            )
        )
    return Bars(width, height, tuple(bars), most, first, last)
