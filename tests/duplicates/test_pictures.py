from __future__ import annotations

import numpy as np
import pytest

from vitrina.duplicates import Pictures
from vitrina.errors import VitrinaError


def some(count: int, **changed: object) -> Pictures:
    parts: dict[str, object] = {
        "byte_hashes": ["a"] * count,
        "pixel_hashes": ["b"] * count,
        "perceptual": np.zeros(count, np.uint64),
        "sizes": np.full((count, 2), 100),
        "contrast": np.full(count, 40.0),
        "sharpness": np.zeros(count),
        "view": lambda row: np.zeros((8, 8, 3), np.uint8),
    }
    return Pictures(**(parts | changed))  # type: ignore[arg-type]


def test_parts_of_two_lengths_are_refused() -> None:
    with pytest.raises(VitrinaError) as caught:
        some(2, contrast=np.zeros(3))
    assert str(caught.value) == (
        "Expected as many entries in every part of Pictures; found byte_hashes 2, pixel_hashes 2, perceptual 2, "
        "sizes 2, contrast 3, sharpness 2. Build all parts from the same rows."
    )


def test_features_count_as_well() -> None:
    with pytest.raises(VitrinaError, match="features 5"):
        some(2, features=np.zeros((5, 4), np.float32))


def test_small_and_flat_pictures_tell_nothing() -> None:
    pictures = some(
        4, sizes=np.array([[64, 64], [63, 900], [300, 200], [28, 28]]), contrast=np.array([40, 40, 4.9, 0])
    )
    assert pictures.telling(least_side=64, least_contrast=5.0).tolist() == [True, False, False, False]


def test_no_pictures_at_all() -> None:
    nothing = some(0, sizes=np.empty((0, 2), np.int64))
    assert len(nothing) == 0
    assert nothing.telling(least_side=64, least_contrast=5.0).shape == (0,)
