"""The report of training: what was run, on what, what it came to."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import vitrina
from vitrina.learning.machine import hardware, versions
from vitrina.learning.sides import Sides
from vitrina.learning.trained import Trained

REPORT = "train_report.json"
BEGUN = "begun.json"


def frame_of(name: str, told: Mapping[str, Any], sides: Sides) -> dict[str, Any]:
    """What decides on a run: two of the same frame are the same run."""
    return {
        "stage": "train",
        "vitrina": vitrina.__version__,
        "name": name,
        "task": sides.scheme.task,
        "labels": list(sides.scheme.names),
        "input": sides.summary(),
        "recipe": {
            key: value for key, value in told.items() if key not in ("data", "disable_tqdm", "report_to")
        },
    }


def finished(run: Path, frame: Mapping[str, Any]) -> dict[str, Any] | None:
    """The report that lies in RUN where it is of this frame and its model is there."""
    try:
        report: Any = json.loads((run / REPORT).read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):  # No UTF-8 and no JSON are both of the latter.
        return None
    same = isinstance(report, dict) and all(report.get(key) == value for key, value in frame.items())
    return report if same and (run / "model" / "config.json").is_file() else None


def report_of(
    frame: Mapping[str, Any], trained: Trained, *, sides: Sides, ended: Mapping[str, Any]
) -> dict[str, Any]:
    """The whole report. `ended` holds what the stage knows: command, mode, preprocessing, calibration, seed, ..."""
    loaded = trained.loaded
    return {
        **frame,
        "model": {
            "architecture": type(loaded.model).__name__,
            "parameters": sum(p.numel() for p in loaded.model.parameters()),
            "trained_parameters": trained.trained_parameters,
        }
        | dict(ended["model"]),
        "chosen": trained.chosen,
        "precision": trained.more.get("training_precision", trained.precision),
        "epochs": trained.epochs,
        "steps": trained.steps,
        "minutes": round(trained.seconds / 60, 3),
        "images_per_second": trained.pictures_per_second,
        "processes": trained.processes,
        "learning_rate": trained.learning_rate,
        "hardware": hardware(),
        "versions": versions(),
        "history": trained.history,
        "grid": trained.grid,
        "more": trained.more,
        **{key: value for key, value in ended.items() if key != "model"},
    }


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """In one step, so that a reader finds the old file or the new one."""
    partial = path.with_name(f".{path.name}.partial")
    partial.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    with partial.open("rb") as file:
        os.fsync(file.fileno())
    os.replace(partial, path)
