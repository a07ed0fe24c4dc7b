"""Where a run is logged: beside itself, with no network, unless the environment says otherwise."""

from __future__ import annotations

import importlib.util
import json
import os
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml

from tests.learning.tiny import recipe, run
from tests.served import ROOT
from vitrina.errors import BadRequest
from vitrina.learning.trackers import log_rows, prepare_trackers

VARIABLES = {
    "trackio": "TRACKIO_DIR",
    "mlflow": "MLFLOW_TRACKING_URI",
    "tensorboard": "TENSORBOARD_LOGGING_DIR",
}


@pytest.fixture(autouse=True)
def own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a run sets is gone after the test."""
    for variable in VARIABLES.values():
        monkeypatch.setenv(variable, "set to be removed")
        monkeypatch.delenv(variable)


def test_each_is_told_to_keep_its_files_beside_the_run(tmp_path: Path) -> None:
    environment: dict[str, str] = {}
    names = prepare_trackers(["trackio", "mlflow", "tensorboard"], tmp_path / "runs" / "r", environment)
    assert names == ["trackio", "mlflow", "tensorboard"]
    assert environment == {
        "TRACKIO_DIR": str(tmp_path / "runs" / "trackio"),
        "MLFLOW_TRACKING_URI": f"sqlite:///{tmp_path / 'runs' / 'mlflow' / 'mlflow.db'}",
        "TENSORBOARD_LOGGING_DIR": str(tmp_path / "runs" / "tensorboard" / "r"),
    }
    assert sorted(path.name for path in (tmp_path / "runs").iterdir()) == ["mlflow", "tensorboard", "trackio"]


def test_what_the_environment_says_stays(tmp_path: Path) -> None:
    said = dict.fromkeys(VARIABLES.values(), "elsewhere")
    environment = dict(said)
    assert prepare_trackers(list(VARIABLES), tmp_path / "runs" / "r", environment) == list(VARIABLES)
    assert environment == said
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize("named", ["none", ["none"], None, []])
def test_none_is_none(named: Any, tmp_path: Path) -> None:
    environment: dict[str, str] = {}
    assert prepare_trackers(named, tmp_path / "runs" / "r", environment) == []
    assert not environment
    assert not (tmp_path / "runs").exists()


def test_one_that_is_not_known_is_named(tmp_path: Path) -> None:
    with pytest.raises(
        BadRequest,
        match=r"report_to among trackio, mlflow, tensorboard, none; found 'wandb'. Correct the recipe",
    ):
        prepare_trackers("wandb", tmp_path, {})


def test_one_that_is_not_installed_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    environment: dict[str, str] = {}
    with pytest.raises(BadRequest) as refusal:
        prepare_trackers("mlflow", tmp_path / "runs" / "r", environment)
    assert str(refusal.value) == (
        "Expected the package mlflow for report_to mlflow; found that it is not installed. "
        "Run pip install mlflow, or set report_to: none; history.csv is written all the same."
    )
    assert not environment


_OFFLINE = """
import ipaddress, socket, sys
real = socket.socket.connect
def connect(self, address):
    if self.family in (socket.AF_INET, socket.AF_INET6) and not ipaddress.ip_address(address[0]).is_loopback:
        raise SystemExit(f"it tried to reach {address!r}")
    return real(self, address)
socket.socket.connect = connect
from training.__main__ import main
sys.exit(main(sys.argv[1:]))
"""


@pytest.mark.slow
def test_trackio_by_default(work: Path, tmp_path: Path) -> None:
    """By the command itself: trackio takes its folder from the environment once, when it is imported."""
    told = recipe(work, num_train_epochs=2).told
    file = tmp_path / "tiny.yaml"
    told = {key: value for key, value in told.items() if key != "report_to"}
    file.write_text(yaml.safe_dump(told), encoding="utf-8")
    place = tmp_path / "work" / "runs" / "tiny"
    done = subprocess.run(
        [sys.executable, "-c", _OFFLINE, "train", str(file), "--output_dir", str(place)],
        cwd=ROOT,
        env={**os.environ, "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"},
        capture_output=True,
        text=True,
        timeout=200,
    )
    assert done.returncode == 0, done.stdout + done.stderr[-3000:]
    report = json.loads((place / "train_report.json").read_text(encoding="utf-8"))
    with sqlite3.connect(place.parent / "trackio" / "work.db") as base:
        rows = base.execute("SELECT run_name, metrics FROM metrics ORDER BY step").fetchall()
    base.close()
    assert {name for name, _ in rows} == {"tiny"}
    logged = [json.loads(metrics) for _, metrics in rows]
    losses = [row["eval/loss"] for row in logged if "eval/loss" in row]
    assert losses == pytest.approx([row["eval_loss"] for row in report["history"]])
    assert all("train/ram_mib" in row for row in logged if "train/loss" in row)


def test_tensorboard_in_a_run(work: Path, tmp_path: Path) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    report = run(recipe(work, report_to="tensorboard", num_train_epochs=2), tmp_path / "runs" / "tiny")
    events = EventAccumulator(str(tmp_path / "runs" / "tensorboard" / "tiny"))
    events.Reload()
    logged = [event.value for event in events.Scalars("eval/loss")]
    assert logged == pytest.approx([row["eval_loss"] for row in report["history"]], rel=1e-5)


@pytest.mark.filterwarnings(
    # MLflow's own tables still use what SQLAlchemy 2.1 has deprecated.
    "ignore:The ``noload`` loader strategy:sqlalchemy.exc.SADeprecationWarning"
)
def test_mlflow_gets_rows_of_a_run_without_a_trainer(work: Path, tmp_path: Path) -> None:
    place = tmp_path / "runs" / "tiny"
    names = prepare_trackers("mlflow", place)
    arguments = recipe(work, report_to="mlflow").training_arguments(place)
    rows = [{"step": 5, "loss": 0.5}, {"step": 10, "loss": 0.25}, {"loss": 0.125}]
    before = set(os.listdir())
    log_rows(names, rows, arguments=arguments, model=torch.nn.Linear(1, 1))
    with sqlite3.connect(tmp_path / "runs" / "mlflow" / "mlflow.db") as base:
        logged = base.execute("SELECT key, step, value FROM metrics ORDER BY value DESC").fetchall()
        (name,) = base.execute("SELECT name FROM runs").fetchone()
    base.close()
    assert logged == [("loss", 5, 0.5), ("loss", 10, 0.25), ("loss", 2, 0.125)]
    assert name == "tiny"
    assert set(os.listdir()) == before
