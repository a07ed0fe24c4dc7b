"""Groups on two sides, counted."""

from __future__ import annotations

import itertools
from collections import Counter

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from vitrina.splits import SplitRequest, count_leaks, random_sides

ROWS = st.lists(
    st.tuples(st.sampled_from(["train", "validation", "test", None]), st.integers(0, 8)), max_size=30
)


@given(ROWS)
@settings(deadline=None)
def test_counts_are_those_of_all_pairs(rows: list[tuple[str | None, int]]) -> None:
    leaking = set()
    for (side, group), (other, same) in itertools.combinations(rows, 2):
        if group == same and side != other and None not in (side, other):
            leaking.add(group)
    leaks = count_leaks([side for side, _ in rows], np.array([group for _, group in rows], dtype=np.int64))
    assert leaks.groups == len(leaking)
    assert leaks.pictures == sum(group in leaking and side is not None for side, group in rows)
    assert {rows[row][1] for example in leaks.examples for row in example} <= leaking
    assert len(leaks.examples) == min(10, len(leaking))
    for example in leaks.examples:
        group = rows[example[0]][1]
        here = {side for side, same in rows if same == group} - {None}
        assert {rows[row][0] for row in example} == here
        assert len(example) <= 6


def test_a_random_split_has_the_shares_and_hangs_on_the_keys() -> None:
    request = SplitRequest({"train": 0.7, "validation": 0.15, "test": 0.15}, seed=1)
    keys = [f"k{number // 2}" for number in range(200)]
    sides = random_sides(keys, request)
    assert Counter(sides) == {"train": 140, "validation": 30, "test": 30}
    # Repeats of a key are drawn one by one: that is how copies come to lie on two sides.
    assert 30 < count_leaks(sides, np.arange(200) // 2).groups < 62  # 46.5 of 100 on average.
    assert random_sides(keys, request) == sides
    assert random_sides(keys, SplitRequest(request.shares, seed=2)) != sides
