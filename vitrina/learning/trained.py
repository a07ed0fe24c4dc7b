"""What every way of training hands on to the end of a run."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from vitrina.models.backbone import LoadedModel


@dataclass(frozen=True)
class Trained:
    """A model that has learned, on the CPU, in float32, in eval mode.

    `validation_logits` float32 (n, k), as the model gave them in `precision`. `chosen` says what was chosen on
    validation, by which metric. `history` has a row an epoch, `grid` a row a value tried. `seconds` of this process's
    training alone, `pictures_per_second` over all epochs.
    """

    loaded: LoadedModel
    validation_logits: np.ndarray
    precision: str
    chosen: dict[str, Any]
    seconds: float
    trained_parameters: int
    epochs: float | None = None
    steps: int | None = None
    pictures_per_second: float | None = None
    processes: int = 1
    learning_rate: float | None = None
    history: list[dict[str, float]] = field(default_factory=list)
    grid: list[dict[str, float]] = field(default_factory=list)
    more: dict[str, Any] = field(default_factory=dict)
