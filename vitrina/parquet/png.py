"""A PNG file without its metadata, its compressed pixels untouched."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

from vitrina.parquet.stripping import (
    EXIF,
    OTHER,
    PROFILE,
    REST,
    TEXT,
    XMP,
    CannotStrip,
    Stripped,
    cut,
    orientation_alone,
)

_SIGN = b"\x89PNG\r\n\x1a\n"
# Pixels, frames, colours, sizes: numbers, none of which says where, when, by whom (PNG 3rd edition, chapter 11).
_KEPT = frozenset(
    {b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"sBIT", b"cICP", b"pHYs"}
    | {b"bKGD", b"acTL", b"fcTL", b"fdAT"}
)
_TEXTS = frozenset({b"tEXt", b"zTXt", b"iTXt"})
_PROFILE_NAME = b"icc"


def strip_png(data: bytes, *, turn: int, profile: bytes | None) -> Stripped:
    """`data` without texts, times, EXIF, XMP, unknown chunks, whatever follows its end.

    The ICC `profile` stays without its name; where `turn` is 2 to 8, an EXIF with the orientation alone. Raises
    CannotStrip.
    """
    exif = orientation_alone(turn) if turn > 1 else None
    kept: list[tuple[bytes, bytes]] = []
    taken: set[str] = set()
    placed = False
    chunks = list(_chunks(data))
    for kind, content, _ in chunks:
        if kind in _KEPT:
            kept.append((kind, content))
        elif kind == b"iCCP" and _is_bare(content, profile):
            placed = True
            kept.append((kind, content))
        elif kind == b"iCCP":
            taken.add(PROFILE)
        elif kind == b"eXIf" and content == exif:
            kept.append((kind, content))
            exif = None
        else:
            taken.add(_kind_of(kind, content))
    if chunks[-1][2] < len(data):
        taken.add(REST)
    if not taken:
        return Stripped(data, frozenset())
    own = [(b"iCCP", _PROFILE_NAME + b"\0\0" + zlib.compress(profile))] if profile and not placed else []
    own += [(b"eXIf", exif)] if exif else []
    return Stripped(_SIGN + b"".join(_chunk(*one) for one in [kept[0], *own, *kept[1:]]), frozenset(taken))


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes, int]]:
    if not data.startswith(_SIGN):
        raise CannotStrip("it does not begin as a PNG file")
    at, kind = len(_SIGN), b""
    while kind != b"IEND":
        size, kind = struct.unpack(">I4s", cut(data, at, 8))
        if at == len(_SIGN) and kind != b"IHDR":
            raise CannotStrip("its header is not the first chunk")
        content = cut(data, at + 8, size)
        at += 8 + size + len(cut(data, at + 8 + size, 4))
        yield kind, content, at


def _is_bare(content: bytes, profile: bytes | None) -> bool:
    # The same bytes may be compressed in more than one way.
    if profile is None or not content.startswith(_PROFILE_NAME + b"\0\0"):
        return False
    unpacked = zlib.decompressobj()
    try:
        return unpacked.decompress(content[len(_PROFILE_NAME) + 2 :], len(profile) + 1) == profile
    except zlib.error:
        return False


def _kind_of(kind: bytes, content: bytes) -> str:
    if kind == b"eXIf" or (kind in _TEXTS and b"exif" in content[:40].lower()):
        return EXIF
    if kind in _TEXTS:
        return XMP if content.startswith(b"XML:com.adobe.xmp") else TEXT
    return OTHER


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
