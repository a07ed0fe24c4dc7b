"""Stratified, grouped splits."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vitrina.errors import BadRequest
from vitrina.splits import SplitRequest, assign, count_leaks
from vitrina.splits.improve import Deal
from vitrina.splits.quotas import quotas

USUAL = SplitRequest({"train": 0.7, "validation": 0.15, "test": 0.15}, seed=0)
REQUESTS = st.builds(
    lambda parts, seed: SplitRequest(
        dict(zip(("train", "validation", "test"), (p / sum(parts) for p in parts), strict=False)), seed
    ),
    st.lists(st.integers(1, 9), min_size=2, max_size=3),
    st.integers(0, 5),
)
# Pictures as (class, group): clusters of any size, holding any classes.
PICTURES = st.lists(
    st.tuples(st.sampled_from(["a", "b", "c", None]), st.integers(0, 25)), min_size=1, max_size=70
)
# Groups of one class each, as (class, pictures).
SINGLE_CLASS = st.lists(st.tuples(st.sampled_from("abc"), st.integers(1, 12)), min_size=3, max_size=60)

Pictures = list[tuple[str | None, int]]


def keys_of(count: int) -> list[str]:
    return [f"{number:04x}" for number in range(count)]


def sides_of(pictures: Pictures, request: SplitRequest) -> list[str | None] | None:
    """None where the request is refused."""
    groups = np.array([group for _, group in pictures])
    try:
        return assign([label for label, _ in pictures], groups, keys=keys_of(len(pictures)), request=request)
    except BadRequest:
        return None


@given(PICTURES, REQUESTS)
@settings(deadline=None, max_examples=300)
def test_no_group_lies_on_two_sides_and_every_class_on_all(pictures: Pictures, request: SplitRequest) -> None:
    sides = sides_of(pictures, request)
    if sides is None:
        return
    assert count_leaks(sides, np.array([group for _, group in pictures])).groups == 0
    for (label, _), side in zip(pictures, sides, strict=True):
        assert (side is None) == (label is None)
    for name in {label for label, _ in pictures} - {None}:
        there = {side for (label, _), side in zip(pictures, sides, strict=True) if label == name}
        assert there == set(request.sides)


@given(st.dictionaries(st.sampled_from("abcde"), st.integers(3, 120), min_size=1), REQUESTS)
@settings(deadline=None)
def test_class_shares_are_exact_where_every_picture_stands_alone(
    counts: dict[str, int], request: SplitRequest
) -> None:
    labels = [name for name, count in sorted(counts.items()) for _ in range(count)]
    sides = assign(labels, np.arange(len(labels)), keys=keys_of(len(labels)), request=request)
    expected = quotas([counts[name] for name in sorted(counts)], [request.shares[s] for s in request.sides])
    got = Counter(zip(labels, sides, strict=True))
    assert [[got[name, side] for side in request.sides] for name in sorted(counts)] == expected.tolist()


@given(SINGLE_CLASS, REQUESTS)
@settings(deadline=None, max_examples=300)
def test_class_shares_are_within_the_bound_for_larger_groups(
    groups: list[tuple[str, int]], request: SplitRequest
) -> None:
    pictures: Pictures = [(label, number) for number, (label, size) in enumerate(groups) for _ in range(size)]
    sides = sides_of(pictures, request)
    if sides is None:
        spread = Counter(label for label, _ in groups)
        most = max(size for _, size in groups)
        assert min(spread.values()) < len(request.sides) or most > len(pictures) * max(
            request.shares.values()
        )
        return
    for name in {label for label, _ in groups}:
        count = sum(label == name for label, _ in pictures)
        largest = max(size for label, size in groups if label == name)
        shares = [count * request.shares[side] for side in request.sides]
        bound = largest + 1 if min(shares) >= largest else (len(shares) - 1) * largest + 1
        for side, share in zip(request.sides, shares, strict=True):
            got = sum(label == name and at == side for (label, _), at in zip(pictures, sides, strict=True))
            assert abs(got - share) <= bound


@given(PICTURES, REQUESTS, st.randoms(use_true_random=False))
@settings(deadline=None)
def test_neither_the_order_of_rows_nor_the_names_of_groups_matter(
    pictures: Pictures, request: SplitRequest, random: object
) -> None:
    sides = sides_of(pictures, request)
    order = list(range(len(pictures)))
    random.shuffle(order)  # type: ignore[attr-defined]
    labels = [pictures[row][0] for row in order]
    groups = np.array([1000 - 7 * pictures[row][1] for row in order])
    keys = [keys_of(len(pictures))[row] for row in order]
    if sides is None:
        with pytest.raises(BadRequest):
            assign(labels, groups, keys=keys, request=request)
        return
    assert assign(labels, groups, keys=keys, request=request) == [sides[row] for row in order]


def test_same_seed_same_split_other_seed_another() -> None:
    labels = ["a", "b"] * 100
    groups = np.arange(200) // 3
    first, again, other = (
        assign(labels, groups, keys=keys_of(200), request=SplitRequest(USUAL.shares, seed))
        for seed in (3, 3, 4)
    )
    assert first == again
    assert first != other


def test_equal_keys_end_on_one_side() -> None:
    keys = [f"{number // 2}" for number in range(60)]
    sides = assign(["a"] * 60, np.arange(60), keys=keys, request=USUAL)
    assert all(sides[row] == sides[row + 1] for row in range(0, 60, 2))


def cost(contents: list[tuple[tuple[int, int], ...]], sides: list[int], targets: np.ndarray) -> float:
    over, spread = -targets.astype(float), np.zeros(targets.shape)
    for content, side in zip(contents, sides, strict=True):
        for label, count in content:
            over[label, side] += count
            spread[label, side] += 1
    squares = (over**2 / targets.sum(axis=1, keepdims=True)).sum()
    return float(squares + (4 * targets.sum() + 1) * (spread == 0).sum())


@given(
    st.lists(st.lists(st.integers(0, 6), min_size=3, max_size=3).filter(any), min_size=4, max_size=14),
    st.integers(0, 2**31),
)
@settings(deadline=None)
def test_no_move_and_no_swap_would_better_what_improve_leaves(table: list[list[int]], seed: int) -> None:
    present = [label for label in range(3) if any(row[label] for row in table)]
    contents = [tuple((present.index(c), row[c]) for c in present if row[c]) for row in table]
    totals = [sum(row[label] for row in table) for label in present]
    targets = quotas(totals, [0.6, 0.2, 0.2])
    dealt = np.random.default_rng(seed).integers(0, 3, len(contents)).tolist()
    deal = Deal(contents, dealt, targets)
    deal.improve()
    sides = deal.sides()
    least = cost(contents, sides, targets)
    assert least <= cost(contents, dealt, targets) + 1e-6
    for group in range(len(contents)):
        for there in range(3):
            assert cost(contents, [*sides[:group], there, *sides[group + 1 :]], targets) >= least - 1e-6
        for other in range(group):
            swapped = list(sides)
            swapped[group], swapped[other] = sides[other], sides[group]
            assert cost(contents, swapped, targets) >= least - 1e-6


@pytest.mark.parametrize(
    ("labels", "groups", "message"),
    [
        (
            [None, None],
            [0, 1],
            "Expected pictures with a label; found none among 2. Label some pictures, then split again.",
        ),
        (
            [],
            [],
            "Expected pictures with a label; found none among 0. Label some pictures, then split again.",
        ),
        (
            ["a"] * 9 + ["b"] * 3,
            [*range(9), 9, 9, 10],
            "Expected each class in at least 3 groups, one for each of train, validation, test; found fewer of b (2). "
            "Add pictures of other scenes, group by less, merge the class into another, or ask for fewer sides.",
        ),
        (
            ["a"] * 20,
            [0] * 15 + [1, 2, 3, 4, 5],
            "Expected groups of at most 14 pictures, what train takes as the largest side; found one of 15 among 20. "
            "Group by something finer, or ask for a larger share there.",
        ),
        (
            # a and b share two groups and need a third each: two are tied to c, which then is on one side alone.
            ["a", "b", "b", "c", "c", "a", "a", "b", "c"],
            [0, 0, 1, 1, 2, 2, 3, 3, 3],
            None,
        ),
        (
            ["a"],
            [0, 1],
            "Expected a label, a group and a key for each picture; found 1, 2 and 1. Give one of each for each "
            "picture.",
        ),
    ],
    ids=["unlabelled", "empty", "few groups", "one large group", "tied", "lengths"],
)
def test_impossible_requests_are_refused(
    labels: list[str | None], groups: list[int], message: str | None
) -> None:
    with pytest.raises(BadRequest) as refused:
        assign(labels, np.array(groups), keys=keys_of(len(labels)), request=USUAL)
    assert str(refused.value) == message or message is None
    if message is None:
        assert refused.value.expected == "every class on each of train, validation, test"
        assert refused.value.found.startswith("groups that hold several classes, and no way found to have ")
        assert refused.value.next_step == "Group by something finer, or ask for fewer sides."


def test_one_side_takes_all() -> None:
    sides = assign(
        ["a", None, "b"], np.array([0, 1, 2]), keys=keys_of(3), request=SplitRequest({"train": 1.0})
    )
    assert sides == ["train", None, "train"]


def test_groups_of_every_size_come_to_all_sides() -> None:
    sizes = [1] * 400 + [2] * 100 + [3] * 60 + [5] * 40
    groups = np.repeat(np.arange(len(sizes)), sizes)
    sides = assign(["a"] * len(groups), groups, keys=keys_of(len(groups)), request=USUAL)
    of_group = dict(zip(groups.tolist(), sides, strict=True))
    for size in (1, 2, 3, 5):
        here = Counter(of_group[number] for number, each in enumerate(sizes) if each == size)
        for side, share in USUAL.shares.items():
            assert here[side] == pytest.approx(share * sizes.count(size), rel=0.5)
