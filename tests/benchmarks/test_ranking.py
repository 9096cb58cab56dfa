"""The benchmark of the rankings: what it measures, and what it says of those that do not end."""

import time
from collections.abc import Iterator

import numpy as np
import pytest

from benchmarks import ranking

N = 600


@pytest.fixture(scope="module")
def setting() -> Iterator[ranking.Setting]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CUDA_VISIBLE_DEVICES", "")  # as the benchmark itself does
        yield ranking.build(N)


@pytest.mark.parametrize("name", ["auto", "margin", "epig", "lcmd"])
def test_a_strategy_is_timed_on_a_pool_of_its_size(setting: ranking.Setting, name: str) -> None:
    found = ranking.measure(name, setting)
    assert (found.strategy, found.n, found.note) == (name, N, "")
    assert found.seconds is not None and found.seconds > 0


def test_the_peak_is_what_the_query_held(
    setting: ranking.Setting, monkeypatch: pytest.MonkeyPatch
) -> None:
    def hungry(_: ranking.Setting) -> ranking.Query:
        np.ones(60_000_000)  # 480 MB, given back before the query: not its own
        return lambda: np.ones(20_000_000)  # 160 MB

    monkeypatch.setitem(ranking.OTHERS, "hungry", hungry)
    peak = ranking.measure("hungry", setting).peak_mb
    assert peak is not None
    assert 140 < peak < 220


def test_what_does_not_end_is_told_so(
    setting: ranking.Setting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ranking, "PATIENCE_SECONDS", 0.2)
    monkeypatch.setattr(ranking, "PREPARATION_SECONDS", 0.0)
    monkeypatch.setitem(ranking.OTHERS, "slow", lambda _: lambda: time.sleep(60))
    found = ranking.measure("slow", setting)
    assert (found.seconds, found.note) == (None, "did not finish in 0 s")
    assert ranking.line(found).endswith("did not finish in 0 s")


def test_what_wants_all_pairs_is_stopped_before_the_machine_is_full(
    setting: ranking.Setting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(ranking.OTHERS, "greedy", lambda _: lambda: np.ones(10**13))
    assert ranking.measure("greedy", setting).note.startswith("needs more than ")


def test_one_of_ours_that_fails_fails_the_benchmark(setting: ranking.Setting) -> None:
    with pytest.raises(RuntimeError, match="best failed with 600 scans"):
        ranking.measure("best", setting)
