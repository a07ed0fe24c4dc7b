"""Tags of TIFF files."""

from __future__ import annotations

import io
import struct

import pytest
from PIL import Image

from tests.hostile_pictures import encoded, photo
from tests.parquet.made import pages, pixels, tiff
from vitrina.parquet.stripping import CannotStrip
from vitrina.parquet.tiff import strip_tiff

PLAIN = encoded(photo(), "TIFF")


def directory(*entries: tuple[int, int, int, int], order: str = "<") -> bytes:
    body = b"".join(struct.pack(order + "HHII", *entry) for entry in entries)
    head = {"<": b"II*\0", ">": b"MM\0*"}[order]
    return head + struct.pack(order + "IH", 8, len(entries)) + body + bytes(4)


@pytest.mark.parametrize("compression", [None, "tiff_lzw", "tiff_adobe_deflate", "packbits", "tiff_deflate"])
@pytest.mark.parametrize("mode", ["RGB", "L", "RGBA", "I;16", "1"])
def test_pixels_stay_whatever_they_are_packed_with(mode: str, compression: str | None) -> None:
    image = (
        photo(40, 30).convert("L").convert("I").convert("I;16")
        if mode == "I;16"
        else photo(40, 30).convert(mode)
    )
    data = encoded(image, "TIFF", compression=compression, description="words", artist="Ana")
    stripped = strip_tiff(data, turn=1, profile=None)
    assert stripped.taken_out == {"text"}
    assert b"words" not in stripped.data
    assert pixels(stripped.data) == pixels(data)
    with Image.open(io.BytesIO(stripped.data)) as seen:
        assert seen.mode == mode


def test_both_orders_of_bytes_are_kept() -> None:
    wide = struct.pack(">4H", 1000, 2000, 3000, 65000)
    entries = [(256, 4, 1, 2), (257, 4, 1, 2), (273, 4, 1, 134), (278, 4, 1, 2), (279, 4, 1, 8)]
    shorts = [(258, 16), (259, 1), (262, 1), (277, 1)]
    entries += [(tag, 3, 1, value << 16) for tag, value in shorts]
    data = directory(*sorted([*entries, (315, 2, 4, 0x416E6100)]), order=">")
    assert len(data) == 134
    data += wide
    with Image.open(io.BytesIO(data)) as seen:
        assert [seen.getpixel((x, y)) for y in (0, 1) for x in (0, 1)] == [1000, 2000, 3000, 65000]
    stripped = strip_tiff(data, turn=1, profile=None)
    assert stripped.data.startswith(b"MM\0*")
    assert b"Ana" not in stripped.data
    assert pixels(stripped.data) == pixels(data)


def test_bytes_that_no_tag_points_to_go() -> None:
    stripped = strip_tiff(PLAIN + b"SECRET" * 9, turn=1, profile=None)
    assert stripped.taken_out == {"data after the picture"}
    assert b"SECRET" not in stripped.data
    assert strip_tiff(stripped.data, turn=1, profile=None).taken_out == frozenset()


def test_only_the_first_page_stays() -> None:
    stripped = strip_tiff(pages(), turn=1, profile=None)
    assert stripped.taken_out == {"further pictures in the file", "text"}
    assert len(stripped.data) < len(pages()) / 1.9


def test_positions_of_maps_go() -> None:
    assert "other metadata" in strip_tiff(tiff(), turn=1, profile=None).taken_out


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"II+\0" + bytes(20), "no TIFF file of the plain kind"),
        (b"II*\0\xff\0\0\0", "ends too early"),
        (directory((259, 3, 1, 7)), "files of their own"),
        (directory((273, 4, 1, 8)), "how long its strips are"),
        (directory((273, 2, 4, 8), (279, 4, 1, 8)), "of another type"),
        (directory((273, 4, 1, 8), (279, 4, 1, 999)), "ends too early"),
    ],
)
def test_what_is_not_as_tiff_says(data: bytes, why: str) -> None:
    with pytest.raises(CannotStrip, match=why):
        strip_tiff(data, turn=1, profile=None)
