"""Confidence beside the share of right answers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import log_loss

from tests.measures.made import single, softmax
from vitrina.errors import BadRequest
from vitrina.measures.calibration import (
    at_temperature,
    calibration_error,
    calibration_figure,
    fit_temperature,
    reliability_bins,
)


def test_the_error_of_a_case_made_by_hand() -> None:
    # Bin (0.4, 0.6]: confidence 0.5, right 1 of 2. Bin (0.8, 1]: confidence 0.9, right 1 of 2.
    confidences, correct = np.array([0.45, 0.55, 0.85, 0.95]), np.array([True, False, True, False])
    assert calibration_error(confidences, correct, bins=5) == pytest.approx((2 * 0.0 + 2 * 0.4) / 4)
    bins = reliability_bins(confidences, correct, bins=5)
    assert [each["n"] for each in bins] == [0, 0, 2, 0, 2]
    assert bins[0] == {"from": 0.0, "to": 0.2, "n": 0, "confidence": None, "accuracy": None}
    assert bins[4] == {"from": 0.8, "to": 1.0, "n": 2, "confidence": pytest.approx(0.9), "accuracy": 0.5}


def test_a_bin_holds_its_upper_end() -> None:
    bins = reliability_bins(np.array([0.0, 0.2, 0.2000001, 1.0]), np.ones(4), bins=5)
    assert [each["n"] for each in bins] == [2, 1, 0, 0, 1]


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=40), st.integers(1, 20))
def test_the_error_is_that_of_the_bins(answers: list[tuple[float, bool]], bins: int) -> None:
    confidences, correct = np.array([c for c, _ in answers]), np.array([r for _, r in answers])
    rows = [each for each in reliability_bins(confidences, correct, bins=bins) if each["n"]]
    expected = sum(each["n"] * abs(each["confidence"] - each["accuracy"]) for each in rows) / len(answers)
    figure = calibration_figure(confidences, correct, seed=0, resamples=30, bins=bins)
    assert figure["value"] == pytest.approx(expected)
    assert sum(each["n"] for each in rows) == len(answers)
    if figure["interval"] is not None:
        assert 0.0 <= figure["interval"][0] <= figure["value"] <= figure["interval"][1] <= 1.0


def test_every_class_may_be_a_decision_of_its_own() -> None:
    scores, truth = np.array([[0.9, 0.1], [0.7, 0.3], [0.2, 0.6]]), np.array([[1, 0], [1, 1], [0, 1]])
    figure = calibration_figure(scores, truth, seed=0, resamples=50)
    assert figure["value"] == pytest.approx(calibration_error(scores.ravel(), truth.ravel()))
    assert figure["n"] == 3


@pytest.mark.parametrize(("scale", "least", "most"), [(3.0, 2.4, 3.6), (1.0, 0.8, 1.2), (0.4, 0.3, 0.5)])
def test_the_temperature_takes_back_what_was_too_sure(scale: float, least: float, most: float) -> None:
    """Labels drawn from the softmax of the logits: at scale 1 these are calibrated."""
    generator = np.random.default_rng(0)
    logits = generator.normal(scale=2.0, size=(3000, 5))
    targets = np.array([generator.choice(5, p=row) for row in softmax(logits)])
    temperature = fit_temperature(logits * scale, targets)
    assert least < temperature < most
    before, after = softmax(logits * scale), softmax(logits * scale / temperature)
    assert log_loss(targets, after) <= log_loss(targets, before)
    if scale > 1:
        right = before.argmax(axis=1) == targets
        assert calibration_error(after.max(axis=1), right) < calibration_error(before.max(axis=1), right)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000), st.floats(0.1, 8))
def test_no_temperature_nearby_is_better(seed: int, scale: float) -> None:
    logits, targets = single(40, 3, seed=seed)
    temperature = fit_temperature(logits * scale, targets)
    losses = [
        log_loss(targets, softmax(logits * scale / t), labels=[0, 1, 2])
        for t in (temperature, temperature * 1.1, temperature / 1.1, 1.0)
    ]
    right = (logits.argmax(axis=1) == targets).all()
    assert losses[0] <= min(losses) + 1e-9 or right or not 0.0501 < temperature < 19.99


def test_each_class_of_its_own_has_a_temperature_too() -> None:
    generator = np.random.default_rng(1)
    logits = generator.normal(scale=2.0, size=(2000, 3))
    targets = (generator.random(logits.shape) < 1 / (1 + np.exp(-logits))).astype(int)
    assert fit_temperature(logits * 2.5, targets) == pytest.approx(2.5, rel=0.1)


def test_the_temperature_has_its_bounds() -> None:
    logits = np.array([[5.0, 0.0], [0.0, 5.0]])
    assert fit_temperature(logits, np.array([1, 0])) == pytest.approx(20.0, rel=1e-3)
    assert fit_temperature(logits * 0, np.array([1, 0])) == 1.0
    nearly = np.tile(np.array([[1e-3, 0.0]]), (50, 1))
    assert fit_temperature(nearly, np.r_[np.zeros(49, dtype=int), 1]) == pytest.approx(0.05, rel=1e-3)


def test_where_every_answer_is_right_nothing_is_made_surer() -> None:
    logits = np.array([[0.5, 0.0], [0.0, 0.5]])
    assert fit_temperature(logits, np.array([0, 1])) == 1.0
    assert fit_temperature(np.array([[0.5, -0.5]]), np.array([[1, 0]])) == 1.0
    assert fit_temperature(np.array([[0.5, -0.5]]), np.array([[1.0, 0.1]])) < 1.0


def test_a_temperature_moves_probabilities_as_it_moves_logits() -> None:
    logits, _ = single(20)
    moved = at_temperature(softmax(logits), 2.5, one_class=True)
    assert moved == pytest.approx(softmax(logits / 2.5))
    assert at_temperature(moved, 1 / 2.5, one_class=True) == pytest.approx(softmax(logits))
    each = at_temperature(1 / (1 + np.exp(-logits)), 2.5, one_class=False)
    assert each == pytest.approx(1 / (1 + np.exp(-logits / 2.5)))
    assert np.isfinite(at_temperature(np.array([[1.0, 0.0]]), 0.1, one_class=False)).all()


def test_what_cannot_be_measured_is_refused() -> None:
    with pytest.raises(BadRequest) as refused:
        calibration_error(np.array([0.5]), np.array([True, False]))
    assert str(refused.value) == (
        "Expected as many confidences as answers, at least one; found shapes (1,) and (2,). "
        "Measure on pictures with labels."
    )
    with pytest.raises(BadRequest, match=r"^Expected confidences from 0 to 1; found 1.5 to 1.5\."):
        calibration_error(np.array([1.5]), np.array([True]))


@pytest.mark.parametrize(
    ("logits", "targets"),
    [
        (np.zeros((0, 2)), np.zeros(0, dtype=int)),
        (np.zeros((2, 2)), np.array([0, 2])),
        (np.zeros((2, 2)), np.array([0.0, 1.0])),
        (np.array([[np.nan, 0.0]]), np.array([0])),
        (np.zeros((2, 2)), np.full((2, 2), 3)),
    ],
)
def test_no_temperature_without_logits_and_targets(logits: np.ndarray, targets: np.ndarray) -> None:
    with pytest.raises(BadRequest) as refused:
        fit_temperature(logits, targets)
    assert str(refused.value) == (
        "Expected finite logits (n, k) with class indices (n,) or marks (n, k), at least one picture; "
        f"found shapes {logits.shape} and {targets.shape}. Choose the temperature on validation pictures."
    )
