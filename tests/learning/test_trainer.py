"""The losses against those of torch, and the metrics beside them."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional

from vitrina.learning.trainer import losses, metrics_of


def drawn(n: int = 12, k: int = 4) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    return torch.randn(n, k, generator=generator) * 3, torch.rand(n, k, generator=generator)


def test_one_class_is_cross_entropy() -> None:
    logits, _ = drawn()
    labels = torch.arange(12) % 4
    each = losses(logits, functional.one_hot(labels, 4).float(), "single_label")
    torch.testing.assert_close(each, functional.cross_entropy(logits, labels, reduction="none"))


def test_shares_of_classes_are_cross_entropy() -> None:
    logits, shares = drawn()
    shares = shares / shares.sum(dim=1, keepdim=True)
    each = losses(logits, shares, "single_label")
    torch.testing.assert_close(each, functional.cross_entropy(logits, shares, reduction="none"))


@pytest.mark.parametrize("task", ["multi_label", "regression"])
def test_several_numbers_are_binary_cross_entropy(task: str) -> None:
    logits, targets = drawn()
    each = losses(logits, targets, task)
    told = functional.binary_cross_entropy(logits.sigmoid(), targets, reduction="none").mean(dim=1)
    torch.testing.assert_close(each, told)
    assert each.shape == (12,)


def test_bf16_logits_are_summed_in_float32() -> None:
    logits, shares = drawn()
    each = losses(logits.bfloat16(), shares, "multi_label")
    assert each.dtype == torch.float32
    torch.testing.assert_close(each, losses(logits.bfloat16().float(), shares, "multi_label"))


def test_regression_is_least_at_the_target() -> None:
    target = torch.tensor([[0.3]])
    logits = torch.linspace(-4, 4, 801).reshape(-1, 1)
    each = losses(logits, target.expand(801, 1), "regression")
    assert float(logits[each.argmin()].sigmoid()) == pytest.approx(0.3, abs=0.003)


def test_metrics_by_task() -> None:
    logits = torch.tensor([[2.0, 0.0], [0.0, 1.0], [3.0, 1.0]])
    truth = torch.tensor([[1.0, 0.0], [1.0, 0.0], [1.0, 0.0]])
    one = metrics_of(logits.numpy(), truth.numpy(), "single_label")
    assert one["accuracy"] == pytest.approx(2 / 3)
    assert one["loss_of_pictures"] == pytest.approx(float(functional.cross_entropy(logits, truth)))
    several = metrics_of(logits, truth, "multi_label")
    # A logit of 0 is a score of one half, which counts as yes: right are 1 0, 1 0, 1 0.
    assert several["accuracy"] == pytest.approx(3 / 6)
    votes = metrics_of(logits, truth, "regression")
    assert votes["mae"] == pytest.approx(float((logits.sigmoid() - truth).abs().mean()))
