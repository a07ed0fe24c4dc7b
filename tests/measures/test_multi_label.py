"""Any number of classes a picture, beside scikit-learn."""

from __future__ import annotations

import json

import numpy as np
import pytest
from sklearn.metrics import (
    accuracy_score,
    average_precision_score,
    precision_recall_fscore_support,
    roc_auc_score,
)

from tests.measures.made import NAMES, multi
from vitrina.errors import BadRequest
from vitrina.measures.multi_label import multi_label_figures


@pytest.mark.parametrize("threshold", [0.5, (0.2, 0.4, 0.6, 0.8)])
def test_it_agrees_with_scikit_learn(threshold: float | tuple[float, ...]) -> None:
    scores, targets = multi(150)
    made = multi_label_figures(scores, targets, NAMES, seed=0, threshold=threshold, resamples=100)
    said = (scores >= np.array(threshold)).astype(int)
    rates = precision_recall_fscore_support(targets, said)
    precisions = average_precision_score(targets, scores, average=None)
    for index, name in enumerate(NAMES):
        own = made["per_class"][name]
        assert own["average_precision"]["value"] == pytest.approx(precisions[index])
        assert [own[k]["value"] for k in ("precision", "recall", "f1")] == pytest.approx(
            [each[index] for each in rates[:3]]
        )
        assert own["support"] == targets[:, index].sum()
    for mean in ("macro", "weighted"):
        expected = precision_recall_fscore_support(targets, said, average=mean)[:3]
        assert [made[mean][k]["value"] for k in ("precision", "recall", "f1")] == pytest.approx(expected)
    assert made["mean_average_precision"]["value"] == pytest.approx(precisions.mean())
    assert made["exact_match"]["value"] == pytest.approx(accuracy_score(targets, said))
    assert made["auroc"]["value"] == pytest.approx(roc_auc_score(targets, scores, average="macro"))
    for key in ("mean_average_precision", "exact_match", "auroc"):
        low, high = made[key]["interval"]
        assert low < made[key]["value"] < high
    assert json.loads(json.dumps(made, allow_nan=False)) == made


def test_a_threshold_for_some_classes_is_refused() -> None:
    scores, targets = multi(5)
    with pytest.raises(BadRequest) as refused:
        multi_label_figures(scores, targets, NAMES, seed=0, threshold=[0.5, 0.5])
    assert str(refused.value) == (
        "Expected a threshold from 0 to 1, or 4 of them; found [0.5, 0.5]. Name one threshold a class."
    )


def test_without_any_mark_nothing_can_be_said() -> None:
    scores, targets = multi(6)
    made = multi_label_figures(scores, targets * 0, NAMES, seed=0, resamples=20)
    assert made["mean_average_precision"]["value"] is None
    assert made["macro"]["f1"]["value"] is None
    assert made["auroc"]["interval"] is None
