from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from vitrina.duplicates.removal import Copies, Removal, conflicts, removals


def copies(
    cluster: list[int],
    *,
    exact: list[int] | None = None,
    quality: list[int] | None = None,
    labels: list[str | None] | None = None,
    official: list[str | None] | None = None,
) -> Copies:
    n = len(cluster)
    return Copies(
        cluster=np.array(cluster, dtype=np.int64),
        exact=np.array(exact if exact is not None else range(n), dtype=np.int64),
        quality=np.array(quality if quality is not None else [0] * n, dtype=np.int64),
        labels=labels if labels is not None else ["a"] * n,
        official=official if official is not None else [None] * n,
    )


def test_the_best_copy_stays_and_each_other_says_of_what_it_is_one() -> None:
    three = copies([0, 0, 0, 1], exact=[0, 1, 1, 2], quality=[2, 0, 1, 0])
    assert removals(three, reach="near") == [
        Removal(0, "near_duplicate", 1),
        Removal(2, "exact_duplicate", 1),
    ]
    assert removals(three, reach="exact") == [Removal(2, "exact_duplicate", 1)]
    assert removals(three, reach="none") == []


def test_a_label_and_an_official_test_part_come_before_quality() -> None:
    assert [r.row for r in removals(copies([0, 0], quality=[0, 1], labels=[None, "a"]), reach="near")] == [0]
    official: list[str | None] = ["train", "test", "validation"]
    kept_in_test = removals(copies([0, 0, 0], quality=[0, 2, 1], official=official), reach="near")
    assert [(r.row, r.of) for r in kept_in_test] == [(0, 1), (2, 1)]


def test_two_labels_leave_a_cluster_whole() -> None:
    torn = copies([0, 0, 0, 1, 1], labels=["a", "b", None, "a", None])
    assert conflicts(torn) == [[0, 1, 2]]
    assert [r.row for r in removals(torn, reach="near")] == [4]


def test_copies_within_an_official_test_part_stay() -> None:
    official: list[str | None] = ["test", "test", "train", "validation"]
    gone = removals(copies([0, 0, 0, 0], exact=[0, 0, 0, 0], official=official), reach="near")
    assert [(one.row, one.of) for one in gone] == [(2, 0), (3, 0)]


def test_what_a_person_keeps_stays_but_not_its_twins() -> None:
    assert removals(copies([0, 0, 0], quality=[0, 1, 2]), reach="near", protected=[1]) == [
        Removal(0, "near_duplicate", 1),
        Removal(2, "near_duplicate", 1),
    ]
    two = copies([0, 0, 0, 0], exact=[0, 0, 1, 1], quality=[0, 1, 2, 3])
    assert [one.row for one in removals(two, reach="near", protected=[0, 1, 2, 3])] == [1, 3]


@given(st.lists(st.tuples(st.integers(0, 5), st.sampled_from(["a", "b", None])), max_size=30))
def test_every_cluster_without_conflict_ends_with_one(rows: list[tuple[int, str | None]]) -> None:
    given_ = copies([number for number, _ in rows], labels=[label for _, label in rows])
    gone = {one.row for one in removals(given_, reach="near")}
    torn = {row for cluster in conflicts(given_) for row in cluster}
    assert not gone & torn
    for number in {number for number, _ in rows}:
        members = [row for row, (of, _) in enumerate(rows) if of == number]
        left = [row for row in members if row not in gone]
        assert left == members if set(members) & torn else len(left) == 1
        named = [rows[row][1] for row in members if rows[row][1] is not None]
        assert not named or any(rows[row][1] is not None for row in left)
