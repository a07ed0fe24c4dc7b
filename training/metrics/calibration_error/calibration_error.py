"""Distance between confidence and accuracy, with its interval, as an evaluate metric."""

from __future__ import annotations

from typing import Any

import datasets
import evaluate
import numpy as np

from vitrina.measures.calibration import BINS, calibration_figure
from vitrina.measures.single_label import top_answers


class CalibrationError(evaluate.Metric):
    """{"calibration_error", "interval", "n", "bins"}: expected calibration error, 0 to 1, over equal bins.

    Guo et al. 2017, On Calibration of Modern Neural Networks, arXiv 1706.04599.
    """

    def _info(self) -> evaluate.MetricInfo:
        return evaluate.MetricInfo(
            description="Expected calibration error of the most probable class, with a 95 % bootstrap interval.",
            citation="",
            inputs_description="predictions: probabilities of each class. references: true class indices.",
            features=datasets.Features(
                {
                    "predictions": datasets.Sequence(datasets.Value("float64")),
                    "references": datasets.Value("int64"),
                }
            ),
        )

    def _compute(
        self,
        predictions: Any,
        references: Any,
        *,
        bins: int = BINS,
        seed: int = 0,
        resamples: int = 1000,
    ) -> dict[str, Any]:
        confidences, correct = top_answers(np.asarray(predictions), np.asarray(references))
        figure = calibration_figure(confidences, correct, seed=seed, resamples=resamples, bins=bins)
        return {"calibration_error": figure.pop("value"), **figure, "bins": bins}
