"""Copies with two labels."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from vitrina.doubts.conflicts import label_conflicts


def test_the_rarer_label_is_doubted_first_with_its_partners() -> None:
    copies = np.array([5, 1, 5, 5, 2, 2, 5])
    labels = ["cat", "cat", "dog", "cat", "owl", "owl", None]
    found = label_conflicts(copies, labels)
    assert [one.row for one in found] == [2, 0, 3]
    assert [one.score for one in found] == [1.0, 2 / 3, 1 / 3]
    first = found[0]
    assert (first.kind, first.label, first.suggestion, first.partners) == (
        "label_conflict",
        "dog",
        "cat",
        (0, 3, 6),
    )
    assert first.reason == "labelled dog; 4 copies of this picture are labelled: 2 cat, 1 dog"
    assert found[1].suggestion is None


def test_of_two_labels_the_less_believed_comes_first_and_none_is_suggested() -> None:
    found = label_conflicts(np.array([0, 0]), ["cat", "dog"], quality=np.array([0.9, 0.1]))
    assert [(one.row, one.suggestion) for one in found] == [(1, None), (0, None)]
    unknown = label_conflicts(np.array([0, 0]), ["cat", "dog"], quality=np.array([0.9, np.nan]))
    assert [one.row for one in unknown] == [0, 1]


def test_the_first_of_every_cluster_come_before_the_second_of_any() -> None:
    copies, labels = np.array([0, 0, 1, 1]), ["cat", "dog", "owl", "pig"]
    found = label_conflicts(copies, labels, quality=np.array([0.1, 0.2, 0.8, 0.9]))
    assert [one.row for one in found] == [0, 2, 1, 3]


@given(st.lists(st.tuples(st.integers(0, 5), st.sampled_from([None, "a", "b", "c"])), max_size=30))
def test_exactly_the_labelled_pictures_of_torn_clusters(rows: list[tuple[int, str | None]]) -> None:
    copies, labels = np.array([one for one, _ in rows], dtype=int), [label for _, label in rows]
    torn = {one for one, _ in rows if len({b for a, b in rows if a == one and b is not None}) > 1}
    found = label_conflicts(copies, labels)
    assert sorted(one.row for one in found) == [
        row for row, (one, label) in enumerate(rows) if one in torn and label is not None
    ]
    scores = [one.score for one in found]
    assert scores == sorted(scores, reverse=True)
