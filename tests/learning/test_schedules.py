"""One cycle of the learning rate."""

from __future__ import annotations

import pytest
import torch

from vitrina.learning.schedules import RISING, one_cycle


def steps_of(steps: int, rates: tuple[float, ...] = (0.1, 0.001)) -> tuple[list[list[float]], list[float]]:
    """(rate of each group, momentum of the first) at each step."""
    groups = [{"params": [torch.nn.Parameter(torch.zeros(1))], "lr": rate} for rate in rates]
    optimizer = torch.optim.AdamW(groups)
    schedule = one_cycle(optimizer, steps=steps)
    seen, momentum = [], []
    for _ in range(steps):
        seen.append([group["lr"] for group in optimizer.param_groups])
        momentum.append(optimizer.param_groups[0]["betas"][0])
        optimizer.step()
        schedule.step()
    return seen, momentum


def test_up_then_down_for_each_group() -> None:
    seen, momentum = steps_of(101)
    first = [rates[0] for rates in seen]
    top = first.index(max(first))
    assert top == pytest.approx(RISING * 101, abs=1)
    assert first[:top] == sorted(first[:top])
    assert first[top:] == sorted(first[top:], reverse=True)
    assert (first[0], first[-1]) == (pytest.approx(0.1 / 25), pytest.approx(0.1 / 25 / 1e4))
    assert max(first) == pytest.approx(0.1, rel=1e-3)
    # Layer by layer rates keep their ratio.
    assert all(lower == pytest.approx(upper / 100) for upper, lower in seen)
    assert momentum.index(min(momentum)) == top
    assert max(momentum) == pytest.approx(0.95)


@pytest.mark.parametrize("steps", [1, 2, 3, 4])
def test_short_runs_have_a_schedule_as_well(steps: int) -> None:
    seen, _ = steps_of(steps)
    assert all(0 < rate <= 0.1 for rates in seen for rate in rates)
