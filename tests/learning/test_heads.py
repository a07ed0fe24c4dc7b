"""A linear head: scikit-learn's numbers, a penalty chosen on validation, what cannot be learned said."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from vitrina.errors import BadRequest
from vitrina.labels import LabelScheme
from vitrina.learning.examples import Examples
from vitrina.learning.heads import FittedHead, fit_linear, logits_of

THREE = LabelScheme(("cat", "dog", "owl"))


def made(
    n: int, d: int = 12, *, seed: int, task: str = "single_label", truth: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Features of unlike scales, targets (n, 3) that a linear head can partly tell; one truth for all seeds."""
    rng = np.random.default_rng(seed)
    features = (rng.normal(size=(n, d)) * np.geomspace(0.1, 10, d) + 3).astype(np.float32)
    weight = np.random.default_rng([truth, 99]).normal(size=(d, 3)) / np.geomspace(0.1, 10, d)[:, None]
    logits = (features - 3) @ weight + rng.normal(size=(n, 3))
    if task == "single_label":
        return features, np.eye(3, dtype=np.float32)[logits.argmax(axis=1)]
    if task == "multi_label":
        return features, (logits > 0.5).astype(np.float32)
    return features, (1 / (1 + np.exp(-logits))).astype(np.float32)


def fitted(task: str = "single_label", n: int = 120, **options: object) -> FittedHead:
    scheme = LabelScheme(THREE.names, task)
    train, validation = Examples(*made(n, seed=1, task=task)), Examples(*made(80, seed=2, task=task))
    return fit_linear(train, validation, scheme=scheme, **options)  # type: ignore[arg-type]


def softmax(logits: np.ndarray) -> np.ndarray:
    exponent = np.exp(logits - logits.max(axis=1, keepdims=True))
    return exponent / exponent.sum(axis=1, keepdims=True)


@pytest.mark.parametrize(("n", "d"), [(120, 12), (30, 200)], ids=["many pictures", "many features"])
@pytest.mark.parametrize("weighted", [False, True], ids=["plain", "weighted"])
def test_single_label_is_what_scikit_learn_finds(n: int, d: int, weighted: bool) -> None:
    from sklearn.linear_model import LogisticRegression

    features, targets = made(n, d, seed=3)
    others, truth = made(50, d, seed=4)
    weights = {"cat": 1.0, "dog": 2.0, "owl": 0.5} if weighted else None
    head = fit_linear(
        Examples(features, targets),
        Examples(others, truth),
        scheme=THREE,
        l2_grid=[5.0],
        class_weights=weights,
    )
    mean, scale = features.mean(axis=0, dtype=np.float64), features.std(axis=0, dtype=np.float64)
    theirs = LogisticRegression(
        C=1 / 5.0,
        tol=1e-10,
        max_iter=5000,
        class_weight=dict(enumerate(weights.values())) if weights else None,
    ).fit((features - mean) / scale, targets.argmax(axis=1))
    expected = theirs.predict_proba((others - mean) / scale)
    np.testing.assert_allclose(softmax(head.validation_logits.astype(float)), expected, atol=2e-4)
    assert head.weight.shape == (3, d)
    assert head.weight.dtype == head.bias.dtype == np.float32


def test_multi_label_is_one_logistic_regression_a_class() -> None:
    from sklearn.linear_model import LogisticRegression

    features, targets = made(120, seed=1, task="multi_label")
    others, _ = made(80, seed=2, task="multi_label")
    head = fitted("multi_label", l2_grid=[2.0])
    mean, scale = features.mean(axis=0, dtype=np.float64), features.std(axis=0, dtype=np.float64)
    for k in range(3):
        theirs = LogisticRegression(C=0.5, tol=1e-10, max_iter=5000).fit(
            (features - mean) / scale, targets[:, k]
        )
        expected = theirs.decision_function((others - mean) / scale)
        np.testing.assert_allclose(head.validation_logits[:, k], expected, atol=2e-3)


def test_regression_follows_targets_between_0_and_1() -> None:
    head = fitted("regression", n=400)
    _, truth = made(80, seed=2, task="regression")
    answers = 1 / (1 + np.exp(-head.validation_logits))
    assert np.corrcoef(answers.ravel(), truth.ravel())[0, 1] > 0.8
    best = min(head.grid, key=lambda entry: entry["log_loss"])
    assert best["mae"] == pytest.approx(np.abs(answers - truth).mean(), abs=1e-5)
    assert best["rmse"] == pytest.approx(np.sqrt(((answers - truth) ** 2).mean()), abs=1e-5)


