"""What one line of predictions says."""

from __future__ import annotations

import pytest

from vitrina.results.predicted import Predicted, predicted

LINE = {"picture_id": "a", "file_name": "a.png", "scores": {"x": 0.7, "y": 0.2, "z": 0.1}}
SINGLE = {**LINE, "label": "y", "top_label": "x", "confidence": 0.7, "abstained": True}


def test_one_class() -> None:
    one = predicted(SINGLE, "single_label")
    assert one == Predicted("a", "a.png", LINE["scores"], ("y",), ("x",), None, 0.7, True)
    assert not one.right
    assert one.margin == pytest.approx(0.5)
    assert one.error == pytest.approx(0.8)
    assert predicted(SINGLE | {"label": "x"}, "single_label").right


def test_a_picture_without_a_label_is_not_known() -> None:
    one = predicted(SINGLE | {"label": None}, "single_label")
    assert (one.labels, one.known) == ((), False)


def test_several_classes_are_right_only_together() -> None:
    told = SINGLE | {"label": ["x", "y"], "said": ["y", "x"]}
    assert predicted(told, "multi_label").right
    assert not predicted(told | {"said": ["x"]}, "multi_label").right
    none = predicted(told | {"label": [], "said": []}, "multi_label")
    assert none.right
    assert none.known
    assert none.error == pytest.approx(0.7)


def test_numbers_are_off_by_their_mean_distance() -> None:
    one = predicted({**LINE, "label": {"x": 0.5, "z": 0.2}}, "regression")
    assert one.targets == {"x": 0.5, "z": 0.2}
    assert one.error == pytest.approx(0.15)
    assert one.confidence is None


def test_one_score_is_its_own_margin() -> None:
    assert Predicted("a", "a.png", {"x": 0.4}).margin == 0.4


@pytest.mark.parametrize(
    ("line", "task"),
    [
        ({**LINE}, "single_label"),
        ({**SINGLE, "scores": {}}, "single_label"),
        ({**LINE, "label": {"other": 0.1}}, "regression"),
    ],
)
def test_what_is_no_prediction_is_not_taken(line: dict[str, object], task: str) -> None:
    with pytest.raises((KeyError, ValueError)):
        predicted(line, task)
