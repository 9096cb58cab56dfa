"""Embeddings of several sites made comparable: what a scanner adds to every scan is taken out."""

from collections.abc import Hashable, Sequence

import numpy as np
from numpy.typing import NDArray

Float32 = NDArray[np.float32]
Int64 = NDArray[np.int64]

# A site counts as if this many more scans of it had looked like all sites together.
PRIOR_SCANS = 10.0


def site_numbers(sites: Sequence[Hashable]) -> Int64:
    """A number for each site, [n], from what names it.

    A site is whatever shares a look: manufacturer and model, station, institution or archive. The
    platform itself keeps little of this: de-identification removes institution and station, and of
    a series only the modality is stored. Manufacturer and model stay in the de-identified
    originals. A data set whose table names its sites, or an archive for each, serves best.
    """
    numbers: dict[Hashable, int] = {}
    return np.array([numbers.setdefault(site, len(numbers)) for site in sites], dtype=np.int64)


def harmonised(features: NDArray[np.floating], sites: NDArray[np.integer]) -> Float32:
    """Features [n, d] with the same mean and spread at every site, `sites` [n] being numbers.

    Location and scale for each feature, with those of a small site drawn towards all sites'
    (as ComBat does by empirical Bayes: Johnson, Li & Rabinovic 2007; Fortin et al. 2018). One site
    alone is left as it is. What is taken out includes what truly differs between the sites: where
    one sees other diseases than another, some of that goes too.
    Raises ValueError for another number of sites than of rows, and for no rows.
    """
    values = np.asarray(features, dtype=np.float32)
    if len(values) == 0 or sites.shape != (len(values),):
        raise ValueError(f"{len(values)} rows of features for sites {sites.shape}; at least one")
    found = np.empty_like(values)
    mean, variance = values.mean(axis=0), _within(values, sites)
    for site in np.unique(sites):
        at = sites == site
        n = float(at.sum())
        trust = n / (n + PRIOR_SCANS)
        here = trust * values[at].mean(axis=0) + (1 - trust) * mean
        spread = trust * values[at].var(axis=0) + (1 - trust) * variance
        scale = np.sqrt(variance / np.maximum(spread, 1e-12))
        found[at] = (values[at] - here) * scale + mean
    return found


def _within(values: Float32, sites: NDArray[np.integer]) -> Float32:
    """The variance of each feature inside the sites, [d], without what lies between them."""
    total = np.zeros(values.shape[1], dtype=np.float32)
    for site in np.unique(sites):
        at = sites == site
        total += at.sum() * values[at].var(axis=0)
    return np.asarray(total / len(values), dtype=np.float32)
