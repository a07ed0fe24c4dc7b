"""One entry a picture, the same whatever the order."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vitrina.doubts.doubt import KINDS, Doubt
from vitrina.doubts.queue import WEIGHTS, review_queue

DOUBTS = st.lists(
    st.builds(
        Doubt,
        row=st.integers(0, 8),
        kind=st.sampled_from(KINDS),
        score=st.floats(0.01, 1),
        label=st.just("cat"),
        suggestion=st.sampled_from([None, "dog", "owl"]),
        partners=st.sampled_from([(), (3,), (1, 7)]),
        reason=st.sampled_from(["x", "y"]),
    ),
    max_size=25,
)


def doubt(row: int, kind: str, score: float, **more: object) -> Doubt:
    told = {"label": "cat", "suggestion": None, "partners": (), "reason": f"{kind} of {row}"} | more
    return Doubt(row=row, kind=kind, score=score, **told)  # type: ignore[arg-type]


def test_reasons_of_one_picture_are_merged_and_add_up() -> None:
    queue = review_queue(
        [
            doubt(4, "dark", 1.0),
            doubt(2, "label_error", 0.9, suggestion="dog"),
            doubt(4, "outlier", 0.8, suggestion="owl", partners=(9,)),
            doubt(2, "label_conflict", 0.5, partners=(7, 3)),
        ]
    )
    assert [one.row for one in queue] == [2, 4]
    assert queue[0].kinds == ("label_error", "label_conflict")
    assert queue[0].reasons == ("label_error of 2", "label_conflict of 2")
    assert queue[0].suggestion == "dog"
    assert queue[0].partners == (3, 7)
    assert queue[0].score == pytest.approx(1 - (1 - 0.8 * 0.9) * (1 - 0.5))
    assert queue[1].kinds == ("outlier", "dark")


def test_the_strongest_of_each_kind_in_order_of_what_an_answer_changes() -> None:
    assert [
        one.kinds[0] for one in review_queue(doubt(row, kind, 1.0) for row, kind in enumerate(KINDS))
    ] == (list(KINDS))
    assert set(WEIGHTS) == set(KINDS)


def test_a_weak_label_error_waits_behind_a_strong_stranger() -> None:
    queue = review_queue([doubt(0, "label_error", 0.1), doubt(1, "irrelevant", 1.0)])
    assert [one.row for one in queue] == [1, 0]


def test_two_suggestions_of_equal_weight_come_in_one_order() -> None:
    one = doubt(3, "label_conflict", 0.25, suggestion="owl", partners=(3,), reason="x")
    two = doubt(3, "label_conflict", 0.25, suggestion="dog", partners=(1, 7), reason="x")
    assert review_queue([one, two]) == review_queue([two, one])
    assert review_queue([one, two])[0].suggestion == "dog"


@given(DOUBTS, st.integers(0, 99))
def test_the_order_in_which_doubts_come_does_not_matter(doubts: list[Doubt], seed: int) -> None:
    queue = review_queue(doubts)
    mixed = doubts + doubts[:2]
    random.Random(seed).shuffle(mixed)
    assert review_queue(mixed) == queue
    assert [one.row for one in queue] == [
        one.row for one in sorted(queue, key=lambda one: (-one.score, one.row))
    ]
    assert {one.row for one in queue} == {one.row for one in doubts}
    for entry in queue:
        strongest = max(WEIGHTS[one.kind] * one.score for one in doubts if one.row == entry.row)
        assert strongest - 1e-12 <= entry.score <= 1
        assert len(entry.kinds) == len(entry.reasons)
