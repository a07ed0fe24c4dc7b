"""Targets moved towards not knowing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vitrina.errors import BadRequest

if TYPE_CHECKING:
    import torch


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


def _check_targets(targets: torch.Tensor) -> None:
    if targets.ndim != 2 or not targets.is_floating_point():
        found = f"{targets.dtype} of shape {tuple(targets.shape)}"
        expected = "floating targets of shape (n, k)"
        raise BadRequest(expected, found, "Give one row of targets a picture.")
