"""Blocks of GIF files."""

from __future__ import annotations

import pytest

from tests.hostile_pictures import encoded, photo
from vitrina.parquet.gif import strip_gif
from vitrina.parquet.stripping import CannotStrip

FRAMES = [photo(seed=seed).quantize(16) for seed in (1, 2)]
PLAIN = encoded(FRAMES[0], "GIF", save_all=True, append_images=FRAMES[1:], loop=0, duration=90)


@pytest.mark.parametrize(
    ("block", "what"),
    [
        (b"!\xfe\x05words\0", "comment"),
        (b"!\x01\x05words\0", "text"),
        (b"!\xff\x0bXMP DataXMP\x04<x/>\0", "XMP"),
        (b"!\xff\x0bICCRGBG1012\x04icc.\0", "other metadata"),
        (b"!\xff\x0bNETSCAPE2.0\x03\x01\0\0\x05words\0", "other metadata"),
        (b"!\xf9\x04\0\0\0\0\x05words\0", "other metadata"),
        (b"!\x99\x05words\0", "other metadata"),
    ],
)
def test_each_kind_is_named(block: bytes, what: str) -> None:
    stripped = strip_gif(PLAIN[:-1] + block + b";", turn=1, profile=None)
    assert stripped.taken_out == {what}
    assert stripped.data == PLAIN


def test_an_animation_stays() -> None:
    assert b"NETSCAPE2.0" in PLAIN
    assert strip_gif(PLAIN, turn=1, profile=None).data == PLAIN
    assert strip_gif(PLAIN + b"rest", turn=1, profile=None) == (PLAIN, {"data after the picture"})


@pytest.mark.parametrize(
    ("data", "turn", "why"),
    [
        (b"\x89PNG", 1, "does not begin"),
        (PLAIN, 6, "no place"),
        (PLAIN[:-1] + b"??", 1, "something between"),
        (PLAIN[:-9], 1, "ends too early"),
    ],
)
def test_what_is_not_as_gif_says(data: bytes, turn: int, why: str) -> None:
    with pytest.raises(CannotStrip, match=why):
        strip_gif(data, turn=turn, profile=None)
