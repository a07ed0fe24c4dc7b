"""Runs in order, each tested against the best on the same pictures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

import vitrina
from vitrina.errors import BadRequest
from vitrina.measures.intervals import LEVEL
from vitrina.measures.measured import MeasuredRun, refuse_unlike, scores_by_picture
from vitrina.measures.paired import PAIRED_RESAMPLES, holm, mcnemar, paired_difference

# Task -> name and place in `test` of the figures shown; the first one orders the runs.
SHOWN: dict[str, dict[str, tuple[str, ...]]] = {
    "single_label": {
        "accuracy": ("accuracy",),
        "macro F1": ("macro", "f1"),
        "calibration error": ("calibration_error",),
    },
    "multi_label": {
        "mAP": ("mean_average_precision",),
        "macro F1": ("macro", "f1"),
        "exact match": ("exact_match",),
    },
    "regression": {"MAE": ("mae",), "RMSE": ("rmse",), "R2": ("r2",)},
}
# What the paired test is on, one number a picture.
TESTED = {
    "single_label": "accuracy",
    "multi_label": "average precision a picture",
    "regression": "absolute error",
}


def compare(runs: Sequence[MeasuredRun], *, seed: int, resamples: int = PAIRED_RESAMPLES) -> dict[str, Any]:
    """{stage, vitrina, task, tested, data, runs, tests, level, seed, resamples}: runs best first.

    `tests` hold the best against each other: `difference` (best - other) with its interval, `p`, `p_adjusted`
    for the number of tests (Holm 1979), `ahead`: the name of the one that is better at the 0.05 level, None
    where the pictures do not show it. p is McNemar's exact test for single_label, by paired bootstrap else.
    Raises BadRequest: fewer than two runs, not the same test pictures, classes or task.
    """
    if len(runs) < 2:
        raise BadRequest("two runs or more", str(len(runs)), "Name the folders of the runs to compare.")
    refuse_unlike(runs)
    task = runs[0].task
    pictures = sorted(runs[0].answers)
    order = sorted(zip(_names(runs), runs, strict=True), key=_worst_last)
    scores = [scores_by_picture(run, pictures) for _, run in order]
    tests = [_test(task, scores[0], other, seed=seed, resamples=resamples) for other in scores[1:]]
    adjusted = holm([test["p"] for test in tests])
    names = [name for name, _ in order]
    return {
        "stage": "compare",
        "vitrina": vitrina.__version__,
        "task": task,
        "tested": TESTED[task],
        "data": {"sha256": runs[0].sha256, "n": len(pictures)},
        "runs": [_row(name, run) for name, run in order],
        "tests": [
            {"best": names[0], "other": other, **test, "p_adjusted": p}
            | {"ahead": _ahead(task, (names[0], other), test["difference"]["value"], p)}
            for other, test, p in zip(names[1:], tests, adjusted, strict=True)
        ],
        "level": LEVEL,
        "seed": seed,
        "resamples": resamples,
    }


def _test(task: str, best: np.ndarray, other: np.ndarray, *, seed: int, resamples: int) -> dict[str, Any]:
    difference = paired_difference(best, other, seed=seed, resamples=resamples)
    p = difference.pop("p")
    if task != "single_label":
        return {"method": "paired bootstrap", "difference": difference, "p": p}
    exact = mcnemar(best > 0.5, other > 0.5)
    return {
        "method": "McNemar exact",
        "difference": difference,
        "only_best": exact["only_first"],
        "only_other": exact["only_second"],
        "p": exact["p"],
    }


def _ahead(task: str, names: tuple[str, str], difference: float, p: float) -> str | None:
    if p >= 1 - LEVEL:
        return None
    smaller_is_better = task == "regression"
    return names[0] if (difference < 0) == smaller_is_better else names[1]


def _row(name: str, run: MeasuredRun) -> dict[str, Any]:
    """One run of the table; None for what its train report does not say, or where it has none."""
    training = run.training or {}
    model = training.get("model") or {}
    revision = run.results.get("model", {}).get("revision")
    return {
        "name": name,
        "folder": run.folder,
        "model": model.get("reference") or revision,
        "revision": revision,
        "mode": training.get("mode"),
        "figures": {shown: figure_at(run.results["test"], place) for shown, place in SHOWN[run.task].items()},
        "minutes": training.get("minutes"),
        "parameters": model.get("parameters"),
    }


def figure_at(test: dict[str, Any], place: tuple[str, ...]) -> dict[str, Any]:
    """{"value", "interval", "n"} at `place` in the figures of a test; None values where it is not there."""
    found: Any = test
    for key in place:
        found = found.get(key) if isinstance(found, dict) else None
    found = found if isinstance(found, dict) else {}
    return {key: found.get(key) for key in ("value", "interval", "n")}


def _worst_last(named: tuple[str, MeasuredRun]) -> tuple[bool, float, str]:
    name, run = named
    value = figure_at(run.results["test"], next(iter(SHOWN[run.task].values())))["value"]
    sign = 1.0 if run.task == "regression" else -1.0
    return value is None, sign * (value or 0.0), name


def _names(runs: Sequence[MeasuredRun]) -> list[str]:
    """One name for each run, none twice: by their folders, then by number, where they share one."""
    names = [run.name for run in runs]
    twice = {name for name, times in Counter(names).items() if times > 1}
    names = [f"{n} ({run.folder})" if n in twice else n for n, run in zip(names, runs, strict=True)]
    for index, name in enumerate(names):
        times = names[:index].count(name)
        names[index] = f"{name} #{times + 1}" if times else name
    return names
