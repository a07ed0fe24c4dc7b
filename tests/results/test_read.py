"""What a run has left is read whole or refused with a reason."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.results.made import CLASSES, TRICK, Run
from vitrina.errors import NotFound, VitrinaError
from vitrina.results.read import Results, read_run


def test_everything_is_read(results: Results) -> None:
    assert results.task == "single_label"
    assert results.class_names == CLASSES
    assert len(results.test) == 40
    assert results.validation is not None
    assert len(results.validation) == 20
    assert results.history[0] == {
        "epoch": 1.0,
        "loss": 2.1,
        "eval_loss": 1.7,
        "eval_accuracy": 0.5,
        "learning_rate": 0.001,
    }
    assert results.history[1]["eval_loss"] is None
    assert any(one.file_name == TRICK for one in results.test)


def test_what_is_missing_is_none(run: Run) -> None:
    for name in ("history.csv", "train_report.json", "evaluation/validation_predictions.jsonl"):
        (run.folder / name).unlink()
    results = read_run(run.folder)
    assert (results.trained, results.validation, results.history) == (None, None, ())


def test_history_of_the_report_stands_in_for_the_file(run: Run) -> None:
    (run.folder / "history.csv").unlink()
    run.trained["history"] = [{"epoch": 1, "loss": float("1.5"), "eval_loss": None}]
    run.write()
    assert read_run(run.folder).history == ({"epoch": 1.0, "loss": 1.5, "eval_loss": None},)


def test_without_an_evaluation_it_says_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(NotFound) as told:
        read_run(tmp_path)
    assert str(told.value) == (
        f"Expected a run that holds evaluation/eval_results.json; found none in {tmp_path}. "
        "Evaluate it first: python -m training evaluate RUN."
    )


def test_without_predictions_it_says_so(run: Run) -> None:
    (run.folder / "evaluation/predictions.jsonl").unlink()
    with pytest.raises(VitrinaError) as told:
        read_run(run.folder)
    assert str(told.value) == (
        "Expected predictions.jsonl beside eval_results.json; found none. "
        "Evaluate the run again: python -m training evaluate RUN."
    )


@pytest.mark.parametrize(
    ("name", "text", "found"),
    [
        ("evaluation/eval_results.json", "{", "eval_results.json as its stage wrote it; found Expecting"),
        ("evaluation/eval_results.json", "[]", "eval_results.json as its stage wrote it; found a list."),
        ("evaluation/eval_results.json", '{"task": "song"}', "found the task 'song'. Evaluate the run again"),
        ("evaluation/eval_results.json", '{"task": "regression", "name": "a"}', "found no class_names."),
        ("evaluation/predictions.jsonl", "{}\n", "predictions.jsonl as its stage wrote it; found line 1 ("),
        ("evaluation/predictions.jsonl", "7\n", "predictions.jsonl as its stage wrote it; found line 1 ("),
        ("train_report.json", "no", "Train the run again, or delete that file: the page does without it."),
        ("history.csv", "epoch,loss\n1,soon\n", "history.csv as its stage wrote it; found could not convert"),
    ],
)
def test_what_cannot_be_read_is_named(run: Run, name: str, text: str, found: str) -> None:
    (run.folder / name).write_text(text, encoding="utf-8")
    with pytest.raises(VitrinaError) as told:
        read_run(run.folder)
    assert found in str(told.value)


def test_predictions_of_another_model_are_refused(run: Run) -> None:
    path = run.folder / "evaluation/predictions.jsonl"
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    lines[2]["revision"] = "model@sha256:other"
    run.predictions("predictions.jsonl", lines)
    with pytest.raises(VitrinaError) as told:
        read_run(run.folder)
    assert str(told.value) == (
        "Expected predictions.jsonl of the model model@sha256:0123456789ab; found one of model@sha256:other. "
        "Evaluate the run again: python -m training evaluate RUN."
    )
