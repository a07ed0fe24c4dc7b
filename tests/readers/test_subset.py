"""Fewer pictures with the same shares."""

from __future__ import annotations

import random
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vitrina.errors import BadRequest
from vitrina.readers import Item, Remark, Skipped, Source, open_source, subset
from vitrina.readers.subset import allot

LABELS = [None, "cat", "dog", "emu", "yak"]


def source_of(labels: list[str | None]) -> Source:
    items = [Item(Path(f"{n}.jpg"), f"{n}.jpg", label, "folder:x") for n, label in enumerate(labels)]
    return Source(items, sorted({label for label in labels if label}), "Read.")


@st.composite
def sources_and_counts(draw: st.DrawFn) -> tuple[Source, int]:
    labels = draw(st.lists(st.sampled_from(LABELS), min_size=1, max_size=60))
    return source_of(labels), draw(st.integers(1, len(labels)))


@given(st.dictionaries(st.sampled_from(LABELS), st.integers(1, 10_000), min_size=1), st.data())
def test_each_class_gets_its_share_rounded_down_or_up(
    sizes: dict[str | None, int], data: st.DataObject
) -> None:
    whole = sum(sizes.values())
    count = data.draw(st.integers(1, whole))
    numbers = allot(sizes, count)
    assert sum(numbers.values()) == count
    remainders = {label: Fraction(count * size, whole) % 1 for label, size in sizes.items()}
    for label, size in sizes.items():
        assert abs(numbers[label] - Fraction(count * size, whole)) < 1
        assert numbers[label] <= size
    up = [remainders[label] for label in sizes if numbers[label] > count * sizes[label] // whole]
    down = [remainders[label] for label in sizes if numbers[label] == count * sizes[label] // whole]
    assert not up or not down or min(up) >= max(down)


@given(sources_and_counts(), st.integers(0, 2**32), st.integers(0, 2**32))
def test_same_seed_same_subset_in_whatever_order(
    drawn: tuple[Source, int], seed: int, shuffled_by: int
) -> None:
    source, count = drawn
    chosen = subset(source, count, seed=seed)
    assert len(chosen.items) == count
    assert chosen.items == [item for item in source.items if item in chosen.items]
    shuffled = source.items[:]
    random.Random(shuffled_by).shuffle(shuffled)
    again = subset(Source(shuffled, source.class_names, ""), count, seed=seed)
    assert {item.file_name for item in again.items} == {item.file_name for item in chosen.items}


def test_another_seed_another_subset() -> None:
    source = source_of(["cat"] * 1000)
    one, two = (subset(source, 100, seed=seed).items for seed in (0, 1))
    # Of 100 drawn twice from 1,000 about 10 coincide; 30 would be more than six standard deviations away.
    assert len({i.file_name for i in one} & {i.file_name for i in two}) < 30


def test_what_is_said_and_kept() -> None:
    whole = source_of(["cat"] * 8 + ["dog"] * 91 + [None])
    whole.skipped.append(Skipped("notes.txt", "no picture"))
    whole.remarks.extend(Remark(f"{n}.jpg", "seen") for n in range(100))
    few = subset(whole, 5, seed=3)
    assert [item.label for item in few.items] == ["dog"] * 5
    assert few.class_names == ["cat", "dog"]
    assert few.inferred == (
        "Read. A subset of 5 of 100 pictures by class shares (seed 3). Too small for a picture in it: cat."
    )
    assert few.skipped == whole.skipped
    assert [remark.file_name for remark in few.remarks] == [item.file_name for item in few.items]


@pytest.mark.parametrize("count", [0, -1, 3])
def test_a_subset_that_cannot_be(count: int) -> None:
    with pytest.raises(BadRequest) as refused:
        subset(source_of(["cat", "dog"]), count, seed=0)
    assert str(refused.value) == (
        f"Expected a subset of 1 to 2 pictures; found {count}. Ask for fewer, or for the whole."
    )


def test_trashnet_keeps_its_shares(shared_data: Path) -> None:
    whole = open_source(shared_data / "trashnet")
    few = subset(whole, 300, seed=0)
    for name in whole.class_names:
        before, after = (sum(item.label == name for item in one.items) for one in (whole, few))
        assert abs(after - 300 * before / 1544) < 1
