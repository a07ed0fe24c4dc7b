"""Saying "not sure", and what it costs. (`choose_threshold`: see tests/models/test_measure.py.)"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.measures.made import NAMES, multi, single, softmax
from vitrina.errors import BadRequest
from vitrina.measures.abstention import (
    abstention_figures,
    choose_threshold,
    class_thresholds,
    coverage_curve,
)

ANSWERS = st.lists(
    st.tuples(st.floats(0, 1) | st.sampled_from([0.5, 0.9]), st.booleans()), min_size=1, max_size=300
)


@settings(max_examples=60, deadline=None)
@given(ANSWERS)
def test_the_curve_goes_down_from_all(answers: list[tuple[float, bool]]) -> None:
    confidences, correct = np.array([c for c, _ in answers]), np.array([r for _, r in answers])
    curve = coverage_curve(confidences, correct)
    assert curve[0] == {"threshold": 0.0, "coverage": 1.0, "accuracy": pytest.approx(correct.mean())}
    assert 1 <= len(curve) <= 100
    coverages = [point["coverage"] for point in curve]
    assert all(a > b > 0 for a, b in pairwise(coverages))
    for point in curve:
        answered = confidences >= point["threshold"]
        assert point["coverage"] == pytest.approx(answered.mean())
        assert point["accuracy"] == pytest.approx(correct[answered].mean())
    assert curve[-1]["threshold"] == (confidences.max() if len(curve) > 1 else 0.0)


def test_a_long_curve_keeps_its_ends() -> None:
    confidences = np.arange(1000) / 1000
    curve = coverage_curve(confidences, confidences > 0.5)
    assert len(curve) == 100
    assert curve[-1] == {"threshold": 0.999, "coverage": 0.001, "accuracy": 1.0}


def test_coverage_and_precision_at_a_threshold() -> None:
    confidences, correct = [0.9, 0.8, 0.7, 0.6], [True, True, False, True]
    made = abstention_figures(confidences, correct, abstain_below=0.7, seed=0, resamples=100)
    assert made["coverage"]["value"] == 0.75
    assert made["coverage"]["n"] == 4
    assert made["precision"]["value"] == pytest.approx(2 / 3)
    assert made["precision"]["n"] == 3
    assert [point["threshold"] for point in made["curve"]] == [0.0, 0.7, 0.8, 0.9]
    nothing = abstention_figures(confidences, correct, abstain_below=1.0, seed=0, resamples=100)
    assert nothing["coverage"]["value"] == 0.0
    assert nothing["precision"] == {"value": None, "interval": None, "n": 0}


def test_no_answers_no_curve() -> None:
    with pytest.raises(
        BadRequest, match=r"^Expected as many confidences as answers, at least one; found 0 and 0\."
    ):
        coverage_curve([], [])


def test_each_class_has_the_lowest_threshold_that_reaches_the_target() -> None:
    scores = np.array([[0.9, 0.1], [0.8, 0.2], [0.7, 0.3], [0.6, 0.4], [0.2, 0.8], [0.1, 0.9]])
    validation = (scores, np.array([0, 0, 1, 0, 0, 0]))
    test = (scores, np.array([0, 1, 0, 0, 1, 1]))
    made = class_thresholds(validation, test, names=("a", "b"), target_precision=0.9, seed=0, resamples=50)
    assert made["a"]["threshold"] == 0.8
    assert made["a"]["chosen_n"] == 4
    assert made["a"]["chosen_on"] == "validation"
    assert made["a"]["precision"]["value"] == 0.5  # Of 0.9 and 0.8, the first shows a.
    assert made["a"]["precision"]["n"] == 2
    assert made["a"]["recall"]["value"] == pytest.approx(1 / 3)
    assert made["a"]["recall"]["n"] == 3
    nothing = {"value": None, "interval": None, "n": 0}
    assert made["b"] == {
        "target_precision": 0.9,
        "threshold": None,
        "chosen_on": "validation",
        "chosen_n": 2,
        "precision": nothing,
        "recall": nothing,
    }


def test_a_class_never_said_has_no_threshold() -> None:
    side = (np.array([[0.9, 0.1]]), np.array([0]))
    made = class_thresholds(side, side, names=("a", "b"), target_precision=0.5, seed=0, resamples=5)
    assert (made["b"]["threshold"], made["b"]["chosen_n"]) == (None, 0)
    assert (made["a"]["threshold"], made["a"]["precision"]["value"]) == (0.0, 1.0)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.floats(0.5, 1.0))
def test_the_target_is_reached_on_validation(seed: int, target: float) -> None:
    logits, targets = single(60, seed=seed)
    side = (softmax(logits), targets)
    made = class_thresholds(side, side, names=NAMES, target_precision=target, seed=0, resamples=5)
    for column, name in enumerate(NAMES):
        own, mine = made[name], side[0].argmax(axis=1) == column
        scores, right = side[0][mine, column], targets[mine] == column
        if own["threshold"] is None:
            assert all(right[scores >= score].mean() < target for score in scores)
        else:
            assert own["precision"]["value"] >= target
            lower = scores[scores < own["threshold"]]
            assert all(right[scores >= score].mean() < target for score in lower)
            assert own["threshold"] == choose_threshold(
                scores.tolist(), right.tolist(), target_precision=target
            )


def test_where_classes_do_not_exclude_each_other_each_answers_for_all() -> None:
    side = multi(50)
    made = class_thresholds(side, side, names=NAMES, target_precision=0.8, seed=0, resamples=20)
    for column, name in enumerate(NAMES):
        said = side[0][:, column] >= made[name]["threshold"]
        assert made[name]["chosen_n"] == 50
        assert made[name]["precision"]["value"] == pytest.approx(side[1][said, column].mean())
        assert made[name]["precision"]["value"] >= 0.8
        expected = said[side[1][:, column] == 1].mean()
        assert made[name]["recall"]["value"] == pytest.approx(expected)
