"""Segments of JPEG files."""

from __future__ import annotations

import pytest

from tests.hostile_pictures import encoded, photo
from tests.parquet.made import with_segment
from vitrina.parquet.jpeg import strip_jpeg
from vitrina.parquet.stripping import CannotStrip

PLAIN = encoded(photo(), "JPEG")


@pytest.mark.parametrize(
    ("marker", "content", "what"),
    [
        (0xFE, b"words", "comment"),
        (0xE1, b"Exif\0\0MM\0*", "EXIF"),
        (0xE1, b"http://ns.adobe.com/xap/1.0/\0<x/>", "XMP"),
        (0xE1, b"http://ns.adobe.com/xmp/extension/\0<x/>", "XMP"),
        (0xED, b"Photoshop 3.0\x008BIM", "IPTC"),
        (0xE0, b"JFXX\0\x10...", "thumbnail"),
        (0xE2, b"MPF\0", "further pictures in the file"),
        (0xE2, b"ICC_PROFILE\0\x01\x01broken", "names in the colour profile"),
        (0xEB, b"JP\0\0", "other metadata"),
        (0xEF, b"", "other metadata"),
    ],
)
def test_each_kind_is_named(marker: int, content: bytes, what: str) -> None:
    stripped = strip_jpeg(with_segment(PLAIN, marker, content), turn=1, profile=None)
    assert stripped.taken_out == {what}
    assert stripped.data == PLAIN


def test_a_thumbnail_in_the_header() -> None:
    small = b"JFIF\0\x01\x01\0\0\x01\0\x01\x02\x01" + b"\x07" * 6
    told = PLAIN[:2] + b"\xff\xe0" + (len(small) + 2).to_bytes(2, "big") + small + PLAIN[20:]
    stripped = strip_jpeg(told, turn=1, profile=None)
    assert stripped.taken_out == {"thumbnail"}
    assert stripped.data == PLAIN


def test_what_says_how_colours_were_turned_stays() -> None:
    inked = encoded(photo().convert("CMYK"), "JPEG")
    assert b"Adobe" in inked
    stripped = strip_jpeg(with_segment(inked, 0xFE, b"words"), turn=1, profile=None)
    assert stripped.data == inked


def test_comments_between_scans_and_files_after_the_end() -> None:
    """As phones append a film to a photo."""
    progressive = encoded(photo(), "JPEG", progressive=True)
    second = progressive.index(b"\xff\xda", progressive.index(b"\xff\xda") + 2)
    told = progressive[:second] + b"\xff\xfe\0\x07words" + progressive[second:] + b"\0\0\0\x18ftypmp42"
    stripped = strip_jpeg(told, turn=1, profile=None)
    assert stripped.taken_out == {"comment", "data after the picture"}
    assert stripped.data == progressive


def test_restart_markers_belong_to_the_pixels() -> None:
    data = encoded(photo(), "JPEG", restart_marker_rows=1)
    assert b"\xff\xd1" in data
    assert strip_jpeg(data, turn=1, profile=None).data == data
    assert strip_jpeg(with_segment(data, 0xFE, b"words"), turn=1, profile=None).data == data


def test_a_large_profile_lies_in_pieces() -> None:
    profile = bytes(range(256)) * 600
    data = encoded(photo(), "JPEG", icc_profile=profile)
    assert strip_jpeg(data, turn=1, profile=profile).data == data
    other = profile[:-1] + b"x"
    stripped = strip_jpeg(data, turn=1, profile=other)
    assert stripped.taken_out == {"names in the colour profile"}
    assert strip_jpeg(stripped.data, turn=1, profile=other).taken_out == frozenset()
    with pytest.raises(CannotStrip, match="does not fit"):
        strip_jpeg(data, turn=1, profile=bytes(0xFFFF * 256))


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"GIF89a", "does not begin"),
        (PLAIN[:2] + b"\0\0" + PLAIN[2:], "something between"),
        (PLAIN[:9], "ends too early"),
        (PLAIN[:-2], "no end"),
        (PLAIN[:2] + b"\xff\xe1\0\0", "ends too early"),
    ],
)
def test_what_is_not_as_jpeg_says(data: bytes, why: str) -> None:
    with pytest.raises(CannotStrip, match=why):
        strip_jpeg(data, turn=1, profile=None)
