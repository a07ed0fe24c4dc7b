"""The picture under the heat is what the model saw."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from transformers import ViTImageProcessor

from vitrina.errors import BadRequest
from vitrina.models.backbone import LoadedModel, load_model
from vitrina.models.explain_overlay import overlay, seen


def test_the_input_is_shown_in_its_own_colours(vit_folder: Path, bundled: LoadedModel) -> None:
    random = np.random.default_rng(0)
    picture = Image.fromarray(random.integers(0, 256, (32, 32, 3), dtype=np.uint8))
    (shown,) = seen(load_model(vit_folder), [picture])
    np.testing.assert_array_equal(np.asarray(shown), np.asarray(picture))
    # timm resizes to 256, then crops the middle 224.
    halves = Image.new("RGB", (512, 256), (200, 30, 30))
    halves.paste((30, 30, 200), (256, 0, 512, 256))
    (shown,) = seen(bundled, [halves])
    assert shown.size == (224, 224)
    assert np.abs(np.subtract(shown.getpixel((20, 100)), (200, 30, 30))).max() <= 2
    assert np.abs(np.subtract(shown.getpixel((200, 100)), (30, 30, 200))).max() <= 2


@pytest.mark.parametrize("options", [{"do_normalize": False}, {"image_mean": [0.1, 0.2, 0.3], "image_std": [0.3] * 3}])
def test_any_normalisation_is_taken_back(vit_folder: Path, options: dict[str, object]) -> None:
    loaded = load_model(vit_folder)
    processor = ViTImageProcessor(size={"height": 32, "width": 32}, **options)
    picture = Image.new("RGB", (32, 32), (12, 130, 250))
    own = LoadedModel(loaded.model, processor, loaded.labels, loaded.revision, loaded.reference)
    assert seen(own, [picture])[0].getpixel((5, 5)) == (12, 130, 250)


def test_no_pictures_nothing_seen(vit_folder: Path) -> None:
    assert seen(load_model(vit_folder), []) == []


def test_hot_parts_glow_cold_parts_are_grey() -> None:
    picture = Image.new("RGB", (64, 32), (40, 80, 200))
    heat = np.zeros((4, 8), dtype=np.float32)
    heat[:, 4:] = 1
    shown = np.asarray(overlay(picture, heat)).astype(int)
    assert shown.shape == (32, 64, 3)
    cold, hot = shown[16, 8], shown[16, 56]
    assert hot.sum() > 2 * cold.sum()
    assert hot[0] > 2.5 * 40  # The blue has turned towards amber.
    assert np.ptp(cold) < np.ptp([40, 80, 200]) / 2
    assert np.asarray(overlay(picture, heat, strength=0)).tolist() == np.asarray(picture).tolist()


def test_heat_out_of_range_is_refused() -> None:
    picture = Image.new("RGB", (8, 8))
    with pytest.raises(BadRequest) as refused:
        overlay(picture, np.full((2, 2), 1.5))
    assert str(refused.value) == (
        "Expected heat (height, width) from 0 to 1; found the shape (2, 2) with values from 1.5 to 1.5. "
        "Give one map of heat_map."
    )
    with pytest.raises(BadRequest) as refused:
        overlay(picture, np.zeros((2, 2)), strength=2)
    assert str(refused.value) == "Expected a strength from 0 to 1; found 2. Use 0.75."
