from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vitrina.duplicates.hamming import matches_within, pairs_within
from vitrina.errors import VitrinaError

HASHES = st.lists(st.integers(0, 2**64 - 1) | st.integers(0, 40), max_size=40)


@given(HASHES, st.integers(0, 64))
def test_every_pair_and_no_other(values: list[int], bits: int) -> None:
    found = pairs_within(np.array(values, dtype=np.uint64), bits, expand=True)
    wanted = {
        (i, j): (values[i] ^ values[j]).bit_count()
        for i, j in itertools.combinations(range(len(values)), 2)
        if (values[i] ^ values[j]).bit_count() <= bits
    }
    assert dict(zip(map(tuple, found.rows.tolist()), found.bits.tolist(), strict=True)) == wanted
    assert found.left_out == 0


@given(HASHES, HASHES, st.integers(0, 64))
def test_every_match_of_a_query(queries: list[int], values: list[int], bits: int) -> None:
    found = matches_within(np.array(queries, np.uint64), np.array(values, np.uint64), bits)
    wanted = {
        (i, j)
        for i, j in itertools.product(range(len(queries)), range(len(values)))
        if (queries[i] ^ values[j]).bit_count() <= bits
    }
    assert set(map(tuple, found.rows.tolist())) == wanted


def test_equal_hashes_are_a_star() -> None:
    hashes = np.full(20_000, 7, dtype=np.uint64)
    hashes[0] = 5
    found = pairs_within(hashes, 10)
    assert len(found.rows) == 19_999
    assert (found.rows[1:, 0] == 1).all()
    assert found.rows[0].tolist() == [0, 1]


def test_the_nearest_are_kept_and_the_others_counted() -> None:
    hashes = np.array([0b0, 0b1, 0b11, 0b111], dtype=np.uint64)
    found = pairs_within(hashes, 3, most_each=1)
    assert found.rows.tolist() == [[0, 1], [1, 2], [2, 3]]
    assert found.left_out == 3


def test_what_is_no_hash_is_refused() -> None:
    with pytest.raises(VitrinaError, match=r"hashes as uint64 \(n,\); found int64 \(2,\)"):
        pairs_within(np.array([1, 2]), 4)
    with pytest.raises(VitrinaError, match=r"0 to 64 bits; found 65\. Ask for 10 bits or fewer"):
        pairs_within(np.array([1, 2], dtype=np.uint64), 65)
