"""Training of the network itself: what each setting does, in runs of a few steps."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.learning.tiny import recipe, run, weights
from tests.models.made import tiny
from training.train import starting_model
from vitrina.augment import Augmentation
from vitrina.errors import BadRequest, VitrinaError
from vitrina.learning.sides import open_sides
from vitrina.learning.trainer import VitrinaTrainer
from vitrina.learning.tuned import Tuning, seeing_of


def close(one: dict[str, Any], other: dict[str, Any], tolerance: float = 1e-6) -> None:
    assert one.keys() == other.keys()
    for name in one:
        torch.testing.assert_close(one[name], other[name], rtol=1e-4, atol=tolerance)


@pytest.fixture(scope="module")
def plain(work: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One epoch of three steps."""
    folder = tmp_path_factory.mktemp("plain") / "run"
    run(recipe(work, num_train_epochs=1), folder)
    return folder


def test_accumulated_batches_come_to_one_large_batch(work: Path, tmp_path: Path) -> None:
    """24 pictures in steps of 10: the last one has 4, in a batch of its own; classes weigh 1, 2, 3."""
    told = {
        "num_train_epochs": 2,
        "mixup": 0.3,
        "label_smoothing_factor": 0.1,
        "class_weights": {"blue": 1, "green": 2, "red": 3},
    }
    large = run(recipe(work, per_device_train_batch_size=10, **told), tmp_path / "large")
    small = run(
        recipe(work, per_device_train_batch_size=5, gradient_accumulation_steps=2, **told), tmp_path / "small"
    )
    assert large["steps"] == small["steps"] == 6
    close(weights(tmp_path / "large"), weights(tmp_path / "small"), 1e-5)
    losses = [[row["loss"] for row in each["history"]] for each in (large, small)]
    assert losses[0] == pytest.approx(losses[1], rel=1e-3)
    assert small["class_weights"] == {"blue": 1.0, "green": 2.0, "red": 3.0}


def test_a_penalty_counts_once_a_step(work: Path, tmp_path: Path) -> None:
    """L1 and L2 of the small CNN so strong that counting them twice would show in the first step."""
    told = {
        "model": "small-cnn",
        "architecture": {"channels": [4], "kernel_sizes": [3], "hidden_units": [4], "l1": 0.5, "l2": 0.5, "dropout": 0},
        "num_train_epochs": 1,
        "optim": "sgd",
        "lr_scheduler_type": "constant",
        "warmup_steps": 0,
        "learning_rate": 0.01,
        "max_grad_norm": 0.0,
    }  # fmt: skip
    run(recipe(work, per_device_train_batch_size=8, **told), tmp_path / "large")
    run(
        recipe(work, per_device_train_batch_size=4, gradient_accumulation_steps=2, **told), tmp_path / "small"
    )
    close(weights(tmp_path / "large"), weights(tmp_path / "small"), 1e-5)


def test_workers_and_checkpointed_activations_change_nothing(plain: Path, work: Path, tmp_path: Path) -> None:
    run(
        recipe(work, num_train_epochs=1, activation_checkpointing=True, dataloader_num_workers=2),
        tmp_path / "run",
    )
    close(weights(plain), weights(tmp_path / "run"))


def test_a_run_goes_on_within_an_epoch(work: Path, tmp_path: Path) -> None:
    told = {
        "eval_strategy": "steps",
        "eval_steps": 2,
        "save_strategy": "steps",
        "save_steps": 2,
        "augment": {"flip": "both"},
    }
    whole = run(recipe(work, **told), tmp_path / "whole")
    real = VitrinaTrainer.training_step

    def stopped(self: Any, *given: Any, **more: Any) -> Any:
        if self.state.global_step == 5:
            raise KeyboardInterrupt
        return real(self, *given, **more)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(VitrinaTrainer, "training_step", stopped)
        with pytest.raises(KeyboardInterrupt):
            run(recipe(work, **told), tmp_path / "run")
    resumed = run(recipe(work, **told), tmp_path / "run")
    assert resumed["more"]["resumed_from"] == "checkpoint-4"
    close(weights(tmp_path / "whole"), weights(tmp_path / "run"), 0)
    assert [row["eval_loss"] for row in resumed["history"] if "eval_loss" in row] == [
        row["eval_loss"] for row in whole["history"] if "eval_loss" in row
    ]


