"""Runs as training and evaluation leave them, with the figures of answers that are drawn here."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from tests.report.made import picture, saved
from vitrina.measures.abstention import abstention_figures, choose_threshold, class_thresholds
from vitrina.measures.calibration import calibration_figure, fit_temperature, reliability_bins
from vitrina.measures.multi_label import multi_label_figures
from vitrina.measures.regression import regression_figures
from vitrina.measures.single_label import single_label_figures, top_answers

END = "</script><script>window.pwned = true</script>"
BOLD = "<b>bold & $x_1$"
TRICK = "\"><img src=x onerror='window.pwned = true'>.png"
CLASSES = (BOLD, "cardboard", "glass", "metal", "paper", "plastic")
TARGETS = ("smooth", "disk", "star")
RESAMPLES = 60
REVISION = "model@sha256:0123456789ab"
Pictures = dict[str, bytes]


def drawn_pictures(n: int = 60) -> Pictures:
    """Pictures by picture_id, the SHA-256 of their bytes; every fourth stands upright."""
    sizes = [(36, 48) if place % 4 == 0 else (64, 48) for place in range(n)]
    several = [saved(picture(7000 + place, size=size)) for place, size in enumerate(sizes)]
    return {hashlib.sha256(data).hexdigest(): data for data in several}


def drawn_logits(targets: np.ndarray, *, classes: int, seed: int) -> np.ndarray:
    """Logits (n, classes) of a model that is mostly right and too sure."""
    logits = np.random.default_rng(seed).normal(size=(len(targets), classes)) * 2.4
    logits[np.arange(len(targets)), targets] += 5.5
    return logits


def soft(logits: np.ndarray) -> np.ndarray:
    shares = np.exp(logits - logits.max(axis=1, keepdims=True))
    return shares / shares.sum(axis=1, keepdims=True)


class Run:
    """A run's folder; `evaluated` and `trained` may be changed, then written again."""

    def __init__(self, folder: Path, names: tuple[str, ...], task: str = "single_label") -> None:
        self.folder, self.names, self.task = folder, names, task
        self.evaluated: dict[str, Any] = {}
        self.trained: dict[str, Any] = {}
        (folder / "evaluation").mkdir(parents=True)

    def write(self) -> None:
        _json(self.folder / "evaluation/eval_results.json", self.evaluated)
        _json(self.folder / "train_report.json", self.trained)

    def predictions(self, name: str, lines: list[dict[str, Any]]) -> None:
        text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
        (self.folder / "evaluation" / name).write_text(text, encoding="utf-8")

    def lines(self, ids: list[str], scores: np.ndarray, file_names: list[str]) -> list[dict[str, Any]]:
        return [
            {
                "picture_id": picture_id,
                "pixel_sha256": picture_id[::-1],
                "file_name": file_name,
                "scores": dict(zip(self.names, map(float, row), strict=True)),
                "revision": REVISION,
            }
            for picture_id, row, file_name in zip(ids, scores, file_names, strict=True)
        ]


def _json(path: Path, value: object) -> None:
    path.write_text(json.dumps(value, indent=1, allow_nan=False) + "\n", encoding="utf-8")


