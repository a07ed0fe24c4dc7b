"""A WebP file without its metadata, its coded pixels untouched."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from vitrina.parquet.stripping import (
    EXIF,
    OTHER,
    PROFILE,
    REST,
    XMP,
    CannotStrip,
    Stripped,
    cut,
    orientation_alone,
)

# RFC 9649, section 2.7: flags of the chunk VP8X.
_HAS_PROFILE, _HAS_EXIF, _HAS_XMP = 0x20, 0x08, 0x04
_PIXELS = (b"VP8 ", b"VP8L", b"ALPH")
_FRAME_HEAD = 16


def strip_webp(data: bytes, *, turn: int, profile: bytes | None) -> Stripped:
    """`data` without EXIF, XMP, unknown chunks, whatever follows its end; frames of an animation stay.

    The ICC `profile` stays; where `turn` is 2 to 8, an EXIF with the orientation alone. Raises CannotStrip.
    """
    if data[:4] != b"RIFF" or cut(data, 8, 4) != b"WEBP":
        raise CannotStrip("it does not begin as a WebP file")
    exif = orientation_alone(turn) if turn > 1 else None
    end = 8 + int.from_bytes(data[4:8], "little")
    taken: set[str] = {REST} if end < len(data) else set()
    kept: list[tuple[bytes, bytes]] = []
    seen_profile: bytes | None = None
    seen_exif: bytes | None = None
    for kind, content in _chunks(cut(data, 0, end), 12):
        if kind in (*_PIXELS, b"VP8X", b"ANIM"):
            kept.append((kind, content))
        elif kind == b"ANMF":
            kept.append((kind, _frame(content, taken)))
        elif kind == b"ICCP":
            seen_profile = content
        elif kind == b"EXIF" and content == exif:
            seen_exif = content
        else:
            taken.add({b"EXIF": EXIF, b"XMP ": XMP}.get(kind, OTHER))
    if seen_profile != profile:
        taken.add(PROFILE)
    if not taken and seen_exif == exif:
        return Stripped(data, frozenset())
    return Stripped(_written(kept, exif=exif, profile=profile), frozenset(taken))


def _chunks(data: bytes, at: int) -> Iterator[tuple[bytes, bytes]]:
    while at < len(data):
        kind, size = struct.unpack("<4sI", cut(data, at, 8))
        yield kind, cut(data, at + 8, size)
        at += 8 + size + size % 2


def _frame(content: bytes, taken: set[str]) -> bytes:
    """A frame of an animation with chunks of pixels alone."""
    inner = list(_chunks(content, _FRAME_HEAD))
    kept = [chunk for chunk in inner if chunk[0] in _PIXELS]
    if kept != inner:
        taken.add(OTHER)
    return cut(content, 0, _FRAME_HEAD) + b"".join(_chunk(*chunk) for chunk in kept)


def _written(kept: list[tuple[bytes, bytes]], *, exif: bytes | None, profile: bytes | None) -> bytes:
    if kept and kept[0][0] == b"VP8X":
        head = bytearray(cut(kept[0][1], 0, 10))
        head[0] &= ~(_HAS_PROFILE | _HAS_EXIF | _HAS_XMP) & 0xFF
        head[0] |= (_HAS_PROFILE if profile else 0) | (_HAS_EXIF if exif else 0)
        kept = [(b"VP8X", bytes(head)), *([(b"ICCP", profile)] if profile else []), *kept[1:]]
        kept += [(b"EXIF", exif)] if exif else []
    elif exif or profile:
        raise CannotStrip("it has no place for its orientation or colours")
    body = b"WEBP" + b"".join(_chunk(*one) for one in kept)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def _chunk(kind: bytes, content: bytes) -> bytes:
    return kind + struct.pack("<I", len(content)) + content + b"\0" * (len(content) % 2)
