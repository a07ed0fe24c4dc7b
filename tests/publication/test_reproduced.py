"""Figures are published only of the model, the settings and the answers they were measured with."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from tests.learning.made import make_work
from tests.learning.tiny import recipe
from training.__main__ import main
from vitrina.errors import BadRequest
from vitrina.learning.measured import task_figures
from vitrina.publication.model_files import model_files


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A working folder with a run."""
    work = make_work(tmp_path_factory.mktemp("measured") / "work", test=8)
    return trained(work, "tiny")


def trained(work: Path, name: str, **more: Any) -> Path:
    path = work.parent / f"{name}.yaml"
    path.write_text(yaml.safe_dump(recipe(work, name=name, **more).told), encoding="utf-8")
    assert main(["train", str(path)]) == 0
    assert main(["evaluate", str(work / "runs" / name), "--pages", "False", "--explain", "False"]) == 0
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


def results_of(run: Path) -> Any:
    return json.loads((run / "evaluation" / "eval_results.json").read_text(encoding="utf-8"))


def rows_of(run: Path) -> list[dict[str, Any]]:
    lines = (run / "evaluation" / "predictions.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def write_rows(run: Path, rows: list[dict[str, Any]]) -> None:
    text = "".join(json.dumps(row) + "\n" for row in rows)
    (run / "evaluation" / "predictions.jsonl").write_text(text, encoding="utf-8")


@pytest.mark.parametrize(
    ("path", "said"),
    [
        (("accuracy", "value"), "the accuracy of"),
        (("accuracy", "interval"), "the accuracy interval of"),
        (("per_class", "green", "recall", "value"), "the recall of green of"),
        (("per_class", "red", "support"), "the support of red of"),
        (("confusion", "blue", "blue"), "the confusion blue blue of"),
        (("calibration_error", "value"), "the calibration error of"),
    ],
)
def test_a_figure_that_the_answers_do_not_give_is_refused(
    run: Path, path: tuple[str, ...], said: str
) -> None:
    def change(told: Any) -> None:
        *inside, last = ("test", *path)
        for part in inside:
            told = told[part]
        told[last] = [0.0, 0.001] if last == "interval" else told[last] / 2 + 0.01

    edit(run / "evaluation" / "eval_results.json", change)
    with pytest.raises(BadRequest, match=rf"Expected {said} eval_results\.json \(.*\) in the answers of"):
        model_files(run, name="tiny")


@pytest.mark.parametrize(
    ("task", "targets", "path", "said"),
    [
        ("multi_label", ["round"], ("mean_average_precision",), "mean average precision"),
        ("regression", ["round", "bright"], ("per_target", "bright", "mae"), "mae of bright"),
    ],
)
def test_other_tasks_are_counted_again(
    measured: Path, tmp_path: Path, task: str, targets: list[str], path: tuple[str, ...], said: str
) -> None:
    shutil.copytree(measured, tmp_path / "work")
    run = trained(tmp_path / "work", "other", task=task, targets=targets) / "runs" / "other"
    told: list[str] = []
    model_files(run, name="other", say=told.append)
    # The same without the split, of which the answers keep six digits.
    (tmp_path / "work" / "split").rename(tmp_path / "split")
    model_files(run, name="other", say=told.append)
    assert len(told) == 1

    def change(results: Any) -> None:
        figure = results["test"]
        for part in path:
            figure = figure[part]
        figure["value"] = figure["value"] / 2 + 0.01

    edit(run / "evaluation" / "eval_results.json", change)
    with pytest.raises(BadRequest, match=rf"Expected the {said} of eval_results\.json"):
        model_files(run, name="other")


def test_answers_that_the_model_does_not_give_are_refused(run: Path) -> None:
    """Answers that would give better figures, with the figures to match."""
    rows, results = rows_of(run), results_of(run)
    for row in rows:
        row["scores"] = {name: float(name == row["label"]) for name in row["scores"]}
    write_rows(run, rows)
    names = results["class_names"]
    ideal = np.array([[row["scores"][name] for name in names] for row in rows])
    better = task_figures("single_label", ideal, ideal, names, seed=results["bootstrap"]["seed"])
    assert better["accuracy"]["value"] == 1.0
    edit(run / "evaluation" / "eval_results.json", lambda told: told.update(test=better))
    with pytest.raises(BadRequest, match=r"from the model as it is, within 0\.02; found a score that lies"):
        model_files(run, name="tiny")


def test_answers_about_other_pictures_are_refused(run: Path) -> None:
    rows = rows_of(run)
    rows[0]["picture_id"], rows[1]["picture_id"] = rows[1]["picture_id"], rows[0]["picture_id"]
    write_rows(run, rows)
    with pytest.raises(BadRequest, match=r"the 24 pictures and labels of the test side .*; found 2 others"):
        model_files(run, name="tiny")


def test_answers_that_no_figure_comes_of_are_refused(run: Path) -> None:
    rows = rows_of(run)
    rows[0]["scores"]["red"] += 0.5
    write_rows(run, rows)
    with pytest.raises(BadRequest, match=r"answers in .* that figures come of; found a sum of 1\.5"):
        model_files(run, name="tiny")
    write_rows(run, rows[1:])
    with pytest.raises(BadRequest, match=r"the answers of 24 test pictures in .*; found 23"):
        model_files(run, name="tiny")


def test_without_the_split_it_is_said_that_nothing_was_reproduced(run: Path) -> None:
    shutil.rmtree(run.parents[1] / "split")
    said: list[str] = []
    model_files(run, name="tiny", say=said.append)
    assert len(said) == 1
    assert said[0].startswith("not asked again: the test pictures are not at hand.")
