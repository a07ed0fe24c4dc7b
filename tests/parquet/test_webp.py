"""Chunks of WebP files."""

from __future__ import annotations

import struct

import pytest

from tests.hostile_pictures import encoded, photo
from tests.parquet.made import pixels
from vitrina.parquet.stripping import CannotStrip
from vitrina.parquet.webp import strip_webp


def riff(*chunks: tuple[bytes, bytes]) -> bytes:
    body = b"WEBP"
    for kind, content in chunks:
        body += kind + struct.pack("<I", len(content)) + content + b"\0" * (len(content) % 2)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def test_a_plain_file_loses_what_hangs_on_it() -> None:
    data = encoded(photo(), "WEBP")
    packed = data[8:] + b"EXIF" + struct.pack("<I", 4) + b"MM\0*"
    stripped = strip_webp(b"RIFF" + struct.pack("<I", len(packed)) + packed + b"rest", turn=1, profile=None)
    assert stripped.taken_out == {"EXIF", "data after the picture"}
    assert stripped.data == data


def test_an_animation_keeps_its_frames() -> None:
    data = encoded(photo(), "WEBP", save_all=True, append_images=[photo(seed=1)], xmp=b"<x/>", lossless=True)
    stripped = strip_webp(data, turn=1, profile=None)
    assert stripped.taken_out == {"XMP"}
    assert pixels(stripped.data) == pixels(data)
    assert stripped.data.count(b"ANMF") == 2
    assert stripped.data[20] & 0x04 == 0


def test_a_word_within_a_frame() -> None:
    frame = bytes(16) + riff((b"VP8L", b"pixels"), (b"NOTE", b"word"))[12:]
    stripped = strip_webp(riff((b"VP8X", bytes(10)), (b"ANMF", frame)), turn=1, profile=None)
    assert stripped.taken_out == {"other metadata"}
    assert b"word" not in stripped.data
    assert strip_webp(stripped.data, turn=1, profile=None).taken_out == frozenset()


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"RIFF\4\0\0\0WAVE", "does not begin"),
        (riff((b"VP8 ", b"pixels"))[:-3], "ends too early"),
        (riff((b"VP8 ", b"pixels"), (b"XMP ", b"x")), "no place"),
    ],
)
def test_what_is_not_as_webp_says(data: bytes, why: str) -> None:
    with pytest.raises(CannotStrip, match=why):
        strip_webp(data, turn=6, profile=None)
