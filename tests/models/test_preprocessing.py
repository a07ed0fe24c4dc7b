"""Crop, squash, pad at any size: the same pixels by our door, by a plain processor, by a plain computation."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torchvision.transforms.v2.functional as F
from PIL import Image
from torchvision.transforms import InterpolationMode
from transformers import (
    AutoImageProcessor,
    ConvNextImageProcessor,
    DeiTImageProcessor,
    EfficientNetImageProcessor,
    ViTImageProcessor,
    pipeline,
)

from tests.models.made import tiny
from vitrina.errors import BadRequest, ModelUnavailable
from vitrina.models.backbone import LoadedModel, load_model, save_model
from vitrina.models.classifier import Classifier
from vitrina.models.inputs import pixel_values
from vitrina.models.preprocessing import (
    at_size,
    fit_of,
    input_size,
    make_processor,
    preprocessing_digest,
    with_preprocessing,
)

FITS = ("crop", "squash", "pad")
_MEAN, _STD = [0.5, 0.4, 0.3], [0.2, 0.25, 0.3]


def own(name: str = "resnet-18", **told: Any) -> LoadedModel:
    """A tiny model with a mean and a deviation of its own, by squash, bilinear."""
    processor = ViTImageProcessor(
        size={"height": 32, "width": 32}, image_mean=_MEAN, image_std=_STD, resample=2, **told
    )
    return replace(tiny(name), image_processor=processor)


def by_hand(picture: Image.Image, fit: str, size: int) -> torch.Tensor:
    """uint8 to float, the way each fit is described, by torchvision's functions alone."""
    values = torch.from_numpy(np.array(picture)).permute(2, 0, 1)
    height, width = values.shape[1:]
    bilinear = {"interpolation": InterpolationMode.BILINEAR, "antialias": True}
    if fit == "squash":
        values = F.resize(values, [size, size], **bilinear)
    elif fit == "crop":
        short = min(height, width)
        values = F.resize(values, [int(size * height / short), int(size * width / short)], **bilinear)
        top, left = (values.shape[1] - size) // 2, (values.shape[2] - size) // 2
        values = values[:, top : top + size, left : left + size]
    else:
        side = max(height, width)
        square = torch.tensor([int(255 * mean) for mean in _MEAN], dtype=torch.uint8)
        square = square.view(3, 1, 1).repeat(1, side, side)
        top, left = (side - height) // 2, (side - width) // 2
        square[:, top : top + height, left : left + width] = values
        values = F.resize(square, [size, size], **bilinear)
    return (values / 255 - torch.tensor(_MEAN).view(3, 1, 1)) / torch.tensor(_STD).view(3, 1, 1)


@pytest.mark.parametrize("fit", FITS)
def test_each_fit_is_what_it_says(fit: str, pictures: list[Image.Image]) -> None:
    changed = with_preprocessing(own(), size=48, fit=fit)
    for picture in pictures[:4]:
        said = pixel_values(changed, [picture])[0]
        # A grey level of 255 is 1/255/0.2: rounding of resized bytes.
        torch.testing.assert_close(said, by_hand(picture, fit, 48), atol=0.021, rtol=0)
        assert (said - by_hand(picture, fit, 48)).abs().mean() < 0.002


@pytest.mark.parametrize("fit", FITS)
@pytest.mark.parametrize("name", ["resnet-18", "timm/resnet10t"])
def test_it_travels_with_the_model(
    name: str, fit: str, tmp_path: Path, pictures: list[Image.Image]
) -> None:
    before = tiny(name) if name.startswith("timm") else own(name)
    changed = with_preprocessing(before, size=40, fit=fit)
    assert (input_size(changed), fit_of(changed)) == (40, fit)
    assert changed.revision == before.revision
    assert input_size(before) == 32
    save_model(changed, tmp_path / "saved")
    again = load_model(tmp_path / "saved")
    plain = AutoImageProcessor.from_pretrained(tmp_path / "saved")
    expected = pixel_values(changed, pictures)
    assert expected.shape == (6, 3, 40, 40)
    assert torch.equal(pixel_values(again, pictures), expected)
    assert torch.equal(plain(images=pictures, return_tensors="pt")["pixel_values"], expected)
    assert (input_size(again), fit_of(again)) == (40, fit)
    assert preprocessing_digest(again) == preprocessing_digest(changed)
    answer = Classifier(changed).predict(pictures[:1])[0]
    said = pipeline("image-classification", model=str(tmp_path / "saved"))(pictures[0])
    assert {each["label"]: each["score"] for each in said} == pytest.approx(answer.scores, abs=1e-5)


