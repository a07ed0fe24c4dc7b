"""A head fitted on features, put into a complete model."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler
from transformers import pipeline

from vitrina.errors import BadRequest
from vitrina.labels import LabelScheme
from vitrina.models.backbone import LoadedModel, load_model, save_model
from vitrina.models.classifier import Classifier, open_classifier
from vitrina.models.features import compute_features
from vitrina.models.head import Head, attach_head, fit_head

SCHEME = LabelScheme(("round", "square", "bent"))


def clouds(classes: int, *, each: int, size: int, apart: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Gaussian clouds on unlike scales, one feature that never changes."""
    generator = np.random.default_rng(seed)
    target = np.repeat(np.arange(classes), each)
    features = (
        generator.normal(size=(len(target), size)) + apart * generator.normal(size=(classes, size))[target]
    )
    features = features * generator.uniform(0.01, 100, size) + 7
    features[:, 0] = 3.0
    return features.astype(np.float32), target


def probabilities(head: Head, features: np.ndarray) -> np.ndarray:
    logits = features.astype(np.float64) @ head.weight.T.astype(np.float64) + head.bias
    shifted = np.exp(logits - logits.max(axis=1, keepdims=True))
    return shifted / shifted.sum(axis=1, keepdims=True)


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize(("each", "size"), [(10, 60), (40, 8)])
def test_it_is_scikit_learn_on_standardised_features(classes: int, each: int, size: int) -> None:
    features, target = clouds(classes, each=each, size=size, apart=0.5, seed=1)
    scheme = LabelScheme(SCHEME.names[:classes])
    head = fit_head(features, target, scheme=scheme, seed=0, l2_grid=(10.0,))
    assert head.weight.shape == (classes, size)
    assert head.weight.dtype == head.bias.dtype == np.float32
    scaler = StandardScaler().fit(features.astype(np.float64))
    plain = LogisticRegression(C=0.1, tol=1e-8, max_iter=5000)
    plain.fit(scaler.transform(features.astype(np.float64)), target)
    expected = plain.predict_proba(scaler.transform(features.astype(np.float64)))
    np.testing.assert_allclose(probabilities(head, features), expected, atol=2e-3)


def test_the_penalty_follows_the_data() -> None:
    easy, target = clouds(3, each=30, size=40, apart=3.0, seed=2)
    head = fit_head(easy, target, scheme=SCHEME, seed=0)
    assert head.validation_accuracy > 0.95
    noise = np.random.default_rng(3).normal(size=(90, 40)).astype(np.float32)
    lost = fit_head(noise, target, scheme=SCHEME, seed=0)
    assert lost.validation_accuracy < 0.55


def test_validation_answers_come_from_folds_that_did_not_see_the_picture() -> None:
    noise = np.random.default_rng(4).normal(size=(60, 200)).astype(np.float32)
    target = np.tile([0, 1, 2], 20)
    head = fit_head(noise, target, scheme=SCHEME, seed=0, l2_grid=(1.0,))
    assert (probabilities(head, noise).argmax(axis=1) == target).mean() == 1.0
    held_out = head.validation_probabilities
    assert held_out.shape == (60, 3)
    np.testing.assert_allclose(held_out.sum(axis=1), 1.0, atol=1e-5)
    assert (held_out.argmax(axis=1) == target).mean() == head.validation_accuracy < 0.6


def test_the_seed_decides() -> None:
    features, target = clouds(3, each=12, size=20, apart=0.4, seed=5)
    one, same = (fit_head(features, target, scheme=SCHEME, seed=7) for _ in range(2))
    np.testing.assert_array_equal(one.weight, same.weight)
    np.testing.assert_array_equal(one.validation_probabilities, same.validation_probabilities)


@settings(max_examples=15, deadline=None)
@given(scale=st.floats(1e-3, 1e3), shift=st.floats(-100, 100))
def test_the_scale_of_the_features_does_not_matter(scale: float, shift: float) -> None:
    generator = np.random.default_rng(6)
    features, target = generator.normal(size=(30, 5)), np.tile([0, 1, 2], 10)
    plain = fit_head(features, target, scheme=SCHEME, seed=0, l2_grid=(10.0,))
    moved = fit_head(features * scale + shift, target, scheme=SCHEME, seed=0, l2_grid=(10.0,))
    np.testing.assert_allclose(
        probabilities(plain, features), probabilities(moved, features * scale + shift), atol=5e-3
    )


