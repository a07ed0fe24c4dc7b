"""A colour profile without what names a screen, a person or a day."""

from __future__ import annotations

import io
import struct

from vitrina.colour import LARGEST_PROFILE
from vitrina.parquet.stripping import CannotStrip, cut

_HEAD = 128
# What colours are computed by (ICC.1:2022, chapter 9), without device names, dates, settings of a screen.
_COLOURS = frozenset(
    {f"{way}{n}".encode() for way in ("A2B", "B2A", "D2B", "B2D") for n in range(4)}
    | {b"gamt", b"rXYZ", b"gXYZ", b"bXYZ", b"rTRC", b"gTRC", b"bTRC", b"kTRC", b"wtpt", b"bkpt", b"chad"}
    | {b"chrm", b"cicp", b"lumi"}
)
_NAME = "colour profile"
_DAY = struct.pack(">6H", 2000, 7, 1, 0, 0, 0)


def bare_profile(profile: bytes | None) -> bytes | None:
    """The profile that `vitrina.images` converts colours by, with a name and a day that say nothing.

    None where it converts by none: sRGB itself, broken, above 4 MiB.
    """
    if not profile or len(profile) > LARGEST_PROFILE or not _is_used(profile):
        return None
    try:
        return _rebuilt(profile)
    except (CannotStrip, struct.error):
        return None


def _is_used(profile: bytes) -> bool:
    from PIL import ImageCms

    try:
        opened = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        return "srgb" not in ImageCms.getProfileDescription(opened).lower()
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError, AttributeError):
        return False


def _rebuilt(profile: bytes) -> bytes:
    head = bytearray(cut(profile, 0, _HEAD))
    # Preferred software; maker and model of the screen; creator, identity.
    for start, end in ((4, 8), (48, 56), (80, _HEAD)):
        head[start:end] = bytes(end - start)
    head[24:36] = _DAY
    (count,) = struct.unpack(">I", cut(profile, _HEAD, 4))
    tags: list[tuple[bytes, bytes]] = []
    for number in range(count):
        sign, place, size = struct.unpack(">4sII", cut(profile, _HEAD + 4 + 12 * number, 12))
        if sign in _COLOURS:
            tags.append((sign, cut(profile, place, size)))
    tags += [(b"desc", _text(_NAME)), (b"cprt", _text("-"))]
    return _written(head, tags)


def _text(words: str) -> bytes:
    """A multiLocalizedUnicodeType of one text."""
    coded = words.encode("utf-16-be")
    return b"mluc" + bytes(4) + struct.pack(">II2s2sII", 1, 12, b"en", b"US", len(coded), 28) + coded


def _written(head: bytearray, tags: list[tuple[bytes, bytes]]) -> bytes:
    table, body = [], bytearray()
    begin = _HEAD + 4 + 12 * len(tags)
    places: dict[bytes, int] = {}
    for sign, content in tags:
        # The three curves of a profile are often one.
        if content not in places:
            body += bytes(-len(body) % 4)
            places[content] = begin + len(body)
            body += content
        table.append(struct.pack(">4sII", sign, places[content], len(content)))
    body += bytes(-len(body) % 4)
    head[:4] = struct.pack(">I", begin + len(body))
    return bytes(head) + struct.pack(">I", len(tags)) + b"".join(table) + bytes(body)
