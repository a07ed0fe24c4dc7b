"""Dense layers before the head: the backbone stays, the whole comes back from a folder."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from PIL import Image
from transformers import AutoModelForImageClassification, pipeline

from tests.models.made import SCHEME, tiny
from vitrina.errors import BadRequest
from vitrina.labels import LabelScheme
from vitrina.models.backbone import load_model, save_model
from vitrina.models.classifier import Classifier
from vitrina.models.features import compute_features, final_linear
from vitrina.models.layers import freeze, layer_groups
from vitrina.models.mlp_head import BackboneWithMlpForImageClassification, register, with_mlp_head
from vitrina.models.preprocessing import with_preprocessing
from vitrina.models.trainable import load_backbone

FIVE = LabelScheme(("a", "b", "c", "d", "e"), task="multi_label")


@pytest.mark.parametrize(
    "name", ["vit-tiny", "resnet-18", "dinov2-small", "timm/resnet10t", "timm/vit_tiny_patch16_224"]
)
def test_it_comes_back_as_it_was(name: str, tmp_path: Path, pictures: list[Image.Image]) -> None:
    before = tiny(name)
    made = with_mlp_head(before, FIVE, hidden_units=[7, 6], seed=1)
    save_model(made, tmp_path / "mlp")
    register()
    plain = AutoModelForImageClassification.from_pretrained(tmp_path / "mlp")
    assert type(plain) is BackboneWithMlpForImageClassification
    again = load_model(tmp_path / "mlp")
    assert again.labels == FIVE
    for key, value in made.model.state_dict().items():
        assert torch.equal(plain.state_dict()[key], value), key
        assert torch.equal(again.model.state_dict()[key], value), key
    for key, value in before.model.state_dict().items():
        if f"backbone.{key}" in made.model.state_dict():
            assert torch.equal(made.model.state_dict()[f"backbone.{key}"], value), key
    said = pipeline("image-classification", model=str(tmp_path / "mlp"))(pictures[0])
    features = torch.from_numpy(compute_features(again, pictures[:1]))
    assert features.shape == (1, 6)
    expected = final_linear(made)[2](features)[0].sigmoid().tolist()
    assert {each["label"]: each["score"] for each in said} == pytest.approx(
        dict(zip(FIVE.names, expected, strict=True)), abs=1e-5
    )


def test_it_gives_what_its_parts_give(pictures: list[Image.Image]) -> None:
    before = tiny("vit-tiny")
    made = with_mlp_head(before, SCHEME, hidden_units=[7], seed=1)
    features = torch.from_numpy(compute_features(before, pictures))
    with torch.inference_mode():
        scores = made.model.classifier(made.model.hidden[0](features)).softmax(dim=1)
    for answer, expected in zip(Classifier(made).predict(pictures), scores, strict=True):
        assert list(answer.scores.values()) == pytest.approx(expected.tolist(), abs=1e-5)


def test_seed_loss_layers(tmp_path: Path) -> None:
    before = tiny("vit-tiny")
    torch.manual_seed(3)
    expected = torch.rand(1)
    torch.manual_seed(3)
    made = with_mlp_head(before, SCHEME, hidden_units=[7], seed=1)
    assert torch.equal(torch.rand(1), expected)
    same, other = (with_mlp_head(before, SCHEME, hidden_units=[7], seed=seed) for seed in (1, 2))
    assert torch.equal(same.model.hidden[0][0].weight, made.model.hidden[0][0].weight)
    assert not torch.equal(other.model.hidden[0][0].weight, made.model.hidden[0][0].weight)
    pixels, target = torch.zeros(2, 3, 32, 32), torch.tensor([0, 2])
    output = made.model(pixel_values=pixels, labels=target)
    torch.testing.assert_close(output.loss, torch.nn.functional.cross_entropy(output.logits, target))
    groups = layer_groups(made.model)
    assert len(groups) == 6
    norm = ["backbone.vit.layernorm.weight", "backbone.vit.layernorm.bias"]
    assert groups[-2] == [*norm, "hidden.0.0.weight", "hidden.0.0.bias"]
    assert freeze(made.model, mode="head") == 7 * 16 + 7 + 3 * 7 + 3
    assert freeze(made.model, mode="last_n", last_n=1) == 2 * 16 + 7 * 16 + 7 + 3 * 7 + 3
    save_model(made, tmp_path / "mlp")
    fresh = load_backbone(tmp_path / "mlp", FIVE, seed=0)
    assert torch.equal(fresh.model.hidden[0][0].weight, made.model.hidden[0][0].weight)
    assert fresh.model.classifier.out_features == 5


def test_what_is_refused() -> None:
    for units, dropout in (([], 0.1), ([0], 0.1), ([4], 1.0)):
        with pytest.raises(BadRequest) as refused:
            with_mlp_head(tiny("vit-tiny"), SCHEME, hidden_units=units, dropout=dropout)
        assert str(refused.value) == (
            "Expected dense layers of at least 1 unit and a dropout from 0 to below 1; "
            f"found {units} and {dropout}. Correct the head's options, or leave them out for a linear head."
        )
    with pytest.raises(BadRequest) as refused:
        with_preprocessing(with_mlp_head(tiny("vit-tiny"), SCHEME, hidden_units=[4]), size=64)
    assert str(refused.value) == (
        "Expected a backbone alone; found one that has its dense layers. Set the preprocessing first."
    )
