"""Charts: where the marks lie."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rounds.charts import (
    BOTTOM,
    LEFT,
    RIGHT,
    TOP,
    Point,
    daily_bars,
    learning_curve,
    nice_step,
    nice_ticks,
    tick_text,
    value_domain,
)


@pytest.mark.parametrize(
    ("span", "count", "step"),
    [(1, 5, 0.2), (0.3, 3, 0.1), (100, 6, 20), (7, 7, 1), (0.12, 5, 0.05)],
)
def test_steps_are_one_two_or_five(span: float, count: int, step: float) -> None:
    assert nice_step(span, count) == pytest.approx(step)


def test_a_scale_without_a_span_is_an_error() -> None:
    with pytest.raises(ValueError, match="needs a span"):
        nice_step(0, 5)


def test_ticks_are_round_and_within() -> None:
    assert nice_ticks(0.55, 1.0, 5) == (0.6, 0.7, 0.8, 0.9, 1.0)
    assert nice_ticks(0, 31, 6) == (0, 10, 20, 30)


def test_ticks_are_written_with_the_decimals_of_their_step() -> None:
    assert tick_text(0.6, 0.1) == "0.6"
    assert tick_text(0.75, 0.05) == "0.75"
    assert tick_text(1200, 200) == "1\u202f200"
    assert tick_text(-3, 1) == "\u22123"


def test_a_share_stays_between_nought_and_one() -> None:
    near_one, near_nought = [Point(1, 0.97, 0.91, 1.0)], [Point(1, 0.02, 0.0, 0.07)]
    assert value_domain(near_one, is_share=True) == pytest.approx((0.9, 1.0))
    assert value_domain(near_nought, is_share=True) == pytest.approx((0.0, 0.08))


def test_points_in_one_place_have_an_axis_too() -> None:
    assert value_domain([Point(1, 0.0)], is_share=True) == (0.0, 0.02)
    assert value_domain([Point(1, 1.0)], is_share=True) == pytest.approx((0.98, 1.0))
    assert value_domain([Point(1, 0.0)], is_share=False) == (0.0, 0.2)


def test_an_error_counts_from_nought() -> None:
    assert value_domain([Point(1, 7.5), Point(2, 4.0)], is_share=False) == (0.0, 8.0)


def test_the_line_runs_from_the_axis_to_the_edge() -> None:
    points = [Point(0, 0.5, 0.4, 0.6), Point(50, 0.7, 0.6, 0.8), Point(100, 0.8, 0.7, 0.9)]
    curve = learning_curve(points, is_share=True, width=500, height=200)
    assert curve is not None
    assert curve.line.startswith(f"M{LEFT:.1f} ")
    assert f"L{500 - RIGHT:.1f} " in curve.line
    assert curve.band.count("L") == 5
    assert curve.band.endswith("Z")
    assert [tick.text for tick in curve.x_ticks] == ["0", "20", "40", "60", "80", "100"]
    assert [tick.text for tick in curve.y_ticks] == ["0.4", "0.5", "0.6", "0.7", "0.8", "0.9"]
    assert curve.dots[1].text == "50 labels: 0.700 (0.600 to 0.800)"


def test_a_round_stands_beside_the_line_with_its_interval() -> None:
    curve = learning_curve([], [Point(50, 0.8, 0.7, 0.9)], is_share=True)
    assert curve is not None
    (mark,) = curve.whiskers
    assert curve.top <= mark.top < mark.y < mark.bottom <= curve.bottom
    assert mark.text == "Trained model, 50 labels: 0.800 (0.700 to 0.900)"
    assert (curve.line, curve.band) == ("", "")


def test_without_points_there_is_no_chart() -> None:
    assert learning_curve([], is_share=True) is None


def test_many_points_have_few_dots_and_the_last_is_one_of_them() -> None:
    points = [Point(labels, 0.5 + labels / 1000) for labels in range(1, 200)]
    curve = learning_curve(points, is_share=True)
    assert curve is not None
    assert len(curve.dots) <= 24
    assert curve.dots[-1].text == "199 labels: 0.699"


@given(
    st.lists(
        st.tuples(st.integers(0, 10**6), st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=40
    )
)
def test_every_mark_lies_in_the_plot(rows: list[tuple[int, float, float]]) -> None:
    points = [
        Point(labels, value, value * part, value + (1 - value) * part)
        for labels, value, part in sorted(rows)
    ]
    curve = learning_curve(points, points, is_share=True, width=720, height=280)
    assert curve is not None
    places = [(dot.x, dot.y) for dot in curve.dots]
    places += [(mark.x, y) for mark in curve.whiskers for y in (mark.top, mark.y, mark.bottom)]
    for x, y in places:
        assert LEFT - 0.1 <= x <= 720 - RIGHT + 0.1
        assert TOP - 0.1 <= y <= 280 - BOTTOM + 0.1
    assert len(curve.y_ticks) >= 2


def test_a_day_without_answers_has_no_height() -> None:
    bars = daily_bars(
        {date(2026, 3, 2): 10, date(2026, 3, 4): 5}, last=date(2026, 3, 4), days=4, height=100
    )
    assert [bar.height for bar in bars.bars] == [0.0, 100.0, 0.0, 50.0]
    assert [bar.text for bar in bars.bars][1] == "2 March: 10 read"
    assert (bars.first, bars.last, bars.most) == (date(2026, 3, 1), date(2026, 3, 4), 10)
