from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from vitrina.duplicates.clusters import equal_pairs, joined

PAIRS = st.lists(st.tuples(st.integers(0, 29), st.integers(0, 29)), max_size=60)


@given(PAIRS)
def test_sets_are_the_connected_components(pairs: list[tuple[int, int]]) -> None:
    sets = joined(30, pairs)
    ends = np.array(pairs, dtype=int).reshape(-1, 2)
    graph = coo_array((np.ones(len(ends)), (ends[:, 0], ends[:, 1])), shape=(30, 30))
    _, theirs = connected_components(graph, directed=False)
    mine = sets.numbers()
    assert ((mine[:, None] == mine[None]) == (theirs[:, None] == theirs[None])).all()
    firsts = [int(np.flatnonzero(mine == number)[0]) for number in range(mine.max() + 1)]
    assert firsts == sorted(firsts)
    for row in range(30):
        assert sets.find(row) == int(np.flatnonzero(mine == mine[row])[0])
        assert sets.size(row) == int((mine == mine[row]).sum())
    members = sets.members()
    assert all(rows == sorted(rows) and rows[0] == root and len(rows) > 1 for root, rows in members.items())
    assert sum(map(len, members.values())) == sum(sets.size(row) > 1 for row in range(30))


@given(PAIRS)
def test_the_order_of_pairs_changes_nothing(pairs: list[tuple[int, int]]) -> None:
    assert joined(30, pairs).numbers().tolist() == joined(30, pairs[::-1]).numbers().tolist()


def test_equal_keys_are_tied_to_the_first() -> None:
    assert equal_pairs(["x", "y", "x", "z", "y", "x"]) == [(0, 2), (1, 4), (0, 5)]
