"""Tiny models that learned to name the colour of a bright square, the only thing in their pictures that decides."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from transformers import BitImageProcessor, PreTrainedModel, ViTConfig, ViTForImageClassification

from vitrina.labels import LabelScheme
from vitrina.models.backbone import LoadedModel
from vitrina.models.reference import ModelReference
from vitrina.models.small_cnn import SmallCnnConfig, SmallCnnForImageClassification

SIDE, SQUARE = 32, 10
COLOURS = np.array([[235, 50, 40], [40, 220, 60]], dtype=np.uint8)


def squares(n: int, seed: int) -> tuple[list[np.ndarray], np.ndarray, np.ndarray]:
    """(pictures uint8 (32, 32, 3), classes (n,): 0 red, 1 green, corners (n, 2): top, left) on grey noise."""
    random = np.random.default_rng(seed)
    classes = np.arange(n) % 2
    corners = random.integers(0, SIDE - SQUARE + 1, (n, 2))
    grey = random.integers(60, 130, (n, SIDE, SIDE, 1), dtype=np.uint8)
    pictures = np.repeat(grey, 3, axis=3)
    for picture, (top, left), kind in zip(pictures, corners, classes, strict=True):
        picture[top : top + SQUARE, left : left + SQUARE] = COLOURS[kind]
    return list(pictures), classes, corners


def trained(model: PreTrainedModel, folder: Path, *, steps: int, rate: float) -> LoadedModel:
    """`model` after `steps` of Adam on batches of 24 squares."""
    processor = BitImageProcessor(
        size={"height": SIDE, "width": SIDE}, do_center_crop=False, image_mean=[0.5] * 3, image_std=[0.5] * 3
    )
    names = LabelScheme(("red", "green"))
    loaded = LoadedModel(model, processor, names, "squares", ModelReference.parse(str(folder)))
    optimizer = torch.optim.Adam(model.parameters(), lr=rate)
    model.train()
    for step in range(steps):
        pictures, classes, _ = squares(24, seed=1000 + step)
        values = processor(images=pictures, return_tensors="pt")["pixel_values"]
        loss = torch.nn.functional.cross_entropy(model(pixel_values=values).logits, torch.from_numpy(classes))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    model.zero_grad(set_to_none=True)
    model.eval()
    return loaded


def square_cnn(folder: Path) -> LoadedModel:
    torch.manual_seed(0)
    config = SmallCnnConfig(
        channels=[8, 16], kernel_sizes=[3, 3], hidden_units=[], dropout=0.0, num_labels=2
    )
    return trained(SmallCnnForImageClassification(config), folder, steps=40, rate=0.01)


def square_vit(folder: Path) -> LoadedModel:
    torch.manual_seed(0)
    config = ViTConfig(
        hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=48, image_size=SIDE,
        patch_size=4, num_labels=2,
    )  # fmt: skip
    return trained(ViTForImageClassification(config), folder, steps=50, rate=0.005)
