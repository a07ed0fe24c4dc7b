"""Pictures out of arrays: shapes, and files that are the same everywhere."""

from __future__ import annotations

import hashlib
import io

import numpy as np
import pytest
from PIL import Image

from vitrina.images import open_picture
from vitrina.readers.frames import Frames, as_png, frames_of


@pytest.mark.parametrize(("channels", "mode"), [(1, "L"), (3, "RGB"), (4, "RGBA")])
@pytest.mark.parametrize("size", [(1, 1), (7, 5), (300, 260)])
def test_a_picture_is_given_without_loss(channels: int, mode: str, size: tuple[int, int]) -> None:
    pixels = np.random.default_rng(3).integers(0, 256, (*size, channels), dtype=np.uint8)
    data = as_png(pixels)
    with Image.open(io.BytesIO(data)) as image:
        image.verify()
    with Image.open(io.BytesIO(data)) as image:
        assert (image.format, image.mode, image.size) == ("PNG", mode, size[::-1])
        assert np.array_equal(np.asarray(image).reshape(pixels.shape), pixels)
    assert open_picture(data).format == "PNG"


def test_the_bytes_are_the_same_on_every_machine() -> None:
    pixels = np.arange(300 * 300 * 3, dtype=np.uint32).astype(np.uint8).reshape(300, 300, 3)
    data = as_png(pixels)
    assert len(data) == 8 + 25 + 12 + 12 + 2 + 4 + 300 * 901 + 5 * 5
    assert hashlib.sha256(data).hexdigest() == GOLDEN
    assert as_png(np.asfortranarray(pixels)) == data


GOLDEN = "2fa38e7b590a3328ec5ca1d0d4eb91078584611fa3836658b008300312da500d"


@pytest.mark.parametrize(
    ("shape", "frames"),
    [
        ((5, 8, 9, 3), Frames(5, 8, 9, 3, "last")),
        ((5, 8, 9, 1), Frames(5, 8, 9, 1, "last")),
        ((5, 3, 8, 9), Frames(5, 8, 9, 3, "first")),
        ((5, 1, 8, 9), Frames(5, 8, 9, 1, "first")),
        ((5, 3, 9, 3), Frames(5, 3, 9, 3, "last")),
        ((5, 8, 9), Frames(5, 8, 9, 1, "none")),
        ((0, 8, 9), Frames(0, 8, 9, 1, "none")),
        ((480, 640, 3), Frames(1, 480, 640, 3, "single")),
        ((5, 6, 3), Frames(5, 6, 3, 1, "none")),
        ((5, 8, 9, 2), None),
        ((5, 0, 9, 3), None),
        ((5, 784), None),
        ((5,), None),
        ((), None),
        ((5, 6, 7, 8, 3), None),
    ],
)
def test_shapes(shape: tuple[int, ...], frames: Frames | None) -> None:
    assert frames_of(shape) == frames


@pytest.mark.parametrize("shape", [(2, 6, 9, 3), (2, 3, 6, 9), (2, 6, 9), (2, 1, 6, 9)])
def test_axes_are_turned_to_where_files_have_them(shape: tuple[int, ...]) -> None:
    array = np.random.default_rng(1).integers(0, 256, shape, dtype=np.uint8)
    frames = frames_of(shape)
    assert frames is not None
    with Image.open(io.BytesIO(frames.file_of(array[1]))) as image:
        pixels = np.asarray(image)
    expected = array[1].transpose(1, 2, 0) if frames.axes == "first" else array[1]
    assert np.array_equal(pixels, expected.squeeze())
