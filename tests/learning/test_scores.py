"""The figures by which a head is chosen, worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from vitrina.labels import LabelScheme
from vitrina.learning.scores import scores

NAMES = ("one", "two")


def test_single_label() -> None:
    # Three to one for the first class, both times; the second picture is of the other.
    logits, targets = np.log([[3.0, 1.0], [3.0, 1.0]]), np.eye(2)
    weights = np.array([[1.0, 1.0], [3.0, 3.0]])
    answer = scores(logits, targets, LabelScheme(NAMES), weights=weights)
    of_each = -np.log([0.75, 0.25])
    assert answer["log_loss"] == pytest.approx(of_each.mean())
    assert answer["weighted_log_loss"] == pytest.approx((of_each * [1, 3]).sum() / 4)
    assert answer["accuracy"] == 0.5


def test_multi_label() -> None:
    logits, targets = np.log([[3.0, 1 / 3], [3.0, 3.0]]), np.array([[1.0, 0.0], [1.0, 0.0]])
    answer = scores(logits, targets, LabelScheme(NAMES, "multi_label"))
    assert answer["log_loss"] == pytest.approx(-np.log([0.75, 0.75, 0.75, 0.25]).mean())
    assert answer["exact_match"] == 0.5
    assert "weighted_log_loss" not in answer


def test_regression() -> None:
    logits, targets = np.log([[3.0, 1.0]]), np.array([[0.5, 0.5]])
    answer = scores(logits, targets, LabelScheme(NAMES, "regression"))
    assert answer["mae"] == pytest.approx(0.125)
    assert answer["rmse"] == pytest.approx((0.25**2 / 2) ** 0.5)
    assert answer["log_loss"] == pytest.approx(-np.log([0.75, 0.25, 0.5, 0.5]).sum() / 4)
