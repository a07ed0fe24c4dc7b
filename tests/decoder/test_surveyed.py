"""One look at a picture for collecting: the same pixels, the same digits; one decode, whatever is derived."""

from __future__ import annotations

import hashlib
import io
import os
import signal
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageFile, ImageFilter

from tests.hostile_pictures import HOSTILE, encoded, photo, png, with_metadata
from vitrina.decoder import Decoder, Surveyed
from vitrina.decoder.surveyed import MEASURED_SIDE, measure, pixel_sha256, survey_bytes
from vitrina.errors import PictureRefused
from vitrina.images import FORMATS, Limits, decodes, open_picture, reduced

MIB = 1024 * 1024


@pytest.fixture(scope="module")
def decoder() -> Iterator[Decoder]:
    with Decoder(processes=2) as decoder:
        yield decoder


def survey(data: bytes) -> Surveyed:
    return survey_bytes(data, limits=Limits())


def check(seen: Surveyed) -> None:
    assert seen.format in FORMATS
    assert min(seen.width, seen.height, seen.frames, seen.channels) >= 1
    assert len(seen.pixel_sha256) == 64
    assert 0 <= seen.brightness <= 255
    assert 0 <= seen.contrast <= 127.5
    assert seen.sharpness >= 0
    assert seen.pixels is not None
    for array, side in ((seen.small, 128), (seen.pixels, 448)):
        assert (array.dtype, array.shape[2]) == (np.uint8, 3)
        assert min(array.shape[:2]) >= min(side, seen.width, seen.height)
    with Image.open(io.BytesIO(seen.view)) as view:
        assert (view.format, view.mode) == ("JPEG", "RGB")
        assert max(view.size) == min(256, max(seen.width, seen.height))
    assert seen.decodes == 1


def test_a_photo(decoder: Decoder) -> None:
    data = encoded(photo(1300, 1000), "JPEG", quality=90)
    (seen,) = decoder.survey_many([data])
    assert isinstance(seen, Surveyed)
    check(seen)
    assert (seen.width, seen.height, seen.format, seen.frames) == (1300, 1000, "JPEG", 1)
    assert (seen.mode, seen.channels) == ("RGB", 3)
    full = open_picture(data).image
    assert seen.pixels is not None
    assert (seen.pixels == np.asarray(reduced(full, 448))).all()
    assert (seen.small == np.asarray(reduced(full, 128))).all()
    assert seen.pixels.flags.writeable
    # The definition, word for word.
    definition = hashlib.sha256(b"1300x1000:" + np.asarray(full).tobytes()).hexdigest()
    assert seen.pixel_sha256 == definition


LOSSLESS: dict[str, dict[str, Any]] = {
    "PNG": {},
    "BMP": {},
    "TIFF": {"compression": "tiff_lzw"},
    "WEBP": {"lossless": True, "exact": True},
}


