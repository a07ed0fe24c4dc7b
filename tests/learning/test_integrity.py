"""What is restored is what was saved: best epochs, resumed runs, killed saves, several processes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoModelForImageClassification, pipeline

from tests.learning.kill_child import MOMENTS
from tests.learning.tiny import VIT, recipe, run, weights
from tests.served import ROOT
from vitrina.errors import ModelUnavailable, OutOfSpace, VitrinaError
from vitrina.learning import checkpoints
from vitrina.learning.checkpoints import (
    COMPLETE,
    is_complete,
    mark_complete,
    newest_complete,
    rotate,
    state_of,
)


@pytest.fixture(scope="module")
def whole(work: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of three epochs that nobody stopped."""
    folder = tmp_path_factory.mktemp("whole") / "run"
    run(recipe(work, augment={"flip": "horizontal", "rotate": 20}, mixup=0.3), folder)
    return folder


def same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def test_the_saved_model_is_one_that_anyone_loads(whole: Path) -> None:
    report = json.loads((whole / "train_report.json").read_text(encoding="utf-8"))
    assert report["reproduced"]["trained"] == report["reproduced"]["loaded"]
    assert report["reproduced"]["largest_difference"] < 1e-5
    model = AutoModelForImageClassification.from_pretrained(whole / "model")
    assert model.config.id2label == {0: "blue", 1: "green", 2: "red"}
    assert model.config.abstain_below == report["abstention"]["abstain_below"]
    answers = pipeline("image-classification", model=str(whole / "model"))(_picture())
    assert sum(answer["score"] for answer in answers) == pytest.approx(1.0, abs=1e-5)
    assert not (whole / "checkpoints").exists()
    assert (whole / "samples.png").stat().st_size > 1000


def _picture() -> Any:
    import io

    from PIL import Image

    from tests.learning.made import picture

    return Image.open(io.BytesIO(picture("red", 5)))