def test_it_stops_early_and_gives_back_the_best(plain: Path, work: Path, tmp_path: Path) -> None:
    """Ruined in the second epoch, the network gets worse: one epoch more is tried, the first one comes back."""
    real = VitrinaTrainer.training_step

    def ruin(self: Any, model: Any, inputs: Any, items: Any = None) -> Any:
        if self.state.global_step == 3:
            with torch.no_grad():
                for parameter in model.parameters():
                    parameter.add_(torch.randn(parameter.shape, generator=torch.Generator().manual_seed(1)))
        return real(self, model, inputs, items)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(VitrinaTrainer, "training_step", ruin)
        report = run(
            recipe(work, num_train_epochs=6, early_stopping=1, lr_scheduler_type="constant", warmup_steps=0),
            tmp_path / "run",
        )
    assert (report["epochs"], report["steps"], len(report["history"])) == (2.0, 6, 2)
    assert report["chosen"]["epoch"] == 1.0
    assert report["history"][1]["eval_loss"] > report["history"][0]["eval_loss"] == report["chosen"]["value"]
    # Temperature alone may differ from the loss while training.
    assert report["validation"]["log_loss"] <= report["chosen"]["value"] + 1e-6


def test_the_last_epoch_is_kept_where_that_is_asked_for(work: Path, tmp_path: Path) -> None:
    report = run(
        recipe(work, load_best_model_at_end=False, save_strategy="no", learning_rate=0.2), tmp_path / "run"
    )
    assert report["chosen"]["epoch"] == 3.0
    assert report["chosen"]["value"] == report["history"][-1]["eval_loss"]


def test_the_most_accurate_epoch_is_kept_where_that_is_asked_for(work: Path, tmp_path: Path) -> None:
    report = run(
        recipe(work, metric_for_best_model="accuracy"),
        tmp_path / "run",
    )
    reached = [row["eval_accuracy"] for row in report["history"]]
    assert min(reached) < max(reached)
    assert report["chosen"] == {
        "metric": "eval_accuracy",
        "on": "validation",
        "value": max(reached),
        "epoch": 1.0 + reached.index(max(reached)),
        "l2": None,
    }
    assert report["validation"]["accuracy"] == pytest.approx(max(reached))


@pytest.mark.parametrize("schedule", ["one_cycle", "trainer"])
def test_the_rate_follows_its_schedule(schedule: str, work: Path, tmp_path: Path) -> None:
    report = run(
        recipe(
            work,
            schedule=schedule,
            lr_scheduler_type="cosine",
            layer_decay=1e-4,
            logging_strategy="steps",
            logging_steps=1,
        ),
        tmp_path / "run",
    )
    # Of the head, to the last step of 9.
    rates = [row["learning_rate"] for row in report["history"]]
    highest = rates.index(max(rates))
    assert rates == sorted(rates[: highest + 1]) + sorted(rates[highest + 1 :], reverse=True)
    assert len(rates) == 9
    if schedule == "one_cycle":
        assert rates[0] == pytest.approx(0.003 / 25)
        assert 0.002 < max(rates) <= 0.003
        assert rates[-1] == pytest.approx(0.003 / 25 / 1e4)
    else:
        assert max(rates) == pytest.approx(0.003)
        assert rates[0] == 0.0 < rates[-1] < 0.0002
    # Layers far below the head hardly move, the head does.
    settings = recipe(work)
    before = starting_model(settings, open_sides(work), seed=0).model.state_dict()
    after = weights(tmp_path / "run")
    names = {name: name for name in before if name in after}
    embedding = next(name for name in names if "patch_embeddings" in name and name.endswith("weight"))
    head = next(name for name in names if name.startswith("classifier") and name.endswith("weight"))
    assert float((before[embedding] - after[embedding]).abs().max()) < 1e-6
    temperature = report["calibration"]["temperature"]
    assert float((before[head] - after[head] * temperature).abs().max()) > 1e-3


def test_only_the_last_layers_train(plain: Path, work: Path, tmp_path: Path) -> None:
    told = {"mode": "last_n", "model": str(plain / "model"), "architecture": {}, "num_train_epochs": 1}
    report = run(recipe(work, last_n=1, activation_checkpointing=True, **told), tmp_path / "run")
    before, after = weights(plain), weights(tmp_path / "run")
    changed = {name for name in before if not torch.equal(before[name], after[name])}
    assert changed
    assert not [name for name in changed if "embeddings" in name or "layer.0." in name or "layers.0." in name]
    assert [name for name in changed if "layer.1." in name or "layers.1." in name]
    assert report["model"]["trained_parameters"] < report["model"]["parameters"]
    with pytest.raises(BadRequest, match="last_n from 1 to 3 for ViTForImageClassification; found 7"):
        run(recipe(work, last_n=7, **told), tmp_path / "seven")


