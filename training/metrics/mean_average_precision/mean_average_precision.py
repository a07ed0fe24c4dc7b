"""Area under precision over recall, with its interval, as an evaluate metric."""

from __future__ import annotations

from typing import Any

import datasets
import evaluate
import numpy as np

from vitrina.measures.checked import checked_marks, checked_scores
from vitrina.measures.ranking import average_precision_figures


class MeanAveragePrecision(evaluate.Metric):
    """{"mean_average_precision", "interval", "n", "per_class": {name: {"value", "interval", "n"}}}, 0 to 1.

    `names` of the classes: their indices where none are given. Classes without pictures are left out of the mean.
    """

    def _info(self) -> evaluate.MetricInfo:
        return evaluate.MetricInfo(
            description="Average precision of each class and its mean, with 95 % bootstrap intervals.",
            citation="",
            inputs_description="predictions: scores of each class, 0 to 1. references: 0 and 1 for each class.",
            features=datasets.Features(
                {
                    "predictions": datasets.Sequence(datasets.Value("float64")),
                    "references": datasets.Sequence(datasets.Value("int64")),
                }
            ),
        )

    def _compute(
        self,
        predictions: Any,
        references: Any,
        *,
        names: list[str] | None = None,
        seed: int = 0,
        resamples: int = 1000,
    ) -> dict[str, Any]:
        if names is None:
            names = [str(index) for index in range(len(predictions[0]))]
        scores = checked_scores(np.asarray(predictions), names)
        truth = checked_marks(np.asarray(references), scores.shape)
        made = average_precision_figures(scores, truth, names, seed=seed, resamples=resamples)
        mean = made["mean_average_precision"]
        return {
            "mean_average_precision": mean["value"],
            "interval": mean["interval"],
            "n": mean["n"],
            "per_class": made["per_class"],
        }
