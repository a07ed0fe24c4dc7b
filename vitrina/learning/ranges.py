"""Numbers that a setting may have."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from vitrina.errors import BadRequest


@dataclass(frozen=True)
class Range:
    """From `least` to `most`, both among them unless `above` or `below` is set; None is no bound."""

    least: float
    most: float | None = None
    above: bool = False
    below: bool = False

    def holds(self, value: float) -> bool:
        """Whether `value` lies in it."""
        high = self.most is None or (value < self.most if self.below else value <= self.most)
        return high and (value > self.least if self.above else value >= self.least)

    def __str__(self) -> str:
        low = f"above {self.least:,}" if self.above else f"from {self.least:,}"
        if self.most is None:
            return low if self.above else f"{low} upwards"
        return f"{low} to {'less than ' if self.below else ''}{self.most:,}"


_SHARE = Range(0, 1, below=True)
# Of what a recipe says; a list is in range where each of its numbers is.
RANGES = {
    "last_n": Range(1),
    "layer_decay": Range(0, 1, above=True),
    "head_views": Range(0, 3),
    "early_stopping": Range(0),
    "target_precision": Range(0, 1, above=True),
    "size": Range(8, 2048),
    # The alpha of mixup; beyond 10 every mixture is one half.
    "mixup": Range(0, 10),
    "progressive": Range(32, 1024),
    "limit": Range(1),
    # What the generators of NumPy and torch take alike.
    "seed": Range(0, 2**32 - 1),
    "learning_rate": Range(0, above=True),
    "num_train_epochs": Range(0, 100_000, above=True),
    "per_device_train_batch_size": Range(1),
    "per_device_eval_batch_size": Range(1),
    "gradient_accumulation_steps": Range(1),
    "weight_decay": Range(0),
    "warmup_steps": Range(0),
    "max_grad_norm": Range(0),
    "label_smoothing_factor": _SHARE,
    "adam_beta1": _SHARE,
    "adam_beta2": _SHARE,
    "adam_epsilon": Range(0, above=True),
    "save_total_limit": Range(1),
    "save_steps": Range(0, above=True),
    "eval_steps": Range(0, above=True),
    "logging_steps": Range(0, above=True),
    "dataloader_num_workers": Range(0, 256),
    "dataloader_prefetch_factor": Range(1),
}


def refuse_out_of_range(told: Mapping[str, Any], said: str) -> None:
    """Raises BadRequest for the first of `told` beyond its range; `said` names the recipe."""
    for key, value in told.items():
        allowed = RANGES.get(key)
        numbers = value if isinstance(value, list) else [value]
        for number in numbers:
            if allowed is None or number is None or allowed.holds(number):
                continue
            raise BadRequest(f"{key} {allowed}", repr(number), f"Correct it in {said}.")
