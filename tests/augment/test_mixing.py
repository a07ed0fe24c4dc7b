"""Mixed pictures, smoothed targets."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from vitrina.augment import Mixup, generator_for, one_hot, smooth
from vitrina.errors import BadRequest


def batch(n: int, k: int, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    rng = np.random.default_rng(seed)
    pixels = torch.from_numpy(rng.normal(size=(n, 3, 4, 5)).astype(np.float32))
    return pixels, one_hot(torch.from_numpy(rng.integers(0, k, n)), k)


@given(st.integers(1, 9), st.integers(1, 5), st.floats(0.05, 5), st.integers(0, 2**31))
@settings(deadline=None, max_examples=60)
def test_mixed_targets_sum_to_one_and_keep_shape(n: int, k: int, alpha: float, seed: int) -> None:
    pixels, targets = batch(n, k, seed % 7)
    mixed, mixed_targets = Mixup(alpha).mix(pixels, targets, generator=np.random.default_rng(seed))
    assert (mixed.shape, mixed.dtype) == (pixels.shape, pixels.dtype)
    assert (mixed_targets.shape, mixed_targets.dtype) == (targets.shape, targets.dtype)
    assert mixed_targets.sum(1).numpy() == pytest.approx(np.ones(n), abs=1e-6)
    assert float(mixed_targets.min()) >= 0
    # A batch as a whole keeps its sum: every picture leaves as much as it gives.
    assert mixed.sum().item() == pytest.approx(pixels.sum().item(), abs=1e-3)


def test_pictures_and_targets_are_mixed_by_the_same_share_in_the_same_pairs() -> None:
    """Pixels that hold the targets stay equal to them."""
    targets = torch.eye(6)
    pixels = targets.reshape(6, 1, 2, 3).clone()
    mixed, mixed_targets = Mixup(1.0).mix(pixels, targets, generator=generator_for(0, 0, 0))
    assert torch.equal(mixed.reshape(6, 6), mixed_targets)
    assert not torch.equal(mixed_targets, targets)
    # The given batch stays as it was.
    assert torch.equal(targets, torch.eye(6))


def test_the_share_follows_beta() -> None:
    targets = torch.eye(2)
    pixels = torch.zeros(2, 1, 1, 1)
    rng = np.random.default_rng(0)
    first = [Mixup(0.4).mix(pixels, targets, generator=rng)[1][0].max().item() for _ in range(1500)]
    shares = np.maximum(draws := np.random.default_rng(1).beta(0.4, 0.4, 20_000), 1 - draws)
    # Half of the batches of two are paired with themselves, which leaves 1.
    assert np.mean(first) == pytest.approx((1 + shares.mean()) / 2, abs=0.02)


def test_a_mix_is_that_of_its_generator() -> None:
    pixels, targets = batch(5, 3)
    one, again, other = (Mixup(0.5).mix(pixels, targets, generator=generator_for(0, 0, i)) for i in (1, 1, 2))
    assert torch.equal(one[0], again[0])
    assert torch.equal(one[1], again[1])
    assert not torch.equal(one[0], other[0])


@pytest.mark.parametrize("alpha", [0, -1, 11, "0.2", None, True, float("nan")])
def test_a_wrong_alpha_is_refused(alpha: Any) -> None:
    with pytest.raises(BadRequest) as caught:
        Mixup(alpha)
    assert str(caught.value) == (
        f"Expected a number above 0 and up to 10 as alpha of mixup; found {alpha!r}. Begin with 0.2."
    )


def test_smoothing_moves_towards_not_knowing() -> None:
    targets = one_hot(torch.tensor([0, 2]), 4)
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
    ours = torch.nn.functional.cross_entropy(logits, smooth(one_hot(labels, 4), 0.1))
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
    numbers = torch.tensor([0, 1])
    with pytest.raises(BadRequest) as caught:
        Mixup(1.0).mix(torch.zeros(2, 3, 4, 4), numbers, generator=generator_for(0, 0, 0))
    assert str(caught.value) == (
        "Expected floating targets of shape (n, k); found torch.int64 of shape (2,). "
        "Pass class numbers through one_hot first."
    )


def test_bytes_and_other_lengths_are_no_pixel_values() -> None:
    for pixels in (torch.zeros(2, 3, 4, 4, dtype=torch.uint8), torch.zeros(3, 3, 4, 4)):
        with pytest.raises(BadRequest) as caught:
            Mixup(1.0).mix(pixels, torch.eye(2), generator=generator_for(0, 0, 0))
        assert str(caught.value) == (
            "Expected floating pixel values, one picture a row of targets; "
            f"found {pixels.dtype} of shape {tuple(pixels.shape)}, 2 targets. Mix after preprocessing."
        )


def test_one_hot_knows_its_classes() -> None:
    assert one_hot(torch.tensor([1, 0], dtype=torch.int32), 3).tolist() == [[0, 1, 0], [1, 0, 0]]
    assert one_hot(torch.tensor([], dtype=torch.int64), 3).shape == (0, 3)
    with pytest.raises(BadRequest) as caught:
        one_hot(torch.tensor([-100, 3]), 3)
    assert str(caught.value) == (
        "Expected class numbers from 0 to 2; found -100 to 3. Check the classes of data and model."
    )
    with pytest.raises(BadRequest) as caught:
        one_hot(torch.eye(2), 2)
    assert str(caught.value) == (
        "Expected class numbers of shape (n,); found torch.float32 of shape (2, 2). "
        "Hand over the column of labels."
    )
