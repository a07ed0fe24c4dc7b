"""Class weights and sampling."""

from __future__ import annotations

from collections import Counter
from typing import Literal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.utils.class_weight import compute_class_weight

from vitrina.errors import BadRequest
from vitrina.splits import class_weights, sample

LABELS = st.lists(st.sampled_from("abc"), min_size=1, max_size=60)


@given(LABELS)
@settings(deadline=None)
def test_weights_are_those_of_scikit_learn(labels: list[str]) -> None:
    names = sorted(set(labels))
    expected = compute_class_weight("balanced", classes=np.array(names), y=np.array(labels))
    assert class_weights(labels) == pytest.approx(dict(zip(names, expected, strict=True)))


@given(LABELS, st.none() | st.integers(1, 30), st.integers(0, 3))
@settings(deadline=None)
def test_undersampling_cuts_classes_to_the_number(labels: list[str], to: int | None, seed: int) -> None:
    keys = [str(row) for row in range(len(labels))]
    sampled = sample(labels, keys=keys, kind="undersample", to=to, seed=seed)
    counts = Counter(labels)
    wanted = to or min(counts.values())
    assert sampled.to == wanted
    assert sampled.before == counts
    assert sampled.after == {name: min(count, wanted) for name, count in counts.items()}
    assert Counter(labels[row] for row in sampled.kept) == sampled.after
    assert sorted([*sampled.kept, *sampled.dropped]) == list(range(len(labels)))
    assert sampled.copies == []


@given(LABELS, st.none() | st.integers(1, 30), st.integers(0, 3))
@settings(deadline=None)
def test_oversampling_repeats_evenly(labels: list[str], to: int | None, seed: int) -> None:
    keys = [str(row) for row in range(len(labels))]
    sampled = sample(labels, keys=keys, kind="oversample", to=to, seed=seed)
    counts = Counter(labels)
    wanted = to or max(counts.values())
    assert sampled.kept == list(range(len(labels)))
    assert sampled.dropped == []
    assert sampled.after == {name: max(count, wanted) for name, count in counts.items()}
    times = Counter([*sampled.kept, *sampled.copies])
    assert Counter(labels[row] for row in times.elements()) == sampled.after
    for name in counts:
        of_class = [count for row, count in times.items() if labels[row] == name]
        assert max(of_class) - min(of_class) <= 1


def test_who_is_left_out_hangs_on_keys_and_seed() -> None:
    labels, keys = ["a"] * 20 + ["b"] * 3, [f"k{row}" for row in range(23)]
    dropped = {keys[row] for row in sample(labels, keys=keys, kind="undersample", seed=1).dropped}
    turned = sample(labels[::-1], keys=keys[::-1], kind="undersample", seed=1)
    assert {keys[::-1][row] for row in turned.dropped} == dropped
    assert {keys[row] for row in sample(labels, keys=keys, kind="undersample", seed=2).dropped} != dropped


@pytest.mark.parametrize("kind", ["undersample", "oversample"])
def test_what_cannot_be_is_refused(kind: Literal["undersample", "oversample"]) -> None:
    with pytest.raises(BadRequest) as refused:
        sample(["a"], keys=["k"], kind=kind, to=0)
    assert str(refused.value) == "Expected 1 picture a class or more; found 0. Correct --balance_to."
    with pytest.raises(BadRequest) as refused:
        sample([], keys=[], kind=kind)
    assert str(refused.value) == (
        "Expected pictures in train to balance; found none. Give train a share, or leave --balance out."
    )
