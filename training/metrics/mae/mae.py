"""Mean absolute error, with its interval, as an evaluate metric."""

from __future__ import annotations

from typing import Any

import datasets
import evaluate
import numpy as np

from vitrina.measures.regression import regression_figures


class MeanAbsoluteError(evaluate.Metric):
    """{"mae", "interval", "n", "per_target": {name: {"value", "interval", "n"}}}, in the unit of the targets.

    One number a picture or several. `names` of the targets: their indices where none are given.
    """

    def _info(self) -> evaluate.MetricInfo:
        return evaluate.MetricInfo(
            description="Mean absolute error over all targets and of each, with 95 % bootstrap intervals.",
            citation="",
            inputs_description="predictions and references: one number a picture, or one for each target.",
            features=[
                datasets.Features(
                    {"predictions": datasets.Value("float64"), "references": datasets.Value("float64")}
                ),
                datasets.Features(
                    {
                        "predictions": datasets.Sequence(datasets.Value("float64")),
                        "references": datasets.Sequence(datasets.Value("float64")),
                    }
                ),
            ],
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
        answers = np.asarray(predictions, dtype=np.float64).reshape(len(predictions), -1)
        targets = np.asarray(references, dtype=np.float64).reshape(len(references), -1)
        if names is None:
            names = [str(index) for index in range(targets.shape[1])]
        made = regression_figures(answers, targets, names, seed=seed, resamples=resamples)
        return {
            "mae": made["mae"]["value"],
            "interval": made["mae"]["interval"],
            "n": made["mae"]["n"],
            "per_target": {name: of_target["mae"] for name, of_target in made["per_target"].items()},
        }
