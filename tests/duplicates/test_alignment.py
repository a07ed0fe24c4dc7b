from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from tests.duplicates.made import captioned, cropped, jpeg, opened, photo, shrunk
from vitrina.duplicates.alignment import (
    Sheet,
    as_sheet,
    covered,
    inverted,
    lay_over,
    refined,
    resemblance,
    rough,
    scale_of,
    turn_array,
    whole_frame,
)


def sheet(image: Image.Image) -> Sheet:
    return as_sheet(np.asarray(image))


def test_turns_are_quarters_to_the_left_then_mirrored() -> None:
    picture = np.arange(6).reshape(2, 3)
    assert turn_array(picture, 0).tolist() == [[0, 1, 2], [3, 4, 5]]
    assert turn_array(picture, 1).tolist() == [[2, 5], [1, 4], [0, 3]]
    assert turn_array(picture, 2).tolist() == [[5, 4, 3], [2, 1, 0]]
    assert turn_array(picture, 4).tolist() == [[2, 1, 0], [5, 4, 3]]
    assert {turn_array(picture, turn).tobytes() for turn in range(8)} == {
        turn_array(turn_array(picture, 3), turn).tobytes() for turn in range(8)
    }


def test_whole_frames_lie_on_one_another_corner_by_corner() -> None:
    there = whole_frame(sheet(photo(1, (200, 100))), sheet(photo(1, (100, 80))))
    assert there @ [-0.5, -0.5, 1] == pytest.approx([-0.5, -0.5])
    assert there @ [199.5, 99.5, 1] == pytest.approx([99.5, 79.5])


def test_a_crop_is_found_and_refined_to_a_tenth_of_a_pixel() -> None:
    image = photo(2)
    part = opened(jpeg(cropped(image, 0.7), 80))
    whole, piece = sheet(image), sheet(part)
    start, points, matched = rough(whole, piece)
    assert start is not None
    assert 20 < points <= matched
    back, left_over = refined(
        whole.grey.astype(np.float32),
        piece.grey.astype(np.float32),
        inverted(start),
        use=np.ones(piece.grey.shape, bool),
    )
    left, top = (224 - 156) // 3, (224 - 156) * 2 // 3
    assert back == pytest.approx(np.array([[1, 0, left], [0, 1, top]]), abs=0.1)
    assert left_over < 0.1


def test_the_same_pictures_give_the_same_map_each_time() -> None:
    one, two = photo(3), shrunk(photo(3).rotate(12), 0.7)
    first = rough(sheet(one), sheet(two))
    second = rough(sheet(one), sheet(two))
    assert first[0] is not None
    assert second[0] is not None
    assert first[0].tobytes() == second[0].tobytes()
    assert scale_of(first[0]) == pytest.approx(0.7, abs=0.02)


def test_other_photos_share_no_map() -> None:
    _, points, _ = rough(sheet(photo(4)), sheet(photo(5)))
    assert points < 12


def test_a_picture_without_points_has_no_map() -> None:
    flat = as_sheet(np.full((100, 100, 3), 70, np.uint8))
    assert rough(flat, sheet(photo(1))) == (None, 0, 0)


def test_cover_is_the_overlap() -> None:
    inside = covered((50, 40), np.array([[1.0, 0, 10], [0, 1, -5]]), (60, 60))
    rows, columns = np.nonzero(inside)
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (5, 54, 0, 29)


def test_laying_over_reads_from_where_the_map_leads() -> None:
    picture = np.arange(100, dtype=np.float32).reshape(10, 10)
    assert (
        lay_over(picture, np.array([[1.0, 0, 2], [0, 1, 1]]), (3, 3)).tolist() == picture[1:4, 2:5].tolist()
    )


def test_whole_copies_resemble_and_others_do_not() -> None:
    image = photo(6)
    for copy in (captioned(image), shrunk(image, 0.5), opened(jpeg(image, 40))):
        assert resemblance(sheet(image), sheet(copy)) > 0.9
    assert resemblance(sheet(image), sheet(photo(7))) < 0.5


def test_a_sheet_knows_colour_lost_whites_and_detail() -> None:
    image = photo(8)
    grey = sheet(image.convert("L").convert("RGB"))
    assert sheet(image).colourful
    assert not grey.colourful
    bright = Image.eval(image, lambda value: min(255, value * 2))
    assert sheet(bright).clipped.mean() > sheet(image).clipped.mean()
    assert sheet(captioned(image)).detailed() < sheet(image).detailed()
