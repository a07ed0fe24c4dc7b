"""The gate: not worse than the one in force, over all and in any class, on the same pictures."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from vitrina.errors import BadRequest
from vitrina.measures.gate import compare_with_champion
from vitrina.measures.multi_label import multi_label_figures
from vitrina.measures.regression import regression_figures
from vitrina.measures.single_label import single_label_figures

NAMES = ("a", "b", "c")


def single(wrong: dict[int, int], *, each: int = 20) -> dict[str, Any]:
    """Figures of a model that is wrong about so many pictures of each class."""
    truth = np.repeat([0, 1, 2], each)
    said = truth.copy()
    for label, number in wrong.items():
        said[label * each : label * each + number] = (label + 1) % 3
    scores = np.full((len(truth), 3), 0.05)
    scores[np.arange(len(truth)), said] = 0.9
    return single_label_figures(scores, truth, NAMES, seed=0, resamples=20)


def test_the_same_passes() -> None:
    gate = compare_with_champion(single({0: 2}), single({0: 2}), task="single_label", n=60)
    assert gate.refused == ()
    assert [one.name for one in gate.compared] == [
        "accuracy",
        "recall of a",
        "recall of b",
        "recall of c",
    ]
    assert gate.compared[0].n == 60
    assert gate.compared[1].n == 20


def test_a_little_worse_over_all_is_refused_beyond_the_margin() -> None:
    # One picture of 60 is 1.7 points: beyond 1, within 2.
    told = {"new": single({1: 1}), "champion": single({}), "task": "single_label", "n": 60}
    gate = compare_with_champion(**told)
    assert [one.name for one in gate.refused] == ["accuracy"]
    assert gate.refused[0].worse_by == pytest.approx(1 / 60)
    assert not compare_with_champion(**told, margin=0.02).refused


def test_better_over_all_and_worse_in_a_class_is_refused() -> None:
    new, champion = single({2: 3}), single({0: 8, 1: 8})
    gate = compare_with_champion(new, champion, task="single_label", n=60)
    assert [one.name for one in gate.refused] == ["recall of c"]
    assert gate.refused[0].worse_by == pytest.approx(0.15)
    assert not compare_with_champion(new, champion, task="single_label", n=60, class_margin=0.15).refused


def test_one_picture_of_a_class_is_nothing_to_go_by() -> None:
    new, champion = single({2: 1}, each=10), single({0: 1}, each=10)
    gate = compare_with_champion(new, champion, task="single_label", n=30)
    assert gate.compared[3].worse_by == pytest.approx(0.1)
    assert gate.compared[3].allowed == pytest.approx(0.1)
    assert not gate.refused
    assert compare_with_champion(single({2: 2}, each=10), champion, task="single_label", n=30).refused


def test_a_class_without_pictures_refuses_nothing() -> None:
    truth, scores = np.repeat([0, 1], 10), np.tile([0.8, 0.1, 0.1], (20, 1))
    figures = single_label_figures(scores, truth, NAMES, seed=0, resamples=20)
    gate = compare_with_champion(figures, figures, task="single_label", n=20)
    assert gate.compared[3].worse_by is None
    assert not gate.refused


def test_of_several_classes_average_precision_counts() -> None:
    rng = np.random.default_rng(0)
    truth = (rng.random((80, 3)) < 0.4).astype(np.float64)
    good = np.clip(truth * 0.6 + rng.random((80, 3)) * 0.4, 0, 1)
    bad = good.copy()
    bad[:, 1] = rng.random(80)
    told = [multi_label_figures(scores, truth, NAMES, seed=0, resamples=20) for scores in (good, bad)]
    gate = compare_with_champion(told[1], told[0], task="multi_label", n=80)
    assert {one.name for one in gate.refused} == {"mean_average_precision", "average_precision of b"}
    assert not compare_with_champion(told[0], told[1], task="multi_label", n=80).refused


def test_of_numbers_a_larger_error_is_worse() -> None:
    rng = np.random.default_rng(0)
    truth = rng.random((50, 3))
    near, far = truth + 0.01, truth + np.array([0.01, 0.2, 0.01])
    told = [regression_figures(scores, truth, NAMES, seed=0, resamples=20) for scores in (near, far)]
    gate = compare_with_champion(told[1], told[0], task="regression", n=50)
    assert [one.name for one in gate.refused] == ["mae", "mae of b"]
    assert not compare_with_champion(told[0], told[1], task="regression", n=50).refused


def test_bad_margins_and_other_figures_are_said() -> None:
    figures = single({})
    with pytest.raises(BadRequest, match=r"Expected a margin from 0 to 1; found 5. Say 0.01 for one point"):
        compare_with_champion(figures, figures, task="single_label", n=60, margin=5)
    with pytest.raises(BadRequest, match="figures of both models for the task multi_label"):
        compare_with_champion(figures, figures, task="multi_label", n=60)


def test_it_becomes_json() -> None:
    told = compare_with_champion(single({1: 1}), single({}), task="single_label", n=60).as_dict()
    assert told["n"] == 60
    assert told["compared"][0]["passes"] is False
    assert told["compared"][1]["passes"] is True
