"""Windows on a picture: right place, right turn, no black."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from tests.augment.made import flat, levels, picture
from vitrina.augment.window import WHOLE, Window


def test_the_whole_window_is_the_picture_itself() -> None:
    image = picture()
    assert WHOLE.seen(image) is image
    assert WHOLE.turned(360).seen(image) is image


@pytest.mark.parametrize("quarters", [1, 2, 3, 4, -1])
def test_quarter_turns_of_a_square_lose_nothing(quarters: int) -> None:
    image = picture(24, 24)
    seen = levels(WHOLE.turned(90 * quarters).seen(image))
    assert (seen == np.rot90(levels(image), quarters)).all()


@pytest.mark.parametrize("size", [(40, 28), (28, 40), (41, 28), (28, 41)])
def test_quarter_turns_of_others_keep_the_size_cut_one_way_and_mirrored_the_other(size: tuple[int, int]) -> None:
    """40 x 28 turned is 28 x 40: 28 columns and the middle 28 rows of it are seen, 6 columns mirrored a side."""
    image = picture(*size)
    seen = levels(WHOLE.turned(90).seen(image))
    assert seen.shape == levels(image).shape
    turned = np.rot90(levels(image))
    wide = np.pad(turned, ((20, 20), (20, 20), (0, 0)), mode="symmetric")
    top, left = ((wide.shape[side] - seen.shape[side]) // 2 for side in (0, 1))
    near = [
        wide[top + down : top + down + seen.shape[0], left + across : left + across + seen.shape[1]]
        for down in (0, 1)
        for across in (0, 1)
    ]
    assert any((seen == one).all() for one in near)


@pytest.mark.parametrize("degrees", [7.0, 90.0001, -123.0, 179.9])
def test_a_turn_is_that_of_pillow_where_the_picture_reaches(degrees: float) -> None:
    image = picture(60, 60)
    ours = levels(WHOLE.turned(degrees).seen(image))
    theirs = levels(image.rotate(degrees, Image.Resampling.BILINEAR))
    y, x = np.mgrid[:60, :60] - 29.5
    inside = np.hypot(x, y) < 28
    assert np.abs(ours - theirs)[inside].max() <= 1


def test_a_crop_is_that_part_of_the_picture() -> None:
    image = picture(40, 28)
    seen = WHOLE.part(0.25, 0.5, 0.5, 0.25).seen(image)
    expected = image.resize((40, 28), Image.Resampling.BICUBIC, box=(10, 14, 30, 21))
    assert (levels(seen) == levels(expected)).all()


def test_parts_of_parts_add_up() -> None:
    both = WHOLE.part(0.5, 0.0, 0.5, 0.5).part(0.5, 0.5, 0.5, 0.5)
    assert both == WHOLE.part(0.75, 0.25, 0.25, 0.25) == Window(0.875, 0.375, 0.25, 0.25)
    assert WHOLE.zoomed(2) == WHOLE.part(0.25, 0.25, 0.5, 0.5)
    assert WHOLE.zoomed(2).turned(10).turned(5).degrees == 15


def test_shrinking_shows_the_whole_picture_in_the_middle_and_its_mirror_around() -> None:
    image = picture(40, 40)
    seen = levels(WHOLE.zoomed(0.5).seen(image))
    small = levels(image.resize((20, 20), Image.Resampling.BICUBIC))
    assert np.abs(seen[11:29, 11:29] - small[1:-1, 1:-1]).max() <= 1
    assert np.abs(seen[:10] - seen[10:20][::-1]).max() <= 2
    assert np.abs(seen[:, 30:] - seen[:, 20:30][:, ::-1]).max() <= 2


def test_a_crop_that_is_turned_shows_what_is_really_beside_it() -> None:
    """White around a black middle: mirrored at the crop's edge, no white would be seen."""
    image = flat(60, 60, (255, 255, 255))
    image.paste((0, 0, 0), (15, 15, 45, 45))
    seen = levels(WHOLE.part(0.25, 0.25, 0.5, 0.5).turned(45).seen(image))
    assert seen[2, 2].min() > 200
    assert seen[30, 30].max() == 0


@given(
    st.integers(1, 30), st.integers(1, 30), st.floats(-200, 200), st.floats(0.25, 4),
    st.floats(0, 0.7), st.floats(0, 0.7), st.floats(0.2, 0.3), st.floats(0.2, 0.3),
)  # fmt: skip
@settings(deadline=None, max_examples=150)
def test_a_flat_picture_stays_flat(
    width: int, height: int, degrees: float, zoom: float, left: float, top: float, wide: float, high: float
) -> None:
    """No border of any other colour, whatever the window."""
    seen = WHOLE.part(left, top, wide, high).zoomed(zoom).turned(degrees).seen(flat(width, height, (200, 90, 30)))
    assert seen.size == (width, height)
    assert np.abs(levels(seen) - (200, 90, 30)).max() <= 1


def test_strong_shrinking_under_a_turn_is_smooth() -> None:
    """Fine stripes average out instead of beating against the raster."""
    stripes = Image.fromarray(np.tile(np.array([[[0] * 3, [255] * 3]], dtype=np.uint8), (64, 32, 1)))
    seen = levels(WHOLE.zoomed(0.25).turned(5).seen(stripes))
    assert np.abs(seen - 127.5).max() < 60