def single_label_run(folder: Path, ids: list[str], **about: Any) -> Run:
    """One class a picture: the first two thirds of `ids` are test, the rest validation.

    `targets`: class indices, `file_names` and `names`, where the pictures are real ones.
    """
    names = about.get("names", CLASSES)
    run = Run(folder, names)
    targets = np.asarray(about.get("targets", np.arange(len(ids)) % (len(names) - 1) + 1))
    if "targets" not in about:
        targets[::17] = 0
    file_names = about.get("file_names") or [f"{names[t]}/{place}.png" for place, t in enumerate(targets)]
    file_names = [name.replace("<b>", "b") for name in file_names]
    if "targets" not in about:
        file_names[3] = TRICK
    cut = len(ids) * 2 // 3
    logits = drawn_logits(targets, classes=len(names), seed=3)
    temperature = fit_temperature(logits[cut:], targets[cut:])
    raw, scores = soft(logits), soft(logits / temperature)
    sides = {"test": slice(0, cut), "validation": slice(cut, None)}
    threshold = choose_threshold(*top_answers(scores[cut:], targets[cut:]), target_precision=0.9)
    for side, file_name in (("test", "predictions.jsonl"), ("validation", "validation_predictions.jsonl")):
        part = sides[side]
        lines = run.lines(ids[part], scores[part], file_names[part])
        for line, target, row in zip(lines, targets[part], scores[part], strict=True):
            best = int(row.argmax())
            line |= {"label": names[target], "top_label": names[best], "confidence": float(row[best])}
            line["abstained"] = line["confidence"] < threshold
        run.predictions(file_name, lines)
    figures = {
        side: single_label_figures(scores[part], targets[part], names, seed=0, resamples=RESAMPLES)
        for side, part in sides.items()
    }
    run.evaluated = _evaluated(run, figures, n=cut)
    told, right = top_answers(scores[:cut], targets[:cut])
    before, before_right = top_answers(raw[:cut], targets[:cut])
    run.evaluated["calibration"] = {
        "temperature": temperature,
        "chosen_on": "validation",
        "n": len(ids) - cut,
        "error_before": calibration_figure(before, before_right, seed=0, resamples=RESAMPLES),
        "error_after": calibration_figure(told, right, seed=0, resamples=RESAMPLES),
        "bins": reliability_bins(told, right),
    }
    run.evaluated["abstention"] = {
        "target_precision": 0.9,
        "chosen_on": "validation",
        "abstain_below": threshold,
        **abstention_figures(told, right, abstain_below=threshold, seed=0, resamples=RESAMPLES),
    }
    run.evaluated["class_thresholds"] = class_thresholds(
        (scores[cut:], targets[cut:]),
        (scores[:cut], targets[:cut]),
        names=names,
        target_precision=0.9,
        seed=0,
        resamples=RESAMPLES,
    )
    run.evaluated["explained"] = {
        "method": "grad_cam",
        "deletion": {"n": 16, "area": 0.31, "area_random": 0.52, "better_share": 0.94},
    }
    run.evaluated["test_time_augmentation"] = {"views": ["none", "flip"], "accuracy": figures["test"]["accuracy"]}
    run.trained = _trained(run)
    _history(run)
    run.write()
    return run


def multi_label_run(folder: Path, ids: list[str]) -> Run:
    """Several classes a picture, or none."""
    run = Run(folder, CLASSES, "multi_label")
    generator = np.random.default_rng(5)
    truth = generator.random((len(ids), len(CLASSES))) < 0.3
    scores = 1 / (1 + np.exp(-(generator.normal(size=truth.shape) * 1.2 + 3.0 * truth - 1.5)))
    lines = run.lines(ids, scores, [f"{place}.png" for place in range(len(ids))])
    for line, marks, row in zip(lines, truth, scores, strict=True):
        best = int(row.argmax())
        line["label"] = [name for name, mark in zip(CLASSES, marks, strict=True) if mark]
        line |= {"top_label": CLASSES[best], "confidence": float(row[best]), "abstained": False}
        line["said"] = [name for name, score in zip(CLASSES, row, strict=True) if score >= 0.5]
    run.predictions("predictions.jsonl", lines)
    figures = multi_label_figures(scores, truth.astype(int), CLASSES, seed=0, resamples=RESAMPLES)
    run.evaluated = _evaluated(run, {"test": figures, "validation": figures}, n=len(ids))
    run.evaluated["class_thresholds"] = class_thresholds(
        (scores, truth.astype(int)), (scores, truth.astype(int)), names=CLASSES, target_precision=0.9, seed=0,
        resamples=RESAMPLES,
    )  # fmt: skip
    run.trained = _trained(run)
    run.write()
    return run


