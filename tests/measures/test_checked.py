"""What no figure is made of."""

from __future__ import annotations

import numpy as np
import pytest

from vitrina.errors import BadRequest
from vitrina.measures.checked import (
    checked_answers,
    checked_columns,
    checked_marks,
    checked_probabilities,
    checked_scores,
    checked_targets,
)


def refused(act, *given: object, **named: object) -> str:  # type: ignore[no-untyped-def]
    with pytest.raises(BadRequest) as error:
        act(*given, **named)
    return str(error.value)


def test_shapes() -> None:
    assert refused(checked_columns, np.zeros((0, 2)), ("a", "b")) == (
        "Expected one row a picture, at least one, and 2 columns; found shape (0, 2). "
        "Measure on pictures with labels, with one number for each class."
    )
    assert "found shape (3, 1)" in refused(checked_scores, np.zeros((3, 1)), ("a", "b"))


def test_numbers() -> None:
    values = np.array([[0.1, np.nan], [0.2, 0.3], [np.inf, np.nan]])
    assert refused(checked_columns, values, ("a", "b")) == (
        "Expected finite numbers; found others for 2 of 3 pictures. "
        "Look at these pictures and at the model that answers so."
    )
    assert refused(checked_scores, np.array([[-2.0, 3.5]]), ("a", "b")) == (
        "Expected scores from 0 to 1; found -2 to 3.5. Give probabilities, not the raw outputs of the model."
    )
    assert refused(checked_probabilities, np.array([[0.5, 0.5], [0.9, 0.9]]), ("a", "b")) == (
        "Expected probabilities that sum to 1 for each picture; found a sum of 1.8000. "
        "Apply the softmax before measuring."
    )


def test_targets() -> None:
    assert refused(checked_targets, np.array([0, 3]), 2, classes=3) == (
        "Expected 2 class indices from 0 to 2; found shape (2,), int64, 0 to 3. "
        "Give each picture the index of its true class."
    )
    assert "found shape (2,), float64." in refused(checked_targets, np.array([0.0, 1.0]), 2, classes=3)
    assert "found shape (1,), int64, 1 to 1." in refused(checked_targets, np.array([1]), 2, classes=3)


def test_marks() -> None:
    assert refused(checked_marks, np.array([[0, 2]]), (1, 2)) == (
        "Expected marks of shape (1, 2), each 0 or 1; found other values. "
        "Mark each class that a picture shows with 1, the others with 0."
    )
    assert "found shape (1, 3)" in refused(checked_marks, np.array([[0, 1, 1]]), (1, 2))


def test_answers() -> None:
    assert refused(checked_answers, [0.5], []) == (
        "Expected as many confidences as answers, at least one; found 1 and 0. "
        "Choose the threshold on validation pictures."
    )
