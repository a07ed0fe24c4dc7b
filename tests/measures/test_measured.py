"""Reading runs, refusing those that cannot be compared."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import label_ranking_average_precision_score

from tests.measures.made_runs import NAMES, line, multi_label_run, regression_run, single_label_run, write_run
from vitrina.errors import BadRequest, NotFound, VitrinaError
from vitrina.measures.measured import pictures_that_differ, read_run, refuse_unlike, scores_by_picture


def said(error: type[VitrinaError], act, *given: object) -> str:  # type: ignore[no-untyped-def]
    with pytest.raises(error) as refused:
        act(*given)
    return str(refused.value)


def rewrite(folder: Path, change) -> Path:  # type: ignore[no-untyped-def]
    path = folder / "evaluation" / "predictions.jsonl"
    lines = [json.loads(text) for text in path.read_text(encoding="utf-8").splitlines()]
    path.write_text("".join(json.dumps(each) + "\n" for each in change(lines)), encoding="utf-8")
    return folder


def test_a_run_is_read_whole(tmp_path: Path) -> None:
    run = read_run(single_label_run(tmp_path / "head", lift=2.0, n=20, training={"mode": "head"}))
    assert (run.name, run.folder, run.task, run.sha256) == ("head", "head", "single_label", "ab" * 32)
    assert run.training == {"mode": "head"}
    assert len(run.answers) == 20
    pictures = sorted(run.answers)
    scores = scores_by_picture(run, pictures)
    assert scores.mean() == pytest.approx(run.results["test"]["accuracy"]["value"])
    assert read_run(single_label_run(tmp_path / "other", lift=2.0, n=20)).training is None


def test_scores_of_the_other_tasks(tmp_path: Path) -> None:
    run = read_run(multi_label_run(tmp_path / "many", lift=2.0))
    pictures = sorted(run.answers)
    truth = np.array([[name in run.answers[key]["label"] for name in NAMES] for key in pictures])
    scores = np.array([[run.answers[key]["scores"][name] for name in NAMES] for key in pictures])
    expected = label_ranking_average_precision_score(truth, scores)
    assert scores_by_picture(run, pictures).mean() == pytest.approx(expected)
    run = read_run(regression_run(tmp_path / "votes", spread=0.1))
    mean = scores_by_picture(run, sorted(run.answers)).mean()
    assert mean == pytest.approx(run.results["test"]["mae"]["value"])


def test_a_run_that_was_not_evaluated(tmp_path: Path) -> None:
    (tmp_path / "head").mkdir()
    assert said(NotFound, read_run, tmp_path / "head") == (
        "Expected eval_results.json in head/evaluation; found no such file. "
        "Name the folder of a run, and run python -m training evaluate on it first."
    )


def test_files_that_are_not_as_written(tmp_path: Path) -> None:
    folder = single_label_run(tmp_path / "head", lift=2.0, n=5)
    results = folder / "evaluation" / "eval_results.json"
    results.write_text("{", encoding="utf-8")
    assert said(BadRequest, read_run, folder).startswith("Expected JSON in eval_results.json; found ")
    results.write_text("[]", encoding="utf-8")
    assert "Expected a JSON object in eval_results.json; found list." in said(BadRequest, read_run, folder)
    results.write_text('{"accuracy": 0.8}', encoding="utf-8")
    assert said(BadRequest, read_run, folder) == (
        "Expected figures of a task among single_label, multi_label, regression; "
        "found task None in head/evaluation/eval_results.json. "
        "Run python -m training evaluate on this run again."
    )


def test_each_picture_has_one_line(tmp_path: Path) -> None:
    folder = rewrite(single_label_run(tmp_path / "head", lift=2.0, n=5), lambda lines: [*lines, lines[0]])
    assert said(BadRequest, read_run, folder) == (
        "Expected one line for each test picture, with its picture_id and label; "
        "found 5 such pictures in 6 lines of head/evaluation/predictions.jsonl. "
        "Run python -m training evaluate on this run again."
    )
    rewrite(folder, lambda lines: [])
    assert "found 0 such pictures in 0 lines" in said(BadRequest, read_run, folder)


def test_an_answer_without_scores(tmp_path: Path) -> None:
    row = np.array([0.1, 0.2, 0.3])
    lines = [line(0, label=["cat"], scores=row) | {"scores": {"cat": 0.5}}]
    run = read_run(write_run(tmp_path / "many", lines, {}, task="multi_label"))
    assert said(BadRequest, scores_by_picture, run, ["p000"]) == (
        "Expected an answer with scores for every class in each line; "
        "found KeyError 'dog' in many/evaluation/predictions.jsonl. "
        "Run python -m training evaluate on this run again."
    )


def test_other_pictures_are_counted_and_refused(tmp_path: Path) -> None:
    first = read_run(single_label_run(tmp_path / "first", lift=2.0, n=30))

    def changed(lines: list[dict]) -> list[dict]:  # type: ignore[type-arg]
        lines[3]["label"] = NAMES[1 - NAMES.index(lines[3]["label"])]
        lines[4]["pixel_sha256"] = "f" * 64
        return [*lines[:-2], lines[-1] | {"picture_id": "another"}]

    other = read_run(rewrite(single_label_run(tmp_path / "other", lift=1.0, n=30), changed))
    # Two that only the first has, one that only the other has, one label, one set of pixels.
    assert pictures_that_differ(first, other) == 5
    assert said(BadRequest, refuse_unlike, [first, other]) == (
        "Expected runs measured on the same test pictures; found 5 pictures or labels that differ between "
        "the test sides of first (abababababab) and other (abababababab). "
        "Evaluate both runs on one split, then compare."
    )
    assert pictures_that_differ(first, first) == 0
    refuse_unlike([first, first])


def test_other_questions_are_refused(tmp_path: Path) -> None:
    first = read_run(single_label_run(tmp_path / "first", lift=2.0, n=5))
    many = read_run(multi_label_run(tmp_path / "many", lift=2.0, n=5))
    assert said(BadRequest, refuse_unlike, [first, many]) == (
        "Expected runs of one task; found single_label in first, multi_label in many. "
        "Compare runs that answer the same question."
    )
    other = read_run(single_label_run(tmp_path / "other", lift=2.0, n=5))
    other.results["class_names"] = ["cat", "dog", "eel"]
    assert said(BadRequest, refuse_unlike, [first, other]) == (
        "Expected runs with the same classes; found eel, owl in only one of first and other. "
        "Compare runs that answer the same question."
    )
