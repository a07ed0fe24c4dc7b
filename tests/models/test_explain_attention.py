"""Rollout is the formula of its papers; the model's fast attention comes back."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from tests.models.test_explain_layer import MADE, TIMM_VIT, timm
from vitrina.errors import ModelUnavailable
from vitrina.models.backbone import load_model
from vitrina.models.explain import heat_map
from vitrina.models.explain_attention import rollout

VALUES = torch.rand(2, 3, 32, 32, generator=torch.Generator().manual_seed(0))
TARGETS = torch.tensor([2, 0])


def test_plain_rollout_is_the_product_of_the_layers(vit_folder: Path) -> None:
    model = load_model(vit_folder).model
    heat = rollout(model, VALUES, targets=TARGETS, by_gradient=False, said="it")
    model.set_attn_implementation("eager")
    with torch.no_grad():
        layers = model(pixel_values=VALUES, output_attentions=True).attentions
    first, second = (layer.mean(dim=1).numpy() / 2 + np.eye(17) / 2 for layer in layers)
    expected = (second @ first)[:, 0, 1:].reshape(2, 4, 4)
    np.testing.assert_allclose(heat.numpy(), expected, atol=1e-6)


def test_gradient_rollout_weighs_each_layer_by_what_it_does_for_the_class(vit_folder: Path) -> None:
    model = load_model(vit_folder).model
    heat = rollout(model, VALUES, targets=TARGETS, by_gradient=True, said="it")
    model.set_attn_implementation("eager")
    output = model(pixel_values=VALUES, output_attentions=True)
    output.logits[[0, 1], TARGETS].sum().backward(inputs=list(output.attentions))
    total = np.broadcast_to(np.eye(17), (2, 17, 17))
    for layer in output.attentions:
        weighted = (layer * layer.grad).clamp(min=0).mean(dim=1).detach().numpy()
        total = total + weighted @ total
    np.testing.assert_allclose(heat.numpy(), total[:, 0, 1:].reshape(2, 4, 4), atol=1e-6)
    assert heat.max() > 0


@pytest.mark.parametrize("name", ["DeiT", "DINOv2", "timm ViT", "timm SigLIP"])
def test_every_transformer_that_looks_everywhere(name: str) -> None:
    torch.manual_seed(0)
    model = MADE[name][0]().eval()
    for by_gradient in (False, True):
        heat = rollout(model, VALUES, targets=TARGETS * 0, by_gradient=by_gradient, said=name)
        assert heat.shape == (2, 4, 4)
        assert (heat.amax(dim=(1, 2)) > heat.amin(dim=(1, 2))).all()


def test_timm_gets_its_fused_attention_back() -> None:
    model = timm("vit_tiny_patch16_224", **TIMM_VIT).eval()
    before = [block.attn.fused_attn for block in model.timm_model.blocks]
    rollout(model, VALUES, targets=TARGETS, by_gradient=True, said="it")
    assert [block.attn.fused_attn for block in model.timm_model.blocks] == before
    assert not any(module._forward_hooks for module in model.modules())


@pytest.mark.parametrize(
    ("name", "found"),
    [("Swin", "attention of the shape (2, 2, 16, 16)"), ("ResNet", "none"), ("timm EfficientNet", "none")],
)
def test_what_has_no_such_attention_says_so(name: str, found: str) -> None:
    model = MADE[name][0]().eval()
    with pytest.raises(ModelUnavailable) as refused:
        rollout(model, VALUES, targets=TARGETS, by_gradient=True, said="org/it")
    assert str(refused.value) == (
        f"Expected attention from every patch to every other in each layer of org/it; found {found} in "
        f'{type(model).__name__}. Use method="grad_cam", which works for this model.'
    )


def test_the_fast_attention_comes_back_after_an_error(vit_folder: Path, pictures: list[Image.Image]) -> None:
    loaded = load_model(vit_folder)
    loaded.model.classifier.register_forward_pre_hook(_stop)
    with pytest.raises(RuntimeError, match="stop"):
        heat_map(loaded, pictures[:1], method="gradient_rollout", targets=[0])
    assert loaded.model.config._attn_implementation == "sdpa"


def _stop(_module: object, _given: object) -> None:
    raise RuntimeError("stop")
