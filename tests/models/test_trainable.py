"""Backbones of every kind with a fresh head; nothing else may be new."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file
from transformers import (
    Dinov2Config,
    Dinov2Model,
    ViTConfig,
    ViTForMaskedImageModeling,
    ViTImageProcessor,
    ViTModel,
    pipeline,
)

from tests.models.made import SCHEME, tiny
from vitrina.errors import ModelUnavailable
from vitrina.labels import LabelScheme
from vitrina.models.backbone import LoadedModel, load_model, save_model
from vitrina.models.classifier import Classifier
from vitrina.models.features import final_linear, head_path
from vitrina.models.inputs import pixel_values
from vitrina.models.trainable import load_backbone

FIVE = LabelScheme(("a", "b", "c", "d", "e"))
_VIT: dict[str, Any] = {"hidden_size": 16, "num_attention_heads": 2, "num_hidden_layers": 2, "image_size": 32}
_VIT |= {"patch_size": 8, "intermediate_size": 24}


def rest(loaded: LoadedModel) -> dict[str, torch.Tensor]:
    """Every tensor but the head's."""
    head = head_path(loaded.model, said="it")
    return {key: value for key, value in loaded.model.state_dict().items() if not key.startswith(f"{head}.")}


def same_rest(one: LoadedModel, other: LoadedModel) -> bool:
    mine, theirs = rest(one), rest(other)
    return mine.keys() == theirs.keys() and all(torch.equal(mine[key], theirs[key]) for key in mine)


@pytest.mark.parametrize("name", ["vit-tiny", "resnet-18", "dinov2-small", "small-cnn", "timm/resnet10t"])
@pytest.mark.parametrize("scheme", [SCHEME, FIVE], ids=["same number", "another number"])
def test_the_backbone_stays_the_head_is_new(name: str, scheme: LabelScheme, tmp_path: Path) -> None:
    made = tiny(name, seed=3)
    made.model.config.abstain_below = 0.7
    save_model(made, tmp_path / "one")
    torch.manual_seed(9)
    expected = torch.rand(2)
    torch.manual_seed(9)
    loaded = load_backbone(tmp_path / "one", scheme, seed=1)
    assert torch.equal(torch.rand(2), expected)
    assert same_rest(loaded, made)
    head = final_linear(loaded)[2]
    assert head.out_features == len(scheme.names)
    assert head.bias.eq(0).all()
    assert 0 < head.weight.abs().max() <= 0.04
    if scheme == SCHEME:
        assert not torch.equal(head.weight, final_linear(made)[2].weight)
    again = load_backbone(str(tmp_path / "one"), scheme, seed=1)
    other = load_backbone(str(tmp_path / "one"), scheme, seed=2)
    assert torch.equal(final_linear(again)[2].weight, head.weight)
    assert not torch.equal(final_linear(other)[2].weight, head.weight)
    assert loaded.revision.startswith("one@sha256:")
    assert loaded.labels == scheme
    assert not hasattr(loaded.model.config, "abstain_below")
    assert not loaded.model.training


def test_the_bundled_model(bundled: LoadedModel, tmp_path: Path, pictures: list[Image.Image]) -> None:
    loaded = load_backbone("bundled/efficientnet-lite0", FIVE, seed=0)
    assert same_rest(loaded, bundled)
    assert len(bundled.labels.names) == 1000
    save_model(loaded, tmp_path / "saved")
    again = load_backbone(tmp_path / "saved", SCHEME, seed=0)
    assert same_rest(again, bundled)
    save_model(again, tmp_path / "twice")
    answer = Classifier(load_model(tmp_path / "twice")).predict(pictures[:1])[0]
    assert list(answer.scores) == list(SCHEME.names)