@pytest.mark.parametrize(
    ("features", "labels", "message"),
    [
        (
            np.zeros((5, 2)),
            [0, 0, 1, 1, 2],
            "Expected at least 2 pictures of every class; found 1 of bent. "
            "Label more pictures, or leave the class out.",
        ),
        (
            np.zeros((4, 2)),
            [0, 0, 1, 1],
            "Expected at least 2 pictures of every class; found 0 of bent. "
            "Label more pictures, or leave the class out.",
        ),
        (
            np.zeros((4, 2)),
            [0, 0, 1],
            "Expected finite features (n, d) for n labels; found shape (4, 2) for 3 labels. "
            "Compute the features again.",
        ),
        (
            np.full((4, 2), np.nan),
            [0, 0, 1, 1],
            "Expected finite features (n, d) for n labels; found shape (4, 2) for 4 labels, some not finite. "
            "Compute the features again.",
        ),
        (
            np.zeros((4, 2)),
            [0, 0, 1, 3],
            "Expected labels from 0 to the number of classes, of two or more; found 3 classes. "
            "Check the labels.",
        ),
    ],
)
def test_what_cannot_be_fitted_is_refused(features: np.ndarray, labels: list[int], message: str) -> None:
    with pytest.raises(BadRequest) as refused:
        fit_head(features, labels, scheme=SCHEME, seed=0)
    assert str(refused.value) == message


@pytest.mark.parametrize("grid", [(), (0.0, 1.0)])
def test_a_grid_without_penalties_is_refused(grid: tuple[float, ...]) -> None:
    features, target = clouds(3, each=4, size=5, apart=1.0, seed=8)
    with pytest.raises(BadRequest, match="Expected L2 penalties above 0 to try"):
        fit_head(features, target, scheme=SCHEME, seed=0, l2_grid=grid)


@pytest.fixture(params=["bundled", "vit_folder", "resnet_folder"])
def backbone(request: pytest.FixtureRequest) -> LoadedModel:
    made = request.getfixturevalue(request.param)
    return made if isinstance(made, LoadedModel) else load_model(made)


def test_a_head_becomes_a_complete_model(
    backbone: LoadedModel, pictures: list[Image.Image], tmp_path: Path
) -> None:
    before = Classifier(backbone).predict(pictures)
    features = compute_features(backbone, pictures)
    scheme = LabelScheme(("left", "right"))
    head = fit_head(features, [0, 1, 0, 1, 0, 1], scheme=scheme, seed=0, l2_grid=(1.0,))
    complete = attach_head(backbone, head, scheme, abstain_below=0.625)
    assert [a.scores for a in Classifier(backbone).predict(pictures)] == [a.scores for a in before]
    assert complete.labels == scheme
    assert complete.revision.startswith(f"{backbone.revision}+head:")
    answers = Classifier(complete).predict(pictures)
    expected = probabilities(head, features)
    np.testing.assert_allclose([list(a.scores.values()) for a in answers], expected, atol=1e-5)

    folder = tmp_path / "trained"
    revision = save_model(complete, folder)
    opened = open_classifier(folder, labels=scheme)
    assert (opened.revision, opened.abstain_below, opened.labels) == (revision, 0.625, scheme)
    for one, other in zip(opened.predict(pictures), answers, strict=True):
        assert one.scores == pytest.approx(other.scores, abs=1e-6)
    plain = pipeline("image-classification", model=str(folder))
    for picture, answer in zip(pictures, answers, strict=True):
        said = {each["label"]: each["score"] for each in plain(picture)}
        assert said == pytest.approx(answer.scores, abs=1e-5)
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    assert config["id2label"] == {"0": "left", "1": "right"}
    assert config.get("label_names", ["left", "right"]) == ["left", "right"]
    assert config.get("num_classes", 2) == 2


def test_a_trained_model_can_be_trained_again(
    bundled: LoadedModel, pictures: list[Image.Image], tmp_path: Path
) -> None:
    folder = tmp_path / "first"
    two, three = LabelScheme(("left", "right")), LabelScheme(("a", "b", "c"))
    features = compute_features(bundled, pictures)
    first = fit_head(features, [0, 1, 0, 1, 0, 1], scheme=two, seed=0, l2_grid=(1.0,))
    save_model(attach_head(bundled, first, two), folder)
    again = load_model(folder)
    np.testing.assert_allclose(compute_features(again, pictures), features, atol=1e-4)
    second = fit_head(features, [0, 1, 2, 0, 1, 2], scheme=three, seed=0, l2_grid=(1.0,))
    save_model(attach_head(again, second, three), tmp_path / "second")
    shutil.rmtree(folder)
    assert open_classifier(tmp_path / "second").labels == three
    plain = pipeline("image-classification", model=str(tmp_path / "second"))
    assert {each["label"] for each in plain(pictures[0])} == {"a", "b", "c"}


def test_a_head_of_another_shape_is_refused(vit_folder: Path) -> None:
    scheme = LabelScheme(("left", "right"))
    head = Head(np.zeros((2, 7), np.float32), np.zeros(2, np.float32), 1.0, 0.5, np.zeros((0, 2), np.float32))
    with pytest.raises(BadRequest) as refused:
        attach_head(load_model(vit_folder), head, scheme)
    assert str(refused.value) == (
        "Expected a head of shape (2, 32) and abstain_below from 0 to 1; found (2, 7) and 0.0. "
        "Fit the head on features of this backbone, for these labels."
    )