def test_the_same_run_again_is_left_as_it_is(
    whole: Path, work: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = (whole / "model" / "model.safetensors").stat().st_mtime_ns
    run(recipe(work, augment={"flip": "horizontal", "rotate": 20}, mixup=0.3), whole)
    assert "trained before with the same recipe and split" in capsys.readouterr().out
    assert (whole / "model" / "model.safetensors").stat().st_mtime_ns == before


@pytest.fixture(scope="module")
def killed(work: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one run for each moment of `kill_child.MOMENTS`, all of them killed there."""
    folder = tmp_path_factory.mktemp("killed")
    done = subprocess.run(
        [sys.executable, "-m", "tests.learning.kill_child", str(work), str(folder)],
        cwd=ROOT,
        env={**os.environ, "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"},
        capture_output=True,
        text=True,
        timeout=200,
    )
    assert done.returncode == 0, done.stdout + done.stderr[-3000:]
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("moment", MOMENTS)
def test_killed_at_a_save_and_resumed_it_ends_the_same(
    moment: str, work: Path, whole: Path, killed: Path
) -> None:
    folder = killed / moment.replace(" ", "_")
    assert not (folder / "train_report.json").exists()
    assert (folder / "model").exists() == (moment == "before the report")
    (folder / ".model.0.partial" / "model").mkdir(
        parents=True
    )  # As a kill within the save of the model leaves it.
    resumed = run(recipe(work, augment={"flip": "horizontal", "rotate": 20}, mixup=0.3), folder)
    assert not list(folder.glob(".model.*"))
    assert not (folder / "checkpoints").exists()
    assert float((folder / "seconds.txt").read_text()) > 0  # What went before the kill counts as well.
    assert resumed["more"]["resumed_from"] in ("checkpoint-3", "checkpoint-6", "checkpoint-9")
    assert same(weights(folder), weights(whole))
    whole_report = json.loads((whole / "train_report.json").read_text(encoding="utf-8"))
    assert [row["eval_loss"] for row in resumed["history"]] == [
        row["eval_loss"] for row in whole_report["history"]
    ]


def test_the_best_epoch_is_what_is_kept(work: Path, tmp_path: Path) -> None:
    """With a rate that ruins the network after the first epoch, the first one must come back, every tensor of it."""
    short = run(
        recipe(work, num_train_epochs=1, learning_rate=0.003, lr_scheduler_type="constant", warmup_steps=0),
        tmp_path / "one",
    )
    from vitrina.learning.trainer import VitrinaTrainer

    ruined: list[int] = []
    real = VitrinaTrainer.training_step

    def ruin(self: Any, model: Any, inputs: Any, items: Any = None) -> Any:
        if self.state.global_step >= 3 and not ruined:
            ruined.append(self.state.global_step)
            with torch.no_grad():
                for parameter in model.parameters():
                    parameter.add_(torch.randn(parameter.shape, generator=torch.Generator().manual_seed(1)))
        return real(self, model, inputs, items)

    settings = recipe(work, num_train_epochs=3, lr_scheduler_type="constant", warmup_steps=0)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(VitrinaTrainer, "training_step", ruin)
        report = run(settings, tmp_path / "three")
    assert ruined == [3]
    assert report["chosen"]["epoch"] == 1.0
    assert report["validation"] == short["validation"]
    assert same(weights(tmp_path / "three"), weights(tmp_path / "one"))


@pytest.mark.slow
def test_two_processes_come_to_what_one_comes_to(work: Path, tmp_path: Path) -> None:
    """Batches of 4 in two processes beside 8 in one; 24 pictures in batches of 10 leave a last one of 4."""
    file = tmp_path / "tiny.yaml"
    settings = recipe(
        work, augment={"flip": "horizontal"}, mixup=0.2, class_weights={"blue": 1, "green": 2, "red": 3}
    )
    import yaml

    def write(size: int) -> None:
        told = settings.told | {"per_device_train_batch_size": size}
        file.write_text(yaml.safe_dump(told), encoding="utf-8")

    environment = {**os.environ, "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": "", "PYTHONPATH": str(ROOT)}
    write(5)
    two = subprocess.run(
        [
            sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2",
            "-m", "training.train", str(file), "--output_dir", str(tmp_path / "two"), "--use_cpu", "true",
        ],
        cwd=ROOT, env=environment, capture_output=True, text=True, timeout=250,
    )  # fmt: skip
    assert two.returncode == 0, two.stderr[-3000:]
    report = json.loads((tmp_path / "two" / "train_report.json").read_text(encoding="utf-8"))
    assert report["processes"] == 2
    from training.recipe import load_settings

    write(10)
    alone = run(load_settings(file), tmp_path / "one")
    assert alone["processes"] == 1
    one, other = weights(tmp_path / "one"), weights(tmp_path / "two")
    assert one.keys() == other.keys()
    for name in one:
        torch.testing.assert_close(one[name], other[name], rtol=2e-4, atol=2e-5)
    losses = [[row["eval_loss"] for row in each["history"]] for each in (alone, report)]
    assert losses[0] == pytest.approx(losses[1], rel=1e-4)


def test_a_loss_that_is_no_number_ends_the_run(work: Path, tmp_path: Path) -> None:
    from vitrina.learning.trainer import VitrinaTrainer

    real = VitrinaTrainer.compute_loss

    def broken(self: Any, model: Any, inputs: Any, *more: Any, **told: Any) -> Any:
        loss = real(self, model, inputs, *more, **told)
        return loss * float("nan") if model.training and self.state.global_step == 4 else loss

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(VitrinaTrainer, "compute_loss", broken)
        with pytest.raises(
            VitrinaError, match=r"Expected a loss that is a finite number; found nan at step 5 \(epoch 1.33"
        ):
            run(recipe(work), tmp_path / "run")
    assert not (tmp_path / "run" / "model").exists()
    assert is_complete(tmp_path / "run" / "checkpoints" / "checkpoint-3")
    # What was kept is what the run goes on from.
    assert run(recipe(work), tmp_path / "run")["more"]["resumed_from"] == "checkpoint-3"


def test_a_full_disk_is_said_before_anything_is_written(
    work: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import shutil
    from collections import namedtuple

    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(checkpoints.shutil, "disk_usage", lambda path: usage(10**9, 10**9 - 10**6, 10**6))
    with pytest.raises(
        OutOfSpace, match=r"MiB of free disk for two checkpoints; found 1 MiB at .*run. Free some"
    ):
        run(recipe(work), tmp_path / "run")
    assert shutil.disk_usage is checkpoints.shutil.disk_usage
    assert not (tmp_path / "run" / "checkpoints").exists()


def test_only_whole_checkpoints_count(tmp_path: Path) -> None:
    for step in (3, 6, 9, 12):
        folder = tmp_path / f"checkpoint-{step}"
        folder.mkdir()
        (folder / "model.safetensors").write_bytes(b"x" * step)
        mark_complete(folder)
    (tmp_path / "checkpoint-12" / "model.safetensors").write_bytes(b"cut")
    (tmp_path / "checkpoint-9" / COMPLETE).unlink()
    (tmp_path / "checkpoint-x").mkdir()
    newest, broken = newest_complete(tmp_path)
    assert newest == tmp_path / "checkpoint-6"
    assert broken == ["checkpoint-9", "checkpoint-12"]
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "checkpoint-3",
        "checkpoint-6",
        "checkpoint-x",
    ]
    assert newest_complete(tmp_path / "nothing") == (None, [])


@pytest.mark.parametrize(
    ("keep", "best", "left"),
    [(1, 3, {3, 12}), (2, 3, {3, 12}), (2, None, {9, 12}), (3, 6, {6, 9, 12}), (None, None, {3, 6, 9, 12})],
)
def test_rotation_spares_the_newest_and_the_best(
    tmp_path: Path, keep: int | None, best: int | None, left: set[int]
) -> None:
    for step in (3, 6, 9, 12):
        (tmp_path / f"checkpoint-{step}").mkdir()
    rotate(tmp_path, keep=keep, best=None if best is None else str(tmp_path / f"checkpoint-{best}"))
    assert {int(path.name.partition("-")[2]) for path in tmp_path.iterdir()} == left


def test_a_checkpoint_of_another_model_is_refused(whole: Path) -> None:
    from transformers import ViTConfig, ViTForImageClassification

    other = ViTForImageClassification(
        ViTConfig(**(VIT | {"num_hidden_layers": 3}), image_size=32, num_labels=3)
    )
    with pytest.raises(
        ModelUnavailable, match=r"every tensor of the model in model; found \d+ that do not fit"
    ):
        state_of(other, whole / "model")
