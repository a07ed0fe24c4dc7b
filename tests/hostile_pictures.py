"""Hostile or odd picture files, made here from nothing, each with what must become of it.

`HOSTILE` maps a name to (a function that gives the bytes, the reasons it may be refused with). Without any
reason it must be taken.
"""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterable

import numpy as np
from PIL import Image, ImageCms

MIB = 1024 * 1024


def photo(width: int = 96, height: int = 64, *, seed: int = 7) -> Image.Image:
    """Something with smooth parts, edges, noise."""
    rng = np.random.default_rng(seed)
    rows, columns = np.mgrid[0:height, 0:width]
    base = np.stack([columns * 255 / width, rows * 255 / height, (columns + rows) % 64 * 3], axis=-1)
    noisy = base + rng.normal(0, 6, base.shape)
    return Image.fromarray(np.clip(noisy, 0, 255).astype(np.uint8))


def encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def png_chunk(kind: bytes, data: bytes, *, good: bool = True) -> bytes:
    check = zlib.crc32(kind + data) ^ (0 if good else 0x55)
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", check)


def png(width: int, height: int, *, extra: Iterable[bytes] = (), good: bool = True) -> bytes:
    """A grey PNG, all black, of any declared size; rows are compressed one after the other."""
    squeeze = zlib.compressobj(9)
    row = bytes(width + 1)
    data = b"".join(squeeze.compress(row) for _ in range(height)) + squeeze.flush()
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    body = [png_chunk(b"IHDR", header), *extra, png_chunk(b"IDAT", data, good=good), png_chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(body)


def gif(frames: int) -> bytes:
    """A 1 x 1 GIF with that many frames, 15 bytes each."""
    frame = b"," + bytes([0, 0, 0, 0, 1, 0, 1, 0, 0]) + b"\x02\x02\x44\x01\x00"
    return b"GIF89a" + bytes([1, 0, 1, 0, 0x80, 0, 0]) + b"\0\0\0\xff\xff\xff" + frame * frames + b";"


def swapped_profile() -> bytes:
    """A valid ICC profile whose red primary is sRGB's green one, its green sRGB's red."""
    plain = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    swapped = plain.replace(b"rXYZ", b"????").replace(b"gXYZ", b"rXYZ").replace(b"????", b"gXYZ")
    return swapped.replace("sRGB".encode("utf-16-be"), "swap".encode("utf-16-be"))


def float_with_nan() -> bytes:
    values = np.linspace(-3, 5, 64 * 48, dtype=np.float32).reshape(48, 64)
    values[0, 0], values[0, 1], values[0, 2] = np.nan, np.inf, -np.inf
    return encoded(Image.fromarray(values), "TIFF")


def grey16(kind: str, **options: object) -> bytes:
    """A night sky: all values between 1,000 and 3,000 of 65,535."""
    values = np.linspace(1000, 3000, 64 * 48).reshape(48, 64).astype(np.uint16)
    return encoded(Image.fromarray(values), kind, **options)


def palette_transparent() -> bytes:
    image = photo().convert("P", palette=Image.Palette.ADAPTIVE, colors=16)
    return encoded(image, "PNG", transparency=bytes(range(0, 256, 16)))


def hidden_colours() -> bytes:
    image = Image.new("RGBA", (64, 64), (255, 0, 0, 0))
    image.paste((0, 0, 255, 255), (0, 0, 32, 64))
    return encoded(image, "PNG")


def with_metadata() -> bytes:
    """A photo that says where it was taken, by whom, with a profile."""
    exif = Image.Exif()
    exif[0x010E] = "SECRET-DESCRIPTION"
    exif.get_ifd(0x8825).update({1: "N", 2: (40.0, 25.0, 0.0), 29: "SECRET-GPS"})
    xmp = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'>SECRET-XMP</x:xmpmeta>"
    image = photo(700, 500)
    return encoded(
        image, "JPEG", exif=exif, xmp=xmp, icc_profile=swapped_profile(), comment=b"SECRET-COMMENT"
    )


def polyglot() -> bytes:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("evil.html", "<script>alert(1)</script>")
    text = png_chunk(b"tEXt", b"Comment\0<html><script>alert(1)</script></html>")
    return png(32, 32, extra=[text]) + b"<html><script>alert(1)</script></html>" + archive.getvalue()


def looping_tiff() -> bytes:
    """A TIFF whose second page is its first."""
    data = bytearray(encoded(Image.new("L", (8, 8), 90), "TIFF"))
    first = struct.unpack("<I", data[4:8])[0]
    (entries,) = struct.unpack("<H", data[first : first + 2])
    after = first + 2 + entries * 12
    data[after : after + 4] = struct.pack("<I", first)
    return bytes(data)


def webp_canvas(width: int, height: int) -> bytes:
    """An extended WebP that declares a canvas, with nothing painted on it."""
    size = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    body = b"WEBPVP8X" + struct.pack("<I", 10) + bytes(4) + size
    return b"RIFF" + struct.pack("<I", len(body)) + body


def text_bomb() -> bytes:
    """A comment of 64 MiB in a PNG of 64 kB."""
    return png(8, 8, extra=[png_chunk(b"zTXt", b"k\0\0" + zlib.compress(bytes(64 * MIB)))])


NONE: frozenset[str] = frozenset()
DAMAGED = frozenset({"corrupt", "truncated"})
OTHER = frozenset({"format_not_allowed"})

HOSTILE: dict[str, tuple[Callable[[], bytes], frozenset[str]]] = {
    "empty": (lambda: b"", frozenset({"empty"})),
    "one byte": (lambda: b"\xff", frozenset({"not_a_picture"})),
    "text": (lambda: b"just words\n" * 100, frozenset({"not_a_picture"})),
    "html": (lambda: b"<!doctype html><script>alert(1)</script>", frozenset({"not_a_picture"})),
    "svg": (lambda: b"<?xml version='1.0'?><svg xmlns='http://www.w3.org/2000/svg'/>", OTHER),
    "eps": (lambda: encoded(photo(), "EPS"), OTHER),
    "psd": (lambda: b"8BPS\0\x01" + bytes(6) + b"\0\x03" + bytes(200), OTHER),
    "wmf": (lambda: b"\xd7\xcd\xc6\x9a\0\0" + bytes(200), OTHER),
    "pdf": (lambda: encoded(photo(), "PDF"), OTHER),
    "ico": (lambda: encoded(photo(), "ICO"), OTHER),
    "jpeg 2000": (lambda: encoded(photo(), "JPEG2000"), OTHER),
    "ppm": (lambda: encoded(photo(), "PPM"), OTHER),
    "avif": (lambda: b"\0\0\0\x1cftypavif" + bytes(100), OTHER),
    "13000 x 13000": (lambda: png(13_000, 13_000), frozenset({"too_many_pixels"})),
    "100000 x 1": (lambda: png(100_000, 1), frozenset({"side_too_long"})),
    "webp 16000 x 16000": (lambda: webp_canvas(16_000, 16_000), frozenset({"too_many_pixels"})),
    "33 MiB": (lambda: png(8, 8) + bytes(32 * MIB), frozenset({"too_many_bytes"})),
    "bad check sum": (lambda: png(64, 64, good=False), DAMAGED),
    "text bomb": (text_bomb, DAMAGED),
    "1 x 1": (lambda: png(1, 1), NONE),
    "20000 x 1": (lambda: png(20_000, 1), NONE),
    "gif of 10,000 frames": (lambda: gif(10_000), NONE),
    "animated webp": (
        lambda: encoded(photo(), "WEBP", save_all=True, append_images=[photo(seed=i) for i in (1, 2)]), NONE
    ),
    "cmyk": (lambda: encoded(photo().convert("CMYK"), "JPEG"), NONE),
    "cmyk tiff": (lambda: encoded(photo().convert("CMYK"), "TIFF"), NONE),
    "16-bit png": (lambda: grey16("PNG"), NONE),
    "16-bit tiff": (lambda: grey16("TIFF"), NONE),
    "float tiff with NaN": (float_with_nan, NONE),
    "lab tiff": (lambda: encoded(ImageCms.profileToProfile(
        photo(), ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), outputMode="LAB"
    ), "TIFF"), NONE),
    "palette with transparency": (palette_transparent, NONE),
    "hidden colours": (hidden_colours, NONE),
    "grey with alpha": (lambda: encoded(photo().convert("LA"), "PNG"), NONE),
    "one bit": (lambda: encoded(photo().convert("1"), "PNG"), NONE),
    "exif of 10 MiB": (lambda: encoded(photo(), "PNG", exif=b"Exif\0\0MM\0*" + bytes(10 * MIB)), NONE),
    "corrupt exif": (lambda: encoded(photo(), "JPEG", exif=b"Exif\0\0II*\0\xff\xff" + b"\x99" * 99), NONE),
    "broken icc": (lambda: encoded(photo(), "JPEG", icc_profile=b"not a profile" * 9), NONE),
    "icc of 20 MiB": (lambda: encoded(photo(), "TIFF", icc_profile=b"\x07" * (20 * MIB)), NONE),
    "icc bomb": (lambda: encoded(photo(), "PNG", icc_profile=bytes(20 * MIB)), DAMAGED),
    "metadata": (with_metadata, NONE),
    "polyglot": (polyglot, NONE),
    "looping tiff": (looping_tiff, NONE),
}  # fmt: skip
