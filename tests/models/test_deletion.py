"""The deletion test on a model whose every answer is known beforehand."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from vitrina.errors import BadRequest
from vitrina.models.backbone import LoadedModel, load_model
from vitrina.models.deletion import Deletion, deletion_areas, deletion_test

MEAN = Deletion(steps=4, seeds=4, blank="mean")


class Corner(torch.nn.Module):
    """Class 0 is as likely as the top left quarter is bright: 0.5 when blank, 0.9999 when white."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = torch.nn.Parameter(torch.tensor(9.2))
        self.config = SimpleNamespace(problem_type=None)

    def forward(self, pixel_values: torch.Tensor) -> SimpleNamespace:
        height, width = pixel_values.shape[-2:]
        bright = pixel_values[:, :, : height // 2, : width // 2].mean(dim=(1, 2, 3))
        # 1 for a picture that is white in this quarter alone, 0 for its mean colour.
        logit = self.scale * (bright + 0.5) / 1.5
        return SimpleNamespace(logits=torch.stack([logit, 0 * logit, 0 * logit], dim=1))


@pytest.fixture
def corner(vit_folder: Path) -> LoadedModel:
    return replace(load_model(vit_folder), model=Corner())


@pytest.fixture
def picture() -> np.ndarray:
    pixels = np.zeros((32, 32, 3), dtype=np.uint8)
    pixels[:16, :16] = 255
    return pixels


@pytest.fixture
def heat() -> np.ndarray:
    marked = np.zeros((1, 32, 32), dtype=np.float32)
    marked[0, :16, :16] = 1
    return marked


def test_the_area_is_that_of_the_curve(corner: LoadedModel, picture: np.ndarray, heat: np.ndarray) -> None:
    """By heat the quarter is gone after one step of four; by cold it goes in the last."""
    told = deletion_test(corner, [picture], heat, settings=MEAN)
    full, gone = np.exp(9.2) / (np.exp(9.2) + 2), 1 / 3
    assert told["n"] == 1
    assert told["area"] == pytest.approx((full / 2 + 3 * gone + gone / 2) / 4, abs=1e-3)
    assert told["area_reverse"] == pytest.approx((full / 2 + 3 * full + gone / 2) / 4, abs=1e-3)
    assert told["area"] < told["area_random"] < told["area_reverse"]
    assert told["better_share"] == 1.0


def test_the_target_decides(corner: LoadedModel, picture: np.ndarray, heat: np.ndarray) -> None:
    """What hides class 0 shows class 1."""
    own = deletion_areas(corner, [picture], heat, targets=["cat"], settings=MEAN)
    assert (own == deletion_areas(corner, [picture], heat, settings=MEAN)).all()
    other = deletion_areas(corner, [picture], heat, targets=["dog"], settings=MEAN)
    assert other[0, 0] > other[0, 1] > other[0, 2]


def test_chance_comes_from_the_seed(corner: LoadedModel, picture: np.ndarray, heat: np.ndarray) -> None:
    first, again, other = (
        deletion_areas(corner, [picture], heat, seed=seed, settings=MEAN)[0] for seed in (1, 1, 2)
    )
    assert first.tolist() == again.tolist()
    assert first[1] != other[1]


def test_where_heat_is_equal_chance_decides(corner: LoadedModel, picture: np.ndarray) -> None:
    """A flat map knows nothing, and is no better from the top down than from the bottom up."""
    areas = deletion_areas(corner, [picture], np.zeros((1, 32, 32), np.float32), settings=MEAN)
    assert areas[0, 0] == pytest.approx(areas[0, 2], abs=0.03)


def test_several_labels_are_sigmoids(corner: LoadedModel, picture: np.ndarray, heat: np.ndarray) -> None:
    corner.model.config.problem_type = "multi_label_classification"
    areas = deletion_areas(corner, [picture], heat, targets=[1], settings=MEAN)
    np.testing.assert_allclose(areas, 0.5)


def test_a_blurred_picture_keeps_its_mean(corner: LoadedModel, heat: np.ndarray) -> None:
    """On one colour a blur changes nothing, so that the curve is flat."""
    grey = np.full((32, 32, 3), 90, dtype=np.uint8)
    areas = deletion_areas(corner, [grey], heat, settings=Deletion(steps=3, seeds=1))
    np.testing.assert_allclose(areas, areas[0, 0], atol=1e-5)


def test_no_pictures_no_figures(corner: LoadedModel) -> None:
    told = deletion_test(corner, [], np.zeros((0, 0, 0), np.float32))
    assert told == {"n": 0, "area": None, "area_random": None, "area_reverse": None, "better_share": None}


def test_heat_must_fit(corner: LoadedModel, picture: np.ndarray, heat: np.ndarray) -> None:
    step = "Give what heat_map says of these pictures."
    with pytest.raises(BadRequest) as refused:
        deletion_test(corner, [picture, picture], heat)
    assert str(refused.value) == (
        f"Expected heat of the shape (2, height, width); found (1, 32, 32). {step}"
    )
    with pytest.raises(BadRequest) as refused:
        deletion_test(corner, [picture], heat[:, :8])
    assert str(refused.value) == f"Expected heat of the model's input, (32, 32); found (8, 32). {step}"


def test_settings_are_checked() -> None:
    with pytest.raises(BadRequest) as refused:
        Deletion(steps=1)
    assert str(refused.value) == "Expected at least 2 steps and 1 seed; found 1 and 3. Use 10 steps, 3 seeds."
    with pytest.raises(BadRequest) as refused:
        Deletion(blank="noise")
    assert str(refused.value) == "Expected a blank among blur, mean; found 'noise'. Use \"blur\"."
