"""Folders of runs as train and evaluate leave them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from vitrina.measures.multi_label import multi_label_figures
from vitrina.measures.regression import regression_figures
from vitrina.measures.single_label import single_label_figures

NAMES = ("cat", "dog", "owl")


def write_run(
    folder: Path,
    lines: Sequence[Mapping[str, Any]],
    test: Mapping[str, Any],
    *,
    task: str,
    training: Mapping[str, Any] | None = None,
) -> Path:
    """RUN/evaluation with both files, RUN/train_report.json where `training` is given."""
    (folder / "evaluation").mkdir(parents=True)
    results = {
        "stage": "evaluate",
        "task": task,
        "name": folder.name,
        "class_names": list(NAMES),
        "model": {"revision": f"{folder.name}@sha256:0123456789ab"},
        "data": {"name": "work", "sha256": "ab" * 32, "n": len(lines)},
        "test": dict(test),
    }
    (folder / "evaluation" / "eval_results.json").write_text(json.dumps(results), encoding="utf-8")
    text = "".join(json.dumps(line) + "\n" for line in lines)
    (folder / "evaluation" / "predictions.jsonl").write_text(text, encoding="utf-8")
    if training is not None:
        (folder / "train_report.json").write_text(json.dumps(training), encoding="utf-8")
    return folder


def single_label_run(
    folder: Path, *, lift: float, n: int = 120, seed: int = 0, training: Mapping[str, Any] | None = None
) -> Path:
    """A run whose logits lift the true class by `lift`; the same pictures and labels for every lift and seed."""
    targets = np.random.default_rng(99).integers(0, 3, n)
    logits = np.random.default_rng(seed).normal(size=(n, 3))
    logits[np.arange(n), targets] += lift
    scores = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    lines = [
        line(index, label=NAMES[target], scores=row)
        for index, (target, row) in enumerate(zip(targets, scores, strict=True))
    ]
    test = single_label_figures(scores, targets, NAMES, seed=0, resamples=50)
    return write_run(folder, lines, test, task="single_label", training=training)


def multi_label_run(folder: Path, *, lift: float, n: int = 80, seed: int = 0) -> Path:
    targets = (np.random.default_rng(99).random((n, 3)) < 0.4).astype(int)
    scores = 1 / (1 + np.exp(-(np.random.default_rng(seed).normal(size=(n, 3)) + lift * (targets - 0.5))))
    lines = [
        line(index, label=[name for name, mark in zip(NAMES, marks, strict=True) if mark], scores=row)
        for index, (marks, row) in enumerate(zip(targets, scores, strict=True))
    ]
    test = multi_label_figures(scores, targets, NAMES, seed=0, resamples=50)
    return write_run(folder, lines, test, task="multi_label")


def regression_run(folder: Path, *, spread: float, n: int = 80, seed: int = 0) -> Path:
    targets = np.random.default_rng(99).random((n, 3))
    answers = (targets + np.random.default_rng(seed).normal(scale=spread, size=(n, 3))).clip(0, 1)
    lines = [
        line(index, label=dict(zip(NAMES, each.tolist(), strict=True)), scores=row)
        for index, (each, row) in enumerate(zip(targets, answers, strict=True))
    ]
    test = regression_figures(answers, targets, NAMES, seed=0, resamples=50)
    return write_run(folder, lines, test, task="regression")


def line(index: int, *, label: Any, scores: np.ndarray) -> dict[str, Any]:
    return {
        "picture_id": f"p{index:03d}",
        "pixel_sha256": f"{index:064x}",
        "file_name": f"{index}.jpg",
        "label": label,
        "top_label": NAMES[int(scores.argmax())],
        "scores": dict(zip(NAMES, scores.tolist(), strict=True)),
    }
