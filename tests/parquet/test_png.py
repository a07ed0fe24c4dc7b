"""Chunks of PNG files."""

from __future__ import annotations

import zlib

import pytest

from tests.hostile_pictures import encoded, photo, png, png_chunk
from vitrina.parquet.png import strip_png
from vitrina.parquet.stripping import CannotStrip, orientation_alone

PLAIN = png(8, 8)


@pytest.mark.parametrize(
    ("kind", "content", "what"),
    [
        (b"tEXt", b"Author\0Ana", "text"),
        (b"zTXt", b"Note\0\0" + zlib.compress(b"words"), "text"),
        (b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0<x/>", "XMP"),
        (b"tEXt", b"Raw profile type exif\0\nexif\n", "EXIF"),
        (b"eXIf", b"MM\0*\0\0\0\x08\0\0", "EXIF"),
        (b"tIME", bytes(7), "other metadata"),
        (b"caBX", b"jumb", "other metadata"),
        (b"iCCP", b"Ana's screen\0\0" + zlib.compress(b"x"), "names in the colour profile"),
    ],
)
def test_each_kind_is_named(kind: bytes, content: bytes, what: str) -> None:
    told = png(8, 8, extra=[png_chunk(kind, content)])
    stripped = strip_png(told, turn=1, profile=None)
    assert stripped.taken_out == {what}
    assert stripped.data == PLAIN


def test_numbers_that_pixels_need_stay() -> None:
    extra = [png_chunk(b"gAMA", bytes(4)), png_chunk(b"sRGB", b"\0"), png_chunk(b"pHYs", bytes(9))]
    data = png(8, 8, extra=extra)
    assert strip_png(data, turn=1, profile=None).data == data
    coloured = encoded(photo().quantize(8), "PNG", transparency=3)
    assert strip_png(coloured + b"rest", turn=1, profile=None).data == coloured


def test_frames_stay() -> None:
    data = encoded(photo(), "PNG", save_all=True, append_images=[photo(seed=1)])
    assert b"fdAT" in data
    stripped = strip_png(data[:33] + png_chunk(b"tIME", bytes(7)) + data[33:], turn=1, profile=None)
    assert stripped.data == data


@pytest.mark.parametrize("turn", [1, 6])
def test_a_profile_and_an_orientation_are_put_in_their_place(turn: int) -> None:
    profile = b"a profile" * 9
    name = b"Ana's screen\0\0" + zlib.compress(profile)
    stripped = strip_png(png(8, 8, extra=[png_chunk(b"iCCP", name)]), turn=turn, profile=profile)
    own = [png_chunk(b"iCCP", b"icc\0\0" + zlib.compress(profile))]
    own += [png_chunk(b"eXIf", orientation_alone(turn))] if turn > 1 else []
    assert stripped.data == png(8, 8, extra=own)
    assert strip_png(stripped.data, turn=turn, profile=profile).taken_out == frozenset()
    # Compressed in another way it is the same.
    other = png(8, 8, extra=[png_chunk(b"iCCP", b"icc\0\0" + zlib.compress(profile, 0)), *own[1:]])
    assert strip_png(other, turn=turn, profile=profile).data == other
    broken = png(8, 8, extra=[png_chunk(b"iCCP", b"icc\0\0not packed"), *own[1:]])
    assert strip_png(broken, turn=turn, profile=profile).data == stripped.data


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"GIF89a", "does not begin"),
        (PLAIN[:8] + png_chunk(b"tIME", bytes(7)) + PLAIN[8:], "header is not the first"),
        (PLAIN[:-6], "ends too early"),
    ],
)
def test_what_is_not_as_png_says(data: bytes, why: str) -> None:
    with pytest.raises(CannotStrip, match=why):
        strip_png(data, turn=1, profile=None)