@pytest.mark.parametrize("fit", FITS)
def test_timm_fits_show_what_they_should(fit: str) -> None:
    """A red stripe at either end of a wide picture: cropped away, squeezed, or shown between borders."""
    picture = np.zeros((40, 120, 3), dtype=np.uint8)
    picture[:, :10] = picture[:, -10:] = (255, 0, 0)
    for loaded in (tiny("timm/resnet10t"), tiny("resnet-18")):
        changed = with_preprocessing(loaded, fit=fit)
        red = pixel_values(changed, [picture])[0, 0]
        corner, middle, edge = red[0, 0].item(), red[16, 16].item(), red[16, 0].item()
        bright, dark = (1 - 0.485) / 0.229, -0.485 / 0.229
        assert middle == pytest.approx(dark, abs=0.1)
        assert edge == pytest.approx(dark if fit == "crop" else bright, abs=0.3)
        assert corner == pytest.approx({"crop": dark, "squash": bright, "pad": 0.0}[fit], abs=0.3)


def test_the_same_again_is_the_same_object() -> None:
    loaded = own()
    assert with_preprocessing(loaded) is loaded
    assert with_preprocessing(loaded, size=32, fit="squash") is loaded
    assert at_size(loaded, 32) is loaded.image_processor


def test_the_bundled_model_keeps_its_margin(bundled: LoadedModel) -> None:
    smaller = with_preprocessing(bundled, size=64)
    assert smaller.image_processor.data_config["crop_pct"] == 0.875
    assert smaller.model.config.pretrained_cfg["input_size"] == [3, 64, 64]
    assert bundled.model.config.pretrained_cfg["input_size"] == [3, 224, 224]
    whole = with_preprocessing(bundled, fit="pad")
    assert whole.image_processor.data_config["crop_pct"] == 1.0
    assert smaller.model is not bundled.model


def test_other_processors_keep_their_ways(pictures: list[Image.Image]) -> None:
    squares = {"height": 36, "width": 36}
    deit = replace(tiny("resnet-18"), image_processor=DeiTImageProcessor(size=squares, crop_size=32))
    changed = with_preprocessing(deit, size=64)
    assert (input_size(deit), input_size(changed), fit_of(deit)) == (32, 64, "crop")
    assert type(changed.image_processor) is DeiTImageProcessor
    assert changed.image_processor.size["height"] == 72
    convnext = replace(
        tiny("convnext-tiny"), image_processor=ConvNextImageProcessor(size={"shortest_edge": 32}, crop_pct=0.8)
    )
    assert (input_size(convnext), fit_of(convnext)) == (32, "crop")
    changed = with_preprocessing(convnext, size=400)
    assert (input_size(changed), fit_of(changed)) == (400, "crop")
    assert changed.image_processor.size["shortest_edge"] == 500


def test_colours_stay_when_the_fit_changes(pictures: list[Image.Image]) -> None:
    twice = EfficientNetImageProcessor(size={"height": 32, "width": 32}, image_std=[0.4, 0.5, 0.6])
    loaded = replace(tiny("resnet-18"), image_processor=twice)
    grey = Image.new("RGB", (50, 40), (90, 120, 200))
    changed = with_preprocessing(loaded, fit="crop")
    torch.testing.assert_close(pixel_values(changed, [grey]), pixel_values(loaded, [grey]))
    offset = EfficientNetImageProcessor(
        size={"height": 32, "width": 32}, rescale_offset=True, rescale_factor=1 / 127.5
    )
    with pytest.raises(BadRequest) as refused:
        with_preprocessing(replace(loaded, image_processor=offset), fit="crop")
    assert str(refused.value) == (
        "Expected preprocessing that can be changed to crop; found EfficientNetImageProcessor, which computes "
        "colours in a way of its own. Leave the fit as the model has it."
    )


@pytest.mark.parametrize("name", ["vit-tiny", "timm/vit_tiny_patch16_224"])
def test_position_embeddings_grow_once(name: str, tmp_path: Path, pictures: list[Image.Image]) -> None:
    loaded = tiny(name)
    before = {key: value.clone() for key, value in loaded.model.state_dict().items()}
    grown = with_preprocessing(loaded, size=64)
    assert grown.revision == f"{loaded.revision}+size:64"
    moved = {
        key for key, value in grown.model.state_dict().items() if value.shape != before[key].shape
    }
    assert len(moved) == 1
    assert "pos" in next(iter(moved))
    assert all(torch.equal(value, before[key]) for key, value in loaded.model.state_dict().items())
    save_model(grown, tmp_path / "grown")
    again = load_model(tmp_path / "grown")
    assert input_size(again) == 64
    for mine, theirs in zip(
        Classifier(grown).predict(pictures), Classifier(again).predict(pictures), strict=True
    ):
        assert mine.scores == pytest.approx(theirs.scores, abs=1e-6)


