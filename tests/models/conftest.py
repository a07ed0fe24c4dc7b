"""Tiny models from configurations, the bundled one, pictures by seed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from transformers import (
    ResNetConfig,
    ResNetForImageClassification,
    ViTConfig,
    ViTForImageClassification,
    ViTImageProcessor,
)

from vitrina.models.backbone import LoadedModel, load_model

NAMES = ("cat", "dog", "owl")


@pytest.fixture(scope="session")
def bundled() -> LoadedModel:
    return load_model("bundled/efficientnet-lite0")


@pytest.fixture(scope="session")
def pictures() -> list[Image.Image]:
    """Six pictures of unlike sizes with structure that survives resizing."""
    made = []
    for seed, size in enumerate([(300, 200), (224, 224), (90, 400), (640, 480), (64, 64), (257, 255)]):
        small = np.random.default_rng(seed).integers(0, 256, (6, 6, 3), dtype=np.uint8)
        made.append(Image.fromarray(small).resize(size, Image.Resampling.BICUBIC))
    return made


def _names(config: object) -> None:
    config.id2label = dict(enumerate(NAMES))  # type: ignore[attr-defined]
    config.label2id = {name: index for index, name in enumerate(NAMES)}  # type: ignore[attr-defined]


@pytest.fixture(scope="session")
def vit_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    config = ViTConfig(
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=48,
        image_size=32,
        patch_size=8,
    )
    _names(config)
    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("tiny") / "vit"
    ViTForImageClassification(config).save_pretrained(folder)
    ViTImageProcessor(size={"height": 32, "width": 32}).save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def resnet_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    config = ResNetConfig(embedding_size=8, hidden_sizes=[8, 16], depths=[1, 1], layer_type="basic")
    _names(config)
    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("tiny") / "resnet"
    ResNetForImageClassification(config).save_pretrained(folder)
    ViTImageProcessor(size={"height": 48, "width": 48}).save_pretrained(folder)
    return folder