def test_the_penalty_is_the_best_on_validation() -> None:
    head = fitted(n=40, l2_grid=[0.01, 1000.0, 1.0, 10.0])
    assert [entry["l2"] for entry in head.grid] == [1000.0, 10.0, 1.0, 0.01]
    assert head.l2 == min(head.grid, key=lambda entry: entry["log_loss"])["l2"]
    _, truth = made(80, seed=2)
    chosen = next(entry for entry in head.grid if entry["l2"] == head.l2)
    of_truth = (softmax(head.validation_logits.astype(float)) * truth).sum(axis=1)
    assert chosen["log_loss"] == pytest.approx(-np.log(of_truth).mean(), abs=1e-5)
    assert chosen["accuracy"] == (head.validation_logits.argmax(axis=1) == truth.argmax(axis=1)).mean()
    # A weaker penalty always fits train better.
    assert np.all(np.diff([entry["train_log_loss"] for entry in head.grid]) < 0)


def test_validation_chooses_yet_never_trains() -> None:
    features, targets = made(60, seed=1)
    one = fit_linear(Examples(features, targets), Examples(*made(80, seed=2)), scheme=THREE, l2_grid=[3.0])
    other = fit_linear(Examples(features, targets), Examples(*made(80, seed=5)), scheme=THREE, l2_grid=[3.0])
    assert one.weight.tobytes() == other.weight.tobytes()
    np.testing.assert_allclose(
        one.validation_logits, logits_of(one.weight, one.bias, made(80, seed=2)[0]), atol=1e-6
    )


def test_class_weights_choose_as_well() -> None:
    head = fitted(class_weights={"cat": 1.0, "dog": 1.0, "owl": 20.0})
    assert head.l2 == min(head.grid, key=lambda entry: entry["weighted_log_loss"])["l2"]
    more = head.validation_logits.argmax(axis=1)
    assert (more == 2).sum() > (fitted().validation_logits.argmax(axis=1) == 2).sum()


def test_smoothing_makes_it_less_sure() -> None:
    plain, smooth = (fitted(l2_grid=[0.1], label_smoothing=share) for share in (0.0, 0.2))
    sure = [softmax(head.validation_logits.astype(float)).max(axis=1).mean() for head in (plain, smooth)]
    assert sure[1] < sure[0] - 0.05


def test_it_is_the_same_every_time() -> None:
    assert fitted().weight.tobytes() == fitted().weight.tobytes()


def test_a_feature_that_never_changes_does_no_harm() -> None:
    features, targets = made(60, seed=1)
    features[:, 4] = 1000.1
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        head = fit_linear(Examples(features, targets), Examples(features, targets), scheme=THREE)
    assert np.isfinite(head.weight).all()


@pytest.mark.parametrize(
    ("task", "column", "value", "said"),
    [
        ("single_label", 1, 0.0, "Expected pictures of every class in train; found none of dog."),
        ("multi_label", 2, 0.0, "Expected pictures of every class in train; found none of owl."),
        (
            "multi_label",
            0,
            1.0,
            "Expected pictures with and without each class in train; found only pictures with cat. "
            "Add pictures without it, or leave the class out.",
        ),
    ],
)
def test_a_class_that_cannot_be_learned_is_said(task: str, column: int, value: float, said: str) -> None:
    features, targets = made(60, seed=1, task=task)
    if task == "single_label":
        targets[targets[:, column] == 1] = (1, 0, 0)
    else:
        targets[:, column] = value
    with pytest.raises(BadRequest) as refused:
        fit_linear(
            Examples(features, targets),
            Examples(*made(9, seed=2, task=task)),
            scheme=LabelScheme(THREE.names, task),
        )
    assert str(refused.value).startswith(said)


@pytest.mark.parametrize("grid", [[], [0.0, 1.0], [float("nan")], [-1.0], [float("inf")]])
def test_penalties_that_are_none(grid: list[float]) -> None:
    with pytest.raises(BadRequest, match="Expected L2 penalties above 0 to try"):
        fitted(l2_grid=grid)
