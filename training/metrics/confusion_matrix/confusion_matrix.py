"""What each class is taken for, with its interval, as an evaluate metric."""

from __future__ import annotations

from typing import Any

import datasets
import evaluate
import numpy as np

from vitrina.measures.classes import confusion_shares


class ConfusionMatrix(evaluate.Metric):
    """{"confusion_matrix": [[count]], "names", "shares": {true: {said: {"value", "interval", "n"}}}}.

    Row: the true class; column: the answer. `shares` are of the pictures of the row.
    """

    def _info(self) -> evaluate.MetricInfo:
        return evaluate.MetricInfo(
            description="Counts of answers for each true class, and their shares with 95 % bootstrap intervals.",
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

        shares = confusion_shares(said, targets, names, seed=seed, resamples=resamples)
        counts = np.zeros((len(names), len(names)), dtype=np.int64)
        np.add.at(counts, (targets, said), 1)
        return {"confusion_matrix": counts.tolist(), "names": list(names), "shares": shares}
