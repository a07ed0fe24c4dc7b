"""The network of one's own: what it computes, that it comes back from a folder as it was."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from transformers import AutoModelForImageClassification, pipeline

from tests.models.made import SCHEME, tiny
from vitrina.errors import BadRequest
from vitrina.labels import LabelScheme
from vitrina.models.architectures import new_model
from vitrina.models.backbone import load_model, save_model
from vitrina.models.classifier import Classifier
from vitrina.models.features import compute_features, final_linear
from vitrina.models.small_cnn import SmallCnnConfig, SmallCnnForImageClassification, register


def network(**options: Any) -> SmallCnnForImageClassification:
    torch.manual_seed(0)
    return SmallCnnForImageClassification(SmallCnnConfig(num_labels=3, **options)).eval()


@pytest.mark.parametrize("side", [1, 2, 7, 32, 61])
@pytest.mark.parametrize("kernels", [[3, 3], [2, 2], [1, 5]])
def test_any_size_works(side: int, kernels: list[int]) -> None:
    model = network(channels=[4, 5], kernel_sizes=kernels, pooling=3, pooled_side=2)
    assert model(torch.zeros(2, 3, side, side + 3)).logits.shape == (2, 3)


def test_saved_it_loads_by_transformers_and_by_us_exactly(tmp_path: Path, pictures: list[Image.Image]) -> None:
    options = {"channels": [4, 6], "kernel_sizes": [3, 2], "grey": True, "batch_norm": True, "l2": 0.01}
    made = new_model("small-cnn", SCHEME, size=24, seed=3, options=options)
    save_model(made, tmp_path / "cnn")
    register()
    register()
    plain = AutoModelForImageClassification.from_pretrained(tmp_path / "cnn")
    assert type(plain) is SmallCnnForImageClassification
    ours = load_model(tmp_path / "cnn")
    for name, value in made.model.state_dict().items():
        assert torch.equal(plain.state_dict()[name], value), name
        assert torch.equal(ours.model.state_dict()[name], value), name
    assert ours.model.config.channels == [4, 6]
    assert ours.model.config.grey is True
    assert [a.scores for a in Classifier(ours).predict(pictures)] == [
        a.scores for a in Classifier(made).predict(pictures)
    ]


def test_a_plain_pipeline_reads_it(
    tmp_path: Path, pictures: list[Image.Image], caplog: pytest.LogCaptureFixture
) -> None:
    made = tiny("small-cnn")
    save_model(made, tmp_path / "cnn")
    register()
    answers = Classifier(made).predict(pictures)
    plain = pipeline("image-classification", model=str(tmp_path / "cnn"))
    for picture, answer in zip(pictures, answers, strict=True):
        assert {each["label"]: each["score"] for each in plain(picture)} == pytest.approx(answer.scores, abs=1e-6)
    assert "not supported" not in caplog.text


def test_grey_is_the_luminance() -> None:
    model = network(grey=True)
    colours = torch.rand(1, 3, 8, 8, generator=torch.Generator().manual_seed(1))
    weights = torch.tensor([0.299, 0.587, 0.114]).view(1, 3, 1, 1)
    luminance = (colours * weights).sum(dim=1, keepdim=True).expand(1, 3, 8, 8)
    torch.testing.assert_close(model((colours - 0.5) / 0.5).logits, model((luminance - 0.5) / 0.5).logits)
    assert not torch.allclose(model(colours).logits, model(colours.flip(1)).logits)
    assert model.blocks[0][0].weight.shape[1] == 1


def test_the_penalty_counts_weights_not_biases() -> None:
    model = network(channels=[2], kernel_sizes=[3], hidden_units=[4], l1=0.5, l2=2.0)
    weights = [value for name, value in model.named_parameters() if name.endswith("weight")]
    assert len(weights) == 3
    expected = sum(0.5 * w.abs().sum() + 2.0 * w.square().sum() for w in weights)
    torch.testing.assert_close(model.penalty(), expected)
    model.penalty().backward()
    assert model.classifier.bias.grad is None
    assert model.classifier.weight.grad is not None
    assert network().penalty() == 0.0


def test_the_losses_of_the_three_tasks() -> None:
    model, pixels = network(), torch.rand(4, 3, 8, 8, generator=torch.Generator().manual_seed(1))
    logits = model(pixels).logits
    model.config.problem_type = "single_label_classification"
    target = torch.tensor([0, 2, 1, 1])
    torch.testing.assert_close(
        model(pixels, labels=target).loss, torch.nn.functional.cross_entropy(logits, target)
    )
    model.config.problem_type = "multi_label_classification"
    share = torch.tensor([[0.25, 1.0, 0.0]] * 4)
    torch.testing.assert_close(
        model(pixels, labels=share).loss,
        torch.nn.functional.binary_cross_entropy_with_logits(logits, share),
    )


def test_it_learns(pictures: list[Image.Image]) -> None:
    """Red or blue: a few steps are enough."""
    made = new_model("small-cnn", LabelScheme(("red", "blue")), size=16, seed=0, options={"dropout": 0.0})
    generator = torch.Generator().manual_seed(0)
    pixels, target = torch.rand(16, 3, 16, 16, generator=generator) / 4, torch.arange(16) % 2
    pixels[target == 0, 0] += 0.5
    pixels[target == 1, 2] += 0.5
    optimiser = torch.optim.Adam(made.model.parameters(), lr=0.005)
    for _ in range(25):
        loss = made.model(pixels, labels=target).loss
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    assert loss.item() < 0.1


def test_its_features_give_its_logits(pictures: list[Image.Image]) -> None:
    made = tiny("small-cnn")
    features = compute_features(made, pictures)
    assert features.shape == (6, 6)
    with torch.inference_mode():
        said = final_linear(made)[2](torch.from_numpy(features)).softmax(dim=1).numpy()
    expected = [list(answer.scores.values()) for answer in Classifier(made).predict(pictures)]
    np.testing.assert_allclose(said, expected, atol=1e-6)


@pytest.mark.parametrize(
    "options",
    [
        {"channels": []},
        {"channels": [4]},
        {"channels": [4, 0, 4]},
        {"kernel_sizes": [3, 3, 9]},
        {"pooling": 0},
        {"dropout": 1.0},
        {"l2": float("nan")},
    ],
)
def test_options_out_of_range_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(BadRequest) as refused:
        SmallCnnConfig(**options)
    assert str(refused.value).startswith(
        "Expected one kernel size (1 to 7) for each number of channels, whole numbers above 0, "
        "dropout from 0 to below 1, l1 and l2 of at least 0; found channels "
    )
    assert str(refused.value).endswith("Correct the options of the network.")
