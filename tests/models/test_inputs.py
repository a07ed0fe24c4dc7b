"""Files decoded as large as they are needed, no larger."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from vitrina.models.inputs import FINEST_SIDE, LONGEST_STRIP, as_rgb


def jpeg(width: int, height: int) -> bytes:
    field = np.random.default_rng(0).integers(0, 256, (5, 7, 3), dtype=np.uint8)
    file = io.BytesIO()
    Image.fromarray(field).resize((width, height), Image.Resampling.BICUBIC).save(file, "JPEG", quality=92)
    return file.getvalue()


@pytest.mark.parametrize(
    ("at_least", "size"),
    [
        (None, (900, 600)),
        (100, (225, 150)),
        (151, (450, 300)),
        (300, (450, 300)),
        (301, (900, 600)),
        (5000, (900, 600)),
    ],
)
def test_the_shorter_side_keeps_what_is_asked_for(at_least: int | None, size: tuple[int, int]) -> None:
    """By a power of two, which the JPEG decoder does by itself."""
    data = jpeg(900, 600)
    seen = as_rgb(data, at_least=at_least)
    assert (seen.size, seen.mode) == (size, "RGB")
    whole = as_rgb(data).resize(size, Image.Resampling.BOX)
    assert np.abs(np.asarray(seen).astype(int) - np.asarray(whole)).mean() < 2


def test_a_small_part_of_a_large_picture_costs_no_whole_file() -> None:
    """A part of a tenth would ask for ten times the side: it is enlarged from what twice the usual side shows."""
    data = jpeg(2 * FINEST_SIDE, 2 * FINEST_SIDE)
    assert as_rgb(data, at_least=4480).size == (FINEST_SIDE, FINEST_SIDE)


def test_a_strip_is_still_seen_through_its_middle() -> None:
    assert as_rgb(jpeg(1600, 100), at_least=50).size == (50 * LONGEST_STRIP, 50)
