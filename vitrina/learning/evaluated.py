"""A run measured on its test side: figures, predictions, what was chosen on validation."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import vitrina
from vitrina.augment import mean_of_views, views
from vitrina.errors import BadRequest, ModelUnavailable, NotFound
from vitrina.learning.answers import logits_of, prediction_row, probabilities_of
from vitrina.learning.measured import RESAMPLES, calibration_of, figures_of
from vitrina.learning.record import REPORT
from vitrina.learning.sides import TEST, VALIDATION, Side, Sides, open_sides
from vitrina.measures.abstention import abstention_figures, class_thresholds
from vitrina.measures.intervals import share_figure
from vitrina.models.backbone import LoadedModel, load_model
from vitrina.models.checkpoint import settings_of

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Run:
    """A finished run: its folder, its report, its split, its model loaded afresh."""

    folder: Path
    report: Mapping[str, Any]
    sides: Sides
    loaded: LoadedModel

    @property
    def abstain_below(self) -> float:
        """0 to 1; 0 where the model always answers."""
        told = self.report["abstention"]
        return 0.0 if told is None else float(told["abstain_below"])

    @property
    def measured(self) -> dict[str, Any]:
        """What the figures are those of: {"revision": the weights, "files": SHA-256 of the settings beside them}."""
        return {"revision": self.loaded.revision, "files": settings_of(self.folder / "model")}


def open_run(folder: Path, *, work: Path | None = None) -> Run:
    """The run in `folder`; its split lies in `work`, else in the folder that holds `runs`.

    Raises NotFound: no finished run, no split; BadRequest: another split than it was trained on; ModelUnavailable: a
    damaged model, or another one than the report tells of.
    """
    folder = Path(folder)
    if not (folder / REPORT).is_file():
        raise NotFound(
            f"a finished run at {folder}", f"no {REPORT}", "Run python -m training train RECIPE.yaml first."
        )
    report = json.loads((folder / REPORT).read_text(encoding="utf-8"))
    told = report["recipe"]
    sides = open_sides(
        work or folder.resolve().parents[1],
        task=report["task"],
        targets=told.get("targets", ()),
        limit=told.get("limit"),
        seed=int(report["seed"]),
    )
    if sides.report["fingerprint"] != report["input"]["fingerprint"]:
        raise BadRequest(
            f"the split that {folder.name} was trained on ({report['input']['fingerprint'][:12]})",
            f"another one ({sides.report['fingerprint'][:12]})",
            "Train again on this split, or name the working folder of the other one with --data.",
        )
    loaded = load_model(folder / "model")
    if loaded.revision != report["revision"]:
        raise ModelUnavailable(
            f"the model of the report, {report['revision']}",
            loaded.revision,
            "It was changed since it was trained: train again.",
        )
    return Run(folder, report, sides, loaded)


@dataclass(frozen=True)
class Measured:
    """`results` is eval_results.json without what pages add; predictions in the order of their sides."""

    results: dict[str, Any]
    test: list[dict[str, Any]]
    validation: list[dict[str, Any]]
    test_scores: np.ndarray


def measure_run(run: Run, *, seed: int, batch_size: int = 16, progress: Progress | None = None) -> Measured:
    """Measure on test alone; thresholds come from validation. Raises BadRequest where there is no test side."""
    if TEST not in run.sides.sides or not len(run.sides[TEST]):
        raise BadRequest(
            "a test side in the split",
            "none",
            "Split again with a share for test: validation figures were used for choosing and are no measure.",
        )
    test, validation = run.sides[TEST], run.sides[VALIDATION]
    task = test.scheme.task
    scores = probabilities_of(logits_of(run.loaded, test, batch_size=batch_size, progress=progress), task)
    known = probabilities_of(_validation_logits(run, batch_size), task)
    results = {
        "stage": "evaluate",
        "vitrina": vitrina.__version__,
        "task": task,
        "name": run.report["name"],
        "class_names": list(test.scheme.names),
        "model": run.measured,
        "data": {
            "name": run.sides.name,
            "fingerprint": run.report["input"]["fingerprint"],
            "sha256": run.report["input"]["hashes"][TEST],
            "n": len(test),
        },
        "bootstrap": {"resamples": RESAMPLES, "level": 0.95, "seed": seed},
        "test": figures_of(scores, test, seed=seed),
        "validation": figures_of(known, validation, seed=seed),
        "calibration": _calibration(run, scores, test, seed=seed),
        "abstention": _abstention(run, scores, test, seed=seed),
        "class_thresholds": _class_thresholds(run, known, scores, seed=seed),
        "test_time_augmentation": _averaged(run, scores, seed=seed, batch_size=batch_size),
        "explained": None,
        # A class is said of a picture from this score on, where a picture may have several.
        "said_from": 0.5 if task == "multi_label" else None,
        "refused": [],
        "not_measured": _not_measured(test),
    }
    return Measured(results, _rows(run, test, scores), _rows(run, validation, known), scores)


def _validation_logits(run: Run, batch_size: int) -> np.ndarray:
    """As training left them, else computed again."""
    path = run.folder / "validation_logits.npy"
    validation = run.sides[VALIDATION]
    if path.is_file():
        kept = np.load(path)
        if kept.shape == validation.targets.shape:
            return np.asarray(kept, dtype=np.float32)
    return logits_of(run.loaded, validation, batch_size=batch_size)


def _calibration(run: Run, scores: np.ndarray, test: Side, *, seed: int) -> dict[str, Any] | None:
    told = run.report["calibration"]
    found = calibration_of(scores, test, temperature=float(told["temperature"]), seed=seed)
    return None if found is None else found | {"n": told["n"]}


def _abstention(run: Run, scores: np.ndarray, test: Side, *, seed: int) -> dict[str, Any] | None:
    told = run.report["abstention"]
    if told is None:
        return None
    figures = abstention_figures(
        scores.max(axis=1).tolist(),
        (scores.argmax(axis=1) == test.labels).tolist(),
        abstain_below=run.abstain_below,
        seed=seed,
    )
    return {
        "target_precision": told["target_precision"],
        "chosen_on": "validation",
        "abstain_below": run.abstain_below,
    } | figures


def _class_thresholds(run: Run, known: np.ndarray, scores: np.ndarray, *, seed: int) -> dict[str, Any] | None:
    test, validation = run.sides[TEST], run.sides[VALIDATION]
    if test.scheme.task == "regression":
        return None
    single = test.scheme.task == "single_label"
    wanted = (
        run.report["abstention"]["target_precision"]
        if single
        else run.report["recipe"].get("target_precision", 0.95)
    )

    def truth(side: Side) -> np.ndarray:
        return side.labels if single else side.targets.astype(np.int64)

    return class_thresholds(
        (known, truth(validation)),
        (scores, truth(test)),
        names=test.scheme.names,
        target_precision=float(wanted),
        seed=seed,
    )


def _averaged(run: Run, scores: np.ndarray, *, seed: int, batch_size: int) -> dict[str, Any] | None:
    """Accuracy of the mean over views of each picture, where the recipe asks for views; `scores` of the plain one."""
    asked = [name for name in run.report["recipe"].get("test_time") or [] if name != "none"]
    if not asked:
        return None
    test = run.sides[TEST]
    seen = views(asked)
    given = [
        probabilities_of(logits_of(run.loaded, test, view=view, batch_size=batch_size), test.scheme.task)
        for _, view in seen
    ]
    mean = mean_of_views(np.stack([scores, *given]))
    if test.scheme.task == "single_label":
        figure = {"accuracy": share_figure(mean.argmax(axis=1) == test.labels, seed=seed)}
    else:
        figure = {"figures": figures_of(mean, test, seed=seed)}
    return {"views": ["none", *(name for name, _ in seen)], **figure}


def _not_measured(test: Side) -> list[str]:
    if test.scheme.task == "regression":
        return []
    counts = (test.targets >= 0.5).sum(axis=0)
    return [name for name, count in zip(test.scheme.names, counts, strict=True) if not count]


def _rows(run: Run, side: Side, scores: np.ndarray) -> list[dict[str, Any]]:
    return [
        prediction_row(side, row, scores[row], abstain_below=run.abstain_below, revision=run.loaded.revision)
        for row in range(len(side))
    ]


def write_lines(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """One JSON object a line, in one step."""
    partial = path.with_name(f".{path.name}.partial")
    with partial.open("w", encoding="utf-8") as stream:
        for row in rows:
            stream.write(json.dumps(row, ensure_ascii=False) + "\n")
    partial.replace(path)