@pytest.mark.parametrize("kind", LOSSLESS)
@pytest.mark.parametrize(
    ("mode", "turned"), [("RGB", 1), ("L", 1), ("CMYK", 1), ("RGB", 6), ("L", 3), ("CMYK", 5)], ids=str
)
def test_the_pixels_of_a_jpeg_have_one_hash(kind: str, mode: str, turned: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = turned
    data = encoded(photo(90, 61).convert(mode), "JPEG", quality=80, exif=exif)
    upright = open_picture(data).image
    seen, again = survey(data), survey(encoded(upright, kind, **LOSSLESS[kind]))
    assert seen.pixel_sha256 == again.pixel_sha256
    assert (seen.width, seen.height) == (again.width, again.height) == upright.size
    # All that is measured comes from those pixels.
    assert (seen.brightness, seen.contrast, seen.sharpness) == (
        again.brightness,
        again.contrast,
        again.sharpness,
    )
    assert seen.view == again.view


def test_other_pixels_or_another_shape_have_another_hash() -> None:
    image = photo(40, 30)
    one = image.copy()
    red, green, blue = one.getpixel((39, 29))  # type: ignore[misc]
    one.putpixel((39, 29), (red, green, blue ^ 1))
    flat = Image.new("RGB", (6, 4))
    assert len({pixel_sha256(each) for each in (image, one, flat, flat.resize((4, 6)))}) == 4


@pytest.mark.parametrize("size", [(1300, 1001), (1_048_577, 2), (3, 400_000)], ids=str)
def test_large_pictures_are_hashed_in_bands(size: tuple[int, int]) -> None:
    image = Image.new("RGB", size, (1, 2, 3))
    image.paste((9, 9, 9), (size[0] // 2, size[1] // 2, size[0], size[1]))
    plain = f"{size[0]}x{size[1]}:".encode() + np.asarray(image).tobytes()
    assert pixel_sha256(image) == hashlib.sha256(plain).hexdigest()


@pytest.mark.parametrize("seed", range(3))
def test_measures_are_what_they_say(seed: int) -> None:
    image = photo(300, 200 + seed, seed=seed)
    grey = np.asarray(image.convert("L"), dtype=np.float64)
    kernel = grey[:-2, 1:-1] + grey[2:, 1:-1] + grey[1:-1, :-2] + grey[1:-1, 2:] - 4 * grey[1:-1, 1:-1]
    assert measure(image) == pytest.approx((grey.mean(), grey.std(), kernel.var()), rel=1e-9)


def test_the_ends_of_the_scales() -> None:
    assert measure(Image.new("RGB", (64, 48), "black")) == (0.0, 0.0, 0.0)
    assert measure(Image.new("RGB", (64, 48), "white")) == (255.0, 0.0, 0.0)
    board = Image.fromarray((np.indices((64, 64)).sum(axis=0) % 2 * 255).astype(np.uint8)).convert("RGB")
    assert measure(board) == (127.5, 127.5, 1020.0**2)
    for size in ((1, 1), (2, 500), (500, 2), (20_000, 1)):
        assert measure(Image.new("RGB", size, "grey"))[2] == 0.0


def test_sharpness_falls_with_blur_and_compares_sizes() -> None:
    large = photo(2048, 1536)
    sharp, soft = (measure(large.filter(ImageFilter.GaussianBlur(radius))) for radius in (0, 12))
    assert soft[2] < 0.5 * sharp[2]
    assert soft[:2] == pytest.approx(sharp[:2], rel=0.1)
    # The same scene at half the size, still above what is measured, is about as sharp.
    half = measure(large.reduce(2))
    assert min(large.reduce(2).size) > MEASURED_SIDE
    assert half == pytest.approx(sharp, rel=0.05)


@pytest.mark.parametrize(
    ("mode", "kind", "channels"),
    [
        ("L", "JPEG", 1), ("RGB", "JPEG", 3), ("CMYK", "JPEG", 4), ("1", "PNG", 1), ("P", "GIF", 1),
        ("LA", "PNG", 2), ("RGBA", "PNG", 4), ("RGBA", "WEBP", 4), ("I;16", "PNG", 1), ("F", "TIFF", 1),
        ("LAB", "TIFF", 3),
    ],
)  # fmt: skip
def test_mode_and_channels_are_the_files_own(mode: str, kind: str, channels: int) -> None:
    if mode == "LAB":
        image = Image.merge("LAB", photo().split())
    elif mode == "I;16":
        image = Image.fromarray(np.arange(96 * 64, dtype=np.uint16).reshape(64, 96))
    else:
        image = photo().convert(mode)
        if mode == "RGBA":
            image.putalpha(128)
    seen = survey(encoded(image, kind))
    assert (seen.mode, seen.channels, seen.format) == (mode, channels, kind)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "BMP"])
def test_one_decode_counted_by_pillow_too(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    data = encoded(photo(700, 500), kind)
    begun = 0
    real = ImageFile.ImageFile.load

    def load(self: ImageFile.ImageFile) -> Any:
        nonlocal begun
        begun += bool(self.tile)  # Empty once the pixels are there.
        return real(self)

    monkeypatch.setattr(ImageFile.ImageFile, "load", load)
    before = decodes()
    assert survey(data).decodes == 1
    assert begun == decodes() - before == 1
    with Image.open(io.BytesIO(data)) as image:
        image.load()
    assert begun == 2, "the count counts"


def test_no_metadata_leaves(decoder: Decoder) -> None:
    (seen,) = decoder.survey_many([with_metadata()])
    assert isinstance(seen, Surveyed)
    assert seen.pixels is not None
    for part in (seen.view, seen.small.tobytes(), seen.pixels.tobytes()):
        for secret in (b"SECRET", b"Exif", b"ICC_PROFILE", b"http://ns.adobe.com"):
            assert secret not in part


def test_order_refusals_and_pixels(decoder: Decoder) -> None:
    handed = PictureRefused("a file", "none", "Look again.", reason="not_a_picture")
    pictures = [handed if n % 4 == 3 else b"no" if n % 4 == 2 else png(10 + n, 8) for n in range(24)]
    answers = list(decoder.survey_many(pictures, pixels=False))
    for number, answer in enumerate(answers):
        if number % 4 == 3:
            assert answer is handed
        elif number % 4 == 2:
            assert isinstance(answer, PictureRefused)
        else:
            assert isinstance(answer, Surveyed)
            assert answer.width == 10 + number
            assert answer.pixels is None


def test_a_worker_that_died_had_begun_to_decode() -> None:
    with Decoder() as decoder:
        list(decoder.survey_many([png(8, 8)]))
        (pid,) = decoder.pids

        def killed_at_the_first() -> Iterator[bytes]:
            os.kill(pid, signal.SIGSTOP)
            yield png(9, 8)
            time.sleep(0.5)  # Long enough for the question to lie in the pipe.
            os.kill(pid, signal.SIGKILL)
            yield png(10, 8)

        answers = list(decoder.survey_many(killed_at_the_first()))
        seen = [(answer.width, answer.decodes) for answer in answers if isinstance(answer, Surveyed)]
        assert seen == [(9, 2), (10, 1)]
        assert decoder.pids != [pid]


@pytest.mark.parametrize("name", HOSTILE)
def test_each_hostile_file(decoder: Decoder, name: str) -> None:
    make, reasons = HOSTILE[name]
    (answer,) = decoder.survey_many([make()])
    if reasons:
        assert isinstance(answer, PictureRefused)
        assert answer.reason in reasons
    else:
        assert isinstance(answer, Surveyed)
        check(answer)


def test_files_that_broke_older_decoders(shared_data: Path) -> None:
    folder = shared_data / "corrupt_and_odd_pillow"
    paths = sorted(p for p in folder.rglob("*") if p.is_file() and p.suffix not in (".csv", ".md"))
    assert len(paths) == 184
    with Decoder(processes=2) as decoder:
        answers = list(decoder.survey_many(path.read_bytes() for path in paths))
        peaks = [
            next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))
            for status in (Path(f"/proc/{pid}/status").read_text() for pid in decoder.pids)
        ]
    # The bare worker has about 65 MB; the bombs among the files declare many gigabytes.
    assert max(peaks) * 1024 < 256 * MIB
    counts = Counter(answer.reason if isinstance(answer, PictureRefused) else "taken" for answer in answers)
    assert counts["taken"] > 100
    assert set(counts) <= {
        "taken", "corrupt", "truncated", "format_not_allowed", "not_a_picture", "too_many_pixels",
    }  # fmt: skip
    for answer in answers:
        if isinstance(answer, Surveyed):
            check(answer)
