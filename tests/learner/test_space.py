"""The pool's embeddings: folding a head changes nothing, wherever they lie."""

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from learner import space
from learner.heads import Linear
from learner.space import OnDevice, Space

Float32 = NDArray[np.float32]


def embeddings(n: int = 50, d: int = 12) -> NDArray[np.float16]:
    rng = np.random.default_rng(0)
    return (rng.normal(size=(n, d)) * rng.uniform(0.5, 3, d) + 2).astype(np.float16)


def head_for(pool: Space, outputs: int = 3) -> Linear:
    rng = np.random.default_rng(1)
    k = pool.projection.matrix.shape[1]
    return Linear(
        rng.normal(size=(k, outputs)).astype(np.float32), np.arange(outputs, dtype=np.float32)
    )


@pytest.mark.parametrize("most_bytes", [0, 1 << 30])
@pytest.mark.parametrize("alone", [0, 1000])
def test_a_folded_head_says_what_it_says_on_the_axes(
    most_bytes: int, alone: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(space, "_FLOAT32_BYTES", most_bytes)
    monkeypatch.setattr(space, "_ALONE", alone)  # whether other threads help
    monkeypatch.setattr(space, "_ROWS", 16)
    E = embeddings()
    pool = Space(E)
    head = head_for(pool)
    expected = head.logits(pool.projection.apply(E))
    np.testing.assert_allclose(pool.logits(head), expected, atol=1e-4)
    for rows in (np.array([3, 7]), np.arange(40)):  # few are read one by one, most in order
        np.testing.assert_allclose(pool.logits(head, rows), expected[rows], atol=1e-4)
        lengths = pool.squared_lengths(head, rows)
        np.testing.assert_allclose(lengths, (expected[rows] ** 2).sum(axis=1), rtol=1e-3)
    np.testing.assert_allclose(pool.logits_of(head, E[:5]), expected[:5], atol=1e-4)


def test_a_frame_with_nan_is_refused() -> None:
    E = embeddings()
    pool = Space(E)
    broken = E[:5].copy()
    broken[2, 0] = np.nan
    with pytest.raises(ValueError, match="NaN"):
        pool.logits_of(head_for(pool), broken)


def test_a_device_gives_what_the_host_gives() -> None:
    E = embeddings()
    pool = Space(E)
    folded = pool._folded(head_for(pool))
    on_device = OnDevice(E, torch.device("cpu"))
    for rows in (None, np.array([4, 2])):
        np.testing.assert_allclose(on_device(folded, rows), pool._scored(folded, rows), atol=1e-4)


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory"),
        RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
    ],
)
def test_where_the_device_has_too_little_memory_the_host_scores(
    error: RuntimeError, monkeypatch: pytest.MonkeyPatch
) -> None:
    E = embeddings()
    pool, alike = Space(E), Space(E)
    head = head_for(pool)

    def short(*asked: object) -> Float32:
        raise error

    pool._scored = OnDevice(E, torch.device("cpu"))
    monkeypatch.setattr(OnDevice, "_logits", short)
    for rows in (None, np.array([4, 2])):
        np.testing.assert_array_equal(pool.logits(head, rows), alike.logits(head, rows))


def test_each_row_is_projected_once() -> None:
    E = embeddings()
    pool = Space(E)
    expected = pool.projection.apply(E)
    np.testing.assert_allclose(pool.rows(np.array([5, 1])), expected[[5, 1]], atol=1e-6)
    assert len(pool._projected) == 2
    np.testing.assert_allclose(pool.rows(np.array([1, 9, 5])), expected[[1, 9, 5]], atol=1e-6)
    assert len(pool._projected) == 3


def test_directions_have_unit_length(monkeypatch: pytest.MonkeyPatch) -> None:
    pool = Space(embeddings())
    assert pool.directions().dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(pool.directions(), axis=1), 1, rtol=1e-5)
    monkeypatch.setattr(space, "_HALF_WHEN_LARGER", 10)
    assert pool.directions().dtype == np.float16
