"""Folds, for random classes and groups."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from vitrina.doubts.folds import grouped_folds

ROWS = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 12)), min_size=1, max_size=60)


@given(ROWS, st.integers(2, 6), st.integers(0, 99))
def test_no_group_stands_in_two_folds(rows: list[tuple[int, int]], folds: int, seed: int) -> None:
    labels, groups = np.array(rows).T
    fold = grouped_folds(labels, groups, folds=folds, seed=seed)
    assert ((fold >= 0) & (fold < folds)).all()
    for group in np.unique(groups):
        assert len(np.unique(fold[groups == group])) == 1
    assert fold.tolist() == grouped_folds(labels, groups, folds=folds, seed=seed).tolist()


@given(st.lists(st.integers(0, 3), min_size=1, max_size=60), st.integers(2, 6), st.integers(0, 99))
def test_classes_of_single_pictures_are_even_to_within_one(labels: list[int], folds: int, seed: int) -> None:
    target = np.array(labels)
    fold = grouped_folds(target, np.arange(len(target)), folds=folds, seed=seed)
    for label in np.unique(target):
        counts = np.bincount(fold[target == label], minlength=folds)
        assert counts.max() - counts.min() <= 1


@given(st.lists(st.integers(1, 9), min_size=2, max_size=8), st.integers(2, 6), st.integers(0, 9))
def test_a_class_of_two_groups_or_more_stands_in_two_folds(sizes: list[int], folds: int, seed: int) -> None:
    groups = np.repeat(np.arange(len(sizes)), sizes)
    fold = grouped_folds(np.zeros(len(groups), dtype=int), groups, folds=folds, seed=seed)
    assert len(np.unique(fold)) >= 2


def test_another_seed_deals_otherwise() -> None:
    labels, groups = np.zeros(50, dtype=int), np.arange(50)
    dealt = {tuple(grouped_folds(labels, groups, folds=5, seed=[seed, 0])) for seed in range(3)}
    assert len(dealt) == 3
