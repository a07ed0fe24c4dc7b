"""The layer before the head."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from vitrina.errors import ModelUnavailable
from vitrina.models.backbone import LoadedModel, load_model
from vitrina.models.classifier import Classifier
from vitrina.models.features import compute_features, final_linear


def softmax_of(loaded: LoadedModel, features: np.ndarray) -> np.ndarray:
    _, _, linear = final_linear(loaded)
    with torch.inference_mode():
        return linear(torch.from_numpy(features)).softmax(dim=1).numpy()


@pytest.mark.parametrize(("made", "size"), [("vit_folder", 32), ("resnet_folder", 16)])
def test_the_head_on_the_features_is_the_classifier(
    made: str, size: int, request: pytest.FixtureRequest, pictures: list[Image.Image]
) -> None:
    loaded = load_model(request.getfixturevalue(made))
    features = compute_features(loaded, pictures, batch_size=4)
    assert features.shape == (6, size)
    assert features.dtype == np.float32
    expected = [list(answer.scores.values()) for answer in Classifier(loaded).predict(pictures)]
    np.testing.assert_allclose(softmax_of(loaded, features), expected, atol=1e-5)


def test_so_it_is_with_the_bundled_model(bundled: LoadedModel, pictures: list[Image.Image]) -> None:
    features = compute_features(bundled, pictures)
    assert features.shape == (6, 1280)
    expected = [list(answer.scores.values()) for answer in Classifier(bundled).predict(pictures)]
    np.testing.assert_allclose(softmax_of(bundled, features), expected, atol=1e-5)


def test_progress_is_told_after_each_batch(vit_folder: Path, pictures: list[Image.Image]) -> None:
    told: list[tuple[int, int]] = []
    compute_features(
        load_model(vit_folder), pictures, batch_size=4, progress=lambda done, of: told.append((done, of))
    )
    assert told == [(4, 6), (6, 6)]


def test_no_pictures_no_features(vit_folder: Path) -> None:
    assert compute_features(load_model(vit_folder), []).shape == (0, 32)


def test_the_model_is_left_without_a_hook(vit_folder: Path, pictures: list[Image.Image]) -> None:
    loaded = load_model(vit_folder)
    with pytest.raises(RuntimeError, match="stop"):
        compute_features(loaded, pictures, progress=_stop)
    assert not final_linear(loaded)[2]._forward_pre_hooks


def _stop(_done: int, _of: int) -> None:
    raise RuntimeError("stop")


def test_a_model_without_one_final_linear_layer_is_refused(vit_folder: Path) -> None:
    loaded = load_model(vit_folder)
    loaded.model.classifier = torch.nn.Identity()
    with pytest.raises(ModelUnavailable) as refused:
        final_linear(replace(loaded))
    assert str(refused.value) == (
        f"Expected one final linear layer with 3 outputs in {vit_folder}; "
        "found Identity in ViTForImageClassification. "
        "Choose another backbone, such as bundled/efficientnet-lite0 or a ViT."
    )


def test_features_that_are_not_pooled_are_refused(vit_folder: Path, pictures: list[Image.Image]) -> None:
    loaded = load_model(vit_folder)

    class Unpooled(torch.nn.Module):
        timm_model = None

        def __init__(self) -> None:
            super().__init__()
            self.classifier = torch.nn.Linear(4, 3)

        def forward(self, pixel_values: torch.Tensor) -> torch.Tensor:
            return self.classifier(torch.zeros(len(pixel_values), 5, 4))

    with pytest.raises(
        ModelUnavailable, match=r"Expected pooled features \(batch, d\).*found shape \(6, 5, 4\)"
    ):
        compute_features(replace(loaded, model=Unpooled()), pictures)
