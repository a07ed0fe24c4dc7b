"""The one way from bytes to pixels: what is taken, what is refused, how colours come out."""

from __future__ import annotations

import hashlib
import io
import os
import threading
import warnings
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PIL.TiffImagePlugin import ImageFileDirectory_v2

from tests.hostile_pictures import (
    DAMAGED,
    HOSTILE,
    encoded,
    float_with_nan,
    gif,
    grey16,
    hidden_colours,
    palette_transparent,
    photo,
    png,
    swapped_profile,
    with_metadata,
)
from vitrina.errors import PictureRefused
from vitrina.images import Limits, open_picture, perceptual_hash, reduced, sha256_of, webp

UNDONE = {
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


def pixels(data: bytes) -> np.ndarray:
    return np.asarray(open_picture(data).image).astype(int)


def refusal(data: bytes, **options: object) -> PictureRefused:
    with pytest.raises(PictureRefused) as caught:
        open_picture(data, **options)  # type: ignore[arg-type]
    return caught.value


@pytest.mark.parametrize("name", HOSTILE)
def test_each_hostile_file_is_taken_or_refused_with_a_reason(name: str) -> None:
    make, reasons = HOSTILE[name]
    data = make()
    if reasons:
        assert refusal(data).reason in reasons
        return
    picture = open_picture(data)
    assert type(picture.image) is Image.Image
    assert (picture.image.mode, picture.image.size) == ("RGB", (picture.width, picture.height))
    assert picture.image.info == {}
    assert not picture.image.getexif()


OTHERS = "Choose another picture: JPEG, PNG, WebP, GIF, BMP or TIFF."
AGAIN = "Copy the file again from where it came, or save it anew."
TEXTS = {
    "empty": f"a picture; found an empty file. {OTHERS}",
    "text": f"a picture; found a file of another kind, or a damaged one. {OTHERS}",
    "eps": f"one of the formats JPEG, PNG, WEBP, GIF, BMP, TIFF; found the format PostScript. {OTHERS}",
    "13000 x 13000": "at most 64,000,000 pixels; found 13,000 x 13,000. Make the picture smaller.",
    "100000 x 1": "sides of at most 20,000 pixels; found 100,000 x 1. Make the picture smaller.",
    "33 MiB": "a file of at most 33,554,432 bytes; found a larger one. Make the picture smaller.",
    "bad check sum": "a sound picture; found one that is damaged "
    f"(broken PNG file (bad header checksum in b'IDAT')). {AGAIN}",
}


@pytest.mark.parametrize("name", TEXTS)
def test_refusals_say_what_to_do(name: str) -> None:
    assert str(refusal(HOSTILE[name][0]())) == f"Expected {TEXTS[name]}"


def test_formats_outside_the_list_never_reach_their_decoder(monkeypatch: pytest.MonkeyPatch) -> None:
    from PIL import EpsImagePlugin

    def refuse(*arguments: object, **options: object) -> None:
        raise AssertionError("Ghostscript was called")

    monkeypatch.setattr(EpsImagePlugin, "Ghostscript", refuse)
    assert refusal(HOSTILE["eps"][0]()).reason == "format_not_allowed"


@pytest.mark.parametrize("progressive", [False, True], ids=["baseline", "progressive"])
@pytest.mark.parametrize("percent", range(4, 100, 4))
def test_a_cut_jpeg_is_refused(percent: int, progressive: bool) -> None:
    data = encoded(photo(640, 480), "JPEG", quality=90, progressive=progressive)
    cut = data[: len(data) * percent // 100]
    whole, drafted = refusal(cut), refusal(cut, at_least=64)
    assert {whole.reason, drafted.reason} <= DAMAGED
    assert percent < 12 or whole.reason == "truncated"
    assert whole.next_step == "Copy the file again from where it came, or save it anew."


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "TIFF", "BMP"])
@pytest.mark.parametrize("percent", range(4, 100, 12))
def test_other_formats_cut_short(kind: str, percent: int) -> None:
    data = encoded(photo(160, 120), kind)
    assert refusal(data[: len(data) * percent // 100]).reason in DAMAGED


@pytest.mark.parametrize("percent", range(4, 100, 12))
def test_a_cut_gif_gives_its_first_frame_or_a_reason(percent: int) -> None:
    data = encoded(photo(160, 120).convert("P"), "GIF")
    reason = None
    try:
        open_picture(data[: len(data) * percent // 100])
    except PictureRefused as refused:
        reason = refused.reason
    assert reason in {None, *DAMAGED}


def test_limits_hold_to_the_pixel_and_to_the_byte() -> None:
    data = png(60, 40)
    exact = Limits(max_bytes=len(data), max_pixels=2400, max_side=60)
    assert open_picture(data, limits=exact).width == 60
    assert refusal(data, limits=Limits(max_bytes=len(data) - 1)).reason == "too_many_bytes"
    assert refusal(data, limits=Limits(max_pixels=2399)).reason == "too_many_pixels"
    assert refusal(data, limits=Limits(max_side=59)).reason == "side_too_long"


def test_bytes_paths_and_files_are_alike(tmp_path: Path) -> None:
    data = encoded(photo(), "PNG")
    path = tmp_path / "photo.txt"
    path.write_bytes(data)
    with path.open("rb") as file:
        pictures = [
            open_picture(data),
            open_picture(path),
            open_picture(file),
            open_picture(io.BytesIO(data)),
        ]
    assert len({picture.image.tobytes() for picture in pictures}) == 1
    assert sha256_of(path) == hashlib.sha256(data).hexdigest()


def test_what_is_not_a_readable_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "gone.jpg", tmp_path, tmp_path / "pipe"):
        with pytest.raises(PictureRefused) as caught:
            open_picture(path)
        assert caught.value.reason == "not_a_picture"
        assert str(tmp_path) not in str(caught.value)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation_is_applied(kind: str, orientation: int) -> None:
    upright = Image.new("RGB", (96, 64), (250, 250, 250))
    upright.paste((200, 0, 0), (0, 0, 48, 32))
    upright.paste((0, 0, 200), (48, 32, 96, 64))
    turn = UNDONE[orientation]
    stored = upright if turn is None else upright.transpose(turn)
    exif = Image.Exif()
    exif[0x0112] = orientation
    options = (
        {"quality": 95, "subsampling": 0} if kind == "JPEG" else {"lossless": True} if kind == "WEBP" else {}
    )
    picture = open_picture(encoded(stored, kind, exif=exif, **options))
    assert (picture.width, picture.height) == picture.image.size == (96, 64)
    away = np.abs(np.asarray(picture.image).astype(int) - np.asarray(upright))
    assert away.mean() < 2
    small = open_picture(encoded(stored, kind, exif=exif, **options), at_least=32)
    assert (small.width, small.height, small.image.size) == (96, 64, (48, 32))


def test_hidden_colours_become_white() -> None:
    seen = pixels(hidden_colours())
    assert (seen[:, 32:] == 255).all()
    assert (seen[:, :32] == (0, 0, 255)).all()
    # Nor do they bleed into their neighbours when the picture is reduced.
    small = np.asarray(open_picture(hidden_colours(), at_least=8).image)
    assert set(map(tuple, small.reshape(-1, 3))) == {(0, 0, 255), (255, 255, 255)}


@pytest.mark.parametrize("mode", ["RGBA", "LA", "PA"])
def test_half_transparent_black_is_grey(mode: str) -> None:
    image = Image.new("RGBA", (8, 8), (0, 0, 0, 128)).convert(mode)
    kind = "TIFF" if mode == "PA" else "PNG"
    data = encoded(image.convert("RGBA") if mode == "PA" else image, kind)
    assert np.abs(pixels(data) - 127).max() <= 1


def test_palette_with_transparency() -> None:
    seen = pixels(palette_transparent())
    assert seen.shape == (64, 96, 3)
    assert seen.max() == 255  # The first entry is fully transparent.
    one = Image.new("P", (4, 4))
    one.putpalette([255, 0, 0, 0, 255, 0])
    one.putpixel((0, 0), 1)
    seen = pixels(encoded(one, "PNG", transparency=0))
    assert tuple(seen[0, 0]) == (0, 255, 0)
    assert tuple(seen[3, 3]) == (255, 255, 255)


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_sixteen_bits_are_scaled_by_percentiles(kind: str) -> None:
    seen = pixels(grey16(kind))[:, :, 0].reshape(-1)
    assert seen[0] == 0
    assert seen[-1] == 255
    assert abs(np.median(seen) - 127.5) < 2
    assert (np.diff(seen) >= 0).all()


def test_big_endian_tiff() -> None:
    values = np.linspace(100, 5000, 64 * 48).reshape(48, 64).astype(">u2")
    directory = ImageFileDirectory_v2(prefix=b"MM")
    image = Image.frombytes("I;16B", (64, 48), values.tobytes())
    seen = pixels(encoded(image, "TIFF", tiffinfo=directory))[:, :, 0].reshape(-1)
    assert (seen[0], seen[-1]) == (0, 255)


def test_floats_with_nan_and_infinities() -> None:
    seen = pixels(float_with_nan())[:, :, 0]
    assert list(seen[0, :3]) == [0, 255, 0]
    assert abs(np.median(seen) - 127.5) < 2


@pytest.mark.parametrize(
    ("value", "grey"), [(0.0, 128), (7.0, 128), (np.nan, 0), (np.inf, 255), (-np.inf, 0), (1e38, 128)]
)
def test_flat_floats(value: float, grey: int) -> None:
    data = encoded(Image.fromarray(np.full((9, 9), value, np.float32)), "TIFF")
    assert (pixels(data) == grey).all()


def test_one_bright_star_on_black_is_seen() -> None:
    values = np.zeros((64, 64), np.uint16)
    values[3, 4] = 900
    seen = pixels(encoded(Image.fromarray(values), "PNG"))
    assert tuple(seen[3, 4]) == (255, 255, 255)
    assert seen.sum() == 3 * 255


def test_cmyk() -> None:
    plain = Image.new("CMYK", (16, 16), (0, 255, 255, 0))
    for kind in ("JPEG", "TIFF"):
        red, green, blue = pixels(encoded(plain, kind)).mean(axis=(0, 1))
        assert red > 230
        assert max(green, blue) < 30
    picture = open_picture(encoded(photo(640, 480).convert("CMYK"), "JPEG"), at_least=100)
    assert picture.image.size == (160, 120)


def test_a_valid_profile_is_applied() -> None:
    red = Image.new("RGB", (16, 16), (255, 0, 0))
    seen = pixels(encoded(red, "PNG", icc_profile=swapped_profile()))
    assert np.abs(seen - (0, 255, 0)).max() <= 2
    # Also below a transparency, on a JPEG, on a reduced picture.
    half = Image.new("RGBA", (16, 16), (255, 0, 0, 255))
    assert np.abs(pixels(encoded(half, "PNG", icc_profile=swapped_profile())) - (0, 255, 0)).max() <= 2
    jpeg = encoded(red.resize((64, 64)), "JPEG", icc_profile=swapped_profile())
    small = np.asarray(open_picture(jpeg, at_least=16).image).astype(int)
    assert np.abs(small - (0, 255, 0)).max() <= 4


@pytest.mark.parametrize(
    ("name", "kind"),
    [("broken icc", "JPEG"), ("icc of 20 MiB", "TIFF"), ("corrupt exif", "JPEG"), ("exif of 10 MiB", "PNG")],
)
def test_broken_extras_do_not_change_the_pixels(name: str, kind: str) -> None:
    assert (pixels(HOSTILE[name][0]()) == pixels(encoded(photo(), kind))).all()


def test_a_profile_for_other_channels_is_ignored() -> None:
    grey = encoded(photo().convert("L"), "JPEG", quality=95, icc_profile=swapped_profile())
    assert np.abs(pixels(grey)[:, :, 0] - np.asarray(photo().convert("L"))).mean() < 3


def test_only_the_first_frame_is_shown() -> None:
    frames = [Image.new("RGB", (8, 8), colour) for colour in ((255, 0, 0), (0, 255, 0), (0, 0, 255))]
    for kind in ("GIF", "PNG", "WEBP", "TIFF"):
        options = {"lossless": True} if kind == "WEBP" else {}
        data = encoded(frames[0], kind, save_all=True, append_images=frames[1:], **options)
        picture = open_picture(data)
        assert (picture.format, picture.frames) == (kind, 3)
        assert picture.image.getpixel((4, 4)) == (255, 0, 0)
    assert open_picture(gif(10_000)).frames == 10_000


def test_a_large_photo_is_reduced_in_the_jpeg_decoder() -> None:
    data = encoded(photo(500, 375).resize((4000, 3000)), "JPEG")
    picture = open_picture(data, at_least=448)
    # By 6 if it were reduced after decoding; the decoder itself does 4.
    assert (picture.width, picture.height, picture.image.size) == (4000, 3000, (1000, 750))
    assert open_picture(data, at_least=448, long_at_least=1600).image.size == (2000, 1500)
    assert open_picture(data, at_least=5000).image.size == (4000, 3000)


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
@pytest.mark.parametrize("size", [(97, 61), (640, 33), (1000, 999), (16, 500)])
@pytest.mark.parametrize("at_least", [1, 15, 32, 100])
def test_the_shorter_side_stays_above_what_is_asked(kind: str, size: tuple[int, int], at_least: int) -> None:
    image = open_picture(encoded(photo(*size), kind), at_least=at_least).image
    assert min(image.size) >= min(at_least, *size)
    assert min(reduced(photo(*size), at_least).size) >= min(at_least, *size)


def test_reduction_agrees_with_the_whole_picture() -> None:
    data = encoded(photo(640, 480), "JPEG", quality=95)
    small = np.asarray(open_picture(data, at_least=60).image).astype(int)
    whole = np.asarray(open_picture(data).image.reduce(8)).astype(int)
    assert small.shape == whole.shape == (60, 80, 3)
    assert np.abs(small - whole).mean() < 3


def test_warnings_stay_inside_threads_or_not(tmp_path: Path) -> None:
    bomb, corrupt = HOSTILE["13000 x 13000"][0](), HOSTILE["corrupt exif"][0]()
    filters = list(warnings.filters)

    def work() -> None:
        refusal(bomb)
        open_picture(corrupt)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert warnings.filters == filters


def test_perceptual_hash() -> None:
    one = perceptual_hash(photo(300, 200))
    assert len(one) == 16
    assert int(one, 16) >= 0
    again = perceptual_hash(open_picture(encoded(photo(300, 200), "JPEG", quality=60)).image)
    assert (int(one, 16) ^ int(again, 16)).bit_count() <= 8
    other = perceptual_hash(photo(300, 200).rotate(90))
    assert (int(one, 16) ^ int(other, 16)).bit_count() > 10


def test_webp_is_small_plain_and_never_enlarged() -> None:
    image = open_picture(with_metadata()).image
    image.info["icc_profile"], image.info["exif"] = swapped_profile(), b"Exif\0\0SECRET"
    data = webp(image, long_side=480, quality=78)
    for secret in (b"SECRET", b"EXIF", b"ICCP", b"XMP ", b"GPS"):
        assert secret not in data
    with Image.open(io.BytesIO(data)) as again:
        assert (again.format, again.size, again.mode) == ("WEBP", (480, 343), "RGB")
        assert not {"icc_profile", "exif", "xmp"} & set(again.info)
    with Image.open(io.BytesIO(webp(image, long_side=1600, quality=85))) as same:
        assert same.size == (700, 500)
    with Image.open(io.BytesIO(webp(Image.new("RGB", (9000, 2)), long_side=480, quality=78))) as strip:
        assert strip.size == (480, 1)
    assert image.size == (700, 500)
