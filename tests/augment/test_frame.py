"""What the network sees: the part that the window shows, at its size, made once."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from tests.augment.made import flat, levels, picture
from vitrina.augment import Augmentation, Frame, generator_for
from vitrina.augment.window import WHOLE, Window

FITS = ("crop", "squash", "pad")


def smooth(width: int, height: int) -> Image.Image:
    """Few colours far apart: half a pixel more or less changes little."""
    rng = np.random.default_rng(1)
    return Image.fromarray(rng.integers(60, 220, (4, 5, 3), dtype=np.uint8)).resize(
        (width, height), Image.Resampling.BICUBIC
    )


@pytest.mark.parametrize("resample", ["bilinear", "bicubic"])
def test_a_stretched_picture_is_that_of_torch(resample: str) -> None:
    image = picture(60, 40)
    pixels = torch.from_numpy(np.array(image)).permute(2, 0, 1)[None]
    expected = torch.nn.functional.interpolate(pixels, size=(24, 24), mode=resample, antialias=True)[0]
    seen = Frame(24, "squash", resample=resample).seen(image)
    assert (levels(seen) == expected.permute(1, 2, 0).numpy()).all()


def test_a_crop_takes_the_middle_and_leaves_its_margin_out() -> None:
    image = picture(64, 32)
    assert (levels(Frame(32).seen(image)) == levels(image.crop((16, 0, 48, 32)))).all()
    assert (levels(Frame(24, margin=32 / 24).seen(image)) == levels(image.crop((20, 4, 44, 28)))).all()
    stretched = Frame(24, "squash", margin=32 / 24).seen(picture(32, 32))
    assert (levels(stretched) == levels(picture(32, 32).crop((4, 4, 28, 28)))).all()


def test_a_padded_picture_lies_whole_in_the_middle() -> None:
    image, frame = picture(32, 16), Frame(32, "pad", fill=(1, 2, 3))
    seen = frame.seen(image)
    assert seen.size == (32, 16)
    placed = frame.levels(seen)
    assert (placed[8:24] == np.asarray(image)).all()
    assert (placed[:8] == (1, 2, 3)).all()
    assert (placed[24:] == (1, 2, 3)).all()
    assert placed.dtype == np.uint8


WINDOWS = [
    WHOLE.part(0.1, 0.3, 0.6, 0.5),
    WHOLE.zoomed(0.6),
    WHOLE.part(0.0, 0.4, 0.7, 0.6).zoomed(0.7),
    WHOLE.turned(17),
    WHOLE.part(0.3, 0.2, 0.5, 0.6).turned(-64),
    WHOLE.zoomed(0.5).turned(30),
    WHOLE.zoomed(1.4).turned(181),
    WHOLE.turned(90),
    WHOLE.turned(180),
    WHOLE.part(0.2, 0.2, 0.5, 0.5).turned(180),
    WHOLE.turned(270),
]


@pytest.mark.parametrize("fit", FITS)
@pytest.mark.parametrize("size", [(300, 200), (200, 300), (240, 240)])
@pytest.mark.parametrize("window", WINDOWS)
def test_one_step_shows_what_two_show(window: Window, size: tuple[int, int], fit: str) -> None:
    """The picture through the window in its own size, then in the frame: but for resampling, the same."""
    image, frame = smooth(*size), Frame(48, fit, margin=1.125 if fit == "crop" else 1.0)
    one, two = frame.seen(image, window), frame.seen(window.seen(image))
    assert one.size == two.size
    difference = np.abs(levels(one) - levels(two))
    assert difference.mean() < 2
    assert np.percentile(difference, 99) < 12


@pytest.mark.parametrize("fit", FITS)
@pytest.mark.parametrize("size", [(300, 200), (200, 300)])
def test_a_quarter_turn_shows_what_is_really_beside_the_window(size: tuple[int, int], fit: str) -> None:
    """As a turn by a hair more does, which has no way of its own."""
    image, frame, window = smooth(*size), Frame(48, fit), WHOLE.part(0.2, 0.1, 0.5, 0.6).zoomed(1.2)
    one, two = (frame.seen(image, window.turned(degrees)) for degrees in (270, 270.02))
    difference = np.abs(levels(one) - levels(two))
    assert difference.mean() < 2
    assert np.percentile(difference, 99) < 12


@given(
    st.integers(1, 40), st.integers(1, 40), st.floats(-200, 200), st.floats(0.25, 4),
    st.tuples(st.floats(0, 0.7), st.floats(0, 0.7)), st.sampled_from(FITS), st.booleans(),
)  # fmt: skip
@settings(deadline=None, max_examples=150)
def test_a_flat_picture_stays_flat(
    width: int, height: int, degrees: float, zoom: float, at: tuple[float, float], fit: str, quarters: bool
) -> None:
    """Whatever the window, the size of the picture, the fit: nothing black, and the frame is filled."""
    turn = 90.0 * round(degrees / 90) if quarters else degrees
    window = WHOLE.part(*at, 0.25, 0.3).zoomed(zoom).turned(turn)
    frame = Frame(17, fit, fill=(200, 90, 30))
    seen = frame.seen(flat(width, height, (200, 90, 30)), window)
    assert max(seen.size) == 17
    assert frame.levels(seen).shape == (17, 17, 3)
    assert np.abs(frame.levels(seen).astype(int) - (200, 90, 30)).max() <= 1


def test_strong_shrinking_is_smooth() -> None:
    """Fine stripes average out, upright as turned."""
    stripes = Image.fromarray(np.tile(np.array([[[0] * 3, [255] * 3]], dtype=np.uint8), (200, 100, 1)))
    for window in (WHOLE, WHOLE.turned(5)):
        seen = levels(Frame(24).seen(stripes, window))[2:-2, 2:-2]
        assert np.abs(seen - 127.5).max() < 30


def test_it_says_how_small_a_picture_may_be_decoded() -> None:
    """Twice the pixels that are made of the smaller side of the window."""
    assert Frame(224).at_least() == 448
    assert Frame(224, margin=256 / 224).at_least() == 512
    assert Frame(224, "squash").at_least(WHOLE.part(0.1, 0.1, 0.5, 0.7)) == 896
    assert Frame(224, "pad").at_least(WHOLE.zoomed(2).turned(20)) == 896
    assert Frame(224).at_least(WHOLE.zoomed(0.5)) == 224


def test_a_picture_decoded_smaller_is_seen_the_same() -> None:
    large = smooth(1200, 800)
    window = WHOLE.part(0.2, 0.1, 0.5, 0.5)
    frame = Frame(32)
    factor = 800 // frame.at_least(window)
    assert factor == 6
    difference = np.abs(levels(frame.seen(large, window)) - levels(frame.seen(large.reduce(factor), window)))
    assert difference.max() <= 6


def test_flips_and_tones_act_on_what_the_network_sees() -> None:
    """Noise on 224 pixels is as strong as the recipe says, not what resizing from 448 leaves of it."""
    framed = Augmentation.from_recipe({"noise": 0.05}).within(Frame(224))
    noisy = levels(framed(flat(448, 448), generator=generator_for(0, 0, 0)))
    assert noisy.shape == (224, 224, 3)
    assert noisy.std() == pytest.approx(0.05 * 255, rel=0.02)
    image = picture(64, 32)
    mirrored = (
        Augmentation.from_recipe({"flip": "horizontal"}).within(Frame(32)).apply(image, ((True, False),))
    )
    assert (levels(mirrored) == levels(image.crop((16, 0, 48, 32)))[:, ::-1]).all()


def test_pixels_are_moved_once(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[tuple[int, ...]] = []
    real = torch.nn.functional.interpolate

    def counted(pixels: torch.Tensor, **told: object) -> torch.Tensor:
        calls.append(tuple(pixels.shape))
        return real(pixels, **told)  # type: ignore[arg-type]

    monkeypatch.setattr(torch.nn.functional, "interpolate", counted)
    framed = Augmentation.from_recipe({"crop": [0.3, 0.3], "zoom": [1.2, 1.2], "flip": "both", "grey": 1})
    seen = framed.within(Frame(32))(picture(90, 60), generator=generator_for(1, 2, 3))
    assert seen.size == (32, 32)
    assert len(calls) == 1


def test_a_frame_changes_nothing_that_is_drawn() -> None:
    augmentation = Augmentation.from_recipe(
        {"crop": [0.1, 1], "zoom": [0.8, 1.2], "rotate": 20, "flip": "both"}
    )
    framed = augmentation.within(Frame(32))
    assert framed.draw(generator_for(1, 2, 3)) == augmentation.draw(generator_for(1, 2, 3))
    assert framed.within(None) == augmentation
    assert framed.as_dict() == augmentation.as_dict()
    drawn = augmentation.draw(generator_for(1, 2, 3))
    window = augmentation.window(drawn)
    left, top, width, height = drawn[0]
    assert window == WHOLE.part(left, top, width, height).zoomed(drawn[1]).turned(drawn[2])
    assert math.isclose(window.width, width / drawn[1])
