"""How well scores separate each class from the rest, with its interval, as an evaluate metric."""

from __future__ import annotations

from typing import Any

import datasets
import evaluate
import numpy as np

from vitrina.measures.checked import checked_marks, checked_scores
from vitrina.measures.ranking import auroc_figure


class Auroc(evaluate.Metric):
    """{"auroc", "interval", "n"}: each class against the rest, mean over the classes, 0 to 1; 0.5 is chance.

    References are class indices, or 0 and 1 for each class.
    """

    def _info(self) -> evaluate.MetricInfo:
        return evaluate.MetricInfo(
            description="Area under the ROC curve, each class against the rest, with a 95 % interval.",
            citation="",
            inputs_description="predictions: scores, 0 to 1. references: class indices, or marks of each class.",
            features=[
                datasets.Features(
                    {
                        "predictions": datasets.Sequence(datasets.Value("float64")),
                        "references": datasets.Value("int64"),
                    }
                ),
                datasets.Features(
                    {
                        "predictions": datasets.Sequence(datasets.Value("float64")),
                        "references": datasets.Sequence(datasets.Value("int64")),
                    }
                ),
            ],
        )

    def _compute(
        self, predictions: Any, references: Any, *, seed: int = 0, resamples: int = 1000
    ) -> dict[str, Any]:
        scores = checked_scores(np.asarray(predictions), [""] * len(predictions[0]))
        truth = np.asarray(references)
        if truth.ndim == 1:
            truth = truth[:, None] == np.arange(scores.shape[1])
        figure = auroc_figure(scores, checked_marks(truth, scores.shape), seed=seed, resamples=resamples)
        return {"auroc": figure.pop("value")} | figure
