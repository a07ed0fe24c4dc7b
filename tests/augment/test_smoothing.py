"""Smoothed targets."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from vitrina.augment import smooth
from vitrina.errors import BadRequest


def test_smoothing_moves_towards_not_knowing() -> None:
    targets = torch.eye(4)[[0, 2]]
    smoothed = smooth(targets, 0.1)
    assert smoothed[0].tolist() == pytest.approx([0.925, 0.025, 0.025, 0.025])
    assert smoothed.sum(1).tolist() == pytest.approx([1, 1])
    many = smooth(torch.tensor([[1.0, 1.0, 0.0]]), 0.2, exclusive=False)
    assert many[0].tolist() == pytest.approx([0.9, 0.9, 0.1])
    assert torch.equal(smooth(targets, 0), targets)


def test_smoothing_is_that_of_torch() -> None:
    logits = torch.from_numpy(np.random.default_rng(0).normal(size=(5, 4)).astype(np.float32))
    labels = torch.tensor([0, 1, 2, 3, 1])
    theirs = torch.nn.functional.cross_entropy(logits, labels, label_smoothing=0.1)
    ours = torch.nn.functional.cross_entropy(logits, smooth(torch.eye(4)[labels], 0.1))
    assert ours.item() == pytest.approx(theirs.item(), abs=1e-6)


@pytest.mark.parametrize("epsilon", [-0.1, 1, "a", float("nan")])
def test_a_wrong_epsilon_is_refused(epsilon: Any) -> None:
    with pytest.raises(BadRequest) as caught:
        smooth(torch.eye(2), epsilon)
    assert str(caught.value) == (
        f"Expected a number from 0 to less than 1 as label smoothing; found {epsilon!r}. "
        "Begin with 0.1, or leave it out."
    )


def test_class_numbers_are_not_targets() -> None:
    with pytest.raises(BadRequest) as caught:
        smooth(torch.tensor([0, 1]), 0.1)
    assert str(caught.value) == (
        "Expected floating targets of shape (n, k); found torch.int64 of shape (2,). "
        "Give one row of targets a picture."
    )
