"""Tiny new models of each family."""

from __future__ import annotations

from typing import Any

from vitrina.labels import LabelScheme
from vitrina.models.architectures import new_model
from vitrina.models.backbone import LoadedModel

SCHEME = LabelScheme(("cat", "dog", "owl"))
_VIT = {"hidden_size": 16, "num_attention_heads": 2, "intermediate_size": 24, "num_hidden_layers": 3}
# name -> (options, input size)
TINY: dict[str, tuple[dict[str, Any], int]] = {
    "small-cnn": ({"channels": [4, 8], "kernel_sizes": [3, 2], "hidden_units": [6]}, 32),
    "resnet-18": ({"hidden_sizes": [8, 16], "depths": [2, 1], "embedding_size": 8}, 32),
    "resnet-50": ({"hidden_sizes": [8, 16], "depths": [1, 2], "embedding_size": 8}, 32),
    "vit-tiny": (_VIT | {"patch_size": 8}, 32),
    "efficientnet-b0": ({"width_coefficient": 0.1, "depth_coefficient": 0.3, "hidden_dim": 128}, 32),
    "convnext-tiny": ({"hidden_sizes": [8, 16], "depths": [2, 1], "num_stages": 2}, 32),
    "dinov2-small": (
        {"hidden_size": 16, "num_attention_heads": 2, "num_hidden_layers": 3, "patch_size": 8},
        32,
    ),
    "timm/vit_tiny_patch16_224": ({"embed_dim": 24, "num_heads": 2, "depth": 3}, 32),
    "timm/resnet10t": ({"channels": (8, 8, 16, 16)}, 32),
    "timm/test_convnext": ({}, 32),
    "timm/test_efficientnet": ({}, 32),
}


def tiny(name: str, *, scheme: LabelScheme = SCHEME, seed: int = 0) -> LoadedModel:
    options, size = TINY[name]
    return new_model(name, scheme, size=size, seed=seed, options=options)
