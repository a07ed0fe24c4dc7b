"""Targets between classes: mixup, label smoothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vitrina.errors import BadRequest

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Mixup:
    """Pictures mixed in pairs (Zhang et al. 2018, "mixup: Beyond empirical risk minimization", arXiv 1710.09412).

    `alpha`, above 0: the share of the first picture is drawn from Beta(alpha, alpha), once a batch, as in the
    authors' code. They use 0.2 on ImageNet, 1 on CIFAR. Raises BadRequest.
    """

    alpha: float

    def __post_init__(self) -> None:
        right = isinstance(self.alpha, int | float) and not isinstance(self.alpha, bool)
        if not right or not 0 < self.alpha <= 10:
            raise BadRequest(
                "a number above 0 and up to 10 as alpha of mixup", repr(self.alpha), "Begin with 0.2."
            )

    def mix(
        self, pixel_values: torch.Tensor, targets: torch.Tensor, *, generator: np.random.Generator
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Each picture and its targets mixed with those of another place in the batch, in the same share.

        `pixel_values`: (n, channels, height, width), floating, normalised or not (mixing is linear); `targets`:
        (n, k), floating, see `one_hot`. Both come back in their shape, type, device; rows that sum to 1 still
        do. Pairs are within this batch: with several processes each mixes its own part. Raises BadRequest.
        """
        import torch

        _check(pixel_values, targets)
        share = float(generator.beta(self.alpha, self.alpha))
        pairs = torch.as_tensor(generator.permutation(len(targets)), device=pixel_values.device)
        mixed = torch.lerp(pixel_values[pairs], pixel_values, share)
        pairs = pairs.to(targets.device)
        return mixed, torch.lerp(targets[pairs], targets, share)


def smooth(targets: torch.Tensor, epsilon: float, *, exclusive: bool = True) -> torch.Tensor:
    """`targets` (n, k) moved by `epsilon`, 0 to less than 1, towards not knowing; shape and type stay.

    (1 - epsilon) * target + epsilon / k, so that rows that sum to 1 still do (Szegedy et al. 2016, "Rethinking
    the Inception architecture", section 7; they use 0.1). Where classes do not exclude one another
    (multi_label), `exclusive=False` moves each towards 1/2 instead. Raises BadRequest.
    """
    right = isinstance(epsilon, int | float) and not isinstance(epsilon, bool)
    if not right or not 0 <= epsilon < 1:
        raise BadRequest(
            "a number from 0 to less than 1 as label smoothing",
            repr(epsilon),
            "Begin with 0.1, or leave it out.",
        )
    _check_targets(targets)
    return targets * (1 - epsilon) + epsilon / (targets.shape[1] if exclusive else 2)


def one_hot(labels: torch.Tensor, k: int) -> torch.Tensor:
    """Class numbers (n,), whole, 0 to k - 1, as targets (n, k), float32, on the same device. Raises BadRequest."""
    import torch

    whole = not labels.is_floating_point() and labels.dtype != torch.bool
    if labels.ndim != 1 or not whole:
        found = f"{labels.dtype} of shape {tuple(labels.shape)}"
        raise BadRequest("class numbers of shape (n,)", found, "Hand over the column of labels.")
    if len(labels) and not 0 <= int(labels.min()) <= int(labels.max()) < k:
        found = f"{int(labels.min())} to {int(labels.max())}"
        raise BadRequest(f"class numbers from 0 to {k - 1}", found, "Check the classes of data and model.")
    return torch.nn.functional.one_hot(labels.long(), k).float()


def _check(pixel_values: torch.Tensor, targets: torch.Tensor) -> None:
    _check_targets(targets)
    if not pixel_values.is_floating_point() or len(pixel_values) != len(targets):
        found = f"{pixel_values.dtype} of shape {tuple(pixel_values.shape)}, {len(targets)} targets"
        expected = "floating pixel values, one picture a row of targets"
        raise BadRequest(expected, found, "Mix after preprocessing.")


def _check_targets(targets: torch.Tensor) -> None:
    if targets.ndim != 2 or not targets.is_floating_point():
        found = f"{targets.dtype} of shape {tuple(targets.shape)}"
        expected = "floating targets of shape (n, k)"
        raise BadRequest(expected, found, "Pass class numbers through one_hot first.")
