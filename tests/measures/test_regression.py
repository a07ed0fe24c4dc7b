"""Numbers as answers, beside scikit-learn."""

from __future__ import annotations

import json

import numpy as np
import pytest
from sklearn.metrics import mean_absolute_error, mean_squared_error, r2_score

from vitrina.errors import BadRequest
from vitrina.measures.regression import regression_figures

NAMES = ("smooth", "disk")


def made(n: int, *, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    targets = generator.random((n, 2))
    return targets + generator.normal(scale=0.1, size=(n, 2)), targets


def test_it_agrees_with_scikit_learn() -> None:
    answers, targets = made(120)
    own = regression_figures(answers, targets, NAMES, seed=0, resamples=200)
    assert own["mae"]["value"] == pytest.approx(mean_absolute_error(targets, answers))
    assert own["rmse"]["value"] == pytest.approx(mean_squared_error(targets, answers) ** 0.5)
    assert own["r2"]["value"] == pytest.approx(r2_score(targets, answers))
    for index, name in enumerate(NAMES):
        of_target, each = own["per_target"][name], (targets[:, index], answers[:, index])
        assert of_target["mae"]["value"] == pytest.approx(mean_absolute_error(*each))
        assert of_target["rmse"]["value"] == pytest.approx(mean_squared_error(*each) ** 0.5)
        assert of_target["r2"]["value"] == pytest.approx(r2_score(*each))
    for key in ("mae", "rmse", "r2"):
        low, high = own[key]["interval"]
        assert low < own[key]["value"] < high
    assert json.loads(json.dumps(own, allow_nan=False)) == own


def test_the_interval_is_that_of_whole_resamples() -> None:
    answers, targets = made(40, seed=3)
    own = regression_figures(answers, targets, NAMES, seed=9, resamples=150)["r2"]["interval"]
    places = np.random.default_rng(9).integers(0, 40, size=(150, 40))
    anew = [r2_score(targets[p], answers[p]) for p in places]
    assert own == pytest.approx(np.quantile(anew, [0.025, 0.975]).tolist())


def test_a_target_that_does_not_vary_has_no_r2() -> None:
    answers, targets = made(30)
    targets[:, 1] = 0.7
    own = regression_figures(answers, targets, NAMES, seed=0, resamples=50)
    assert own["per_target"]["disk"]["r2"] == {"value": None, "interval": None, "n": 30}
    assert own["r2"]["value"] == pytest.approx(r2_score(targets[:, 0], answers[:, 0]))


def test_other_lengths_are_refused() -> None:
    with pytest.raises(BadRequest) as refused:
        regression_figures(np.zeros((2, 2)), np.zeros((3, 2)), NAMES, seed=0)
    assert str(refused.value) == (
        "Expected as many answers as targets; found 2 and 3. Give one row a picture to both."
    )
