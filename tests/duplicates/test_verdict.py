from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image, ImageDraw

from tests.duplicates.made import DONE, jpeg, opened, photo, view_of
from vitrina.duplicates.alignment import Sheet, as_sheet, rough, whole_frame
from vitrina.duplicates.comparison import Comparison, compare
from vitrina.duplicates.verdict import is_copy, is_one_scene, is_unmoved


def sheet(image: Image.Image) -> Sheet:
    return as_sheet(view_of(np.asarray(image)))


def as_frames(one: Image.Image, two: Image.Image) -> Comparison:
    first, second = sheet(one), sheet(two)
    found = compare(first, second, whole_frame(first, second))
    assert found is not None
    return found


WHOLE = ("saved at quality 50", "grey", "brighter", "blurred", "captioned", "smaller")


@pytest.mark.parametrize("done", WHOLE)
def test_a_copy_of_the_whole_is_one(done: str) -> None:
    for seed, size in ((41, (224, 224)), (42, (500, 333))):
        image = photo(seed, size)
        for one, two in ((image, DONE[done](image)), (DONE[done](image), image)):
            found = as_frames(one, opened(jpeg(two, 88)))
            assert is_copy(found), found


def test_the_comparison_tells_what_was_done() -> None:
    image = photo(43)
    assert as_frames(image, DONE["brighter"](image)).gain == pytest.approx(1.3, abs=0.03)
    assert as_frames(image, DONE["blurred"](image)).blur == pytest.approx(2, abs=0.5)
    assert as_frames(image, DONE["captioned"](image)).compared == pytest.approx(1 - 1 / 9, abs=0.05)
    assert as_frames(image, DONE["smaller"](image)).moved < 0.3


@pytest.mark.parametrize("degrees", [3, -8])
def test_a_rotated_copy_is_one_seen_from_its_own_frame(degrees: int) -> None:
    image = photo(44)
    first, second = sheet(image), sheet(image.rotate(degrees, resample=Image.Resampling.BICUBIC))
    start, _, _ = rough(first, second)
    assert start is not None
    seen = [compare(first, second, start), compare(first, second, start, swap=True)]
    assert any(found is not None and is_copy(found) for found in seen)
    assert seen[0] is not None
    assert seen[0].angle == pytest.approx(-degrees, abs=0.1)


def test_something_new_in_the_scene_makes_it_another_picture() -> None:
    image = photo(45)
    changed = image.copy()
    ImageDraw.Draw(changed).ellipse([100, 60, 112, 72], fill=(250, 240, 60))
    found = as_frames(image, changed)
    assert not is_copy(found)
    assert is_unmoved(found)


def test_another_number_on_a_form_makes_it_another_form() -> None:
    def form(number: str) -> Image.Image:
        image = Image.new("RGB", (240, 240), "white")
        draw = ImageDraw.Draw(image)
        for line in range(12):
            draw.text((12, 40 + 15 * line), f"{line} the same words on every form", fill="black")
        draw.text((140, 12), number, fill="black")
        return image

    assert not is_copy(as_frames(form("No. 10234"), form("No. 77581")))
    assert is_copy(as_frames(form("No. 10234"), opened(jpeg(form("No. 10234"), 60))))


@pytest.mark.parametrize("grain", [3.5, 5, 7])
def test_two_exposures_with_grain_of_their_own_are_two_pictures(grain: float) -> None:
    rng = np.random.default_rng(6)
    scene = np.asarray(photo(46), dtype=np.float32)
    one, two = (
        Image.fromarray(
            np.clip(scene + rng.normal(0, grain, scene.shape[:2])[..., None], 0, 255).astype(np.uint8)
        )
        for _ in range(2)
    )
    found = as_frames(one, two)
    assert not is_copy(found)
    assert is_unmoved(found)
    assert is_copy(as_frames(one, opened(jpeg(one, 60))))


def test_a_camera_that_moved_made_another_picture() -> None:
    """The background moves otherwise than what stands before it, as it does for a hand-held camera."""
    wide = photo(47, (260, 240))
    near = photo(48, (80, 80))

    def shot(left: int, nearer: int) -> Image.Image:
        image = wide.crop((left, 4, left + 224, 228))
        image.paste(near, (70 - nearer, 80))
        return image

    first, second = sheet(shot(4, 0)), sheet(shot(8, 9))
    start, points, matched = rough(first, second)
    assert start is not None
    found = compare(first, second, start)
    assert found is not None
    assert not is_copy(found)
    assert not is_unmoved(found)
    assert is_one_scene(found, points=points, matched=matched)


def test_halves_of_one_photo_are_no_copies_of_each_other() -> None:
    image = photo(49, (320, 224))
    first, second = sheet(image.crop((0, 0, 224, 224))), sheet(image.crop((96, 0, 320, 224)))
    start, points, matched = rough(first, second)
    assert start is not None
    found = compare(first, second, start)
    assert found is not None
    assert found.contained == pytest.approx(128 / 224, abs=0.02)
    assert not is_copy(found)
    assert is_one_scene(found, points=points, matched=matched)


def test_other_photos_laid_over_one_another_agree_nowhere() -> None:
    first, second = sheet(photo(50)), sheet(photo(51))
    found = compare(first, second, whole_frame(first, second))
    assert found is None or not (is_copy(found) or is_unmoved(found))


def test_pictures_that_show_too_little_prove_nothing() -> None:
    plain = Image.new("RGB", (224, 224), "white")
    ImageDraw.Draw(plain).ellipse([100, 100, 124, 124], fill="black")
    held = io.BytesIO()
    plain.save(held, "JPEG", quality=50)
    assert not is_copy(as_frames(plain, opened(held.getvalue())))
