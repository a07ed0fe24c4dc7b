"""Files that say too much, and a working folder with a split and its card."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageCms, PngImagePlugin, TiffImagePlugin

from tests.cards.made_reports import clean_report, collect_report
from tests.hostile_pictures import encoded, photo, png_chunk
from tests.splits.cleaned import Piece, make_cleaned
from training.arguments import SplitArguments
from training.card import TEMPLATE
from training.split import split_collection
from vitrina.cards.data_card import data_card
from vitrina.cards.front_matter import Told
from vitrina.cards.reports import SPLIT, read_report
from vitrina.decoder.surveyed import pixel_sha256
from vitrina.images import open_picture

SECRET = b"SECRET"
XMP = (
    b"<x:xmpmeta xmlns:x='adobe:ns:meta/' xmlns:tiff='http://ns.adobe.com/tiff/1.0/'>SECRET-XMP%s</x:xmpmeta>"
)
# What none of the files may hold after it.
TRACES = (
    SECRET,
    b"http://ns.adobe.com/xap",
    b"xmpmeta",
    b"Photoshop",
    b"8BIM",
    b"GPS",
    "SECRET".encode("utf-16-be"),
)


def exif(turn: int = 1) -> Image.Exif:
    """With a description, a place, a thumbnail's words."""
    told = Image.Exif()
    told[0x010E] = "SECRET-DESCRIPTION"
    told[0x0112] = turn
    told.get_ifd(0x8825).update({1: "N", 2: (40.0, 25.0, 0.0), 29: "SECRET-GPS"})
    return told


def xmp(turn: int | None = None) -> bytes:
    return XMP % (b"" if turn is None else b' tiff:Orientation="%d"' % turn)


def screen_profile() -> bytes:
    """A profile of colours turned round, with the name of somebody's screen and the day it was measured."""
    plain = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    swapped = plain.replace(b"rXYZ", b"????").replace(b"gXYZ", b"rXYZ").replace(b"????", b"gXYZ")
    return swapped.replace("sRGB".encode("utf-16-be"), "SECR".encode("utf-16-be")) + b"SECRET-SCREEN"


def jpeg(turn: int = 1, **options: object) -> bytes:
    told = {"exif": exif(turn), "xmp": xmp(), "icc_profile": screen_profile(), "comment": b"SECRET-COMMENT"}
    return encoded(photo(), "JPEG", **(told | options))


def with_segment(data: bytes, marker: int, content: bytes) -> bytes:
    """A JPEG with one more segment at its begin."""
    return data[:2] + bytes([0xFF, marker]) + struct.pack(">H", len(content) + 2) + content + data[2:]


def png(turn: int = 1) -> bytes:
    words = PngImagePlugin.PngInfo()
    words.add_text("Author", "SECRET-AUTHOR")
    words.add_text("Note", "SECRET-NOTE " * 9, zip=True)
    words.add_itxt("XML:com.adobe.xmp", xmp().decode(), zip=False)
    data = encoded(photo(), "PNG", exif=exif(turn), pnginfo=words, icc_profile=screen_profile())
    time = png_chunk(b"tIME", bytes([7, 230, 1, 2, 3, 4, 5]))
    return data[:33] + time + data[33:] + b"SECRET-REST"


def webp(turn: int = 1, **options: object) -> bytes:
    told = {"exif": exif(turn), "xmp": xmp(), "icc_profile": screen_profile(), "lossless": True}
    return encoded(photo(), "WEBP", **(told | options))


def gif() -> bytes:
    frames = [photo(seed=seed).quantize(16) for seed in (1, 2)]
    data = encoded(
        frames[0], "GIF", save_all=True, append_images=frames[1:], loop=3, comment=b"SECRET-COMMENT"
    )
    packet = b"!\xff\x0bXMP DataXMP" + bytes([len(xmp())]) + xmp() + b"\0"
    return data[:-1] + packet + b"!\x01\x06SECRET\0;SECRET-REST"


def tiff(turn: int = 1, **options: object) -> bytes:
    tags = TiffImagePlugin.ImageFileDirectory_v2()
    tags[270], tags[305], tags[315] = "SECRET-DESCRIPTION", "SECRET-SOFTWARE", "SECRET-ARTIST"
    tags[274] = turn
    tags.tagtype[700], tags[700] = 1, xmp()
    tags.tagtype[33723], tags[33723] = 7, b"\x1c\x02\x50\0\x06SECRET"
    tags.tagtype[33922], tags[33922] = 12, (0.0, 0.0, 0.0, 2.35, 48.85, 0.0)
    told = {"tiffinfo": tags, "icc_profile": screen_profile(), "compression": "tiff_lzw"}
    return encoded(photo(), "TIFF", **(told | options))


def pages() -> bytes:
    return encoded(
        photo(), "TIFF", save_all=True, append_images=[photo(seed=1)], description="SECRET-DESCRIPTION"
    )


def two_pictures() -> bytes:
    return encoded(photo(), "MPO", save_all=True, append_images=[photo(seed=3)], comment=b"SECRET-COMMENT")


def bmp() -> bytes:
    return encoded(photo(), "BMP") + b"SECRET-REST"


def pixels(data: bytes) -> str:
    return pixel_sha256(open_picture(data).image)


@dataclass
class Photo(Piece):
    """A piece with a file of its own."""

    data: bytes = b""

    @property
    def png(self) -> bytes:
        return self.data

    @property
    def pixel_sha256(self) -> str:
        return pixels(self.data)


def make_work(
    work: Path,
    pieces: Sequence[Piece],
    *,
    repo_id: str | None = None,
    **options: object,
) -> Path:
    """WORK/split and WORK/card of `pieces`; `options` are those of the stage."""
    work.mkdir(parents=True, exist_ok=True)
    make_cleaned(work, pieces)
    split_collection(work, SplitArguments(**options), seed=0)  # type: ignore[arg-type]
    write_the_card(work, repo_id=repo_id)
    return work


def write_the_card(work: Path, *, repo_id: str | None = None) -> None:
    split = read_report(work, "split", SPLIT)
    clean = clean_report() | {"fingerprint": split["input"]["fingerprint"]}
    text = data_card(
        TEMPLATE.read_text(encoding="utf-8"),
        collect=collect_report(),
        clean=clean,
        split=split,
        told=Told("cc-by-4.0", title="Night market", repo_id=repo_id),
    )
    (work / "card").mkdir(exist_ok=True)
    (work / "card" / "README.md").write_text(text, encoding="utf-8")
