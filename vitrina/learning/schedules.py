"""The one-cycle learning rate."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch.optim import Optimizer
    from torch.optim.lr_scheduler import LRScheduler

# Share of the steps on the way up (Smith, Topin 2018, "Super-convergence"); fastai uses 0.25, torch 0.3.
RISING = 0.3


def one_cycle(optimizer: Optimizer, *, steps: int) -> LRScheduler:
    """Up from a 25th of each group's rate to that rate, then down to nearly nothing; momentum moves the other way."""
    from torch.optim.lr_scheduler import OneCycleLR

    rates = [group["lr"] for group in optimizer.param_groups]
    return OneCycleLR(optimizer, max_lr=rates, total_steps=max(steps, 1), pct_start=RISING)
