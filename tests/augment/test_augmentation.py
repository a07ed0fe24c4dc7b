"""What a recipe names is what is done, the same whoever does it."""

from __future__ import annotations

import hashlib
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from tests.augment.made import levels, picture
from vitrina.augment import KNOWN, Augmentation, generator_for
from vitrina.errors import BadRequest

FULL = {
    "flip": "both", "rotate": 15, "zoom": [0.8, 1.2], "brightness": 0.2, "contrast": 0.2, "noise": 0.02,
    "grey": 0.3, "crop": [0.5, 1.0],
}  # fmt: skip
ROOT = Path(__file__).resolve().parents[2]


def varied(settings: dict[str, Any], image: Image.Image, *, index: int = 0, epoch: int = 0) -> Image.Image:
    return Augmentation.from_recipe(settings)(image, generator=generator_for(7, epoch, index))


def test_a_recipe_is_read_in_the_rooms_order_and_written_back() -> None:
    augmentation = Augmentation.from_recipe(FULL)
    assert augmentation.names == KNOWN
    assert KNOWN == ("crop", "zoom", "rotate", "flip", "brightness", "contrast", "noise", "grey")
    assert augmentation.as_dict() == FULL
    assert list(augmentation.as_dict()) == list(KNOWN)
    again = yaml.safe_load(yaml.safe_dump(augmentation.as_dict()))
    assert Augmentation.from_recipe(again) == augmentation == Augmentation.from_recipe(dict(reversed(FULL.items())))


@pytest.mark.parametrize(
    "settings",
    [None, {}, {"flip": None, "rotate": 0, "zoom": [1, 1], "noise": 0.0, "grey": False, "crop": [1.0, 1.0]}],
)
def test_nothing_asked_is_false_and_gives_the_picture_back(settings: Any) -> None:
    augmentation = Augmentation.from_recipe(settings)
    assert not augmentation
    assert augmentation.names == ()
    assert augmentation.as_dict() == {}
    image = picture()
    assert augmentation(image, generator=generator_for(0, 0, 0)) is image


@pytest.mark.parametrize("name", KNOWN)
def test_every_variation_changes_pixels_by_itself(name: str) -> None:
    image = picture()
    settings = {name: {**FULL, "grey": 1}[name]}
    changed = [varied(settings, image, index=index) for index in range(12)]
    assert any((levels(one) != levels(image)).any() for one in changed)
    assert {one.size for one in changed} == {image.size}
    assert {one.mode for one in changed} == {"RGB"}
    # A variation leaves the picture that it was given as it was.
    assert (levels(image) == levels(picture())).all()


@given(
    st.integers(1, 33), st.integers(1, 33), st.sets(st.sampled_from(KNOWN), min_size=1), st.integers(0, 2**31),
    st.sampled_from([3, 45, 180, "quarter"]), st.sampled_from([[0.25, 4], [0.25, 0.3], [3, 4]]),
)  # fmt: skip
@settings(deadline=None, max_examples=150)
def test_any_picture_keeps_its_size_and_gets_no_black(
    width: int, height: int, names: set[str], index: int, turn: Any, zoom: list[float]
) -> None:
    asked: dict[str, Any] = {**FULL, "rotate": turn, "zoom": zoom, "crop": [0.05, 1]}
    asked |= {"brightness": 0.05, "contrast": 0.05, "noise": 0.002}
    image = picture(width, height, seed=index % 5)
    result = varied({name: asked[name] for name in names}, image, index=index)
    assert (result.size, result.mode) == (image.size, "RGB")
    # No level is under 60 in the picture; a bicubic kernel overshoots, but does not reach black.
    assert levels(result).min() > 10


def test_the_order_of_calls_does_not_matter() -> None:
    image = picture()
    forwards = [varied(FULL, image, index=index).tobytes() for index in range(6)]
    backwards = [varied(FULL, image, index=index).tobytes() for index in reversed(range(6))]
    assert forwards == backwards[::-1]
    assert len(set(forwards)) == 6
    assert varied(FULL, image, epoch=1).tobytes() != forwards[0]


def test_another_process_sees_the_same() -> None:
    code = (
        "import hashlib\n"
        "from tests.augment.made import picture\n"
        "from tests.augment.test_augmentation import FULL, varied\n"
        "for index in (2, 0, 1):\n"
        "    print(hashlib.sha256(varied(FULL, picture(), index=index).tobytes()).hexdigest())\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    here = [
        hashlib.sha256(varied(FULL, picture(), index=index).tobytes()).hexdigest() for index in (2, 0, 1)
    ]
    assert done.stdout.split() == here


def test_it_travels_to_a_worker() -> None:
    augmentation = Augmentation.from_recipe(FULL)
    there = pickle.loads(pickle.dumps(augmentation))
    assert there == augmentation
    one, other = (a(picture(), generator=generator_for(0, 1, 2)) for a in (augmentation, there))
    assert one.tobytes() == other.tobytes()


