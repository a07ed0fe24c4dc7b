"""Figures by task, against scikit-learn and by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, average_precision_score, log_loss, mean_absolute_error, r2_score

from vitrina.learning.answers import probabilities_of
from vitrina.learning.measured import RESAMPLES, calibration_of, figures_of, validation_figures
from vitrina.learning.sides import Side, open_sides

TARGETS = {"single_label": [], "multi_label": ["round"], "regression": ["bright", "round"]}


def answered(work: Path, task: str, *, loud: float = 2.0) -> tuple[Side, np.ndarray]:
    """(validation, logits that lean towards the truth)."""
    side = open_sides(work, task=task, targets=TARGETS[task])["validation"]
    drawn = np.random.default_rng(5).normal(size=side.targets.shape)
    return side, (loud * (side.targets - 0.5 + 0.6 * drawn)).astype(np.float32)


def test_one_class_a_picture(work: Path) -> None:
    side, logits = answered(work, "single_label")
    scores = probabilities_of(logits, "single_label")
    plain, figures = validation_figures(logits, side), figures_of(scores, side, seed=0)
    assert plain == {
        "n": 12,
        "accuracy": pytest.approx(accuracy_score(side.labels, scores.argmax(axis=1))),
        "log_loss": pytest.approx(log_loss(side.labels, scores, labels=[0, 1, 2])),
    }
    assert 0.3 < plain["accuracy"] < 1
    for name in ("accuracy", "log_loss"):
        assert figures[name]["value"] == pytest.approx(plain[name])
        assert figures[name]["n"] == 12
        low, high = figures[name]["interval"]
        assert low <= plain[name] <= high
    assert figures == figures_of(scores, side, seed=0)
    assert figures["log_loss"]["interval"] != figures_of(scores, side, seed=1)["log_loss"]["interval"]
    assert set(figures["per_class"]) == {"blue", "green", "red"}
    assert RESAMPLES == 1000


def test_several_classes_a_picture(work: Path) -> None:
    side, logits = answered(work, "multi_label")
    scores = probabilities_of(logits, "multi_label")
    plain, figures = validation_figures(logits, side), figures_of(scores, side, seed=0)
    assert plain["accuracy"] == pytest.approx(((scores >= 0.5) == (side.targets >= 0.5)).mean())
    assert plain["log_loss"] == pytest.approx(log_loss(side.targets[:, 0], scores[:, 0]))
    assert figures["mean_average_precision"]["value"] == pytest.approx(
        average_precision_score(side.targets, scores, average="macro")
    )


def test_numbers_from_0_to_1(work: Path) -> None:
    side, logits = answered(work, "regression")
    scores = probabilities_of(logits, "regression")
    plain, figures = validation_figures(logits, side), figures_of(scores, side, seed=0)
    assert plain == {"n": 12, "mae": pytest.approx(mean_absolute_error(side.targets, scores))}
    assert figures["mae"]["value"] == pytest.approx(plain["mae"])
    assert figures["per_target"]["bright"]["r2"]["value"] == pytest.approx(
        r2_score(side.targets[:, 0], scores[:, 0])
    )


def test_an_answer_of_nought_costs_much_but_not_without_end(work: Path) -> None:
    side, logits = answered(work, "single_label", loud=4000.0)
    figures = validation_figures(logits, side)
    assert 1 < figures["log_loss"] <= -np.log(1e-15)


@pytest.mark.parametrize("task", ["single_label", "multi_label"])
def test_calibration_is_told_before_and_after(task: str, work: Path) -> None:
    side, logits = answered(work, task, loud=12.0)
    temperature = 4.0
    before = probabilities_of(logits, task)
    after = probabilities_of(logits / temperature, task)
    told = calibration_of(after, side, temperature=temperature, seed=0)
    same = calibration_of(before, side, temperature=1.0, seed=0)
    assert told is not None
    assert same is not None
    assert (told["temperature"], told["chosen_on"]) == (4.0, "validation")
    assert told["error_before"]["value"] == pytest.approx(same["error_after"]["value"], abs=1e-6)
    assert told["error_before"]["value"] != pytest.approx(told["error_after"]["value"], abs=1e-3)
    n = sum(each["n"] for each in told["bins"])
    assert n == (12 if task == "single_label" else after.size)
    gaps = [each["n"] * abs(each["confidence"] - each["accuracy"]) for each in told["bins"] if each["n"]]
    assert told["error_after"]["value"] == pytest.approx(sum(gaps) / n)


def test_numbers_have_no_calibration(work: Path) -> None:
    side, logits = answered(work, "regression")
    assert calibration_of(probabilities_of(logits, "regression"), side, temperature=1.0, seed=0) is None