def test_published_efficientnets_keep_more_than_the_last_batch(tmp_path: Path) -> None:
    made = tiny("efficientnet-b0")
    made.model.config.batch_norm_momentum = 0.99
    save_model(made, tmp_path / "one")
    loaded = load_backbone(tmp_path / "one", FIVE, seed=0)
    momenta = {m.momentum for m in loaded.model.modules() if isinstance(m, torch.nn.BatchNorm2d)}
    assert sorted(momenta) == pytest.approx([0.01, 0.1])
    assert loaded.model.config.batch_norm_momentum == pytest.approx(0.01)
    assert same_rest(loaded, made)


def test_the_real_vit(shared_data: Path) -> None:
    folder = shared_data / "weights_vit_tiny_patch16_224"
    assert same_rest(load_backbone(folder, FIVE, seed=0), load_model(folder))


def published(kind: str, folder: Path) -> dict[str, torch.Tensor]:
    """A backbone as others publish it, without our head; its tensors by our names."""
    torch.manual_seed(4)
    if kind == "dinov2":
        shape = {key: value for key, value in _VIT.items() if key != "intermediate_size"}
        model: Any = Dinov2Model(Dinov2Config(**shape))
        own = {f"dinov2.{key}": value for key, value in model.state_dict().items()}
    elif kind == "vit with pooler":
        model = ViTModel(ViTConfig(**_VIT))
        own = {f"vit.{key}": value for key, value in model.state_dict().items()}
    else:
        model = ViTForMaskedImageModeling(ViTConfig(**_VIT, encoder_stride=8))
        own = model.state_dict()
    model.save_pretrained(folder)
    ViTImageProcessor(size={"height": 32, "width": 32}).save_pretrained(folder)
    return own


@pytest.mark.parametrize("kind", ["dinov2", "vit with pooler", "vit for masked images"])
def test_backbones_published_without_a_head(kind: str, tmp_path: Path) -> None:
    own = published(kind, tmp_path / "theirs")
    loaded = load_backbone(tmp_path / "theirs", FIVE, seed=0)
    mine = rest(loaded)
    assert all(torch.equal(own[key], mine[key]) for key in mine)
    assert all("pooler" in key or "decoder" in key or "mask_token" in key for key in own.keys() - mine.keys())
    with pytest.raises(ModelUnavailable, match=r"a classification head in|exactly the tensors"):
        load_model(tmp_path / "theirs")


@pytest.mark.parametrize("classes", [0, 7])
def test_a_folder_in_the_layout_of_timm(classes: int, tmp_path: Path) -> None:
    """What the Hub holds under timm/: no model_type, no prefix, no preprocessor_config.json, perhaps no head."""
    import timm

    theirs = timm.create_model("test_resnet", pretrained=False, num_classes=classes)
    described = {"input_size": [3, 64, 64], "mean": [0.5] * 3, "std": [0.5] * 3, "crop_pct": 0.9}
    config = {"architecture": "test_resnet", "num_classes": classes, "pretrained_cfg": described}
    (tmp_path / "theirs").mkdir()
    (tmp_path / "theirs" / "config.json").write_text(json.dumps(config), encoding="utf-8")
    save_file(theirs.state_dict(), tmp_path / "theirs" / "model.safetensors", metadata={"format": "pt"})
    loaded = load_backbone(tmp_path / "theirs", FIVE, seed=0)
    own = theirs.state_dict()
    assert all(torch.equal(own[key.removeprefix("timm_model.")], value) for key, value in rest(loaded).items())
    save_model(loaded, tmp_path / "ours")
    assert load_model(tmp_path / "ours").labels == FIVE


def refusal(folder: Path) -> str:
    with pytest.raises(ModelUnavailable) as refused:
        load_backbone(folder, FIVE, seed=0)
    return str(refused.value).replace(str(folder), "MINE")


def spoil(folder: Path, old: str, new: str | None, value: torch.Tensor | None = None) -> None:
    tensors = load_file(folder / "model.safetensors")
    taken = tensors.pop(old)
    if new is not None:
        tensors[new] = taken if value is None else value
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})


