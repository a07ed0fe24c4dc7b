"""Layers from input to head: each once, in the order they run; what trains, at which rate."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
import torch
from transformers import (
    DeiTConfig,
    DeiTForImageClassification,
    MobileNetV2Config,
    MobileNetV2ForImageClassification,
    PreTrainedModel,
    SwinConfig,
    SwinForImageClassification,
)

from tests.models.made import TINY, tiny
from vitrina.errors import BadRequest, ModelUnavailable
from vitrina.models.features import head_path
from vitrina.models.layers import (
    freeze,
    frozen_norms,
    keep_frozen_in_eval,
    layer_groups,
    parameter_groups,
)
from vitrina.models.trainable import trainable_parameters


def made(name: str) -> PreTrainedModel:
    torch.manual_seed(0)
    vit = {"hidden_size": 16, "num_attention_heads": 2, "num_hidden_layers": 3, "intermediate_size": 24}
    if name == "deit":
        return DeiTForImageClassification(DeiTConfig(**vit, image_size=32, patch_size=8, num_labels=3)).eval()
    if name == "swin":
        shape = {"embed_dim": 8, "depths": [1, 2], "num_heads": [1, 2], "window_size": 2, "patch_size": 4}
        return SwinForImageClassification(SwinConfig(**shape, image_size=32, num_labels=3)).eval()
    if name == "mobilenet":
        return MobileNetV2ForImageClassification(
            MobileNetV2Config(depth_multiplier=0.1, num_labels=3, image_size=32)
        ).eval()
    return tiny(name).model


# Name -> how many groups: stem, blocks, (a last convolution,) head.
GROUPS = {
    "deit": 5,
    "swin": 5,
    "mobilenet": 19,
    "small-cnn": 4,
    "resnet-18": 5,
    "resnet-50": 5,
    "vit-tiny": 5,
    "efficientnet-b0": 11,
    "convnext-tiny": 5,
    "dinov2-small": 5,
    "timm/vit_tiny_patch16_224": 5,
    "timm/resnet10t": 6,
    "timm/test_convnext": 11,
    "timm/test_efficientnet": 8,
}


@pytest.mark.parametrize("name", sorted(GROUPS))
def test_every_parameter_once_in_the_order_they_run(name: str) -> None:
    model = made(name)
    groups = layer_groups(model)
    names = [name for group in groups for name in group]
    assert sorted(names) == sorted(name for name, _ in model.named_parameters())
    assert len(names) == len(set(names))
    assert len(groups) == GROUPS[name]
    assert set(groups[-1]) == {f"{head_path(model, said='it')}.{last}" for last in ("weight", "bias")}
    assert _group_numbers_as_they_run(model, groups) == list(range(len(groups)))


def _group_numbers_as_they_run(model: PreTrainedModel, groups: Sequence[Sequence[str]]) -> list[int]:
    """The groups in the order in which the last of their parts with parameters is called."""
    number = {name: at for at, group in enumerate(groups) for name in group}
    called: list[int] = []
    hooks = []
    for path, module in model.named_modules():
        own = [number[f"{path}.{name}"] for name, _ in module.named_parameters(recurse=False)]
        if own and not any(True for _ in module.children()):
            hooks.append(module.register_forward_hook(lambda *_, at=own[0]: called.append(at)))
    with torch.inference_mode():
        model(pixel_values=torch.zeros(1, 3, 32, 32))
    for hook in hooks:
        hook.remove()
    # A downsampling that belongs to the next block, a shortcut: by first call, not by last.
    return list(dict.fromkeys(called))


@pytest.mark.parametrize(
    ("name", "groups"),
    [
        ("timm/densenet121", 11),
        ("timm/regnetx_002", 6),
    ],
)
def test_models_without_numbered_blocks(name: str, groups: int) -> None:
    import timm

    inner = timm.create_model(name.removeprefix("timm/"), num_classes=3)

    class Wrapped(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.timm_model = inner

    found = layer_groups(Wrapped())  # type: ignore[arg-type]
    assert len(found) == groups
    assert sorted(name for group in found for name in group) == sorted(
        f"timm_model.{name}" for name, _ in inner.named_parameters()
    )


def test_a_model_without_a_linear_head() -> None:
    model = made("vit-tiny")
    model.classifier = torch.nn.Identity()
    with pytest.raises(ModelUnavailable) as refused:
        layer_groups(model)
    assert str(refused.value) == (
        "Expected one final linear layer in ViTForImageClassification; found Identity in "
        "ViTForImageClassification. Choose another backbone, such as bundled/efficientnet-lite0 or a ViT."
    )


def trained(model: PreTrainedModel) -> set[str]:
    return {name for name, parameter in model.named_parameters() if parameter.requires_grad}


@pytest.mark.parametrize("name", sorted(TINY))
def test_the_modes(name: str) -> None:
    model = made(name)
    groups = layer_groups(model)
    every = {name for group in groups for name in group}
    assert freeze(model, mode="head") == sum(model.get_parameter(name).numel() for name in groups[-1])
    assert trained(model) == set(groups[-1])
    freeze(model, mode="last_n", last_n=2)
    assert trained(model) == {name for group in groups[-3:] for name in group}
    freeze(model, mode="last_n", last_n=len(groups) - 1)
    assert trained(model) == every
    for mode in ("full", "scratch"):
        freeze(model, mode="head")
        count = freeze(model, mode=mode)
        assert trained(model) == every
        assert trainable_parameters(model) == (count, count)


@pytest.mark.parametrize("last_n", [0, -1, 5, None, True])
def test_last_n_out_of_range(last_n: int | None) -> None:
    with pytest.raises(BadRequest) as refused:
        freeze(made("vit-tiny"), mode="last_n", last_n=last_n)
    assert str(refused.value) == (
        f"Expected last_n from 1 to 4 for ViTForImageClassification; found {last_n}. "
        "Choose fewer layers; mode full trains all of them."
    )


def test_an_unknown_mode() -> None:
    with pytest.raises(BadRequest) as refused:
        freeze(made("vit-tiny"), mode="tail")
    assert str(refused.value) == (
        "Expected a mode among head, last_n, full, scratch; found 'tail'. Correct the mode of training."
    )


@pytest.mark.parametrize("name", ["resnet-18", "efficientnet-b0", "timm/test_efficientnet"])
def test_frozen_norms_keep_their_statistics(name: str) -> None:
    model = made(name)
    freeze(model, mode="last_n", last_n=1)
    before = {key: value.clone() for key, value in model.state_dict().items()}
    model.train()
    keep_frozen_in_eval(model)
    frozen = frozen_norms(model)
    model(pixel_values=torch.rand(4, 3, 32, 32, generator=torch.Generator().manual_seed(0)))
    moved = {
        key.rpartition(".")[0]
        for key, value in model.state_dict().items()
        if key.endswith("running_mean") and not torch.equal(value, before[key])
    }
    norms = {name for name, module in model.named_modules() if hasattr(module, "running_mean")}
    assert frozen
    assert moved
    assert moved == norms - set(frozen)
    freeze(model, mode="full")
    assert frozen_norms(model) == []


def test_a_norm_without_parameters_follows_its_surroundings() -> None:
    model = made("small-cnn")
    model.blocks[0].append(torch.nn.BatchNorm2d(4, affine=False))
    freeze(model, mode="head")
    assert frozen_norms(model) == ["blocks.0.3"]
    freeze(model, mode="full")
    assert frozen_norms(model) == []


@pytest.mark.parametrize("name", sorted(GROUPS))
def test_every_trainable_parameter_is_in_one_group_of_the_optimiser(name: str) -> None:
    model = made(name)
    freeze(model, mode="last_n", last_n=3)
    groups = parameter_groups(model, learning_rate=1e-3, weight_decay=0.05, layer_decay=0.7)
    listed = [name for group in groups for name in group["names"]]
    assert sorted(listed) == sorted(trained(model))
    optimiser = torch.optim.AdamW(groups)
    assert sum(len(group["params"]) for group in optimiser.param_groups) == len(listed)
    assert {group["weight_decay"] for group in groups} == {0.0, 0.05}


def test_rates_fall_towards_the_input() -> None:
    model = made("vit-tiny")
    rate = {}
    decay = {}
    for group in parameter_groups(model, learning_rate=1.0, weight_decay=0.1, layer_decay=0.5):
        for name in group["names"]:
            rate[name], decay[name] = group["lr"], group["weight_decay"]
    assert rate["classifier.weight"] == rate["classifier.bias"] == 1.0
    assert rate["vit.layernorm.weight"] == rate["vit.layers.2.mlp.fc1.weight"] == 0.5
    assert rate["vit.layers.0.mlp.fc1.weight"] == 0.125
    assert rate["vit.embeddings.cls_token"] == 0.0625
    assert decay["vit.layers.2.mlp.fc1.weight"] == decay["classifier.weight"] == 0.1
    for name in ("classifier.bias", "vit.layernorm.weight", "vit.embeddings.cls_token"):
        assert decay[name] == 0.0
    assert decay["vit.embeddings.position_embeddings"] == 0.0
    assert decay["vit.embeddings.patch_embeddings.projection.weight"] == 0.1


def test_without_layer_decay_there_are_two_groups() -> None:
    groups = parameter_groups(made("swin"), learning_rate=0.1, weight_decay=0.1)
    assert [(group["lr"], group["weight_decay"]) for group in groups] == [(0.1, 0.1), (0.1, 0.0)]
    tables = [name for name in groups[1]["names"] if "relative_position_bias_table" in name]
    assert len(tables) == 3


def test_what_the_optimiser_refuses() -> None:
    model = made("small-cnn")
    with pytest.raises(BadRequest) as refused:
        parameter_groups(model, learning_rate=0.1, weight_decay=0.0, layer_decay=1.5)
    assert str(refused.value) == (
        "Expected a learning rate above 0, a weight decay of at least 0, a layer decay above 0 up to 1; "
        "found 0.1, 0.0, 1.5. Correct the optimiser's settings."
    )
    model.requires_grad_(False)
    with pytest.raises(BadRequest) as refused:
        parameter_groups(model, learning_rate=0.1, weight_decay=0.0)
    assert str(refused.value) == (
        "Expected a model with parameters that train; found all of them frozen. Choose a mode first."
    )
