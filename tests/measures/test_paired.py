"""Two models on the same pictures."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest, ttest_rel

from vitrina.errors import BadRequest
from vitrina.measures.paired import holm, mcnemar, paired_difference


@given(st.integers(0, 40), st.integers(0, 40), st.integers(0, 5), st.integers(0, 5))
def test_mcnemar_is_the_binomial_test(only_first: int, only_second: int, both: int, none: int) -> None:
    counts = (only_first, only_second, both, none + 1)
    first = np.repeat([True, False, True, False], counts)
    second = np.repeat([False, True, True, False], counts)
    made = mcnemar(first, second)
    differ = only_first + only_second
    expected = binomtest(only_first, differ).pvalue if differ else 1.0
    assert made == {
        "only_first": only_first,
        "only_second": only_second,
        "n": sum(counts),
        "p": pytest.approx(expected),
    }


def test_the_difference_is_that_of_the_means() -> None:
    generator = np.random.default_rng(0)
    first = generator.random(200)
    second = first + generator.normal(0.03, 0.2, 200)
    made = paired_difference(first, second, seed=0)
    assert made["value"] == pytest.approx(first.mean() - second.mean())
    low, high = made["interval"]
    assert low < made["value"] < high
    # With 200 pictures the bootstrap and Student's paired test say nearly the same.
    student = ttest_rel(first, second)
    assert made["p"] == pytest.approx(student.pvalue, abs=0.02)
    assert [low, high] == pytest.approx(list(student.confidence_interval()), abs=0.004)
    back = paired_difference(second, first, seed=0)
    assert back["value"] == pytest.approx(-made["value"])
    assert back["p"] == made["p"]


def test_runs_that_never_differ() -> None:
    same = np.array([1.0, 0.0, 1.0])
    assert paired_difference(same, same, seed=0) == {"value": 0.0, "interval": [0.0, 0.0], "n": 3, "p": 1.0}


def test_a_clear_difference_has_the_smallest_p_there_is() -> None:
    made = paired_difference(np.ones(50), np.r_[np.zeros(49), 1.0], seed=0, resamples=500)
    assert made["p"] == pytest.approx(1 / 501)


def test_no_difference_is_found_1_time_in_20() -> None:
    generator = np.random.default_rng(2)
    found = 0
    for seed in range(300):
        first, second = generator.normal(size=(2, 60))
        found += paired_difference(first, second, seed=seed, resamples=300)["p"] < 0.05
    assert 0.02 <= found / 300 <= 0.09


@pytest.mark.parametrize(
    # The second: Holm's steps by hand, 0.01 x 4, 0.02 x 3, 0.03 x 2 = 0.06 at least what came before, 0.04 x 1.
    ("p", "expected"),
    [
        ([0.2], [0.2]),
        ([0.03, 0.01, 0.04, 0.02], [0.06, 0.04, 0.06, 0.06]),
        ([0.6, 0.7], [1.0, 1.0]),
        ([], []),
    ],
)
def test_holm(p: list[float], expected: list[float]) -> None:
    assert holm(p) == pytest.approx(expected)


def test_other_pictures_are_refused() -> None:
    with pytest.raises(BadRequest) as refused:
        mcnemar(np.array([True]), np.array([True, False]))
    assert str(refused.value) == (
        "Expected two answers for each picture, at least one picture; found shapes (1,) and (2,). "
        "Measure both runs on the same pictures."
    )
    with pytest.raises(BadRequest, match=r"^Expected finite scores; found others\."):
        paired_difference(np.array([np.nan]), np.array([1.0]), seed=0)
