"""The end of a run: calibrated on validation, saved, loaded afresh, its answers compared."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
import torch

from vitrina.errors import VitrinaError
from vitrina.learning.answers import logits_of, probabilities_of
from vitrina.learning.sides import Side
from vitrina.learning.trained import Trained
from vitrina.measures.abstention import choose_threshold
from vitrina.measures.calibration import fit_temperature
from vitrina.models.backbone import LoadedModel, load_model, save_model
from vitrina.models.features import final_linear
from vitrina.models.precision import BF16
from vitrina.models.task import describe

MODEL = "model"
# How many pictures of validation the loaded model is asked about again.
ASKED = 256
# Between the model in memory and the one from the disk: rounding in float32; in bf16, which keeps 8 bits of each
# number, the answers of two ways through the network differ by up to some hundredths and rarely change places.
_LARGEST = {"float32": 2e-3, BF16: 0.25}
_AGREEMENT = {"float32": 0.999, BF16: 0.97}


def calibrate(
    trained: Trained, validation: Side, *, target_precision: float
) -> tuple[dict[str, Any], dict[str, Any] | None]:
    """(calibration, abstention) for the report; the model is changed so that it gives them by itself.

    The temperature is folded into the final linear layer: softmax((w/T)x + b/T) are the calibrated probabilities of
    any pipeline. It never changes which class is highest. The threshold goes into the configuration.
    """
    scheme = validation.scheme
    temperature = 1.0
    if scheme.task != "regression":
        # Of a matrix of targets each highest is a class; for multi label each column is a question of its own.
        truth = validation.labels if scheme.task == "single_label" else validation.targets
        temperature = fit_temperature(trained.validation_logits, truth)
    _, _, linear = final_linear(trained.loaded)
    with torch.no_grad():
        for parameter in linear.parameters():
            parameter.div_(temperature)
    calibration = {"temperature": temperature, "on": "validation", "n": len(validation)}
    if scheme.task != "single_label":
        describe(trained.loaded.model, scheme, abstain_below=None)
        return calibration, None
    scores = probabilities_of(trained.validation_logits / temperature, scheme.task)
    right = scores.argmax(axis=1) == validation.labels
    threshold = choose_threshold(
        [float(score) for score in scores.max(axis=1)],
        [bool(each) for each in right],
        target_precision=target_precision,
    )
    describe(trained.loaded.model, scheme, abstain_below=threshold)
    answered = scores.max(axis=1) >= threshold
    return calibration, {
        "target_precision": target_precision,
        "abstain_below": threshold,
        "on": "validation",
        "coverage": float(answered.mean()),
        "precision": float(right[answered].mean()) if answered.any() else None,
    }


def save_and_reproduce(
    trained: Trained, validation: Side, *, run: Path, temperature: float, seed: int
) -> tuple[str, dict[str, Any]]:
    """(revision of RUN/model, how its answers compare with those in memory).

    The model takes its place only when it gave the same answers. Raises VitrinaError where it did not; what was
    there before is kept.
    """
    for left in run.glob(f".{MODEL}.*.partial"):
        shutil.rmtree(left)  # Of a save that was killed; the run is held by one process.
    partial = run / f".{MODEL}.{uuid4().hex}.partial"
    try:
        save_model(trained.loaded, partial / MODEL)
        loaded = load_model(partial / MODEL)
        compared = _compared(trained, loaded, validation, temperature=temperature, seed=seed)
        final = run / MODEL
        if final.exists():
            os.replace(final, partial / "before")
        os.replace(partial / MODEL, final)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return loaded.revision, compared


def _compared(
    trained: Trained, loaded: LoadedModel, validation: Side, *, temperature: float, seed: int
) -> dict[str, Any]:
    rows = np.sort(np.random.default_rng(seed).permutation(len(validation))[:ASKED])
    task = validation.scheme.task
    before = probabilities_of(trained.validation_logits[rows] / temperature, task)
    after = probabilities_of(logits_of(loaded, validation, rows=list(rows)), task)
    largest = float(np.abs(before - after).max())
    metric, (trained_value, loaded_value), agreement = _metric(before, after, validation.targets[rows], task)
    if largest > _LARGEST[trained.precision] or agreement < _AGREEMENT[trained.precision]:
        raise VitrinaError(
            f"the saved model to answer as the trained one ({metric} {trained_value:.4f} on {len(rows)} pictures)",
            f"{metric} {loaded_value:.4f}, answers that differ by up to {largest:.3g}",
            "The model was not kept. Please report it with the recipe.",
        )
    return {
        "metric": metric,
        "trained": trained_value,
        "loaded": loaded_value,
        "n": len(rows),
        "largest_difference": largest,
        "same_answers": agreement,
    }


def _metric(
    before: np.ndarray, after: np.ndarray, targets: np.ndarray, task: str
) -> tuple[str, tuple[float, float], float]:
    """(name, values of both, share of pictures with the same answer)."""
    if task == "single_label":
        said = [each.argmax(axis=1) for each in (before, after)]
        truth = targets.argmax(axis=1)
        values = [float((each == truth).mean()) for each in said]
        return "accuracy", (values[0], values[1]), float((said[0] == said[1]).mean())
    if task == "multi_label":
        yes = [each >= 0.5 for each in (before, after)]
        values = [float((each == (targets >= 0.5)).mean()) for each in yes]
        return "accuracy", (values[0], values[1]), float((yes[0] == yes[1]).mean())
    errors = [float(np.abs(each - targets).mean()) for each in (before, after)]
    return "mae", (errors[0], errors[1]), 1.0