def test_sizes_follow_one_another(work: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: dict[bool, list[int]] = {True: [], False: []}
    real = VitrinaTrainer.compute_loss

    def looked(self: Any, model: Any, inputs: Any, *given: Any, **more: Any) -> Any:
        seen[model.training].append(int(inputs["pixel_values"].shape[-1]))
        return real(self, model, inputs, *given, **more)

    monkeypatch.setattr(VitrinaTrainer, "compute_loss", looked)
    report = run(
        recipe(work, model="small-cnn", architecture={}, size=None, progressive=[32, 40]), tmp_path / "run"
    )
    assert seen[True] == [32] * 3 + [40] * 6
    assert set(seen[False]) == {40}
    assert (report["preprocessing"]["size"], report["preprocessing"]["progressive"]) == (40, [32, 40])
    with pytest.raises(BadRequest, match="at least 2 epochs for 2 sizes under progressive"):
        run(
            recipe(
                work, model="small-cnn", architecture={}, size=None, progressive=[32, 40], num_train_epochs=1
            ),
            tmp_path / "short",
        )


def test_the_rate_is_found_once(work: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = recipe(work, find_learning_rate=True, num_train_epochs=1)
    report = run(settings, tmp_path / "run")
    kept = json.loads((tmp_path / "run" / "learning_rate.json").read_text(encoding="utf-8"))
    assert report["learning_rate"] == kept["learning_rate"] != 0.003
    with (tmp_path / "run" / "learning_rates.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    tried = [float(row["learning_rate"]) for row in rows]
    assert tried == sorted(tried)
    assert kept["learning_rate"] in tried
    assert (tmp_path / "run" / "lr_finder.png").read_bytes().startswith(b"\x89PNG")
    # A run that was stopped has its rate, whatever a second search would come to.
    (tmp_path / "run" / "train_report.json").unlink()
    from vitrina.learning import rates

    def fails(*given: Any, **more: Any) -> Any:
        raise VitrinaError("no search", "one", "Keep the rate.")

    monkeypatch.setattr(rates, "find_learning_rate", fails)
    assert run(settings, tmp_path / "run")["learning_rate"] == kept["learning_rate"]


def test_bf16_trains_what_is_saved_in_float32(work: Path, tmp_path: Path) -> None:
    report = run(recipe(work, precision="bf16", num_train_epochs=1), tmp_path / "run")
    assert report["precision"] == "bf16"
    assert {tensor.dtype for tensor in weights(tmp_path / "run").values()} == {torch.float32}
    assert report["reproduced"]["largest_difference"] < 1e-5


@pytest.mark.parametrize(
    ("told", "said"),
    [
        (
            {"lr_scheduler_kwargs": {"waves": 2}},
            "lr_scheduler_type cosine that can be made of the recipe; found .*unexpected keyword argument 'waves'",
        ),
        (
            {"optim": "adamw_bnb_8bit"},
            "optim adamw_bnb_8bit that can be made of the recipe; found .*bitsandbytes",
        ),
    ],
)
def test_what_cannot_be_made_ends_before_the_first_step(
    told: dict[str, Any], said: str, work: Path, tmp_path: Path
) -> None:
    with pytest.raises(BadRequest, match=said):
        run(recipe(work, **told), tmp_path / "run")
    assert not list(tmp_path.glob("run/checkpoints/checkpoint-*"))


@pytest.mark.parametrize(
    ("task", "targets"), [("multi_label", ["round"]), ("regression", ["bright", "round"])]
)
def test_other_tasks_are_trained_alike(task: str, targets: list[str], work: Path, tmp_path: Path) -> None:
    report = run(recipe(work, task=task, targets=targets, num_train_epochs=1, mixup=0.2), tmp_path / "run")
    name = "eval_accuracy" if task == "multi_label" else "eval_mae"
    assert 0 <= report["history"][-1][name] <= 1
    assert report["labels"] == targets


def test_pictures_that_are_varied_come_in_the_size_of_their_epoch(work: Path, tmp_path: Path) -> None:
    arguments = recipe(work).training_arguments(tmp_path)
    varied = Tuning("full", augment=Augmentation.from_recipe({"flip": "both"}), progressive=(32, 48))
    loaded = tiny("resnet-18")
    seeing = seeing_of(loaded, varied, arguments)
    # Three epochs: what cannot be shared out equally goes to the larger size.
    assert [framing.frame.side for framing in seeing.framings] == [32, 48, 48]
    assert seeing.framing(7) is seeing.framings[2]
    assert seeing_of(loaded, Tuning("full"), arguments).framings == []


def test_it_says_that_a_processor_has_to_be_asked(
    work: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from transformers import ViTImageProcessor

    nearest = ViTImageProcessor(size={"height": 32, "width": 32}, resample=0)
    loaded = replace(tiny("vit-tiny"), image_processor=nearest)
    varied = Tuning("full", augment=Augmentation.from_recipe({"flip": "both"}))
    assert seeing_of(loaded, varied, recipe(work).training_arguments(tmp_path)).framings == []
    assert capsys.readouterr().out == (
        "ViTImageProcessor is asked for every picture, varied in its own size: training takes longer for that\n"
    )
