"""The end of a run: probabilities that can be trusted, a model that is kept only when it answers as it did."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tests.learning.tiny import VIT
from vitrina.errors import VitrinaError
from vitrina.learning.answers import logits_of, probabilities_of
from vitrina.learning.finish import calibrate, save_and_reproduce
from vitrina.learning.sides import Sides, open_sides
from vitrina.learning.trained import Trained
from vitrina.models.architectures import new_model
from vitrina.models.classifier import open_classifier
from vitrina.models.features import final_linear


@pytest.fixture(scope="module")
def sides(work: Path) -> Sides:
    return open_sides(work)


def trained(sides: Sides, *, seed: int = 0, louder: float = 30.0, **more: Any) -> Trained:
    """A network that is far too sure: its last layer is `louder` than it was drawn."""
    loaded = new_model("vit-tiny", sides.scheme, size=32, seed=seed, options=dict(VIT))
    _, _, linear = final_linear(loaded)
    with torch.no_grad():
        linear.weight.mul_(louder)
    logits = logits_of(loaded, sides["validation"])
    return Trained(loaded, logits, "float32", {}, 1.0, 1, **more)


def test_the_temperature_goes_into_the_last_layer(sides: Sides) -> None:
    made = trained(sides)
    calibration, abstention = calibrate(made, sides["validation"], target_precision=0.5)
    temperature = calibration["temperature"]
    assert temperature > 1.5  # It was too sure.
    after = logits_of(made.loaded, sides["validation"])
    np.testing.assert_allclose(after * temperature, made.validation_logits, rtol=1e-4, atol=1e-4)
    assert abstention is not None
    scores = probabilities_of(after, "single_label")
    answered = scores.max(axis=1) >= abstention["abstain_below"]
    assert abstention["coverage"] == pytest.approx(answered.mean())
    right = scores.argmax(axis=1) == sides["validation"].labels
    if answered.any():
        assert abstention["precision"] == pytest.approx(right[answered].mean())


def test_what_is_saved_answers_as_what_was_trained(sides: Sides, tmp_path: Path) -> None:
    made = trained(sides)
    calibration, abstention = calibrate(made, sides["validation"], target_precision=0.5)
    revision, compared = save_and_reproduce(
        made, sides["validation"], run=tmp_path, temperature=calibration["temperature"], seed=0
    )
    assert revision.startswith("model@sha256:")
    assert compared["largest_difference"] < 1e-5
    assert compared["same_answers"] == 1.0
    assert abstention is not None
    classifier = open_classifier(tmp_path / "model")
    assert classifier.revision == revision
    assert classifier.abstain_below == abstention["abstain_below"]
    answer = classifier.predict([sides["test"].data(0)])[0]
    assert set(answer.scores) == set(sides.scheme.names)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["model"]


def test_a_model_that_answers_otherwise_is_not_kept(sides: Sides, tmp_path: Path) -> None:
    made = trained(sides)
    calibrate(made, sides["validation"], target_precision=0.5)
    other = replace(made, validation_logits=-made.validation_logits)
    with pytest.raises(
        VitrinaError, match=r"Expected the saved model to answer as the trained one \(accuracy"
    ):
        save_and_reproduce(other, sides["validation"], run=tmp_path, temperature=1.0, seed=0)
    assert list(tmp_path.iterdir()) == []


def test_the_model_before_stays_when_the_new_one_is_refused(sides: Sides, tmp_path: Path) -> None:
    first = trained(sides, seed=1)
    calibration, _ = calibrate(first, sides["validation"], target_precision=0.5)
    kept, _ = save_and_reproduce(
        first, sides["validation"], run=tmp_path, temperature=calibration["temperature"], seed=0
    )
    second = trained(sides, seed=2)
    calibrate(second, sides["validation"], target_precision=0.5)
    wrong = replace(second, validation_logits=-second.validation_logits)
    with pytest.raises(VitrinaError):
        save_and_reproduce(wrong, sides["validation"], run=tmp_path, temperature=1.0, seed=0)
    assert open_classifier(tmp_path / "model").revision == kept


@pytest.mark.parametrize(
    ("task", "targets", "metric"),
    [("multi_label", ["round"], "accuracy"), ("regression", ["round", "bright"], "mae")],
)
def test_other_tasks_end_the_same_way(
    task: str, targets: list[str], metric: str, work: Path, tmp_path: Path
) -> None:
    sides = open_sides(work, task=task, targets=targets)
    made = trained(sides)
    calibration, abstention = calibrate(made, sides["validation"], target_precision=0.9)
    assert abstention is None
    assert (calibration["temperature"] == 1.0) == (task == "regression")
    _, compared = save_and_reproduce(
        made, sides["validation"], run=tmp_path, temperature=calibration["temperature"], seed=0
    )
    assert compared["metric"] == metric
    assert compared["trained"] == pytest.approx(compared["loaded"], abs=1e-6)
