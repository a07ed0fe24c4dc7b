"""A head on frozen features: no picture twice through the backbone, one complete model in the end."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from transformers import AutoModelForImageClassification, ViTImageProcessor

from tests.learning.made import make_work
from tests.learning.tiny import VIT, recipe, run, weights
from vitrina.errors import BadRequest
from vitrina.learning.sides import open_sides
from vitrina.models.architectures import new_model
from vitrina.models.backbone import save_model


@pytest.fixture(scope="module")
def backbone(work: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a network that has never learned anything: its features are enough for three colours."""
    folder = tmp_path_factory.mktemp("backbone") / "vit"
    save_model(new_model("vit-tiny", open_sides(work).scheme, size=32, seed=3, options=dict(VIT)), folder)
    return folder


def head(work: Path, backbone: Path, **more: Any) -> Any:
    told = {"model": str(backbone), "mode": "head", "architecture": {}, "size": None, "name": "head"}
    return recipe(work, **(told | more))


def test_the_second_run_asks_the_backbone_nothing(backbone: Path, tmp_path: Path) -> None:
    work = make_work(tmp_path / "work")
    first = run(head(work, backbone), tmp_path / "one")
    assert first["more"]["features"] == {
        "computed": 36,
        "found": 0,
    }  # Train and validation; test is not touched.
    again = run(head(work, backbone, l2=[5.0]), tmp_path / "two")
    assert again["more"]["features"] == {"computed": 0, "found": 36}
    assert again["chosen"]["l2"] == 5.0


def test_it_is_one_complete_model(backbone: Path, work: Path, tmp_path: Path) -> None:
    report = run(head(work, backbone), tmp_path / "run")
    assert report["validation"]["accuracy"] > 0.6  # Three colours: chance is a third.
    assert report["model"]["trained_parameters"] == (16 + 1) * 3
    assert [row["l2"] for row in report["grid"]] == sorted(
        (row["l2"] for row in report["grid"]), reverse=True
    )
    best = min(report["grid"], key=lambda row: row["log_loss"])
    assert report["chosen"]["l2"] == best["l2"]
    model = AutoModelForImageClassification.from_pretrained(tmp_path / "run" / "model")
    assert model.config.id2label == {0: "blue", 1: "green", 2: "red"}
    ViTImageProcessor.from_pretrained(tmp_path / "run" / "model")
    # Everything but the head is the backbone's own.
    from safetensors.torch import load_file

    before, after = load_file(backbone / "model.safetensors"), weights(tmp_path / "run")
    changed = sorted(name for name in before if not np.array_equal(before[name].numpy(), after[name].numpy()))
    assert changed == ["classifier.bias", "classifier.weight"]


def test_views_are_more_rows_of_the_same_pictures(backbone: Path, tmp_path: Path) -> None:
    work = make_work(tmp_path / "work")
    settings = head(work, backbone, head_views=2, augment={"flip": "horizontal", "brightness": 0.2})
    report = run(settings, tmp_path / "run")
    assert report["more"]["features"] == {"computed": 24 * 3 + 12, "found": 0}
    assert (tmp_path / "run" / "samples.png").is_file()


def test_a_perceptron_is_saved_whole(backbone: Path, work: Path, tmp_path: Path) -> None:
    report = run(head(work, backbone, head="mlp"), tmp_path / "run")
    assert report["reproduced"]["largest_difference"] < 1e-4
    assert report["chosen"]["epoch"] in [row["epoch"] for row in report["history"]]
    assert report["model"]["architecture"] == "BackboneWithMlpForImageClassification"
    told = json.loads((tmp_path / "run" / "model" / "config.json").read_text(encoding="utf-8"))
    assert told["id2label"] == {"0": "blue", "1": "green", "2": "red"}


@pytest.mark.parametrize(
    ("task", "targets"), [("multi_label", ["round"]), ("regression", ["round", "bright"])]
)
def test_other_tasks(task: str, targets: list[str], backbone: Path, work: Path, tmp_path: Path) -> None:
    report = run(head(work, backbone, task=task, targets=targets), tmp_path / "run")
    if task == "regression":
        assert report["validation"]["mae"] < 0.25  # A constant answer errs by about 0.33.
    else:
        assert report["validation"]["accuracy"] > 0.8  # Two of three are round.
    assert report["abstention"] is None


def test_what_does_not_go_together_is_said(backbone: Path, work: Path, tmp_path: Path) -> None:
    for told, message in (
        ({"head_views": 4, "augment": {"flip": "both"}}, "head_views from 0 to 3; found 4"),
        ({"head_views": 1}, "augment beside head_views; found none"),
        ({"augment": {"flip": "both"}}, "head_views of 1 to 3 beside augment, with mode head; found none"),
        (
            {"architecture": {"depth": 3}},
            "settings of an architecture with mode scratch alone; found mode head",
        ),
        ({"l2": [-1.0]}, "L2 penalties above 0 to try"),
    ):
        with pytest.raises(BadRequest, match=message):
            run(head(work, backbone, **told), tmp_path / "run")
    assert not (tmp_path / "run" / "model").exists()
