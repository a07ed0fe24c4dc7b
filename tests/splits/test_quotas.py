"""Largest remainders."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vitrina.splits.quotas import quotas

SHARES = st.lists(st.integers(1, 100), min_size=1, max_size=3).map(
    lambda parts: [p / sum(parts) for p in parts]
)


@given(st.lists(st.integers(0, 3000), min_size=1, max_size=8), SHARES)
@settings(deadline=None)
def test_largest_remainder_where_no_side_is_left_empty(counts: list[int], shares: list[float]) -> None:
    given_ = quotas(counts, shares)
    assert given_.sum(axis=1).tolist() == counts
    for row, count in zip(given_, counts, strict=True):
        exact = [count * share for share in shares]
        if count >= len(shares):
            assert row.min() >= 1
        if min(exact) >= 1:
            assert all(
                math.floor(e + 1e-6) <= got <= math.ceil(e - 1e-6) for e, got in zip(exact, row, strict=True)
            )
            up = [e - math.floor(e + 1e-6) for e, got in zip(exact, row, strict=True) if got > e + 1e-6]
            down = [e - math.floor(e + 1e-6) for e, got in zip(exact, row, strict=True) if got < e - 1e-6]
            assert not up or not down or min(up) >= max(down) - 1e-6
        assert np.abs(row - exact).max() < len(shares)


@pytest.mark.parametrize(
    ("counts", "shares", "expected"),
    [
        ([100], [0.71, 0.29], [[71, 29]]),  # 100 x 0.29 is 28.999999999999996 in floats.
        ([10], [0.7, 0.15, 0.15], [[7, 2, 1]]),
        ([3], [0.7, 0.15, 0.15], [[1, 1, 1]]),
        ([4], [0.98, 0.01, 0.01], [[2, 1, 1]]),
        ([2], [0.7, 0.15, 0.15], [[2, 0, 0]]),
    ],
)
def test_by_hand(counts: list[int], shares: list[float], expected: list[list[int]]) -> None:
    assert quotas(counts, shares).tolist() == expected


def test_equal_remainders_of_many_classes_go_in_turns() -> None:
    given_ = quotas([10] * 100, [0.7, 0.15, 0.15])
    assert given_.sum(axis=0).tolist() == [700, 150, 150]