def test_grown_is_what_transformers_interpolates() -> None:
    loaded = tiny("vit-tiny")
    grown = with_preprocessing(loaded, size=64)
    pixels = torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        expected = loaded.model(pixel_values=pixels, interpolate_pos_encoding=True).logits
        torch.testing.assert_close(grown.model(pixel_values=pixels).logits, expected)


def test_the_real_vit_still_knows_at_another_size(shared_data: Path) -> None:
    folder = shared_data / "weights_vit_tiny_patch16_224"
    loaded = load_model(folder)
    pictures = sorted((folder / "check_images").iterdir())[:4]
    top = [answer.top_label for answer in Classifier(loaded).predict(pictures)]
    larger = Classifier(with_preprocessing(loaded, size=256)).predict(pictures)
    assert [answer.top_label for answer in larger] == top


def test_a_fixed_size_does_not_shrink_and_grow() -> None:
    with pytest.raises(BadRequest) as refused:
        at_size(tiny("vit-tiny"), 64)
    assert str(refused.value) == (
        "Expected a model that takes pictures of any size, 64 among them; found ViTForImageClassification for 32 "
        "pixels alone. Train it at one size, or choose a convolutional network, Swin or DINOv2."
    )


@pytest.mark.parametrize("name", ["resnet-18", "small-cnn", "dinov2-small", "timm/resnet10t"])
def test_other_sizes_for_a_while(name: str, pictures: list[Image.Image]) -> None:
    loaded = tiny(name)
    digest = preprocessing_digest(loaded)
    small = replace(loaded, image_processor=at_size(loaded, 24))
    assert (input_size(small), fit_of(small)) == (24, fit_of(loaded))
    assert Classifier(small).predict(pictures[:1])[0].top_label in loaded.labels.names
    assert preprocessing_digest(small) != digest
    assert preprocessing_digest(loaded) == digest


def test_the_digest_hears_of_everything() -> None:
    loaded = own()
    changed = [
        with_preprocessing(loaded, size=48),
        with_preprocessing(loaded, fit="crop"),
        own(do_normalize=False),
        replace(loaded, image_processor=make_processor("squash", 32, image_mean=_MEAN, image_std=_STD, resample=3)),
        tiny("timm/resnet10t"),
        with_preprocessing(tiny("timm/resnet10t"), fit="squash"),
    ]
    digests = {preprocessing_digest(each) for each in [loaded, *changed]}
    assert len(digests) == 7
    assert preprocessing_digest(own()) == preprocessing_digest(loaded)
    assert all(len(digest) == 12 for digest in digests)


@pytest.mark.parametrize("size", [4, 4096, 0, True, 32.0])
def test_sizes_out_of_range(size: Any) -> None:
    with pytest.raises(BadRequest) as refused:
        with_preprocessing(own(), size=size)
    assert str(refused.value) == f"Expected a size from 8 to 2048 pixels; found {size!r}. Use 224."


def test_a_size_that_fits_no_grid_and_an_unknown_fit() -> None:
    with pytest.raises(BadRequest) as refused:
        with_preprocessing(tiny("vit-tiny"), size=60)
    assert str(refused.value) == (
        "Expected a size that ViTForImageClassification can take; found 60 pixels. "
        "Keep the size it was trained with, or a multiple of 8."
    )
    with pytest.raises(BadRequest) as refused:
        with_preprocessing(own(), fit="stretch")
    assert str(refused.value) == (
        "Expected a fit among crop, squash, pad; found 'stretch'. Correct the fit of the preprocessing."
    )


def test_preprocessing_without_squares() -> None:
    loaded = own()
    loaded.image_processor.size = {"height": 32, "width": 48}
    with pytest.raises(ModelUnavailable) as refused:
        input_size(loaded)
    assert str(refused.value) == (
        "Expected preprocessing that makes squares in scratch/resnet-18; found 48 x 32 pixels from a picture of "
        "64 x 48. Correct size and crop_size in preprocessor_config.json."
    )
