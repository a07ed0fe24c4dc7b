"""Share of right answers, with its interval, as an evaluate metric."""

from __future__ import annotations

from typing import Any

import datasets
import evaluate
import numpy as np

from vitrina.measures.intervals import share_figure


class Accuracy(evaluate.Metric):
    """{"accuracy", "interval", "n"}: 0 to 1, with the 95 % percentile interval over resampled pictures.

    The configuration "plain" gives {"accuracy"} alone: for evaluators that resample by themselves.
    """

    def _info(self) -> evaluate.MetricInfo:
        return evaluate.MetricInfo(
            description="Share of pictures whose answer is the true class, with a 95 % bootstrap interval.",
            citation="",
            inputs_description="predictions: class indices said, one a picture. references: true class indices.",
            features=datasets.Features(
                {"predictions": datasets.Value("int64"), "references": datasets.Value("int64")}
            ),
        )

    def _compute(
        self, predictions: Any, references: Any, *, seed: int = 0, resamples: int = 1000
    ) -> dict[str, Any]:
        right = np.asarray(predictions) == np.asarray(references)
        if self.config_name == "plain":
            return {"accuracy": float(right.mean())}
        figure = share_figure(right, seed=seed, resamples=resamples)
        return {"accuracy": figure["value"], "interval": figure["interval"], "n": figure["n"]}
