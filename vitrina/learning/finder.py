"""The learning-rate finder: losses while the rate grows, a suggestion, a plot."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from vitrina.errors import VitrinaError

if TYPE_CHECKING:
    import torch
    from torch import nn

LOWEST, HIGHEST, STEPS = 1e-7, 1.0, 60
# A loss of four times the best so far ends the search (Smith 2017, "Cyclical learning rates"; fastai does the same).
_DIVERGED = 4.0
_SMOOTH = 0.8


@dataclass(frozen=True)
class Found:
    """`rates` (n,) and smoothed `losses` (n,) as they were tried; `suggestion`: where the loss falls steepest."""

    rates: list[float]
    losses: list[float]
    suggestion: float


def find_learning_rate(
    model: nn.Module,
    batches: Iterator[dict[str, torch.Tensor]],
    *,
    loss_of: Callable[[nn.Module, dict[str, torch.Tensor]], torch.Tensor],
    optimizer_of: Callable[[nn.Module, float], torch.optim.Optimizer],
    steps: int = STEPS,
) -> Found:
    """Train a copy of `model` for `steps` batches at most, the rate growing from 1e-7 to 1.

    Layer-wise rates keep their ratios: the rate is that of the highest group. Raises VitrinaError where the loss
    never falls.
    """
    import torch

    tried = copy.deepcopy(model).train()
    optimizer = optimizer_of(tried, 1.0)
    shares = [group["lr"] for group in optimizer.param_groups]
    rates: list[float] = []
    losses: list[float] = []
    running, best = 0.0, math.inf
    for step, rate in enumerate(np.geomspace(LOWEST, HIGHEST, steps)):
        batch = next(batches, None)
        if batch is None:
            break
        for group, share in zip(optimizer.param_groups, shares, strict=True):
            group["lr"] = float(rate) * share
        optimizer.zero_grad()
        loss = loss_of(tried, batch)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(tried.parameters(), 1.0)
        optimizer.step()
        running = _SMOOTH * running + (1 - _SMOOTH) * float(loss.detach())
        smoothed = running / (1 - _SMOOTH ** (step + 1))
        if not math.isfinite(smoothed) or smoothed > _DIVERGED * best:
            break
        best = min(best, smoothed)
        rates.append(float(rate))
        losses.append(smoothed)
    return Found(rates, losses, _suggestion(rates, losses))


def _suggestion(rates: list[float], losses: list[float]) -> float:
    """The rate of the steepest fall before the lowest loss, by the slope over log10(rate) of five neighbours."""
    lowest = int(np.argmin(losses)) if losses else 0
    if lowest < 4:
        raise VitrinaError(
            "a loss that falls while the learning rate grows",
            f"none that does in {len(losses)} steps",
            "Set learning_rate by hand and leave find_learning_rate out.",
        )
    x, y = np.log10(rates[: lowest + 1]), np.asarray(losses[: lowest + 1])
    width = min(5, len(x))
    slopes = [np.polyfit(x[i : i + width], y[i : i + width], 1)[0] for i in range(len(x) - width + 1)]
    return float(rates[int(np.argmin(slopes)) + width // 2])


def plot(found: Found, path: Path) -> None:
    """The curve with its suggestion as a PNG."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.4, 4), dpi=160, layout="constrained")
    axes = figure.add_subplot()
    axes.plot(found.rates, found.losses, color="#3a3733", linewidth=1.6)
    axes.axvline(
        found.suggestion, color="#b36b00", linestyle="--", label=f"suggested: {found.suggestion:.2g}"
    )
    axes.set_xscale("log")
    axes.set_xlabel("learning rate")
    axes.set_ylabel("loss, smoothed")
    axes.set_title("Where the loss falls steepest", loc="left")
    axes.legend(frameon=False)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    figure.savefig(path)
