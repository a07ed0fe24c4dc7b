"""The report of a run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import vitrina
from tests.learning.tiny import VIT, recipe
from vitrina.learning.record import REPORT, finished, frame_of, report_of, write_json
from vitrina.learning.sides import open_sides
from vitrina.learning.trained import Trained
from vitrina.models.architectures import new_model


@pytest.fixture
def frame(work: Path) -> dict[str, Any]:
    return frame_of("tiny", recipe(work, class_weights="{blue: 1, green: 2, red: 3}").told, open_sides(work))


def test_a_frame_is_what_decides_on_a_run(work: Path, frame: dict[str, Any]) -> None:
    assert (frame["stage"], frame["vitrina"], frame["name"]) == ("train", vitrina.__version__, "tiny")
    assert (frame["task"], frame["labels"]) == ("single_label", ["blue", "green", "red"])
    assert frame["input"]["counts"]["train"]["classes"] == {"blue": 8, "green": 8, "red": 8}
    assert frame["recipe"]["class_weights"] == {"blue": 1, "green": 2, "red": 3}
    # A frame is compared with one that was written.
    assert json.loads(json.dumps(frame)) == frame
    # Where the folder lies and how it is followed changes no number.
    sides = open_sides(work)
    told = recipe(work).told
    elsewhere = told | {"data": "/elsewhere", "disable_tqdm": False, "report_to": ["mlflow"]}
    assert frame_of("tiny", told, sides) == frame_of("tiny", elsewhere, sides)
    assert frame_of("tiny", told, sides) != frame_of("tiny", told | {"seed": 1}, sides)


def test_a_run_is_finished_when_report_and_model_are_there(tmp_path: Path, frame: dict[str, Any]) -> None:
    assert finished(tmp_path, frame) is None
    write_json(tmp_path / REPORT, {**frame, "steps": 3})
    assert finished(tmp_path, frame) is None
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "config.json").write_text("{}", encoding="utf-8")
    report = finished(tmp_path, frame)
    assert report is not None
    assert report["steps"] == 3
    assert finished(tmp_path, {**frame, "name": "other"}) is None
    for damaged in ('{"stage": "tra', "[1]", ""):
        (tmp_path / REPORT).write_text(damaged, encoding="utf-8")
        assert finished(tmp_path, frame) is None
    (tmp_path / REPORT).write_bytes(b"\xff\xfe\x00")
    assert finished(tmp_path, frame) is None


def test_a_report_says_what_it_came_to(work: Path, frame: dict[str, Any]) -> None:
    sides = open_sides(work)
    loaded = new_model("vit-tiny", sides.scheme, size=32, seed=0, options=dict(VIT))
    trained = Trained(
        loaded,
        np.zeros((12, 3), dtype=np.float32),
        "float32",
        {"metric": "log_loss"},
        90.0,
        51,
        epochs=3.0,
        steps=9,
        learning_rate=0.01,
        more={"training_precision": "bf16"},
    )
    ended = {"model": {"reference": "vit-tiny"}, "mode": "scratch", "seed": 7}
    report = report_of(frame, trained, sides=sides, ended=ended)
    assert frame.items() <= report.items()
    assert report["model"] == {
        "reference": "vit-tiny",
        "architecture": "ViTForImageClassification",
        "parameters": sum(parameter.numel() for parameter in loaded.model.parameters()),
        "trained_parameters": 51,
    }
    assert (report["minutes"], report["precision"], report["steps"], report["mode"], report["seed"]) == (
        1.5,
        "bf16",
        9,
        "scratch",
        7,
    )
    assert json.loads(json.dumps(report)) == report


def test_a_file_is_written_in_one_step(tmp_path: Path) -> None:
    file = tmp_path / "report.json"
    write_json(file, {"name": "niño"})
    assert file.read_text(encoding="utf-8") == '{\n  "name": "niño"\n}\n'
    with pytest.raises(TypeError, match="set is not JSON"):
        write_json(file, {"name": {1}})
    assert json.loads(file.read_text(encoding="utf-8")) == {"name": "niño"}
    assert [path.name for path in tmp_path.iterdir()] == ["report.json"]
