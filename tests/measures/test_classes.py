"""Precision, recall, F1, beside scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import confusion_matrix, precision_recall_fscore_support

from vitrina.errors import BadRequest
from vitrina.measures.classes import KINDS, answer_figures, confusion_shares
from vitrina.measures.intervals import wilson_interval

NAMES = ("a", "b", "c")
PAIRS = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2)), min_size=1, max_size=30)


@settings(max_examples=30, deadline=None)
@given(PAIRS)
def test_it_agrees_with_scikit_learn(pairs: list[tuple[int, int]]) -> None:
    said, targets = np.array(pairs).T
    made = answer_figures(said, targets, NAMES, seed=0, resamples=20)
    expected = precision_recall_fscore_support(targets, said, labels=[0, 1, 2], zero_division=np.nan)
    for index, name in enumerate(NAMES):
        own = made["per_class"][name]
        assert own["support"] == expected[3][index]
        for kind, values in zip(KINDS, expected, strict=False):
            # F1 of a class without pictures that was said is 0 in scikit-learn, and cannot be said here.
            if kind == "f1" and not own["support"]:
                assert own[kind]["value"] is None
            elif np.isnan(values[index]):
                assert own[kind] == {"value": None, "interval": None, "n": own[kind]["n"]}
            else:
                assert own[kind]["value"] == pytest.approx(values[index])
    there = sorted(set(targets.tolist()))
    for mean in ("macro", "weighted"):
        theirs = precision_recall_fscore_support(targets, said, labels=there, average=mean, zero_division=0)
        assert [made[mean][kind]["value"] for kind in KINDS] == pytest.approx(list(theirs[:3]))
    assert made["accuracy"]["value"] == pytest.approx((said == targets).mean())
    rows = [[made["confusion"][true][answer] for answer in NAMES] for true in NAMES]
    assert rows == confusion_matrix(targets, said, labels=[0, 1, 2]).tolist()


@settings(max_examples=40, deadline=None)
@given(PAIRS)
def test_every_interval_holds_its_value(pairs: list[tuple[int, int]]) -> None:
    said, targets = np.array(pairs).T
    made = answer_figures(said, targets, NAMES, seed=1, resamples=30)
    rates = [made[mean] for mean in ("macro", "weighted")] + list(made["per_class"].values())
    for figure in [made["accuracy"], *(rate[kind] for rate in rates for kind in KINDS)]:
        if figure["interval"] is not None:
            low, high = figure["interval"]
            assert 0.0 <= low <= figure["value"] <= high <= 1.0


def test_each_figure_says_on_how_many_pictures_it_rests() -> None:
    made = answer_figures(np.array([0, 0, 1, 1, 1]), np.array([0, 1, 1, 1, 0]), NAMES, seed=0)
    assert [made["per_class"]["a"][kind]["n"] for kind in KINDS] == [2, 2, 3]
    assert [made["per_class"]["b"][kind]["n"] for kind in KINDS] == [3, 3, 4]
    assert made["per_class"]["c"]["recall"] == {"value": None, "interval": None, "n": 0}
    assert made["macro"]["f1"]["n"] == 5


def test_the_interval_is_that_of_whole_resamples() -> None:
    """F1 computed anew by scikit-learn on each of the pictures drawn."""
    generator = np.random.default_rng(3)
    targets = generator.integers(0, 3, 60)
    said = np.where(generator.random(60) < 0.7, targets, generator.integers(0, 3, 60))
    own = answer_figures(said, targets, NAMES, seed=5, resamples=200)["macro"]["f1"]["interval"]
    places = np.random.default_rng(5).integers(0, 60, size=(200, 60))
    anew = [precision_recall_fscore_support(targets[p], said[p], average="macro")[2] for p in places]
    assert own == pytest.approx(np.quantile(anew, [0.025, 0.975]).tolist())


def test_a_class_without_an_error_is_not_beyond_doubt() -> None:
    made = answer_figures(np.array([0, 0, 0, 1, 1]), np.array([0, 0, 0, 1, 1]), NAMES[:2], seed=0)
    assert made["per_class"]["a"]["recall"]["interval"] == list(wilson_interval(3, 3))
    assert made["macro"]["f1"]["interval"] == list(wilson_interval(5, 5))


def test_shares_of_what_a_class_is_taken_for() -> None:
    made = confusion_shares(np.array([0, 0, 1, 1]), np.array([0, 0, 0, 1]), NAMES, seed=0)
    assert made["a"]["a"]["value"] == pytest.approx(2 / 3)
    low, high = made["a"]["b"]["interval"]
    assert low <= 1 / 3 <= high
    assert made["b"]["b"] == {"value": 1.0, "interval": list(wilson_interval(1, 1)), "n": 1}
    assert made["c"]["a"] == {"value": None, "interval": None, "n": 0}


def test_nothing_said_is_refused() -> None:
    with pytest.raises(
        BadRequest, match=r"^Expected 1 class indices from 0 to 2; found shape \(0,\), float64\."
    ):
        answer_figures(np.array([]), np.array([]), NAMES, seed=0)
