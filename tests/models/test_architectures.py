"""New models: by seed, by options; what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from transformers import AutoConfig, AutoModelForImageClassification

from tests.models.made import SCHEME, TINY, tiny
from vitrina.errors import BadRequest, ModelUnavailable
from vitrina.models.architectures import ARCHITECTURES, new_model
from vitrina.models.backbone import load_model, save_model
from vitrina.models.classifier import Classifier
from vitrina.models.features import compute_features, final_linear
from vitrina.models.preprocessing import fit_of, input_size

# Published counts with 1000 classes: torchvision (ResNets), timm (ViTs), the papers' tables.
MILLIONS = {
    "resnet-18": 11.69,
    "resnet-34": 21.80,
    "resnet-50": 25.56,
    "resnet-152": 60.19,
    "vit-tiny": 5.72,
    "vit-small": 22.05,
    "vit-base": 86.57,
    "efficientnet-b0": 5.29,
    "convnext-tiny": 28.59,
}


@pytest.mark.parametrize("name", sorted(TINY))
def test_a_new_model_answers_and_comes_back(
    name: str, tmp_path: Path, pictures: list[Image.Image]
) -> None:
    made = tiny(name, seed=7)
    assert made.revision == f"scratch/{name}@seed7"
    assert str(made.reference) == f"scratch/{name}"
    assert (made.labels, input_size(made), fit_of(made)) == (SCHEME, TINY[name][1], "crop")
    assert not made.model.training
    features = compute_features(made, pictures)
    with torch.inference_mode():
        said = final_linear(made)[2](torch.from_numpy(features)).softmax(dim=1).numpy()
    scores = [list(answer.scores.values()) for answer in Classifier(made).predict(pictures)]
    np.testing.assert_allclose(said, scores, atol=1e-5)
    save_model(made, tmp_path / "saved")
    again = load_model(tmp_path / "saved")
    assert again.labels == SCHEME
    for key, value in made.model.state_dict().items():
        assert torch.equal(again.model.state_dict()[key], value), key
    said = [list(answer.scores.values()) for answer in Classifier(again).predict(pictures)]
    np.testing.assert_allclose(said, scores, atol=1e-6)


@pytest.mark.parametrize("name", ["small-cnn", "vit-tiny", "timm/resnet10t"])
def test_the_seed_decides_alone(name: str) -> None:
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    one = tiny(name, seed=1).model.state_dict()
    assert torch.equal(torch.rand(3), expected)
    same, other = tiny(name, seed=1).model.state_dict(), tiny(name, seed=2).model.state_dict()
    assert all(torch.equal(one[key], same[key]) for key in one)
    assert any(not torch.equal(one[key], other[key]) for key in one)


def test_a_timm_model_starts_as_timm_starts_it() -> None:
    """The wrapper would draw every convolution with a deviation of 0.02."""
    first = tiny("timm/resnet10t").model.timm_model.conv1[0].weight
    assert first.std().item() == pytest.approx((2 / (first.shape[0] * 9)) ** 0.5, rel=0.25)


def test_a_new_efficientnet_has_a_signal_to_learn_from() -> None:
    """As transformers draws it, all pictures give the same numbers; its norms would keep the last batch alone."""
    made = tiny("efficientnet-b0")
    noise = torch.randn(4, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    made.model.train()
    with torch.no_grad():
        hidden = made.model.efficientnet(pixel_values=noise).pooler_output
    assert hidden.std(dim=0).mean() > 0.1
    momenta = {m.momentum for m in made.model.modules() if isinstance(m, torch.nn.BatchNorm2d)}
    assert momenta == {0.01, 0.1}


@pytest.mark.parametrize("name", sorted(MILLIONS))
def test_the_standard_sizes_are_the_published_ones(name: str) -> None:
    kind, options = ARCHITECTURES[name]
    config = AutoConfig.for_model(kind, num_labels=1000, **options)
    with torch.device("meta"):
        model = AutoModelForImageClassification.from_config(config)
    millions = sum(parameter.numel() for parameter in model.parameters()) / 1e6
    assert millions == pytest.approx(MILLIONS[name], abs=0.006)


def refusal(name: str, size: Any = 32, **options: Any) -> str:
    with pytest.raises(BadRequest) as refused:
        new_model(name, SCHEME, size=size, seed=0, options=options)
    return str(refused.value)


def test_an_unknown_name() -> None:
    assert refusal("resnet-19") == (
        "Expected an architecture among convnext-tiny, dinov2-small, efficientnet-b0, resnet-152, resnet-18, "
        "resnet-34, resnet-50, small-cnn, vit-base, vit-small, vit-tiny, timm/<architecture>; found 'resnet-19'. "
        "Name a known one."
    )


def test_an_unknown_name_of_timm() -> None:
    text = refusal("timm/resnet19")
    assert text.startswith("Expected an architecture of timm ")
    assert "found 'resnet19'. Did you mean resnet18" in text or "Did you mean" in text
    assert refusal("timm/zzzzzzzz").endswith("timm.list_models() names them.")


def test_an_unknown_option() -> None:
    assert refusal("small-cnn", colour=True) == (
        "Expected options of small-cnn among batch_norm, block_dropout, channels, dropout, grey, hidden_units, "
        "kernel_sizes, l1, l2, pooled_side, pooling; found colour. Correct the options of the model."
    )


def test_options_that_do_not_fit() -> None:
    assert refusal("timm/resnet10t", nonsense=3).startswith(
        "Expected options that timm/resnet10t can be built with; found {'nonsense': 3} ("
    )
    assert refusal("small-cnn", channels=[4]).startswith("Expected one kernel size (1 to 7) for each number")
    assert refusal("efficientnet-b0", hidden_dim=24, depth_coefficient=0.1) == (
        "Expected options with which efficientnet-b0 sees pictures of 32 pixels; found {'hidden_dim': 24, "
        "'depth_coefficient': 0.1} with which it cannot. Correct the options of the model, or the size."
    )


def test_sizes_that_do_not_fit() -> None:
    assert refusal("vit-tiny", size=100) == (
        "Expected a size that is a multiple of vit-tiny's patch of 16 pixels; found 100. Use 96 or 112."
    )
    assert refusal("resnet-18", size=4) == "Expected a size from 8 to 2048 pixels; found 4. Use 224."


def test_a_new_model_is_not_loaded() -> None:
    with pytest.raises(ModelUnavailable) as refused:
        load_model(tiny("small-cnn").reference)
    assert str(refused.value) == (
        "Expected a model with weights; found scratch/small-cnn, which has none yet. "
        "Train it, then name the folder of the trained model."
    )
