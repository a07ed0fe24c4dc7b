"""What an evaluation has left in the folder of its run."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vitrina.errors import NotFound, VitrinaError
from vitrina.results.current import SOURCES
from vitrina.results.predicted import Predicted, predicted

Report = dict[str, Any]
Point = Mapping[str, float | None]
TASKS = ("single_label", "multi_label", "regression")
_EVALUATE = "Evaluate the run again: python -m training evaluate RUN."
_TRAIN = "Train the run again, or delete that file: the page does without it."


@dataclass(frozen=True)
class Results:
    """The reports of one run. `trained` is None without train_report.json; `history`: one row a measurement, column
    -> number, None where it was not measured; `validation` is None where its predictions were not kept."""

    evaluated: Report
    trained: Report | None
    history: tuple[Point, ...]
    test: tuple[Predicted, ...]
    validation: tuple[Predicted, ...] | None

    @property
    def name(self) -> str:
        """The name of the run."""
        return str(self.evaluated["name"])

    @property
    def task(self) -> str:
        """One of TASKS."""
        return str(self.evaluated["task"])

    @property
    def class_names(self) -> tuple[str, ...]:
        """Classes, or targets, in the order of the model's outputs."""
        return tuple(str(name) for name in self.evaluated["class_names"])


def read_run(run: Path) -> Results:
    """Reads what training and evaluation have left in `run`.

    Raises NotFound where nothing was evaluated, VitrinaError for a file that cannot be read or that belongs to
    another model than eval_results.json does.
    """
    evaluated = _report(run / SOURCES["evaluation"], _EVALUATE)
    if evaluated is None:
        raise NotFound(
            "a run that holds evaluation/eval_results.json",
            f"none in {run}",
            "Evaluate it first: python -m training evaluate RUN.",
        )
    _check(evaluated, run / SOURCES["evaluation"])
    trained = _report(run / SOURCES["training"], _TRAIN)
    test = _predictions(run / SOURCES["test"], evaluated)
    if test is None:
        raise VitrinaError("predictions.jsonl beside eval_results.json", "none", _EVALUATE)
    return Results(
        evaluated=evaluated,
        trained=trained,
        history=_history(run / SOURCES["history"]) or _rows((trained or {}).get("history")),
        test=test,
        validation=_predictions(run / SOURCES["validation"], evaluated),
    )


def _check(evaluated: Report, path: Path) -> None:
    if evaluated.get("task") not in TASKS:
        raise _unreadable(path, f"the task {evaluated.get('task')!r}", _EVALUATE)
    for key, kind in (("name", str), ("class_names", list), ("test", dict)):
        if not isinstance(evaluated.get(key), kind):
            raise _unreadable(path, f"no {key}", _EVALUATE)


def _report(path: Path, next_step: str) -> Report | None:
    if not path.is_file():
        return None
    try:
        loaded = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise _unreadable(path, str(error), next_step) from error
    if not isinstance(loaded, dict):
        raise _unreadable(path, f"a {type(loaded).__name__}", next_step)
    return loaded


def _predictions(path: Path, evaluated: Report) -> tuple[Predicted, ...] | None:
    if not path.is_file():
        return None
    revision = (evaluated.get("model") or {}).get("revision")
    several = []
    # Not splitlines: a file name may hold a separator that JSON lets stand.
    for place, text in enumerate(path.read_text(encoding="utf-8").split("\n"), start=1):
        if not text.strip():
            continue
        try:
            line = json.loads(text)
            told = line.get("revision")
            several.append(predicted(line, str(evaluated["task"])))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise _unreadable(path, f"line {place} ({error})", _EVALUATE) from error
        if revision is not None and told is not None and told != revision:
            raise VitrinaError(f"{path.name} of the model {revision}", f"one of {told}", _EVALUATE)
    return tuple(several)


def _history(path: Path) -> tuple[Point, ...]:
    if not path.is_file():
        return ()
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return _rows(list(csv.DictReader(file, strict=True)))
    except (ValueError, csv.Error, TypeError) as error:
        raise _unreadable(path, str(error), _TRAIN) from error


def _rows(told: Any) -> tuple[Point, ...]:
    return tuple({str(key): _number(value) for key, value in row.items()} for row in told or ())


def _number(told: Any) -> float | None:
    if told is None or told == "":
        return None
    value = float(told)
    return value if math.isfinite(value) else None


def _unreadable(path: Path, found: str, next_step: str) -> VitrinaError:
    return VitrinaError(f"{path.name} as its stage wrote it", found, next_step)
