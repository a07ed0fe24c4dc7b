"""Official splits, kept and checked."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vitrina.errors import BadRequest
from vitrina.splits import Dealt, LeftOut, SplitRequest, count_leaks, keep_official, new_splits

USUAL = SplitRequest({"train": 0.7, "validation": 0.15, "test": 0.15}, seed=0)
ROWS = st.lists(
    st.tuples(
        st.sampled_from(["train", "validation", "test", None]),
        st.sampled_from(["a", "b", None]),
        st.integers(0, 20),
    ),
    min_size=1,
    max_size=60,
)


def keep(
    official: list[str | None], labels: list[str | None], groups: list[int], request: SplitRequest = USUAL
) -> Dealt:
    keys = [f"{number:04x}" for number in range(len(labels))]
    return keep_official(official, labels, groups=np.array(groups), keys=keys, request=request)


@given(ROWS)
@settings(deadline=None, max_examples=300)
def test_what_is_kept_never_leaks_and_the_test_stays_whole(
    rows: list[tuple[str | None, str | None, int]],
) -> None:
    official, labels, groups = ([row[column] for row in rows] for column in range(3))
    try:
        dealt = keep(official, labels, groups)  # type: ignore[arg-type]
    except BadRequest:
        return
    assert count_leaks(dealt.sides, np.array(groups)).groups == 0
    out = {each.row for each in dealt.left_out}
    assert out == {row for row, side in enumerate(dealt.sides) if side is None}
    if "test" not in {side for side, label in zip(official, labels, strict=True) if label is not None}:
        return
    for row, (side, label, _) in enumerate(rows):
        assert (dealt.sides[row] == "test") == (side == "test" and label is not None)


def test_all_three_are_kept_as_they_are() -> None:
    official = ["train", "validation", "test", "test"]
    dealt = keep(list(official), ["a", "a", "a", "b"], [0, 1, 2, 3])
    assert dealt == Dealt(list(official), [], "Official splits kept: train, validation, test.")


def test_what_leaks_is_left_out_of_train_and_validation_and_named() -> None:
    official = ["train", "test", "validation", "train", "validation", "train", None, "test"]
    dealt = keep(official, ["a", "a", "a", "b", "b", "a", "a", None], [0, 0, 0, 1, 1, 2, 0, 2])
    assert dealt.sides == [None, "test", None, None, "validation", "train", None, None]
    assert dealt.left_out == [
        LeftOut(0, "train", "its group has pictures in test"),
        LeftOut(2, "validation", "its group has pictures in test"),
        LeftOut(3, "train", "its group has pictures in validation"),
        LeftOut(6, None, "its group has pictures in test"),
        LeftOut(7, "test", "no label"),
    ]


def test_validation_is_cut_from_train_stratified_and_grouped() -> None:
    official: list[str | None] = ["train"] * 170 + ["test"] * 30
    labels: list[str | None] = ["a", "b"] * 100
    groups = [row // 4 for row in range(200)]
    dealt = keep(official, labels, groups)
    assert dealt.said == "Official splits kept: train, test; validation cut from train."
    assert Counter(dealt.sides) == {"train": 140, "validation": 28, "test": 30, None: 2}
    assert dealt.sides[170:] == ["test"] * 30
    assert [each.row for each in dealt.left_out] == [168, 169]  # Group 42 goes over the border.
    assert count_leaks(dealt.sides, np.array(groups)).groups == 0
    assert (
        Counter(zip(labels, dealt.sides, strict=True))["a", "validation"] == 14
    )  # 29.6 in groups of 4 is 28.


def test_only_a_test_leaves_the_rest_to_be_split() -> None:
    official: list[str | None] = [None] * 20 + ["test"] * 5
    dealt = keep(official, ["a"] * 25, list(range(25)))
    assert dealt.said == "Official splits kept: test; train and validation cut from the rest."
    assert Counter(dealt.sides) == {"train": 16, "validation": 4, "test": 5}


def test_only_a_train_gives_up_both_others() -> None:
    dealt = keep(["train"] * 20, ["a"] * 20, list(range(20)))
    assert dealt.said == "Official splits kept: train; validation and test cut from train."
    assert Counter(dealt.sides) == {"train": 14, "validation": 3, "test": 3}


def test_a_side_without_a_share_is_not_cut_but_kept_where_it_is() -> None:
    request = SplitRequest({"train": 0.8, "validation": 0.0, "test": 0.2})
    official: list[str | None] = ["train"] * 5 + ["test"] * 2
    assert keep(official, ["a"] * 7, list(range(7)), request).sides == official
    official[0] = "validation"
    assert keep(official, ["a"] * 7, list(range(7)), request).sides == official


def test_no_official_side_means_new_splits() -> None:
    labels: list[str | None] = ["a"] * 20 + [None]
    keys = [str(row) for row in range(21)]
    dealt = keep_official([None] * 21, labels, groups=np.arange(21), keys=keys, request=USUAL)
    assert dealt == new_splits(labels, np.arange(21), keys=keys, request=USUAL)
    assert dealt.said == "New splits: train, validation, test."
    assert dealt.left_out == [LeftOut(20, None, "no label")]


@pytest.mark.parametrize(
    ("official", "request_", "message"),
    [
        (
            ["train", "eval"],
            USUAL,
            "Expected official splits among train, validation, test; found eval. Collect the pile again.",
        ),
        (
            ["test", "test"],
            USUAL,
            "Expected pictures in the official train to cut validation from; found none; official are test. "
            "Give the missing sides the share 0, or make new splits with --official ignore.",
        ),
        (
            ["train", "test"],
            SplitRequest({"validation": 0.5, "test": 0.5}),
            "Expected a share for train, from which validation is cut; found --train 0. "
            "Give train a share, or make new splits with --official ignore.",
        ),
        (
            ["train", "test"],
            USUAL,
            "Expected each class in at least 2 groups, one for each of train, validation in what the official splits "
            "leave to cut from; found fewer of a (1). Add pictures of other scenes, group by less, merge the class "
            "into another, or ask for fewer sides. New splits: --official ignore.",
        ),
    ],
    ids=["unknown", "no train", "no share", "too few"],
)
def test_what_cannot_be_is_refused(official: list[str | None], request_: SplitRequest, message: str) -> None:
    with pytest.raises(BadRequest) as refused:
        keep(official, ["a", "a"], [0, 1], request_)
    assert str(refused.value) == message
