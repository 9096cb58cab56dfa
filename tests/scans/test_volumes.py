"""Slices become volumes: sorted, gaps told, nothing dropped."""

import random
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from scans.dicom import Slice
from scans.volumes import Group, join

AXIAL = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
SAGITTAL = (0.0, 1.0, 0.0, 0.0, 0.0, -1.0)


def one(source: int, place: float | None, **values: Any) -> Slice:
    standard: dict[str, Any] = {
        "source": source,
        "frame": 0,
        "number": source,
        "series": "1",
        "modality": "CT",
        "rows": 6,
        "columns": 8,
        "pixel_format": "16",
        "is_localiser": False,
        "slope": 1.0,
        "intercept": 0.0,
        "orientation": AXIAL,
        "position": None if place is None else (0.0, 0.0, place),
        "spacing": (1.0, 1.0),
    }
    return Slice(**{**standard, **values})


def sources(groups: list[Group]) -> list[list[int]]:
    return [[member.source for member in group.slices] for group in groups]


def test_slices_are_sorted_by_position_whatever_their_order() -> None:
    slices = [one(number, number * 2.5) for number in range(10)]
    random.Random(0).shuffle(slices)  # noqa: S311  an order, no secret
    (group,) = join(slices)
    assert [member.source for member in group.slices] == list(range(10))
    assert (group.is_volume, group.slice_spacing, group.notes) == (True, 2.5, ())


def test_sagittal_slices_are_sorted_along_their_own_normal() -> None:
    places = [(float(x), 0.0, 0.0) for x in (3, 1, 2)]
    slices = [one(n, 0.0, orientation=SAGITTAL, position=p) for n, p in enumerate(places)]
    assert sources(join(slices)) == [[0, 2, 1]]


def test_a_missing_slice_is_reported_and_the_volume_kept() -> None:
    (group,) = join(one(n, float(place)) for n, place in enumerate([0, 1, 2, 4, 5]))
    assert len(group.slices) == 5
    assert group.notes == ("Gap of 2.00 mm after slice 3; usual is 1.00 mm.",)


def test_irregular_spacing_is_summed_up() -> None:
    places = [0, 1, 2.5, 3, 5, 6.2, 7.9, 8]
    (group,) = join(one(n, float(place)) for n, place in enumerate(places))
    assert "Slices lie 0.10 to 2.00 mm apart" in group.notes[0]


def test_two_orientations_of_one_series_are_two_volumes() -> None:
    axial = [one(n, float(n)) for n in range(3)]
    sagittal = [
        one(n, 0.0, orientation=SAGITTAL, position=(float(n), 0.0, 0.0)) for n in range(3, 6)
    ]
    groups = join([*axial, *sagittal])
    assert sources(groups) == [[0, 1, 2], [5, 4, 3]]
    assert all("2 orientations" in group.notes[0] for group in groups)


def test_localisers_stay_images_of_their_own() -> None:
    groups = join([*(one(n, float(n)) for n in range(3)), one(9, 0.0, is_localiser=True)])
    assert sources(groups) == [[0, 1, 2], [9]]
    assert not groups[1].is_volume
    assert groups[1].notes == ("A localiser, kept as an image of its own.",)


def test_radiographs_with_positions_are_images() -> None:
    groups = join(one(n, float(n), modality="DX") for n in range(3))
    assert sources(groups) == [[0], [1], [2]]


def test_echoes_over_the_same_positions_are_volumes_of_their_own() -> None:
    slices = [
        one(2 * n + echo, float(n), phases=(("EchoNumbers", str(echo)),))
        for n in range(4)
        for echo in (0, 1)
    ]
    groups = join(slices)
    assert sources(groups) == [[0, 2, 4, 6], [1, 3, 5, 7]]
    assert groups[0].notes == ("Positions repeat; volumes kept apart by EchoNumbers.",)


def test_repeats_without_a_reason_are_told_apart_by_instance_number() -> None:
    groups = join([one(n, float(n % 3)) for n in range(6)])
    assert sources(groups) == [[0, 1, 2], [3, 4, 5]]
    assert "order of instance numbers" in groups[0].notes[0]


def test_two_series_do_not_mix() -> None:
    slices = [one(n, float(n % 2), series="ab"[n // 2]) for n in range(4)]
    assert sources(join(slices)) == [[0, 1], [2, 3]]


def test_a_cine_without_positions_is_one_image_of_many_frames() -> None:
    (group,) = join(one(0, None, frame=frame, modality="US") for frame in range(5))
    assert [member.frame for member in group.slices] == [0, 1, 2, 3, 4]
    assert not group.is_volume


def test_a_file_of_endless_volumes_is_one_run_of_frames() -> None:
    """Two heights, three hundred times over: as volumes the file would be read as often."""
    slices = [one(0, float(n % 2), frame=n) for n in range(600)]
    (group,) = join(slices)
    assert [member.frame for member in group.slices] == list(range(600))
    assert not group.is_volume
    assert group.notes == ("More than 200 volumes in one file; kept as a run of frames.",)


def test_a_lone_slice_is_an_image() -> None:
    (group,) = join([one(0, 3.0)])
    assert not group.is_volume


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["a", "b"]),
            st.sampled_from([AXIAL, SAGITTAL, None]),
            st.sampled_from([None, 0.0, 0.005, 1.0, 2.0]),
            st.sampled_from(["CT", "DX"]),
            st.booleans(),
        ),
        max_size=25,
    )
)
def test_every_slice_comes_back_exactly_once(drawn: list[Any]) -> None:
    slices = [
        one(n, place, series=series, orientation=turned, modality=modality, is_localiser=scout)
        for n, (series, turned, place, modality, scout) in enumerate(drawn)
    ]
    back = [member for group in join(slices) for member in group.slices]
    assert sorted(back, key=lambda member: member.source) == slices
