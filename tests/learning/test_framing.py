"""The frame of a model's preprocessing: what the image processor makes, without asking it for each picture."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
import transformers
from PIL import Image

from tests.augment.made import picture
from tests.models.made import tiny
from vitrina.augment import Frame
from vitrina.learning.framing import Framing, framing_of
from vitrina.models.backbone import LoadedModel
from vitrina.models.inputs import pixel_values
from vitrina.models.preprocessing import make_processor, margin_of, resample_of, with_preprocessing

COLOURS: dict[str, Any] = {"image_mean": [0.5, 0.4, 0.3], "image_std": [0.2, 0.25, 0.3]}


def with_processor(kind: str, **told: Any) -> LoadedModel:
    return replace(tiny("resnet-18"), image_processor=getattr(transformers, kind)(**told))


def known(loaded: LoadedModel) -> Framing:
    framing = framing_of(loaded)
    assert framing is not None
    return framing


def batch_of(framing: Framing, image: Image.Image) -> torch.Tensor:
    """uint8 (1, 3, h, w)."""
    return torch.from_numpy(framing.frame.levels(framing.frame.seen(image))).permute(2, 0, 1)[None]


SQUARE = {"height": 32, "width": 32}
MODELS: dict[str, tuple[LoadedModel, Frame]] = {
    "crop": (tiny("vit-tiny"), Frame(32)),
    "squash": (with_preprocessing(tiny("vit-tiny"), fit="squash"), Frame(32, "squash")),
    "pad": (with_preprocessing(tiny("vit-tiny"), fit="pad"), Frame(32, "pad", fill=(127, 127, 127))),
    "timm": (tiny("timm/resnet10t"), Frame(32)),
    "bilinear": (
        with_processor("ViTImageProcessor", size=SQUARE, resample=2, **COLOURS),
        Frame(32, "squash", resample="bilinear"),
    ),
    "margin": (
        replace(tiny("resnet-18"), image_processor=make_processor("crop", 32, margin=1.25, resample=3, **COLOURS)),
        Frame(32, margin=1.25),
    ),
    "ConvNeXT": (
        with_processor("ConvNextImageProcessor", size={"shortest_edge": 32}, crop_pct=0.8),
        Frame(32, margin=1.25),
    ),
    "DeiT, stretched before the crop": (
        with_processor("DeiTImageProcessor", size={"height": 40, "width": 40}, crop_size=SQUARE),
        Frame(32, "squash", margin=1.25),
    ),
    "EfficientNet, divided twice": (
        with_processor("EfficientNetImageProcessor", size=SQUARE, resample=3, include_top=True),
        Frame(32, "squash"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", MODELS)
def test_the_frame_is_that_of_the_processor(name: str) -> None:
    loaded, expected = MODELS[name]
    framing = known(loaded)
    assert framing.frame == expected
    # Of a size that leaves nothing between two pixels, whoever resizes: 80 / 1.25 = 64.
    image = picture(160, 80)
    levels = batch_of(framing, image)
    assert levels.dtype == torch.uint8
    difference = (framing.values(levels) - pixel_values(loaded, [image])) / framing.scale
    assert float(difference.abs().mean()) < 1.5


@pytest.mark.parametrize("name", ["crop", "squash", "timm", "bilinear", "EfficientNet, divided twice"])
def test_values_are_those_of_the_processor_within_rounding(name: str) -> None:
    """Of a picture that has the frame's size already, so that nobody resizes."""
    loaded, _ = MODELS[name]
    image = Image.fromarray(np.random.default_rng(0).integers(0, 256, (32, 32, 3), dtype=np.uint8))
    framing, expected = known(loaded), pixel_values(loaded, [image])
    torch.testing.assert_close(framing.values(batch_of(framing, image)), expected, rtol=0, atol=2e-6)


@pytest.mark.parametrize(
    "loaded",
    [
        with_processor("MobileViTImageProcessor", size={"shortest_edge": 36}, crop_size=SQUARE),
        with_processor("ViTImageProcessor", size=SQUARE, resample=0),
        with_processor("ViTImageProcessor", size=SQUARE, resample=1),
        with_processor("LevitImageProcessor", size={"shortest_edge": 28}, crop_size=SQUARE),
    ],
    ids=["channels the other way round", "nearest", "lanczos", "a margin of its own"],
)
def test_what_it_cannot_do_the_processor_is_asked_for(loaded: LoadedModel) -> None:
    assert framing_of(loaded) is None


def test_margins_and_kernels_are_read_from_the_preprocessing() -> None:
    assert [margin_of(MODELS[name][0]) for name in ("crop", "squash", "pad")] == [1.0, 1.0, 1.0]
    assert margin_of(MODELS["margin"][0]) == 1.25
    assert margin_of(MODELS["timm"][0]) == 1.0
    assert [resample_of(MODELS[name][0]) for name in ("crop", "timm", "bilinear")] == [
        "bicubic",
        "bicubic",
        "bilinear",
    ]
    assert resample_of(with_processor("ViTImageProcessor", size=SQUARE, do_resize=False)) is None
