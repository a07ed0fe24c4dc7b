"""Figures with their interval."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import bootstrap

from vitrina.measures.intervals import (
    Resampled,
    divided,
    drawn,
    figures,
    resample,
    share_figure,
    wilson_interval,
)


def mean_of(values: np.ndarray):  # type: ignore[no-untyped-def]
    return lambda weights: weights @ values[:, None] / len(values)


def test_each_draw_holds_n_pictures() -> None:
    weights = drawn(np.random.default_rng(0), 37, rows=500)
    assert weights.shape == (500, 37)
    assert (weights.sum(axis=1) == 37).all()
    # Each picture is left out of a share (1 - 1/n)^n of the draws.
    assert (weights == 0).mean() == pytest.approx((1 - 1 / 37) ** 37, abs=0.01)


def test_the_interval_is_the_percentile_bootstrap_of_scipy() -> None:
    values = np.random.default_rng(1).gamma(2.0, size=150)
    own = figures(resample(mean_of(values), 150, seed=0, resamples=20_000), 150)[0]
    theirs = bootstrap(
        (values,), np.mean, n_resamples=20_000, method="percentile", rng=np.random.default_rng(5)
    ).confidence_interval
    assert own["value"] == pytest.approx(values.mean())
    assert own["interval"] == pytest.approx([theirs.low, theirs.high], abs=0.01)
    assert own["n"] == 150


def test_the_seed_decides() -> None:
    values = np.arange(50.0)
    one, same, other = (resample(mean_of(values), 50, seed=seed, resamples=30).samples for seed in (3, 3, 4))
    assert (one == same).all()
    assert (one != other).any()


def test_many_pictures_are_drawn_in_parts() -> None:
    seen: list[int] = []

    def statistic(weights: np.ndarray) -> np.ndarray:
        seen.append(len(weights))
        return weights.sum(axis=1, keepdims=True)

    assert (resample(statistic, 500_000, seed=0, resamples=9).samples == 500_000).all()
    assert seen == [1, 4, 4, 1]


def test_a_resample_that_cannot_say_is_skipped() -> None:
    samples = np.array([[np.nan, 1.0, np.nan], [2.0, 1.0, np.nan], [4.0, 3.0, np.nan]])
    made = figures(Resampled(np.array([3.0, 2.0, np.nan]), samples), [5, 6, 0])
    assert made[0] == {"value": 3.0, "interval": pytest.approx([2.05, 3.95]), "n": 5}
    assert made[1] == {"value": 2.0, "interval": pytest.approx([1.0, 2.9]), "n": 6}
    assert made[2] == {"value": None, "interval": None, "n": 0}


def test_the_interval_reaches_the_value() -> None:
    made = figures(Resampled(np.array([0.1]), np.array([[0.2], [0.3]])), 2)
    assert made[0]["interval"] == [0.1, pytest.approx(0.2975)]


def test_without_resamples_there_is_no_interval() -> None:
    right = np.array([True, True, False])
    assert share_figure(right, seed=0, resamples=0) == {"value": 2 / 3, "interval": None, "n": 3}


def test_one_picture_says_nothing_of_its_spread() -> None:
    assert figures(resample(mean_of(np.array([0.4])), 1, seed=0, resamples=5), 1)[0]["interval"] is None


def test_where_all_agree_the_interval_of_a_share_is_wilsons() -> None:
    right = np.ones(20, dtype=bool)
    assert share_figure(right, seed=0)["interval"] == list(wilson_interval(20, 20))
    assert share_figure(~right, seed=0)["interval"] == list(wilson_interval(0, 20))


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=30), st.integers(0, 9))
def test_a_share_lies_in_its_interval(pictures: list[tuple[bool, bool]], seed: int) -> None:
    right, among = np.array(pictures).T
    figure = share_figure(right, among=among, seed=seed, resamples=50)
    assert figure["n"] == among.sum()
    if not among.any():
        assert figure["value"] is None
        assert figure["interval"] is None
        return
    assert figure["value"] == pytest.approx(right[among].mean())
    low, high = figure["interval"] or (figure["value"],) * 2
    assert 0.0 <= low <= figure["value"] <= high <= 1.0


def test_the_interval_holds_the_true_share_about_95_times_in_100() -> None:
    generator = np.random.default_rng(0)
    held = 0
    for seed in range(300):
        low, high = share_figure(generator.random(120) < 0.8, seed=seed, resamples=400)["interval"]
        held += low <= 0.8 <= high
    assert 0.91 <= held / 300 <= 0.98


def test_nothing_by_nothing_cannot_be_said() -> None:
    made = divided(np.array([[1.0, 0.0]]), np.array([[2.0], [0.0]]))
    assert made[0].tolist() == [0.5, 0.0]
    assert np.isnan(made[1]).all()
