"""The learning rate of a run that asked to have it found."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.learning.tiny import recipe
from training.train import starting_model
from vitrina.augment import Augmentation
from vitrina.learning import rates
from vitrina.learning.finder import Found
from vitrina.learning.rates import KEPT, learning_rate_of
from vitrina.learning.seen import Seeing, TrainingPictures
from vitrina.learning.sides import open_sides
from vitrina.models.inputs import pixel_values


@pytest.fixture
def told(work: Path, tmp_path: Path) -> dict[str, Any]:
    """What `learning_rate_of` takes, for a tiny network."""
    settings, sides = recipe(work), open_sides(work)
    loaded = starting_model(settings, sides, seed=0)
    seeing = Seeing(lambda picture, epoch: pixel_values(loaded, [picture])[0], Augmentation(), 0)
    return {
        "model": loaded.model,
        "pictures": TrainingPictures(sides["train"], seeing),
        "arguments": settings.training_arguments(tmp_path),
        "layer_decay": 0.5,
        "run": tmp_path,
    }


def test_it_is_looked_for_once(
    told: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    state = torch.random.get_rng_state()
    before = {name: tensor.clone() for name, tensor in told["model"].state_dict().items()}
    model, pictures, arguments = told.pop("model"), told.pop("pictures"), told.pop("arguments")
    rate = learning_rate_of(model, pictures, arguments, **told)
    assert json.loads((tmp_path / KEPT).read_text(encoding="utf-8")) == {"learning_rate": rate}
    assert f"learning rate found: {rate:.2g}" in capsys.readouterr().out
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "learning_rate.json",
        "learning_rates.csv",
        "lr_finder.png",
    ]
    # Neither the network nor what is drawn afterwards knows of the search.
    after = model.state_dict()
    assert all(torch.equal(before[name], after[name]) for name in before)
    assert torch.equal(torch.random.get_rng_state(), state)
    (tmp_path / KEPT).write_text('{"learning_rate": 0.123}', encoding="utf-8")
    assert learning_rate_of(model, pictures, arguments, **told) == 0.123


def test_batches_are_those_of_training(told: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """Epoch after epoch without end, in batches of 8, the head at the highest of its rates."""
    seen: list[Any] = []

    def looked(model: Any, batches: Any, *, loss_of: Any, optimizer_of: Any) -> Found:
        drawn = [next(batches) for _ in range(5)]
        optimizer = optimizer_of(model, 1.0)
        seen.extend([drawn, loss_of(model.train(), drawn[0]).item(), optimizer.param_groups])
        return Found([1e-3], [1.0], 1e-3)

    monkeypatch.setattr(rates, "find_learning_rate", looked)
    model, pictures, arguments = told.pop("model"), told.pop("pictures"), told.pop("arguments")
    assert learning_rate_of(model, pictures, arguments, **told) == 1e-3
    drawn, loss, groups = seen
    assert [len(batch["labels"]) for batch in drawn] == [8] * 5
    epoch = torch.cat([batch["labels"] for batch in drawn[:3]])
    assert epoch.sum(dim=0).tolist() == [8, 8, 8]
    assert 0.8 < loss < 1.6
    assert max(group["lr"] for group in groups) == 1.0
    assert min(group["lr"] for group in groups) < 0.2
