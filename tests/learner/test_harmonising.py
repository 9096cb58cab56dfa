"""What a scanner adds to every scan no longer tells scans apart; what is in them still does."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from learner.harmonising import harmonised, site_numbers

Array = NDArray[Any]


def scans(offset: float, scale: float = 1.0) -> tuple[Array, Array, Array]:
    """Embeddings, sites and classes of 400 scans: the class is in feature 0, the site in all."""
    rng = np.random.default_rng(0)
    classes, sites = rng.integers(2, size=400), rng.integers(2, size=400)
    E = rng.normal(size=(400, 8))
    E[:, 0] += 3 * classes
    E = np.where(sites[:, None] == 1, E * scale + offset, E)
    return E.astype(np.float16), sites, classes


def accuracy(features: Array, y: Array) -> float:
    """Of a linear model fitted to one half, on the other."""
    return float(LogisticRegression().fit(features[:200], y[:200]).score(features[200:], y[200:]))


def test_a_site_can_no_longer_be_told_and_a_class_can() -> None:
    E, sites, classes = scans(offset=5.0, scale=1.5)
    assert accuracy(E, sites) > 0.95
    after = harmonised(E, sites)
    assert accuracy(after, sites) < 0.6
    assert accuracy(after, classes) > 0.9


def test_what_is_learned_at_one_site_holds_at_the_other() -> None:
    E, sites, classes = scans(offset=5.0)

    def carried(features: Array) -> float:
        model = LogisticRegression().fit(features[sites == 0], classes[sites == 0])
        return float(model.score(features[sites == 1], classes[sites == 1]))

    assert carried(E) < 0.6
    assert carried(harmonised(E, sites)) > 0.9


def test_one_site_stays_as_it_is() -> None:
    E, _, _ = scans(offset=0.0)
    np.testing.assert_allclose(harmonised(E, np.zeros(400, np.int64)), E, atol=1e-4)


def test_a_single_scan_of_a_site_moves_little() -> None:
    E, _, _ = scans(offset=0.0)
    sites = np.zeros(400, np.int64)
    sites[7] = 1
    E[7] = 11.0
    moved = E[7] - harmonised(E, sites)[7]
    assert 0 < float(moved.mean()) < 3.0


@given(st.integers(0, 1000), st.floats(-50, 50))
def test_a_shift_of_a_whole_site_by_a_constant_makes_little_difference(
    seed: int, shift: float
) -> None:
    rng = np.random.default_rng(seed)
    E, sites = rng.normal(size=(4000, 2)), np.repeat([0, 1], 2000)
    after = harmonised(E + shift * sites[:, None], sites)
    between = after[sites == 0].mean(axis=0) - after[sites == 1].mean(axis=0)
    assert np.abs(between).max() <= abs(shift) * 0.01 + 0.02


def test_numbers_stand_for_whatever_names_a_site() -> None:
    assert site_numbers([("GE", "X"), ("Siemens", "Y"), ("GE", "X")]).tolist() == [0, 1, 0]


def test_sites_and_rows_must_agree() -> None:
    with pytest.raises(ValueError, match="4 rows of features for sites"):
        harmonised(np.zeros((4, 2)), np.zeros(3, np.int64))
