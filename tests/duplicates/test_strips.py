from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw, ImageEnhance, ImageOps

from tests.duplicates.made import captioned, photo
from vitrina.duplicates.strips import differing_strips


def grey(image: Image.Image) -> np.ndarray:
    return np.asarray(image.convert("L"), dtype=np.float32)


def strips(one: Image.Image, two: Image.Image) -> np.ndarray:
    return differing_strips(grey(one), grey(two), np.ones(grey(one).shape, bool))


def test_a_caption_is_cut_off_and_little_else() -> None:
    image = photo(31)
    found = strips(image, captioned(image))
    assert found[-image.height // 9 :].all()
    assert not found[: -image.height // 9 - 12].any()


def test_a_frame_is_cut_off_on_all_sides() -> None:
    image = photo(32)
    framed = ImageOps.expand(image.crop((14, 14, 210, 210)), 14, "white")
    found = strips(image, framed)
    assert found[:14].all()
    assert found[-14:].all()
    assert found[:, :14].all()
    assert found[:, -14:].all()
    assert not found[55:-55, 55:-55].any()


def test_another_light_is_no_strip() -> None:
    image = photo(33)
    assert not strips(image, ImageEnhance.Brightness(image).enhance(1.5)).any()
    assert not strips(image, image).any()


def test_a_change_inside_is_no_strip() -> None:
    image = photo(34)
    changed = image.copy()
    ImageDraw.Draw(changed).ellipse([60, 90, 110, 140], fill="white")
    assert not strips(image, changed).any()


def test_of_two_other_pictures_a_middle_is_left() -> None:
    found = strips(photo(35), photo(36))
    assert not found[60:-60, 60:-60].any()
