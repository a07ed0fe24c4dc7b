"""The layer before pooling is found in every architecture by running it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
import transformers as t

from vitrina.errors import ModelUnavailable
from vitrina.models.explain_cam import grad_cam
from vitrina.models.explain_layer import grid_of, placed_layer
from vitrina.models.small_cnn import SmallCnnConfig, SmallCnnForImageClassification

TOKENS = {
    "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 48,
    "image_size": 32, "patch_size": 8, "num_labels": 3,
}  # fmt: skip
SWIN = {"image_size": 32, "embed_dim": 8, "depths": [1, 1], "num_heads": [1, 2], "window_size": 4, "num_labels": 3}
STAGES = {"hidden_sizes": [8, 16], "depths": [1, 1], "num_labels": 3}
TIMM_VIT = {"img_size": 32, "patch_size": 8, "embed_dim": 32, "depth": 2, "num_heads": 2}


def timm(architecture: str, **options: object) -> t.PreTrainedModel:
    config = t.TimmWrapperConfig(architecture=architecture, num_labels=3, model_args=options)
    return t.TimmWrapperForImageClassification(config)


MADE: dict[str, tuple[Callable[[], t.PreTrainedModel], str, tuple[int, int], int, str]] = {
    "ViT": (
        lambda: t.ViTForImageClassification(t.ViTConfig(**TOKENS)), "tokens", (4, 4), 1,
        "vit.layers.1.layernorm_before",
    ),
    "DeiT": (
        lambda: t.DeiTForImageClassificationWithTeacher(t.DeiTConfig(**TOKENS)), "tokens", (4, 4), 2,
        "deit.layers.1.layernorm_before",
    ),
    "DINOv2": (
        lambda: t.Dinov2ForImageClassification(
            t.Dinov2Config(hidden_size=32, num_hidden_layers=2, num_attention_heads=2, image_size=32, patch_size=8)
        ),
        "tokens", (4, 4), 1, "dinov2.encoder.layer.1.norm1",
    ),
    "Swin": (
        lambda: t.SwinForImageClassification(t.SwinConfig(**SWIN)), "tokens", (4, 4), 0,
        "swin.encoder.layers.1.blocks.0.layernorm_before",
    ),
    "ResNet": (
        lambda: t.ResNetForImageClassification(t.ResNetConfig(embedding_size=8, layer_type="basic", **STAGES)),
        "map", (4, 4), 0, "resnet.encoder.stages.1",
    ),
    "ConvNeXt": (
        lambda: t.ConvNextForImageClassification(t.ConvNextConfig(num_stages=2, **STAGES)),
        "map", (4, 4), 0, "convnext.encoder.stages.1",
    ),
    "MobileNetV2": (
        lambda: t.MobileNetV2ForImageClassification(t.MobileNetV2Config(depth_multiplier=0.2, output_stride=8)),
        "map", (4, 4), 0, "mobilenet_v2.conv_1x1",
    ),
    "EfficientNet": (
        lambda: t.EfficientNetForImageClassification(
            t.EfficientNetConfig(
                width_coefficient=0.1, depth_coefficient=0.1, hidden_dim=128, strides=[1, 2, 2, 1, 1, 1, 1]
            )
        ),
        "map", (4, 4), 0, "efficientnet.encoder",
    ),
    "small CNN": (
        lambda: SmallCnnForImageClassification(
            SmallCnnConfig(channels=[8, 16], kernel_sizes=[3, 3], pooled_side=2, grey=True, num_labels=3)
        ),
        "map", (8, 8), 0, "blocks.1",
    ),
    "timm EfficientNet": (lambda: timm("tf_efficientnet_lite0", output_stride=8), "map", (4, 4), 0, "timm_model.bn2"),
    "timm ViT": (
        lambda: timm("vit_tiny_patch16_224", **TIMM_VIT), "tokens", (4, 4), 1, "timm_model.blocks.1.norm1"
    ),
    "timm SigLIP": (
        lambda: timm("vit_base_patch16_siglip_224", **TIMM_VIT), "tokens", (4, 4), 0, "timm_model.blocks.1.norm1"
    ),
    "timm Swin": (
        lambda: timm(
            "swin_tiny_patch4_window7_224", img_size=32, window_size=4, embed_dim=8, depths=(1, 1), num_heads=(1, 2)
        ),
        "map_last", (4, 4), 0, "timm_model.norm",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", MADE)
def test_the_layer_and_its_grid(name: str) -> None:
    make, form, grid, prefix, path = MADE[name]
    torch.manual_seed(0)
    model = make().eval()
    values = torch.rand(2, 3, 32, 32)
    layer = placed_layer(model, values[:1], said=name)
    assert (layer.form, layer.grid, layer.prefix) == (form, grid, prefix)
    assert next(key for key, module in model.named_modules() if module is layer.module).startswith(path)
    heat = grad_cam(model, values, targets=torch.tensor([0, 1]), layer=layer)
    assert heat.shape == (2, *grid)
    assert torch.isfinite(heat).all()


def test_pictures_that_are_no_squares() -> None:
    config = SmallCnnConfig(channels=[8, 16], kernel_sizes=[3, 3], num_labels=3)
    values = torch.rand(1, 3, 24, 40)
    assert placed_layer(SmallCnnForImageClassification(config).eval(), values, said="it").grid == (6, 10)
    swin = t.SwinForImageClassification(t.SwinConfig(**{**SWIN, "image_size": [32, 64]})).eval()
    assert placed_layer(swin, torch.rand(1, 3, 32, 64), said="it").grid == (4, 8)


@pytest.mark.parametrize(
    ("tokens", "stem", "grid"),
    [(197, (14, 14), (14, 14)), (49, (56, 56), (7, 7)), (261, (16, 16), (16, 16)), (50, (7, 7), (7, 7))],
)  # fmt: skip
def test_grids_of_tokens(tokens: int, stem: tuple[int, int], grid: tuple[int, int]) -> None:
    assert grid_of(tokens, stem=stem) == grid


def test_too_many_tokens_have_no_grid() -> None:
    assert grid_of(99, stem=(7, 7)) is None


def test_a_model_without_places_is_refused() -> None:
    class Flat(torch.nn.Module):
        def forward(self, pixel_values: torch.Tensor) -> torch.Tensor:
            return pixel_values.flatten(1)

    with pytest.raises(ModelUnavailable) as refused:
        placed_layer(Flat(), torch.zeros(1, 3, 8, 8), said="it")
    assert str(refused.value) == (
        "Expected a layer with a place for every part of the picture in it; found none in Flat. "
        "Choose a CNN or a vision transformer for heat maps."
    )