def regression_run(folder: Path, ids: list[str]) -> Run:
    """Numbers, 0 to 1, of three targets; the last of them says little."""
    run = Run(folder, TARGETS, "regression")
    generator = np.random.default_rng(6)
    truth = generator.random((len(ids), len(TARGETS)))
    scores = np.clip(truth + generator.normal(size=truth.shape) * [0.05, 0.1, 0.3], 0, 1)
    lines = run.lines(ids, scores, [f"{place}.png" for place in range(len(ids))])
    for line, row in zip(lines, truth, strict=True):
        line["label"] = dict(zip(TARGETS, map(float, row), strict=True))
    run.predictions("predictions.jsonl", lines)
    figures = regression_figures(scores, truth, TARGETS, seed=0, resamples=RESAMPLES)
    run.evaluated = _evaluated(run, {"test": figures, "validation": figures}, n=len(ids))
    run.trained = _trained(run)
    run.write()
    return run


def _evaluated(run: Run, figures: Mapping[str, Any], *, n: int) -> dict[str, Any]:
    return {
        "stage": "evaluate",
        "vitrina": "0.1.0",
        "task": run.task,
        "name": "trashnet & friends <head>",
        "class_names": list(run.names),
        "model": {"revision": REVISION},
        "data": {"name": "work", "fingerprint": "f" * 64, "sha256": "a" * 64, "n": n},
        "bootstrap": {"resamples": RESAMPLES, "level": 0.95, "seed": 0},
        **figures,
        "calibration": None,
        "abstention": None,
        "class_thresholds": None,
        "test_time_augmentation": None,
        "explained": None,
        "refused": [],
        "not_measured": [],
        "minutes": 0.5,
    }


def _trained(run: Run) -> dict[str, Any]:
    return {
        "stage": "train",
        "vitrina": "0.1.0",
        "name": "trashnet-head",
        "task": run.task,
        "mode": "head",
        "labels": list(run.names),
        "recipe": {"mode": "head", "l2": [0.01, 0.1, 1.0, 10.0], "seed": 0, "about": END},
        "command": "python -m training train WORK --mode head",
        "model": {
            "reference": "bundled/efficientnet-lite0",
            "revision": "bundled/efficientnet-lite0@0.1.0",
            "architecture": "TimmWrapperForImageClassification",
            "parameters": 3_400_000,
            "trained_parameters": 7686,
        },
        "chosen": {"metric": "log_loss", "on": "validation", "value": 0.36, "epoch": None, "l2": 1.0},
        "grid": [
            {"l2": l2, "log_loss": loss, "accuracy": right}
            for l2, loss, right in ((0.01, 0.61, 0.82), (0.1, 0.44, 0.85), (1.0, 0.36, 0.88), (10.0, 0.52, 0.84))
        ],
        "reproduced": {"metric": "accuracy", "trained": 0.881, "loaded": 0.881, "n": 231},
        "seed": 0,
        "precision": "float32",
        "minutes": 1.3,
        "images_per_second": 50.1,
        "hardware": {"machine": "x86_64", "cpu": "AMD EPYC", "cores": 2, "ram_gib": 23.4, "gpu": None},
        "versions": {"python": "3.11.7", "torch": "2.15.0", "transformers": "5.23.0"},
        "history": [],
    }


def _history(run: Run) -> None:
    rows = ["epoch,loss,eval_loss,eval_accuracy,learning_rate"]
    for epoch in range(1, 9):
        rows += [f"{epoch},{2 / epoch + 0.1:.3f},{1.4 / epoch + 0.3:.3f},{0.9 - 0.4 / epoch:.3f},{0.001 / epoch:.6f}"]
        rows += [f"{epoch + 0.5},{1.9 / epoch:.3f},,,"]
    (run.folder / "history.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")


def heat_maker(pictures: Pictures) -> Callable[[list[str]], dict[str, Image.Image]]:
    """Heat over the middle of each picture."""

    def heat_of(ids: list[str]) -> dict[str, Image.Image]:
        made = {}
        for one in ids:
            image = Image.open(io.BytesIO(pictures[one])).convert("RGB")
            glow = Image.radial_gradient("L").resize(image.size).point(lambda value: 170 - value * 2 // 3)
            made[one] = Image.composite(Image.new("RGB", image.size, "#e8602c"), image, glow)
        return made

    return heat_of
