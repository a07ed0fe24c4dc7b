"""The network behind a head with one hidden layer, as it trains."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch.nn import functional

from vitrina.errors import BadRequest


@dataclass(frozen=True)
class MlpSettings:
    """`hidden` units; `dropout` 0 to below 1, of the features and of the units; AdamW's rate and decay; the largest
    number of epochs; how many without a better one end it; pictures a step.

    The defaults did best of four on 1,544 photos of waste, EfficientNet-Lite0 and ViT-Tiny alike (five folds).
    """

    hidden: int = 512
    dropout: float = 0.5
    learning_rate: float = 3e-4
    weight_decay: float = 0.1
    epochs: int = 200
    patience: int = 10
    batch_size: int = 64

    def __post_init__(self) -> None:
        whole = min(self.hidden, self.epochs, self.patience, self.batch_size)
        if whole < 1 or not 0.0 <= self.dropout < 1.0 or self.learning_rate <= 0 or self.weight_decay < 0:
            raise BadRequest(
                "an MLP with whole numbers of 1 or more, dropout from 0 to below 1, a learning rate above 0",
                repr(self),
                "Correct it, or leave the settings at their defaults.",
            )


class MlpNetwork:
    """Two linear layers, GELU between them, dropout before each. All randomness comes from `seed`."""

    def __init__(self, features: int, classes: int, *, settings: MlpSettings, seed: int) -> None:
        self._settings = settings
        self._random = torch.Generator().manual_seed(seed)
        self._layers = [
            self._drawn((settings.hidden, features)),
            torch.zeros(settings.hidden),
            self._drawn((classes, settings.hidden)),
            torch.zeros(classes),
        ]
        for layer in self._layers:
            layer.requires_grad_(True)
        self._optimizer = torch.optim.AdamW(
            [
                {"params": self._layers[::2], "weight_decay": settings.weight_decay},
                {"params": self._layers[1::2], "weight_decay": 0.0},
            ],
            lr=settings.learning_rate,
        )

    def epoch(
        self, features: np.ndarray, targets: np.ndarray, weights: np.ndarray, *, softmax: bool
    ) -> float:
        """All rows once, in a random order; the mean loss. Shapes as `vitrina.learning.solver.Problem` has them."""
        given, wanted, counted = (
            torch.from_numpy(np.ascontiguousarray(part, dtype=np.float32))
            for part in (features, targets, weights)
        )
        order = torch.randperm(len(given), generator=self._random)
        total = 0.0
        for chosen in order.split(self._settings.batch_size):
            loss = _loss(self._logits(given[chosen]), wanted[chosen], counted[chosen], softmax=softmax)
            self._optimizer.zero_grad()
            loss.backward()
            self._optimizer.step()
            total += float(loss.detach()) * len(chosen)
        return total / len(given)

    def arrays(self) -> list[np.ndarray]:
        """Copies, float32: hidden weight (h, d), hidden bias (h,), weight (k, h), bias (k,)."""
        return [layer.detach().numpy().copy() for layer in self._layers]

    def _logits(self, given: torch.Tensor) -> torch.Tensor:
        first, first_bias, last, last_bias = self._layers
        inside = functional.gelu(functional.linear(self._dropped(given), first, first_bias))
        return functional.linear(self._dropped(inside), last, last_bias)

    def _dropped(self, values: torch.Tensor) -> torch.Tensor:
        # torch's own dropout draws from the state of the whole process.
        share = self._settings.dropout
        kept = torch.rand(values.shape, generator=self._random) >= share
        return values * kept / (1.0 - share)

    def _drawn(self, shape: tuple[int, int]) -> torch.Tensor:
        # As torch.nn.Linear begins: uniform within one over the root of the inputs.
        return (torch.rand(shape, generator=self._random) * 2 - 1) / shape[1] ** 0.5


def _loss(
    logits: torch.Tensor, targets: torch.Tensor, weights: torch.Tensor, *, softmax: bool
) -> torch.Tensor:
    if softmax:
        return (-functional.log_softmax(logits, dim=1) * targets * weights).sum(dim=1).mean()
    losses = functional.binary_cross_entropy_with_logits(logits, targets, reduction="none")
    return (losses * weights).mean()
