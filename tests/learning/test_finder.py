"""The learning-rate finder on problems whose best rates are known."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pytest
import torch

from vitrina.errors import VitrinaError
from vitrina.learning.finder import HIGHEST, LOWEST, STEPS, Found, find_learning_rate, plot


def batches(seed: int = 0) -> Iterator[dict[str, torch.Tensor]]:
    generator = torch.Generator().manual_seed(seed)
    truth = torch.tensor([[1.0], [-2.0], [0.5]])
    while True:
        x = torch.randn(32, 3, generator=generator)
        yield {"x": x, "y": x @ truth}


def squares(model: torch.nn.Module, batch: dict[str, torch.Tensor]) -> torch.Tensor:
    return (model(batch["x"]) - batch["y"]).square().mean()


def descent(model: torch.nn.Module, rate: float) -> torch.optim.Optimizer:
    layers = list(model.parameters())
    return torch.optim.AdamW([{"params": layers[:1], "lr": rate}, {"params": layers[1:], "lr": rate / 10}])


def linear() -> torch.nn.Module:
    model = torch.nn.Linear(3, 1)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.zero_()
    return model


def test_it_suggests_where_the_loss_falls(tmp_path: Path) -> None:
    model = linear()
    found = find_learning_rate(model, batches(), loss_of=squares, optimizer_of=descent)
    assert (found.rates[0], len(found.rates)) == (pytest.approx(LOWEST), len(found.losses))
    assert found.rates == sorted(found.rates)
    assert len(found.rates) <= STEPS
    assert found.rates[-1] <= HIGHEST
    lowest = found.rates[found.losses.index(min(found.losses))]
    assert 1e-3 < found.suggestion < lowest
    assert found.suggestion in found.rates
    # It is a copy that was trained.
    assert all(not parameter.any() for parameter in model.parameters())
    again = find_learning_rate(model, batches(), loss_of=squares, optimizer_of=descent)
    assert again == found
    plot(found, tmp_path / "lr_finder.png")
    assert (tmp_path / "lr_finder.png").read_bytes().startswith(b"\x89PNG")


def test_the_rate_found_is_one_to_train_with() -> None:
    found = find_learning_rate(linear(), batches(), loss_of=squares, optimizer_of=descent)
    model = linear()
    optimizer = descent(model, found.suggestion)
    for batch in islice(batches(1), 200):
        optimizer.zero_grad()
        loss = squares(model, batch)
        loss.backward()
        optimizer.step()
    assert float(loss.detach()) < 0.1 * found.losses[0]


def test_a_loss_that_never_falls_is_said() -> None:
    def rising(model: torch.nn.Module, batch: dict[str, torch.Tensor]) -> torch.Tensor:
        rising.step += 1
        return squares(model, batch) * 0 + rising.step

    rising.step = 0
    with pytest.raises(VitrinaError) as refusal:
        find_learning_rate(linear(), batches(), loss_of=rising, optimizer_of=descent)
    assert str(refusal.value).startswith(
        "Expected a loss that falls while the learning rate grows; found none"
    )
    assert str(refusal.value).endswith("Set learning_rate by hand and leave find_learning_rate out.")


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_a_loss_that_is_no_number_ends_the_search(number: float) -> None:
    def broken(model: torch.nn.Module, batch: dict[str, torch.Tensor]) -> torch.Tensor:
        return squares(model, batch) * number

    with pytest.raises(VitrinaError, match="found none that does in 0 steps"):
        find_learning_rate(linear(), batches(), loss_of=broken, optimizer_of=descent)


def test_a_loss_that_bursts_ends_the_search() -> None:
    found = find_learning_rate(
        linear(),
        batches(),
        loss_of=squares,
        optimizer_of=lambda model, rate: torch.optim.SGD(model.parameters(), lr=rate * 100),
    )
    assert isinstance(found, Found)
    assert len(found.rates) < STEPS
    assert max(found.losses) <= 4 * found.losses[0]


def test_as_many_batches_as_there_are() -> None:
    found = find_learning_rate(linear(), islice(batches(), 54), loss_of=squares, optimizer_of=descent)
    assert len(found.rates) == 54
