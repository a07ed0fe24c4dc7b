"""One class a picture: the figures of scikit-learn, with their doubt."""

from __future__ import annotations

import json
from time import perf_counter

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, f1_score, log_loss, roc_auc_score, top_k_accuracy_score

from tests.measures.made import NAMES, single, softmax
from vitrina.errors import BadRequest
from vitrina.measures.single_label import single_label_figures, top_answers, top_k_figure, top_k_of


def test_it_agrees_with_scikit_learn() -> None:
    logits, targets = single(300, seed=4)
    probabilities = softmax(logits)
    made = single_label_figures(probabilities, targets, NAMES, seed=0, resamples=200)
    said = probabilities.argmax(axis=1)
    expected = {
        "accuracy": accuracy_score(targets, said),
        "top_k": top_k_accuracy_score(targets, probabilities, k=3),
        "auroc": roc_auc_score(targets, probabilities, multi_class="ovr", average="macro"),
        "log_loss": log_loss(targets, probabilities),
    }
    for key, value in expected.items():
        assert made[key]["value"] == pytest.approx(value), key
        low, high = made[key]["interval"]
        assert low < value < high
        assert high - low < 0.3
        assert made[key]["n"] == 300
    assert made["macro"]["f1"]["value"] == pytest.approx(f1_score(targets, said, average="macro"))
    assert set(made) == {
        *expected,
        *("macro", "weighted", "per_class", "confusion", "calibration_error"),
    }
    assert made["top_k"]["k"] == 3
    assert made["calibration_error"]["bins"] == 15
    assert json.loads(json.dumps(made, allow_nan=False)) == made


def test_the_same_seed_gives_the_same_figures() -> None:
    logits, targets = single(60)
    one, same, other = (
        single_label_figures(softmax(logits), targets, NAMES, seed=seed, resamples=50) for seed in (1, 1, 2)
    )
    assert one == same
    assert one != other


def test_a_class_without_pictures_is_said_to_be_so() -> None:
    logits, targets = single(40)
    made = single_label_figures(softmax(logits), targets % 3, NAMES, seed=0, resamples=50)
    assert made["per_class"]["d"]["recall"] == {"value": None, "interval": None, "n": 0}
    assert made["per_class"]["d"]["support"] == 0
    said = logits.argmax(axis=1)
    expected = f1_score(targets % 3, said, labels=[0, 1, 2], average="macro")
    assert made["macro"]["f1"]["value"] == pytest.approx(expected)
    assert made["auroc"]["value"] is not None


@pytest.mark.parametrize(
    ("classes", "k"), [(1, 1), (2, 1), (3, 2), (4, 3), (9, 3), (10, 5), (6, 3), (100, 5)]
)
def test_k_is_less_than_the_classes(classes: int, k: int) -> None:
    assert top_k_of(classes) == k


def test_of_equal_probabilities_the_first_class_comes_first() -> None:
    probabilities, targets = np.full((4, 4), 0.25), np.arange(4)
    assert [top_k_figure(probabilities, targets, k=k, seed=0)["value"] for k in (1, 2, 3)] == [
        0.25,
        0.5,
        0.75,
    ]
    confidences, correct = top_answers(probabilities, targets)
    assert confidences.tolist() == [0.25] * 4
    assert correct.tolist() == [True, False, False, False]


def test_a_certain_error_costs_a_finite_loss() -> None:
    made = single_label_figures(np.array([[1.0, 0.0]]), np.array([1]), ("a", "b"), seed=0)
    assert made["log_loss"]["value"] == pytest.approx(-np.log(1e-15))
    assert made["log_loss"]["interval"] is None
    assert made["auroc"]["value"] is None


def test_a_thousand_pictures_take_a_moment() -> None:
    """The time is not asserted but for what would be another algorithm: refitting takes minutes."""
    logits, targets = single(1000, 10)
    begun = perf_counter()
    single_label_figures(softmax(logits), targets, [str(i) for i in range(10)], seed=0)
    assert perf_counter() - begun < 30


def test_raw_outputs_are_refused() -> None:
    with pytest.raises(BadRequest, match=r"^Expected scores from 0 to 1; found -1 to 2\. Give probabilities"):
        single_label_figures(np.array([[2.0, -1.0]]), np.array([0]), ("a", "b"), seed=0)
