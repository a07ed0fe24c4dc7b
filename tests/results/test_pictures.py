"""Thumbnails are written anew, without what the file carried along."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path

import pytest
from PIL import Image

from tests.report.made import picture
from vitrina.errors import NotFound
from vitrina.results.pictures import LONG_SIDE, write_heat, write_thumbnails


def with_exif(image: Image.Image) -> bytes:
    out = io.BytesIO()
    exif = Image.Exif()
    exif[0x010E] = "where I live"
    exif[0x0112] = 6  # Turned: upright it is as high as it was wide.
    image.save(out, "JPEG", exif=exif, comment=b"where I live")
    return out.getvalue()


PHOTO = with_exif(picture(1, size=(640, 480)))
ID, TORN = hashlib.sha256(PHOTO).hexdigest(), "b" * 64


def picture_of(picture_id: str) -> bytes:
    return {ID: PHOTO, TORN: PHOTO[:200]}[picture_id]


def test_small_upright_and_bare(tmp_path: Path) -> None:
    sizes = write_thumbnails(tmp_path, [ID], picture_of)
    assert sizes == {ID: (LONG_SIDE * 3 // 4, LONG_SIDE)}
    data = (tmp_path / f"{ID}.jpg").read_bytes()
    assert b"where I live" not in data
    with Image.open(io.BytesIO(data)) as image:
        assert not image.getexif()
        assert image.size == sizes[ID]


def test_what_cannot_be_had_is_left_out(tmp_path: Path) -> None:
    (tmp_path / f"{'c' * 64}.jpg").write_bytes(b"of an earlier page")
    (tmp_path / "mine.jpg").write_bytes(b"not ours")
    assert set(write_thumbnails(tmp_path, [ID, TORN, "d" * 64, "../evil"], picture_of)) == {ID}
    assert {path.name for path in tmp_path.iterdir()} == {f"{ID}.jpg", "mine.jpg"}


def test_a_source_that_does_not_know_it_may_say_so(tmp_path: Path) -> None:
    def unknown(_: str) -> bytes:
        raise NotFound("a picture", "none", "Look elsewhere.")

    assert write_thumbnails(tmp_path, [ID], unknown) == {}


def test_a_source_that_breaks_is_heard(tmp_path: Path) -> None:
    def broken(_: str) -> bytes:
        raise OSError("the disk is gone")

    with pytest.raises(OSError, match="gone"):
        write_thumbnails(tmp_path, [ID], broken)


def test_heat_of_those_that_have_one(tmp_path: Path) -> None:
    heat = {ID: Image.new("RGB", (64, 32), "#e8602c")}
    assert write_heat(tmp_path, [ID, TORN], heat) == {ID: (64, 32)}
    assert [path.name for path in tmp_path.iterdir()] == [f"{ID}.jpg"]
