"""Pictures leave with the same pixels and without a word."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from tests.hostile_pictures import HOSTILE, encoded, photo
from tests.parquet.made import TRACES, bmp, gif, jpeg, pages, pixels, png, tiff, two_pictures, webp, xmp
from vitrina.errors import BadRequest, VitrinaError
from vitrina.images import open_picture
from vitrina.parquet.bare import Bare, bare_picture
from vitrina.parquet.stripping import orientation_alone

MADE = {"JPEG": jpeg, "PNG": png, "WEBP": webp, "TIFF": tiff}


def bared(data: bytes) -> Bare:
    """It, after a look that the pixels are the same, that nothing is told, that a second time changes nothing."""
    before = pixels(data)
    bare = bare_picture(data, pixels=before, name="a picture")
    assert pixels(bare.data) == before
    assert [trace for trace in TRACES if trace in bare.data] == []
    again = bare_picture(bare.data, pixels=before, name="a picture")
    assert again == Bare(bare.data, bare.kind)
    return bare


@pytest.mark.parametrize("turn", range(1, 9))
@pytest.mark.parametrize("kind", MADE)
def test_metadata_goes_and_orientation_stays(kind: str, turn: int) -> None:
    data = MADE[kind](turn)
    assert any(trace in data for trace in TRACES)
    bare = bared(data)
    assert (bare.kind, bare.written_anew) == (kind, None)
    assert {"XMP", "names in the colour profile"} <= set(bare.taken_out)
    # Apart from an orientation alone no EXIF is left.
    rest = bare.data.replace(orientation_alone(turn), b"") if turn > 1 else bare.data
    assert b"MM\0*" not in rest
    assert rest.count(b"Exif") == (kind == "JPEG" and turn > 1)
    assert (b"Exif" in bare.data or b"EXIF" in bare.data or b"eXIf" in bare.data) == (
        turn > 1 and kind != "TIFF"
    )
    assert len(bare.data) < len(data)


def test_what_a_reader_that_knows_nothing_of_us_sees(tmp_path: Path) -> None:
    """Pillow's own view of the files: no tags but orientation, a profile without a name."""
    for make in MADE.values():
        (tmp_path / "a").write_bytes(bared(make(6)).data)
        with Image.open(tmp_path / "a") as image:
            image.load()
            assert (
                set(image.getexif()) <= {0x0112}
                if image.format != "TIFF"
                else not image.getexif().get_ifd(0x8825)
            )
            assert image.getexif().get_ifd(0x8825) == {}
            assert not {"xmp", "comment", "photoshop", "Author", "XML:com.adobe.xmp"} & set(image.info)
            assert b"S\0E\0C\0R" not in image.info["icc_profile"]


def test_an_orientation_that_only_xmp_tells_stays() -> None:
    data = encoded(photo(), "JPEG", xmp=xmp(8))
    assert open_picture(data).width == 64
    bare = bared(data)
    assert bare.taken_out == ("XMP",)
    assert open_picture(bare.data).width == 64


@pytest.mark.parametrize("make", [gif, pages, two_pictures])
def test_other_formats(make: object) -> None:
    bare = bared(make())  # type: ignore[operator]
    assert bare.written_anew is None
    found = {
        gif: ("XMP", "comment", "data after the picture", "text"),
        pages: ("further pictures in the file", "text"),
        two_pictures: ("comment", "data after the picture", "further pictures in the file"),
    }
    assert bare.taken_out == found[make]  # type: ignore[index]


def test_what_cannot_be_cut_is_written_anew() -> None:
    bare = bared(bmp())
    assert (bare.kind, bare.taken_out) == ("PNG", ())
    assert bare.written_anew == "BMP has no parts to tell pixels from the rest by"
    strips = encoded(photo(), "TIFF", compression="jpeg", description="SECRET")
    assert bared(strips).written_anew == "its strips are compressed as files of their own"


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "TIFF"])
def test_a_file_that_says_nothing_is_left_as_it_is(kind: str) -> None:
    data = encoded(photo(), kind)
    assert bared(data) == Bare(data, kind)


@pytest.mark.parametrize("name", [name for name, (_, refused) in HOSTILE.items() if not refused])
def test_hostile_pictures(name: str) -> None:
    bare = bared(HOSTILE[name][0]())
    assert bare.written_anew is None
    assert b"<script>" not in bare.data
    assert len(bare.data) < 160_000


def test_pixels_counted_by_another_decoder_are_no_reason_to_write_anew() -> None:
    data = jpeg()
    assert bare_picture(data, pixels="0" * 64, name="x").written_anew is None


def test_pixels_that_hang_on_metadata(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever a stripper of ours gets wrong, the pixels stay right."""
    import vitrina.parquet.bare as module
    from vitrina.parquet.stripping import Stripped

    other, broken = encoded(photo(seed=99), "PNG"), b"\x89PNG"
    for wrong, why in (
        (other, "its pixels hung on its metadata"),
        (broken, "it does not decode without its metadata"),
    ):
        monkeypatch.setitem(
            module._STRIPPING, "PNG", lambda data, wrong=wrong, **_: Stripped(wrong, frozenset({"text"}))
        )
        data = png()
        bare = bare_picture(data, pixels=pixels(data), name="x")
        assert (bare.kind, bare.written_anew) == ("PNG", why)
        assert pixels(bare.data) == pixels(data)


def test_a_picture_that_does_not_decode_is_refused() -> None:
    cut = jpeg()[:1500]
    with pytest.raises(BadRequest) as refused:
        bare_picture(cut, pixels="0" * 64, name="night/7.jpg")
    assert str(refused.value) == (
        "Expected a picture in night/7.jpg that decodes as it did when it was collected; found one that is cut short. "
        "Run python -m training collect and the stages after it again."
    )


def test_odd_files_of_many_writers(shared_data: Path) -> None:
    """Real files that Pillow and imagededup are tested with."""
    seen = 0
    for folder in ("corrupt_and_odd_pillow", "dedup_imagededup_tests"):
        for path in sorted((shared_data / folder).rglob("*")):
            data = path.read_bytes() if path.is_file() and path.stat().st_size < 60_000 else b""
            try:
                open_picture(data)
            except VitrinaError:
                continue
            bare = bare_picture(data, pixels=pixels(data), name=path.name)
            assert pixels(bare.data) == pixels(data), path.name
            again = bare_picture(bare.data, pixels=pixels(data), name=path.name)
            assert again == Bare(bare.data, bare.kind), path.name
            seen += bool(bare.taken_out)
    assert seen > 20
