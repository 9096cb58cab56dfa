"""Expected calibration error: how far stated probabilities lie from how often they come true."""

import numpy as np
from numpy.typing import NDArray

Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]

BINS = 10
LEAST_A_BIN = 20  # cases; of fewer a bin says little
_DRAWS = 500
_MULTIPLES = np.linspace(0, 1, 26)  # of the gaps seen, tried as the true ones


def calibration_error(
    p: Float64, right: Float64, patients: Int64, *, seed: int = 0
) -> float | None:
    """ECE of probabilities p [n] of being right, right [n] 0 or 1; None of less than 20 cases.

    sum_b n_b / n |mean(right) - mean(p)| over bins of equally many cases by p (Nguyen and O'Connor
    2015), without what chance alone adds to absolute gaps, which in an audit sample of a hundred is
    more than the error itself: true gaps in proportion to those seen are given sampling noise, with
    its covariance over patients, and the value is that of the multiple under which the sum that was
    seen is the median. 0 where perfect calibration would do as badly as that.
    """
    bins = min(BINS, len(p) // LEAST_A_BIN)
    if bins < 1:
        return None
    parts = np.array_split(np.argsort(p, kind="stable"), bins)
    gaps = np.array([(right[part] - p[part]).mean() for part in parts])
    share = np.array([len(part) for part in parts]) / len(p)
    seen = float(share @ np.abs(gaps))
    covariance = _covariance(p, right, patients, parts, gaps)
    rng = np.random.default_rng(seed)
    normal = rng.normal(size=(_DRAWS, bins))
    noise = normal @ np.linalg.cholesky(covariance + 1e-12 * np.eye(bins)).T
    drawn = np.abs(_MULTIPLES[:, None, None] * gaps + noise) @ share  # [multiples, draws]
    median = np.maximum.accumulate(np.median(drawn, axis=1))
    return float(np.interp(seen, median, _MULTIPLES)) * seen


def _covariance(
    p: Float64, right: Float64, patients: Int64, parts: list[Int64], gaps: Float64
) -> Float64:
    """Of the gaps' sampling errors, [bins, bins]."""
    _, who = np.unique(patients, return_inverse=True)
    m = int(who.max()) + 1
    sums = np.stack(
        [
            np.bincount(who[part], (right - p)[part] - gap, minlength=m) / len(part)
            for part, gap in zip(parts, gaps, strict=True)
        ]
    )  # [bins, patients]
    covariance = m / max(m - 1, 1) * sums @ sums.T
    # Where all of a bin came out alike its spread is no less than the probabilities say.
    least = np.array([(p[part] * (1 - p[part])).mean() / len(part) for part in parts])
    at = np.diag_indices(len(parts))
    covariance[at] = np.maximum(covariance[at], least)
    return np.asarray(covariance, dtype=np.float64)
