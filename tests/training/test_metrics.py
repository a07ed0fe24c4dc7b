"""Metrics that load without a network, equal to scikit-learn."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import (
    accuracy_score,
    average_precision_score,
    confusion_matrix,
    mean_absolute_error,
    precision_recall_fscore_support,
    roc_auc_score,
    top_k_accuracy_score,
)

from tests.measures.made import multi, single, softmax
from training.metrics.accuracy.accuracy import Accuracy
from training.metrics.auroc.auroc import Auroc
from training.metrics.calibration_error.calibration_error import CalibrationError
from training.metrics.confusion_matrix.confusion_matrix import ConfusionMatrix
from training.metrics.mae.mae import MeanAbsoluteError
from training.metrics.mean_average_precision.mean_average_precision import MeanAveragePrecision
from training.metrics.precision_recall_f1.precision_recall_f1 import PrecisionRecallF1
from training.metrics.top_k_accuracy.top_k_accuracy import TopKAccuracy
from vitrina.measures.calibration import calibration_error

ROOT = Path(__file__).resolve().parents[2]
LOGITS, TARGETS = single(60, seed=1)
PROBABILITIES = softmax(LOGITS)
SAID = PROBABILITIES.argmax(axis=1)


@pytest.fixture
def compute(tmp_path: Path):  # type: ignore[no-untyped-def]
    def made(kind: type, predictions: Any, references: Any, **told: Any) -> dict[str, Any]:
        metric = kind(cache_dir=str(tmp_path), keep_in_memory=True)
        result = metric.compute(predictions=predictions, references=references, **told)
        assert json.loads(json.dumps(result, allow_nan=False)) == result
        return result

    return made


def test_they_load_by_folder_without_a_network_and_serve_the_evaluator(tmp_path: Path) -> None:
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "HF_HUB_OFFLINE": "1",
        "HF_HOME": str(tmp_path / "home"),
        "HF_MODULES_CACHE": str(tmp_path / "modules"),
        "OMP_NUM_THREADS": "1",
    }
    done = subprocess.run(
        [sys.executable, "-m", "tests.training.metrics_child", str(tmp_path)],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    made = json.loads(done.stdout.splitlines()[-1])
    assert made["loaded"] == {
        "accuracy": "Accuracy",
        "auroc": "Auroc",
        "calibration_error": "CalibrationError",
        "confusion_matrix": "ConfusionMatrix",
        "mae": "MeanAbsoluteError",
        "mean_average_precision": "MeanAveragePrecision",
        "precision_recall_f1": "PrecisionRecallF1",
        "top_k_accuracy": "TopKAccuracy",
    }
    expected = accuracy_score(made["labels"], made["said"])
    assert made["simple"]["accuracy"] == pytest.approx(expected)
    low, high = made["simple"]["interval"]
    assert low <= expected <= high
    assert made["simple"]["n"] == 12
    assert made["simple"]["samples_per_second"] > 0
    assert made["resampled"]["accuracy"]["score"] == pytest.approx(expected)
    low, high = made["resampled"]["accuracy"]["confidence_interval"]
    assert low <= expected <= high
    assert list((tmp_path / "modules").rglob("accuracy.py"))


def test_accuracy(compute) -> None:  # type: ignore[no-untyped-def]
    made = compute(Accuracy, SAID, TARGETS)
    assert made["accuracy"] == pytest.approx(accuracy_score(TARGETS, SAID))
    assert made["interval"][0] < made["accuracy"] < made["interval"][1]
    assert made["n"] == 60
    assert compute(Accuracy, SAID, TARGETS, seed=3) != made


def test_precision_recall_f1(compute) -> None:  # type: ignore[no-untyped-def]
    made = compute(PrecisionRecallF1, SAID, TARGETS, names=["a", "b", "c", "d"])
    rates = precision_recall_fscore_support(TARGETS, SAID)
    for index, name in enumerate("abcd"):
        own = made["per_class"][name]
        assert [own[k]["value"] for k in ("precision", "recall", "f1")] == pytest.approx(
            [each[index] for each in rates[:3]]
        )
        assert own["support"] == rates[3][index]
    for mean in ("macro", "weighted"):
        expected = precision_recall_fscore_support(TARGETS, SAID, average=mean)[2]
        assert made[mean]["f1"]["value"] == pytest.approx(expected)
    assert set(compute(PrecisionRecallF1, SAID, TARGETS)["per_class"]) == set("0123")


def test_confusion_matrix(compute) -> None:  # type: ignore[no-untyped-def]
    made = compute(ConfusionMatrix, SAID, TARGETS)
    expected = confusion_matrix(TARGETS, SAID)
    assert made["confusion_matrix"] == expected.tolist()
    assert made["names"] == ["0", "1", "2", "3"]
    assert made["shares"]["1"]["2"]["value"] == pytest.approx(expected[1, 2] / expected[1].sum())
    assert made["shares"]["1"]["2"]["interval"] is not None


def test_top_k_accuracy(compute) -> None:  # type: ignore[no-untyped-def]
    for k in (1, 2, 3):
        made = compute(TopKAccuracy, PROBABILITIES, TARGETS, k=k)
        assert made["top_k_accuracy"] == pytest.approx(top_k_accuracy_score(TARGETS, PROBABILITIES, k=k))
        assert made["k"] == k
        assert made["interval"][0] <= made["top_k_accuracy"] <= made["interval"][1]
    assert compute(TopKAccuracy, PROBABILITIES, TARGETS)["k"] == 3


def test_calibration_error(compute) -> None:  # type: ignore[no-untyped-def]
    made = compute(CalibrationError, PROBABILITIES, TARGETS, bins=10)
    expected = calibration_error(PROBABILITIES.max(axis=1), SAID == TARGETS, bins=10)
    assert made["calibration_error"] == pytest.approx(expected)
    assert made["bins"] == 10
    assert made["interval"][0] <= expected <= made["interval"][1]


def test_auroc(compute) -> None:  # type: ignore[no-untyped-def]
    made = compute(Auroc, PROBABILITIES, TARGETS)
    assert made["auroc"] == pytest.approx(roc_auc_score(TARGETS, PROBABILITIES, multi_class="ovr"))
    assert made["interval"][0] < made["auroc"] < made["interval"][1]
    scores, marks = multi(60)
    assert compute(Auroc, scores, marks)["auroc"] == pytest.approx(roc_auc_score(marks, scores))


def test_mean_average_precision(compute) -> None:  # type: ignore[no-untyped-def]
    scores, marks = multi(60)
    made = compute(MeanAveragePrecision, scores, marks, names=["a", "b", "c", "d"])
    each = average_precision_score(marks, scores, average=None)
    assert made["mean_average_precision"] == pytest.approx(each.mean())
    assert [made["per_class"][name]["value"] for name in "abcd"] == pytest.approx(each)
    assert made["interval"][0] < made["mean_average_precision"] < made["interval"][1]


def test_mae(compute) -> None:  # type: ignore[no-untyped-def]
    generator = np.random.default_rng(0)
    answers, targets = generator.random((2, 40, 3))
    made = compute(MeanAbsoluteError, answers, targets)
    assert made["mae"] == pytest.approx(mean_absolute_error(targets, answers))
    expected = mean_absolute_error(targets, answers, multioutput="raw_values")
    assert [made["per_target"][name]["value"] for name in "012"] == pytest.approx(expected)
    assert made["interval"][0] < made["mae"] < made["interval"][1]
    alone = compute(MeanAbsoluteError, answers[:, 0], targets[:, 0])
    assert alone["mae"] == pytest.approx(expected[0])
