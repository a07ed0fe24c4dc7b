"""Precision, recall, F1, with its interval, as an evaluate metric."""

from __future__ import annotations

from typing import Any

import datasets
import evaluate
import numpy as np

from vitrina.measures.classes import answer_figures


class PrecisionRecallF1(evaluate.Metric):
    """{"per_class": {name: {precision, recall, f1, support}}, "macro", "weighted"}, each {"value", "interval", "n"}.

    `names` of the classes: their indices where none are given. Means as in vitrina.measures.classes: macro
    over the classes with pictures.
    """

    def _info(self) -> evaluate.MetricInfo:
        return evaluate.MetricInfo(
            description="Precision, recall, F1 of each class, macro and weighted, with 95 % bootstrap intervals.",
            citation="",
            inputs_description="predictions: class indices said, one a picture. references: true class indices.",
            features=datasets.Features(
                {"predictions": datasets.Value("int64"), "references": datasets.Value("int64")}
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
        said, targets = np.asarray(predictions), np.asarray(references)
        if names is None:
            names = [str(index) for index in range(int(max(said.max(), targets.max())) + 1)]

        made = answer_figures(said, targets, names, seed=seed, resamples=resamples)
        return {key: made[key] for key in ("per_class", "macro", "weighted")}
