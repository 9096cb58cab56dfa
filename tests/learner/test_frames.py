"""Small frames show what the reader sees."""

from typing import Any

import numpy as np
import pytest

from learner.frames import chosen_slices, shrink


def header(**fields: Any) -> dict[str, Any]:
    return {"slope": 1.0, "intercept": 0.0, "window": None, "inverted": False, **fields}


def halves(dark: float, bright: float, dtype: str = "int16") -> np.ndarray[Any, Any]:
    frame = np.full((64, 64), dark, dtype=dtype)
    frame[:, 32:] = bright
    return frame


def test_window_is_applied_in_modality_units() -> None:
    frame = halves(1024 - 160, 1024 + 240)  # −160 and 240 HU stored with an intercept
    small = shrink(frame, header(intercept=-1024.0, window=[40.0, 400.0]), 16)
    assert small[:, :7].max() == 0
    assert small[:, 9:].min() == 255


def test_what_lies_in_the_middle_of_the_window_is_middle_grey() -> None:
    frame = np.full((32, 32), 2000, dtype=np.uint16)
    assert np.unique(shrink(frame, header(window=[2000.0, 101.0]), 8)).tolist() == [129]
    # 0.5 + 0.5 / (101 - 1) of full scale, PS3.3 C.11.2.1.2.1


def test_a_window_of_one_is_a_threshold() -> None:
    small = shrink(halves(10, 30), header(window=[20.0, 1.0]), 16)
    assert sorted(np.unique(small[:, [0, 15]])) == [0, 255]


def test_monochrome1_is_turned_round() -> None:
    small = shrink(halves(0, 1000), header(window=[500.0, 1000.0], inverted=True), 16)
    assert small[:, :7].min() == 255
    assert small[:, 9:].max() == 0


def test_without_a_window_markers_do_not_darken_the_rest() -> None:
    frame = halves(100, 200, "uint16")
    frame[0, 0] = 65535  # a burnt-in marker
    small = shrink(frame, header(), 64)
    assert small[5:, 40:].min() == 255
    assert small[5:, :20].max() == 0


def test_bars_keep_the_aspect_of_the_pixel_spacing() -> None:
    frame = np.full((50, 100), 7, dtype=np.uint8)
    frame[:, ::2] = 9
    wide = shrink(frame, header(window=[0.5, 1.0]), 20)
    assert (wide[5:15] == 255).all() and wide[:5].max() == 0 and wide[15:].max() == 0
    square = shrink(frame, header(window=[0.5, 1.0], spacing=[2.0, 1.0]), 20)
    assert (square == 255).all()


def test_colour_becomes_luminance() -> None:
    frame = np.zeros((8, 24, 3), dtype=np.uint8)
    frame[:, :8, 0] = frame[:, 8:16, 1] = frame[:, 16:, 2] = 255
    small = shrink(frame, header(samples=3), 24)
    assert [int(small[12, column]) for column in (2, 12, 22)] == [76, 150, 29]


def test_a_blank_frame_is_black() -> None:
    assert shrink(np.full((9, 9), 5, dtype=np.int16), header(), 4).max() == 0


@pytest.mark.parametrize("shape", [(4,), (4, 4, 2), (1, 4, 4, 3)])
def test_a_frame_of_another_shape_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="A frame is"):
        shrink(np.zeros(shape), header(), 4)


def test_values_that_are_not_finite_are_refused() -> None:
    with pytest.raises(ValueError, match="not finite"):
        shrink(np.full((4, 4), np.nan, dtype=np.float32), header(), 4)


def test_slices_are_spread_over_the_volume() -> None:
    assert chosen_slices(3, 16) == [0, 1, 2]
    assert chosen_slices(100, 4) == [12, 37, 62, 87]
