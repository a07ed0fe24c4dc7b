"""What the formats share."""

from __future__ import annotations

import pytest
from PIL import Image

from vitrina.parquet.stripping import CannotStrip, cut, orientation_alone


@pytest.mark.parametrize("turn", range(2, 9))
def test_an_orientation_and_nothing_else(turn: int) -> None:
    exif = Image.Exif()
    exif.load(b"Exif\0\0" + orientation_alone(turn))
    assert dict(exif) == {0x0112: turn}
    assert len(orientation_alone(turn)) == 26


def test_cutting() -> None:
    assert cut(b"abcd", 1, 3) == b"bcd"
    for start, size in ((2, 3), (-1, 1), (1, -1)):
        with pytest.raises(CannotStrip, match="ends too early"):
            cut(b"abcd", start, size)
