"""Heat lies where the reason is; the model is left as it was found."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from tests.models.trained_on_squares import SQUARE, square_cnn, square_vit, squares
from vitrina.errors import BadRequest, ModelUnavailable
from vitrina.models.backbone import LoadedModel, load_model
from vitrina.models.deletion import Deletion, deletion_test
from vitrina.models.explain import heat_map, method_of

CNN = [("square_cnn", "grad_cam")]
VIT = [("square_vit", "attention_rollout"), ("square_vit", "gradient_rollout")]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, LoadedModel]:
    folder = tmp_path_factory.mktemp("squares")
    return {"square_cnn": square_cnn(folder), "square_vit": square_vit(folder)}


@pytest.mark.parametrize(("name", "method"), CNN + VIT)
def test_the_peak_lies_in_the_square_that_decides(
    made: dict[str, LoadedModel], name: str, method: str
) -> None:
    pictures, classes, corners = squares(20, seed=7)
    heats = heat_map(made[name], pictures, method=method)
    assert heats.shape == (20, 32, 32)
    assert heats.dtype == np.float32
    assert heats.min() >= 0
    assert (heats.max(axis=(1, 2)) == 1).all()
    inside = 0
    for heat, (top, left) in zip(heats, corners, strict=True):
        row, column = np.unravel_index(heat.argmax(), heat.shape)
        inside += top <= row < top + SQUARE and left <= column < left + SQUARE
    assert inside >= 19
    # It was the model's own answer that was explained, and the answer was right.
    named = heat_map(made[name], pictures, targets=[("red", "green")[kind] for kind in classes], method=method)
    np.testing.assert_array_equal(named, heats)


def test_nothing_speaks_for_the_class_that_is_not_there(made: dict[str, LoadedModel]) -> None:
    pictures, classes, corners = squares(8, seed=3)
    heats = heat_map(made["square_cnn"], pictures, targets=list(1 - classes))
    for heat, (top, left) in zip(heats, corners, strict=True):
        assert heat[top + 4 : top + 6, left + 4 : left + 6].max() < 0.2


@pytest.mark.parametrize(("name", "method"), [*CNN, *VIT, ("square_vit", "grad_cam")])
def test_the_model_is_left_as_it_was_found(made: dict[str, LoadedModel], name: str, method: str) -> None:
    model = made[name].model
    # The first time that attention is asked for, transformers hangs hooks of its own into the model, for good.
    heat_map(made[name], squares(1, seed=0)[0], method=method)
    hooks = {key: len(module._forward_hooks) for key, module in model.named_modules()}
    model.train()
    first = next(model.parameters())
    frozen = list(model.parameters())[-1].requires_grad_(False)
    first.grad = torch.ones_like(first)
    modes = {key: module.training for key, module in model.named_modules()}
    attention = model.config._attn_implementation
    try:
        heat_map(made[name], squares(2, seed=0)[0], method=method)
        assert {key: module.training for key, module in model.named_modules()} == modes
        assert model.config._attn_implementation == attention
        assert (first.grad == 1).all()
        assert [parameter.requires_grad for parameter in model.parameters()].count(False) == 1
        assert sum(parameter.grad is not None for parameter in model.parameters()) == 1
        assert {key: len(module._forward_hooks) for key, module in model.named_modules()} == hooks
    finally:
        first.grad = None
        frozen.requires_grad_(True)
        model.eval()


@pytest.mark.parametrize(("name", "method"), CNN + VIT)
def test_frozen_models_and_inference_mode_are_no_hindrance(
    made: dict[str, LoadedModel], name: str, method: str
) -> None:
    pictures = squares(3, seed=5)[0]
    expected = heat_map(made[name], pictures, method=method)
    made[name].model.requires_grad_(False)
    try:
        with torch.inference_mode():
            heats = heat_map(made[name], pictures, method=method, batch_size=2)
    finally:
        made[name].model.requires_grad_(True)
    np.testing.assert_allclose(heats, expected, atol=1e-4)


def test_auto_is_the_best_by_the_deletion_test(made: dict[str, LoadedModel]) -> None:
    pictures = squares(2, seed=1)[0]
    for name, method in (("square_cnn", "grad_cam"), ("square_vit", "gradient_rollout")):
        assert method_of(made[name], pictures[0]) == method
        np.testing.assert_array_equal(
            heat_map(made[name], pictures), heat_map(made[name], pictures, method=method)
        )


def test_no_pictures_no_maps(made: dict[str, LoadedModel]) -> None:
    assert heat_map(made["square_cnn"], []).shape == (0, 0, 0)


def test_methods_and_targets_are_checked(made: dict[str, LoadedModel]) -> None:
    pictures = squares(2, seed=1)[0]
    refusals = {
        "Expected a method among auto, grad_cam, attention_rollout, gradient_rollout; found 'lime'. "
        'Use "auto".': {"method": "lime"},
        "Expected one target a picture, 2; found 1. Give as many targets as pictures.": {"targets": [0]},
        "Expected targets from 0 to 1; found 2. Give the class's output, or its name.": {"targets": [0, 2]},
        "Expected one of the labels red, green; found 'blue'. "
        "Choose a known label, or add it to the collection first.": {"targets": ["red", "blue"]},
    }
    for said, given in refusals.items():
        with pytest.raises(BadRequest) as refused:
            heat_map(made["square_cnn"], pictures, **given)
        assert str(refused.value) == said


def test_damaged_weights_are_told(resnet_folder: Path, pictures: list[Image.Image]) -> None:
    loaded = load_model(resnet_folder)
    torch.nn.init.constant_(next(loaded.model.resnet.encoder.parameters()), float("nan"))
    with pytest.raises(ModelUnavailable) as refused:
        heat_map(replace(loaded, revision="tiny@1"), pictures[:1])
    assert str(refused.value) == (
        "Expected finite numbers from tiny@1; found NaN. Copy the model again: its weights are damaged."
    )


@pytest.mark.parametrize("name", ["bundled", "vit"])
def test_on_real_photos_the_answer_goes_with_the_heat(
    name: str, request: pytest.FixtureRequest, shared_data: Path
) -> None:
    folder = shared_data / "weights_vit_tiny_patch16_224"
    loaded = request.getfixturevalue("bundled") if name == "bundled" else load_model(folder)
    photos = [sorted(kind.glob("*.jpg"))[0] for kind in sorted((shared_data / "trashnet").glob("*/"))]
    assert len(photos) == 6
    heats = heat_map(loaded, photos)
    told = deletion_test(loaded, photos, heats, settings=Deletion(steps=4, seeds=1))
    assert told["n"] == 6
    assert told["area"] < told["area_random"] < told["area_reverse"]
    assert told["better_share"] > 0.5