@pytest.mark.parametrize("left_out", KNOWN)
def test_leaving_one_out_does_not_reshuffle_the_others(left_out: str) -> None:
    whole = Augmentation.from_recipe(FULL)
    fewer = Augmentation.from_recipe({name: value for name, value in FULL.items() if name != left_out})
    one = dict(zip(whole.names, whole.draw(generator_for(3, 1, 4)), strict=True))
    other = dict(zip(fewer.names, fewer.draw(generator_for(3, 1, 4)), strict=True))
    assert other == {name: value for name, value in one.items() if name != left_out}


def test_a_generator_that_is_used_again_draws_anew() -> None:
    augmentation = Augmentation.from_recipe({"rotate": 90, "zoom": [0.5, 2]})
    generator = np.random.default_rng(0)
    assert augmentation.draw(generator) != augmentation.draw(generator)


def test_pixels_are_moved_once() -> None:
    """Half as large, then twice as large, is one window: the picture itself."""
    augmentation = Augmentation.from_recipe({"crop": [0.25, 0.25], "zoom": [0.5, 0.5]})
    image = picture()
    assert augmentation.apply(image, ((0.25, 0.25, 0.5, 0.5), 0.5)) is image


def test_what_was_drawn_is_told_in_words() -> None:
    augmentation = Augmentation.from_recipe(FULL)
    drawn = ((0.0, 0.0, 0.8, 0.75), 1.1, -7.2, (True, False), 0.93, 1.2, 5, True)
    assert augmentation.told(drawn) == (
        "crop 60 %", "zoom ×1.10", "rotate −7°", "flip horizontal", "brightness ×0.93", "contrast ×1.20",
        "noise 2 %", "grey",
    )  # fmt: skip
    still = Augmentation.from_recipe({"rotate": "quarter", "flip": "both", "grey": 0.5})
    assert still.told((0.0, (False, False), False)) == ()
    assert still.told((270.0, (True, True), False)) == ("rotate 270°", "flip both")


KINDS = "crop, zoom, rotate, flip, brightness, contrast, noise, grey"
TWO = "the smaller first, such as [0.8, 1]"


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        (
            ["flip"],
            f"Expected names and values under augment ({KINDS}); found ['flip']. "
            "Write them as a mapping, such as flip: horizontal.",
        ),
        (
            {"gray": 0.1, "flip": "both"},
            f"Expected variations under augment among {KINDS}; found unknown gray. Did you mean grey by gray?",
        ),
        (
            {"solarize": 1, 3: 2},
            f"Expected variations under augment among {KINDS}; found unknown 3, solarize. "
            "Correct the name, or leave it out.",
        ),
        (
            {"flip": True},
            "Expected horizontal, vertical or both under augment.flip; found True. "
            "Correct augment.flip, or leave it out.",
        ),
        (
            {"rotate": "half"},
            "Expected a number of degrees from 0 to 180, or quarter under augment.rotate; found 'half'. "
            "Correct augment.rotate, or leave it out.",
        ),
        (
            {"rotate": -5},
            "Expected a number from 0 to 180 (degrees), or quarter under augment.rotate; found -5. "
            "Correct augment.rotate, or leave it out.",
        ),
        (
            {"zoom": 1.2},
            f"Expected two numbers from 0.25 to 4, {TWO} under augment.zoom; found 1.2. "
            "Correct augment.zoom, or leave it out.",
        ),
        (
            {"crop": [1, 0.5]},
            f"Expected two numbers from 0.05 to 1, {TWO} under augment.crop; found [1, 0.5]. "
            "Correct augment.crop, or leave it out.",
        ),
        (
            {"brightness": 1},
            "Expected a number from 0 to less than 1 under augment.brightness; found 1. "
            "Correct augment.brightness, or leave it out.",
        ),
        (
            {"contrast": "0.2"},
            "Expected a number from 0 to less than 1 under augment.contrast; found '0.2'. "
            "Correct augment.contrast, or leave it out.",
        ),
        (
            {"noise": float("nan")},
            "Expected a number from 0 to 0.5 under augment.noise; found nan. "
            "Correct augment.noise, or leave it out.",
        ),
        (
            {"grey": 1.5},
            "Expected a number from 0 to 1 (a probability) under augment.grey; found 1.5. "
            "Correct augment.grey, or leave it out.",
        ),
    ],
)
def test_a_wrong_recipe_says_what_is_right(settings: Any, text: str) -> None:
    with pytest.raises(BadRequest) as caught:
        Augmentation.from_recipe(settings)
    assert str(caught.value) == text


@pytest.mark.parametrize("settings", [{}, {"flip": "both"}])
def test_other_modes_are_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(BadRequest) as caught:
        varied(settings, Image.new("L", (4, 4)))
    assert str(caught.value) == "Expected an RGB picture to vary; found mode L. Decode it as RGB first."