@pytest.fixture
def folder(vit_folder: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(vit_folder, tmp_path / "mine"))


def test_a_missing_tensor_of_the_backbone(folder: Path) -> None:
    spoil(folder, "vit.layernorm.weight", None)
    assert refusal(folder) == (
        "Expected exactly the tensors of the architecture in MINE; found 1 missing (vit.layernorm.weight). "
        "Save the model again with the configuration it was trained with."
    )


def test_a_tensor_of_another_shape(folder: Path) -> None:
    spoil(folder, "vit.layernorm.weight", "vit.layernorm.weight", torch.zeros(7))
    assert refusal(folder) == (
        "Expected exactly the tensors of the architecture in MINE; "
        "found 1 of another shape (vit.layernorm.weight). "
        "Save the model again with the configuration it was trained with."
    )


def test_a_tensor_too_many(folder: Path) -> None:
    spoil(folder, "classifier.weight", "adapter.weight")
    assert refusal(folder) == (
        "Expected exactly the tensors of the architecture in MINE; found 1 unexpected (adapter.weight). "
        "Save the model again with the configuration it was trained with."
    )


def test_a_new_model_is_made_not_loaded() -> None:
    with pytest.raises(ModelUnavailable) as refused:
        load_backbone(tiny("small-cnn").reference, SCHEME, seed=0)
    assert str(refused.value) == (
        "Expected a backbone with weights; found scratch/small-cnn. A new model is made by new_model, not loaded."
    )


@pytest.mark.parametrize("name", ["vit-tiny", "timm/resnet10t"])
@pytest.mark.parametrize(
    ("task", "problem", "function"),
    [
        ("single_label", "single_label_classification", "softmax"),
        ("multi_label", "multi_label_classification", "sigmoid"),
        ("regression", "multi_label_classification", "sigmoid"),
    ],
)
def test_a_plain_pipeline_says_what_the_task_means(
    name: str, task: str, problem: str, function: str, tmp_path: Path, pictures: list[Image.Image]
) -> None:
    scheme = replace(SCHEME, task=task)
    save_model(tiny(name), tmp_path / "one")
    save_model(load_backbone(tmp_path / "one", scheme, seed=1), tmp_path / "two")
    loaded = load_model(tmp_path / "two")
    assert loaded.labels == scheme
    assert loaded.model.config.problem_type == problem
    with torch.inference_mode():
        logits = loaded.model(pixel_values=pixel_values(loaded, pictures[:1])).logits[0]
    expected = logits.softmax(dim=0) if function == "softmax" else logits.sigmoid()
    plain = pipeline("image-classification", model=str(tmp_path / "two"))(pictures[0])
    said = {each["label"]: each["score"] for each in plain}
    assert said == pytest.approx(dict(zip(scheme.names, expected.tolist(), strict=True)), abs=1e-5)


def test_a_task_does_not_outlive_its_head(tmp_path: Path) -> None:
    save_model(tiny("vit-tiny"), tmp_path / "one")
    save_model(load_backbone(tmp_path / "one", replace(SCHEME, task="regression"), seed=1), tmp_path / "two")
    assert load_backbone(tmp_path / "two", SCHEME, seed=1).model.config.problem_type == (
        "single_label_classification"
    )
    save_model(load_backbone(tmp_path / "two", replace(SCHEME, task="multi_label"), seed=1), tmp_path / "three")
    assert load_model(tmp_path / "three").labels.task == "multi_label"


def test_unbounded_regression_is_not_ours(folder: Path) -> None:
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    config["problem_type"] = "regression"
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    with pytest.raises(ModelUnavailable) as refused:
        load_model(folder)
    assert str(refused.value).replace(str(folder), "MINE") == (
        "Expected a model that gives probabilities, or numbers from 0 to 1, in MINE; "
        "found problem_type regression. Use it as a backbone to train from: it gets a new head."
    )
    assert load_backbone(folder, FIVE, seed=0).labels == FIVE
