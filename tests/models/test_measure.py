"""Figures and their doubt."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import precision_recall_fscore_support

from vitrina.errors import BadRequest
from vitrina.labels import LabelScheme
from vitrina.models.measure import choose_threshold, measure, wilson_interval

SCHEME = LabelScheme(("a", "b", "c"))


@pytest.mark.parametrize(
    # Newcombe 1998, Statistics in Medicine 17, 857, table I, method 3.
    ("right", "n", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_the_interval_is_the_published_one(right: int, n: int, low: float, high: float) -> None:
    assert wilson_interval(right, n) == pytest.approx((low, high), abs=5e-5)


@given(st.integers(0, 500), st.integers(0, 500))
def test_the_interval_holds_the_share(right: int, wrong: int) -> None:
    n = right + wrong
    low, high = wilson_interval(right, n)
    assert 0.0 <= low <= (right / n if n else 0.5) <= high <= 1.0


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("abc")), min_size=1, max_size=40))
def test_it_agrees_with_scikit_learn(pairs: list[tuple[str, str]]) -> None:
    predicted, truth = [p for p, _ in pairs], [t for _, t in pairs]
    figures = measure(predicted, truth, SCHEME)
    expected = precision_recall_fscore_support(truth, predicted, labels=list("abc"), zero_division=np.nan)
    for index, name in enumerate("abc"):
        own = figures["per_class"][name]
        for key, values in zip(("precision", "recall"), expected[:2], strict=True):
            assert (own[key] is None) == bool(np.isnan(values[index]))
            assert own[key] is None or own[key] == pytest.approx(values[index])
        assert own["support"] == expected[3][index]
        assert (own["f1"] is None) == (own["support"] == 0)
    assert figures["n"] == len(pairs)
    assert figures["accuracy"] == pytest.approx(np.mean([p == t for p, t in pairs]))
    assert sum(sum(row.values()) for row in figures["confusion"].values()) == len(pairs)


def test_a_label_without_support_does_not_count_in_the_macro_f1() -> None:
    figures = measure(["a", "b", "b"], ["a", "b", "a"], SCHEME)
    assert figures["per_class"]["c"] == {"precision": None, "recall": None, "f1": None, "support": 0}
    assert figures["macro_f1"] == pytest.approx(2 / 3)
    assert figures["confusion"]["a"] == {"a": 1, "b": 1, "c": 0}


def test_nothing_to_measure_is_refused() -> None:
    with pytest.raises(BadRequest) as refused:
        measure([], [], SCHEME)
    assert str(refused.value) == (
        "Expected as many predictions as true labels, at least one; found 0 and 0. "
        "Measure on pictures with labels."
    )


@pytest.mark.parametrize(
    ("confidences", "correct", "target", "expected"),
    [
        ([0.9, 0.8, 0.7, 0.6], [True, True, False, True], 0.95, 0.8),
        ([0.9, 0.8, 0.7, 0.6], [True, True, False, True], 0.75, 0.0),
        ([0.9, 0.8], [False, False], 0.5, 1.0),
        ([0.9, 0.9, 0.5], [True, False, False], 1.0, 1.0),
        ([0.6, 0.9, 0.7], [False, True, True], 1.0, 0.7),
    ],
)
def test_the_threshold_is_the_lowest_that_is_right_often_enough(
    confidences: list[float], correct: list[bool], target: float, expected: float
) -> None:
    assert choose_threshold(confidences, correct, target_precision=target) == expected


@given(
    st.lists(st.tuples(st.sampled_from([0.2, 0.4, 0.6, 0.8, 0.9]), st.booleans()), min_size=1, max_size=30),
    st.floats(0.1, 1.0),
)
def test_what_is_answered_reaches_the_target(answers: list[tuple[float, bool]], target: float) -> None:
    confidences, correct = [c for c, _ in answers], [r for _, r in answers]
    threshold = choose_threshold(confidences, correct, target_precision=target)
    kept = [right for confidence, right in answers if confidence >= threshold]
    assert not kept or sum(kept) / len(kept) >= target
    lower = [right for confidence, right in answers if confidence >= 0]
    assert threshold == 0.0 or sum(lower) / len(lower) < target


def test_no_answers_no_threshold() -> None:
    with pytest.raises(BadRequest, match=r"as many confidences as answers, at least one; found 1 and 0\."):
        choose_threshold([0.5], [], target_precision=0.9)
