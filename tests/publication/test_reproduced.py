"""Figures are published only of the model, the settings and the answers they were measured with."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.learning.made import make_work
from tests.learning.tiny import recipe
from training.__main__ import main
from vitrina.errors import BadRequest
from vitrina.publication.model_files import model_files


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A working folder with a run."""
    work = make_work(tmp_path_factory.mktemp("measured") / "work", test=8)
    path = work.parent / "tiny.yaml"
    path.write_text(yaml.safe_dump(recipe(work).told), encoding="utf-8")
    assert main(["train", str(path)]) == 0
    assert main(["evaluate", str(work / "runs" / "tiny"), "--pages", "False", "--explain", "False"]) == 0
    return work


@pytest.fixture
def run(measured: Path, tmp_path: Path) -> Path:
    """A copy of it, to be changed."""
    shutil.copytree(measured, tmp_path / "work")
    return tmp_path / "work" / "runs" / "tiny"


def edit(path: Path, change: Callable[[Any], None]) -> None:
    told = json.loads(path.read_text(encoding="utf-8"))
    change(told)
    path.write_text(json.dumps(told), encoding="utf-8")


def test_what_was_measured_is_reproduced(run: Path) -> None:
    said: list[str] = []
    made = model_files(run, name="tiny", say=said.append)
    assert said == []
    assert set(made.files) >= {"config.json", "model.safetensors", "preprocessor_config.json", "golden.png"}


def test_other_settings_than_those_measured_are_refused(run: Path) -> None:
    edit(run / "model" / "preprocessor_config.json", lambda told: told.update(image_mean=[0.1, 0.1, 0.1]))
    with pytest.raises(
        BadRequest, match=r"found another preprocessor_config\.json. Run python -m training evaluate"
    ):
        model_files(run, name="tiny")
    # Measured anew, since what lies there is of other settings.
    assert main(["evaluate", str(run), "--pages", "False", "--explain", "False"]) == 0
    model_files(run, name="tiny")


def test_figures_that_do_not_tell_their_settings_are_refused(run: Path) -> None:
    edit(run / "evaluation" / "eval_results.json", lambda told: told["model"].pop("files"))
    with pytest.raises(
        BadRequest, match=r"found older ones that do not. Run python -m training evaluate again"
    ):
        model_files(run, name="tiny")


def test_a_figure_that_the_answers_do_not_give_is_refused(run: Path) -> None:
    edit(
        run / "evaluation" / "eval_results.json",
        lambda told: told["test"]["accuracy"].update(value=told["test"]["accuracy"]["value"] / 2 + 0.01),
    )
    with pytest.raises(BadRequest, match=r"the accuracy of eval_results\.json .* in the answers of"):
        model_files(run, name="tiny")


def test_answers_that_the_model_does_not_give_are_refused(run: Path) -> None:
    """Answers that would give a better figure, with the figure to match."""
    path = run / "evaluation" / "predictions.jsonl"
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    for row in rows:
        row["scores"] = {name: float(name == row["label"]) for name in row["scores"]}
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    edit(run / "evaluation" / "eval_results.json", lambda told: told["test"]["accuracy"].update(value=1.0))
    with pytest.raises(BadRequest, match=r"from the model as it is, within 0\.02; found a score that lies"):
        model_files(run, name="tiny")


def test_without_the_split_it_is_said_that_nothing_was_reproduced(run: Path) -> None:
    shutil.rmtree(run.parents[1] / "split")
    said: list[str] = []
    model_files(run, name="tiny", say=said.append)
    assert len(said) == 1
    assert said[0].startswith("not reproduced: the test pictures are not at hand.")
