"""Grad-CAM is the formula of its paper."""

from __future__ import annotations

from pathlib import Path

import torch

from vitrina.models.backbone import load_model
from vitrina.models.explain_cam import grad_cam
from vitrina.models.explain_layer import placed_layer


def test_before_global_pooling_it_is_the_class_activation_map(resnet_folder: Path) -> None:
    """With one linear layer behind the mean, dy/dA is w / places, so that the map is known without any gradient."""
    model = load_model(resnet_folder).model
    values = torch.rand(3, 3, 48, 48, generator=torch.Generator().manual_seed(0))
    targets = torch.tensor([2, 0, 1])
    with torch.inference_mode():
        features = model.resnet(values).last_hidden_state
        weights = model.classifier[1].weight[targets] / features[0, 0].numel()
        expected = torch.einsum("bc,bchw->bhw", weights, features).clamp(min=0)
    heat = grad_cam(model, values, targets=targets, layer=placed_layer(model, values[:1], said="it"))
    torch.testing.assert_close(heat, expected, atol=1e-6, rtol=1e-4)
    assert heat.max() > 0
