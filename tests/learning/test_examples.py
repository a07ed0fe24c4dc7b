"""What is no training material is said before anything is fitted."""

from __future__ import annotations

import numpy as np
import pytest

from vitrina.errors import BadRequest
from vitrina.labels import LabelScheme
from vitrina.learning.examples import Examples, checked, smoothed, weights_of

THREE = LabelScheme(("cat", "dog", "owl"))


def examples(**changed: np.ndarray) -> Examples:
    given = {"features": np.ones((4, 2), dtype=np.float32), "targets": np.eye(3)[[0, 1, 2, 0]], **changed}
    return Examples(**given)


def test_good_ones_pass() -> None:
    same = checked(examples(), THREE, side="train")
    assert len(same) == 4
    assert same.targets.dtype == np.float64


@pytest.mark.parametrize(
    "changed",
    [
        {"features": np.ones((3, 2))},
        {"features": np.ones(4)},
        {"targets": np.eye(2)[[0, 1, 1, 0]]},
        {"features": np.ones((0, 2)), "targets": np.ones((0, 3))},
    ],
)
def test_shapes(changed: dict[str, np.ndarray]) -> None:
    with pytest.raises(BadRequest, match=r"Expected features \(n, d\) for targets \(n, 3\) in validation"):
        checked(examples(**changed), THREE, side="validation")


def test_features_that_are_not_finite() -> None:
    features = np.ones((4, 2))
    features[2, 1] = np.nan
    with pytest.raises(BadRequest) as refused:
        checked(examples(features=features), THREE, side="train")
    assert str(refused.value) == (
        "Expected finite features in train; found others in 1 of 4 rows. Compute the features again."
    )


@pytest.mark.parametrize(
    ("task", "value", "said"),
    [
        ("single_label", np.full((4, 3), 1 / 3), "one 1 a row, else 0"),
        ("single_label", np.ones((4, 3)), "one 1 a row, else 0"),
        ("multi_label", np.full((4, 3), 0.5), "0 or 1"),
        ("regression", np.full((4, 3), 1.5), "from 0 to 1"),
        ("regression", np.full((4, 3), np.nan), "from 0 to 1"),
    ],
)
def test_targets_of_another_task(task: str, value: np.ndarray, said: str) -> None:
    with pytest.raises(BadRequest) as refused:
        checked(examples(targets=value), LabelScheme(THREE.names, task), side="train")
    assert str(refused.value) == (
        f"Expected targets {said} in train for the task {task}; found others. Correct the targets, or the task."
    )


def test_weights_follow_the_class_of_the_picture() -> None:
    targets = np.eye(3)[[0, 2]]
    assert weights_of(targets, THREE, None).tolist() == [[1, 1, 1], [1, 1, 1]]
    assert weights_of(targets, THREE, {"cat": 1, "dog": 2, "owl": 5}).tolist() == [[1, 1, 1], [5, 5, 5]]
    many = LabelScheme(THREE.names, "multi_label")
    assert weights_of(targets, many, {"cat": 1, "dog": 2, "owl": 5}).tolist() == [[1, 2, 5], [1, 2, 5]]


@pytest.mark.parametrize("more", [{}, {"owl": 0.0}, {"owl": float("nan")}, {"owl": 1.0, "emu": 1.0}])
def test_weights_that_are_none(more: dict[str, float]) -> None:
    with pytest.raises(BadRequest) as refused:
        weights_of(np.eye(3), THREE, {"cat": 1.0, "dog": 2.0, **more})
    assert str(refused.value) == (
        f"Expected a weight above 0 for each of cat, dog, owl; found { {'cat': 1.0, 'dog': 2.0, **more} }. "
        "Name every class once, or set class_weights to none."
    )


def test_smoothing() -> None:
    np.testing.assert_allclose(smoothed(np.eye(3)[[1]], 0.3, THREE), [[0.1, 0.8, 0.1]])
    many = LabelScheme(THREE.names, "multi_label")
    np.testing.assert_allclose(smoothed(np.eye(3)[[1]], 0.2, many), [[0.1, 0.9, 0.1]])
    with pytest.raises(BadRequest, match=r"Expected label smoothing from 0 to below 1; found 1\.0"):
        smoothed(np.eye(3), 1.0, THREE)
