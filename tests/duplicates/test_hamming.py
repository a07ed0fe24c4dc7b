from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vitrina.duplicates.clusters import joined
from vitrina.duplicates.hamming import matches_within, pairs_within
from vitrina.errors import VitrinaError


def brute(hashes: np.ndarray, bits: int) -> list[tuple[int, int, int]]:
    apart = np.bitwise_count(hashes[:, None] ^ hashes[None])
    return [(i, j, int(apart[i, j])) for i, j in np.argwhere(np.triu(apart <= bits, 1)).tolist()]


def crowded(count: int, seed: int, middles: int) -> np.ndarray:
    """uint64 (count,): a few bits around some middles, with many equal ones."""
    rng = np.random.default_rng(seed)
    hashes = rng.choice(rng.integers(0, 2**64, middles, dtype=np.uint64), count)
    for _ in range(6):
        flip = rng.random(count) < 0.4
        hashes[flip] ^= np.uint64(1) << rng.integers(0, 64, int(flip.sum()), dtype=np.uint64)
    return hashes


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 120), st.integers(0, 2**32 - 1), st.integers(1, 8), st.integers(0, 24))
def test_all_pairs_are_those_of_brute_force(count: int, seed: int, middles: int, bits: int) -> None:
    hashes = crowded(count, seed, middles)
    found = pairs_within(hashes, bits, expand=True)
    mine = [(*pair, apart) for pair, apart in zip(found.rows.tolist(), found.bits.tolist(), strict=True)]
    assert mine == brute(hashes, bits)
    assert found.left_out == 0


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 120), st.integers(0, 2**32 - 1), st.integers(0, 16))
def test_stars_of_equal_hashes_hang_together_as_all_pairs_do(count: int, seed: int, bits: int) -> None:
    hashes = crowded(count, seed, 4)
    stars = pairs_within(hashes, bits).rows.tolist()
    every = pairs_within(hashes, bits, expand=True).rows.tolist()
    assert set(map(tuple, stars)) <= set(map(tuple, every))
    assert joined(count, stars).numbers().tolist() == joined(count, every).numbers().tolist()


def test_blocks_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    hashes = crowded(700, 5, 9)
    whole = pairs_within(hashes, 10, expand=True)
    monkeypatch.setattr("vitrina.duplicates.hamming._BLOCKS", (7, 50))
    parts = pairs_within(hashes, 10, expand=True)
    assert parts.rows.tolist() == whole.rows.tolist() == [[i, j] for i, j, _ in brute(hashes, 10)]


def test_twenty_thousand_equal_hashes_are_a_star() -> None:
    hashes = np.full(20_000, 77, dtype=np.uint64)
    hashes[-1] ^= np.uint64(0b111)
    found = pairs_within(hashes, 10)
    assert len(found.rows) == 19_999
    assert set(found.rows[:, 0].tolist()) == {0}
    assert found.bits.tolist() == [0] * 19_998 + [3]


def test_what_is_beyond_the_nearest_is_counted() -> None:
    hashes = crowded(200, 1, 2)
    whole = pairs_within(hashes, 12)
    some = pairs_within(hashes, 12, most_each=3)
    between = whole.bits > 0
    assert some.left_out == int(between.sum()) - int((some.bits > 0).sum()) > 0
    for row in range(200):
        mine = some.bits[(some.rows[:, 0] == row) & (some.bits > 0)]
        theirs = whole.bits[(whole.rows[:, 0] == row) & between]
        assert sorted(mine.tolist()) == sorted(theirs.tolist())[:3]


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 40), st.integers(0, 60), st.integers(0, 2**32 - 1), st.integers(0, 20))
def test_queries_find_what_brute_force_finds(asked: int, held: int, seed: int, bits: int) -> None:
    hashes = crowded(asked + held, seed, 3)
    queries, others = hashes[:asked], hashes[asked:]
    found = matches_within(queries, others, bits)
    apart = np.bitwise_count(queries[:, None] ^ others[None])
    assert found.rows.tolist() == np.argwhere(apart <= bits).tolist()
    assert found.bits.tolist() == apart[apart <= bits].tolist()
    nearest = matches_within(queries, others, bits, most_each=2)
    assert len(nearest.rows) + nearest.left_out == len(found.rows)
    assert all(
        (nearest.rows[:, 0] == row).sum() == min(2, (apart[row] <= bits).sum()) for row in range(asked)
    )


def test_a_distance_beyond_the_hash_is_refused() -> None:
    with pytest.raises(VitrinaError) as caught:
        pairs_within(np.zeros(2, np.uint64), 65)
    assert str(caught.value) == "Expected a distance of 0 to 64 bits; found 65. Ask for 10 bits or fewer."


def test_hashes_of_another_kind_are_refused() -> None:
    with pytest.raises(VitrinaError) as caught:
        matches_within(np.zeros(2, np.uint64), np.zeros((2, 8), np.uint8), 3)
    assert str(caught.value) == (
        "Expected hashes as uint64 (n,); found uint8 (2, 8). Use vitrina.duplicates.perceptual.as_integers."
    )
