"""A run as its evaluation left it: figures, answers for each test picture."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from vitrina.errors import BadRequest, NotFound
from vitrina.labels import TASKS
from vitrina.measures.ranking import average_precision_by_picture

_AGAIN = "Run python -m training evaluate on this run again."


@dataclass(frozen=True)
class MeasuredRun:
    """What RUN/evaluation says, with RUN/train_report.json where there is one (`training`, else None).

    `answers`: picture_id -> line of predictions.jsonl. `folder` is the name of the run's folder, not its place.
    """

    folder: str
    results: dict[str, Any]
    training: dict[str, Any] | None
    answers: dict[str, dict[str, Any]]

    @property
    def task(self) -> str:
        """One of vitrina.labels.TASKS."""
        return str(self.results["task"])

    @property
    def name(self) -> str:
        """The name the run was given, else that of its folder."""
        return str(self.results.get("name") or self.folder)

    @property
    def sha256(self) -> str | None:
        """Hash of the test side it was measured on, where the evaluation names it."""
        found = self.results.get("data", {}).get("sha256")
        return None if found is None else str(found)


def read_run(folder: Path) -> MeasuredRun:
    """The run in `folder`. Raises NotFound where it was not evaluated, BadRequest where a file is not as written."""
    evaluation, training = folder / "evaluation", folder / "train_report.json"
    for name in ("eval_results.json", "predictions.jsonl"):
        if not (evaluation / name).is_file():
            raise NotFound(
                f"{name} in {folder.name}/evaluation",
                "no such file",
                "Name the folder of a run, and run python -m training evaluate on it first.",
            )
    results = _json((evaluation / "eval_results.json").read_text(encoding="utf-8"), "eval_results.json")
    if results.get("task") not in TASKS or not isinstance(results.get("test"), dict):
        found = f"task {results.get('task')!r} in {folder.name}/evaluation/eval_results.json"
        raise BadRequest(f"figures of a task among {', '.join(TASKS)}", found, _AGAIN)
    lines = (evaluation / "predictions.jsonl").read_text(encoding="utf-8").splitlines()
    return MeasuredRun(
        folder=folder.resolve().name,
        results=results,
        training=_json(training.read_text(encoding="utf-8"), training.name) if training.is_file() else None,
        answers=_by_picture(
            [_json(line, "predictions.jsonl") for line in lines if line.strip()], folder.name
        ),
    )


def refuse_unlike(runs: Sequence[MeasuredRun]) -> None:
    """Raises BadRequest unless all runs answer the same question about the same test pictures."""
    first = runs[0]
    for other in runs[1:]:
        if other.task != first.task:
            found = f"{first.task} in {first.folder}, {other.task} in {other.folder}"
            raise BadRequest("runs of one task", found, "Compare runs that answer the same question.")
        classes = [sorted(run.results.get("class_names", [])) for run in (first, other)]
        if classes[0] != classes[1]:
            unlike = sorted(set(classes[0]) ^ set(classes[1]))
            found = f"{', '.join(unlike[:20])} in only one of {first.folder} and {other.folder}"
            raise BadRequest(
                "runs with the same classes", found, "Compare runs that answer the same question."
            )
        differ = pictures_that_differ(first, other)
        if differ:
            hashes = " and ".join(
                f"{run.folder} ({(run.sha256 or 'no hash')[:12]})" for run in (first, other)
            )
            raise BadRequest(
                "runs measured on the same test pictures",
                f"{differ} pictures or labels that differ between the test sides of {hashes}",
                "Evaluate both runs on one split, then compare.",
            )


def pictures_that_differ(first: MeasuredRun, other: MeasuredRun) -> int:
    """How many pictures only one of two runs was measured on, or each with other pixels or another label."""
    everything = first.answers.keys() | other.answers.keys()
    return sum(_identity(first.answers.get(key)) != _identity(other.answers.get(key)) for key in everything)


def scores_by_picture(run: MeasuredRun, picture_ids: Sequence[str]) -> np.ndarray:
    """(n,) float64, in the order asked: what runs are compared on, one number a picture.

    single_label: 1 where the top label is the true one, else 0, whether or not it abstained; multi_label:
    average precision of the picture's ranking, 0 to 1; regression: mean absolute error over the targets.
    """
    lines = [run.answers[key] for key in picture_ids]
    try:
        return _scores(run.task, lines, [str(name) for name in run.results["class_names"]])
    except (KeyError, TypeError, ValueError) as error:
        found = f"{type(error).__name__} {error} in {run.folder}/evaluation/predictions.jsonl"
        raise BadRequest("an answer with scores for every class in each line", found, _AGAIN) from None


def _scores(task: str, lines: Sequence[dict[str, Any]], names: Sequence[str]) -> np.ndarray:
    if task == "single_label":
        return np.array([line["top_label"] == line["label"] for line in lines], dtype=np.float64)
    scores = np.array([[line["scores"][name] for name in names] for line in lines], dtype=np.float64)
    if task == "multi_label":
        truth = np.array([[name in line["label"] for name in names] for line in lines], dtype=bool)
        return average_precision_by_picture(scores, truth)
    targets = np.array([[line["label"][name] for name in names] for line in lines], dtype=np.float64)
    return np.asarray(np.abs(scores - targets).mean(axis=1))


def _identity(line: dict[str, Any] | None) -> Any:
    if line is None:
        return None
    label = line["label"]
    return line.get("pixel_sha256"), sorted(label) if isinstance(label, list) else label


def _json(text: str, name: str) -> dict[str, Any]:
    try:
        made = json.loads(text)
    except ValueError as error:
        raise BadRequest(f"JSON in {name}", str(error), _AGAIN) from None
    if not isinstance(made, dict):
        raise BadRequest(f"a JSON object in {name}", type(made).__name__, _AGAIN)
    return made


def _by_picture(lines: list[dict[str, Any]], folder: str) -> dict[str, dict[str, Any]]:
    named = {str(line["picture_id"]): line for line in lines if "picture_id" in line and "label" in line}
    if len(named) != len(lines) or not lines:
        raise BadRequest(
            "one line for each test picture, with its picture_id and label",
            f"{len(named)} such pictures in {len(lines)} lines of {folder}/evaluation/predictions.jsonl",
            _AGAIN,
        )
    return named
