"""Share of pictures whose class is among the k highest, with its interval, as an evaluate metric."""

from __future__ import annotations

from typing import Any

import datasets
import evaluate
import numpy as np

from vitrina.measures.checked import checked_scores, checked_targets
from vitrina.measures.single_label import top_k_figure, top_k_of


class TopKAccuracy(evaluate.Metric):
    """{"top_k_accuracy", "k", "interval", "n"}: 0 to 1.

    `k` where none is given: 3 for fewer than 10 classes, else 5, always fewer than the classes.
    """

    def _info(self) -> evaluate.MetricInfo:
        return evaluate.MetricInfo(
            description="Share of pictures whose class is among the k highest, with a 95 % interval.",
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
        k: int | None = None,
        seed: int = 0,
        resamples: int = 1000,
    ) -> dict[str, Any]:
        classes = len(predictions[0])
        probabilities = checked_scores(np.asarray(predictions), [""] * classes)
        targets = checked_targets(np.asarray(references), len(probabilities), classes=classes)
        figure = top_k_figure(
            probabilities, targets, k=k or top_k_of(classes), seed=seed, resamples=resamples
        )
        return {"top_k_accuracy": figure.pop("value")} | figure
