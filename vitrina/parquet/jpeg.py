"""A JPEG file without its metadata, its coded pixels untouched."""

from __future__ import annotations

import re
from collections.abc import Iterator

from vitrina.parquet.stripping import (
    COMMENT,
    EXIF,
    IPTC,
    OTHER,
    PICTURES,
    PROFILE,
    REST,
    THUMBNAIL,
    XMP,
    CannotStrip,
    Stripped,
    cut,
    orientation_alone,
)

# Markers of ITU-T T.81, table B.1.
_SOI, _EOI, _SOS, _COM = 0xD8, 0xD9, 0xDA, 0xFE
_ALONE = frozenset({0x01, *range(0xD0, 0xD8)})
# Frames, tables, restart intervals, number of lines, hierarchy: what pixels are decoded by.
_PIXELS = frozenset({*range(0xC0, 0xD0), *range(0xDA, 0xE0)}) - {0xC8}
_AFTER_A_SCAN = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")
_ICC = b"ICC_PROFILE\0"
_ICC_PIECE = 0xFFFF - 2 - len(_ICC) - 2


def strip_jpeg(data: bytes, *, turn: int, profile: bytes | None) -> Stripped:
    """`data` without APPn and COM segments, embedded thumbnails, further pictures, whatever follows its end.

    Of the APPn stay JFIF (without its thumbnail), Adobe's (it says how colours were turned), the ICC `profile`, and,
    where `turn` is 2 to 8, an EXIF that holds the orientation alone. Raises CannotStrip.
    """
    exif = b"Exif\0\0" + orientation_alone(turn) if turn > 1 else None
    seen_profile, seen_exif = b"", False
    kept: list[tuple[int | None, bytes]] = []
    taken: set[str] = set()
    segments = list(_segments(data))
    for marker, content, _ in segments:
        if marker is None or marker in _PIXELS or marker in _ALONE:
            kept.append((marker, content))
        elif marker == 0xE0 and content.startswith(b"JFIF\0") and len(content) >= 14:
            kept.append((marker, content[:12] + b"\0\0"))
            taken |= {THUMBNAIL} if len(content) > 14 else set()
        elif marker == 0xEE and content.startswith(b"Adobe") and len(content) >= 12:
            kept.append((marker, content[:12]))
            taken |= {OTHER} if len(content) > 12 else set()
        elif marker == 0xE2 and content.startswith(_ICC):
            seen_profile += content[len(_ICC) + 2 :]
        elif marker == 0xE1 and content == exif and not seen_exif:
            seen_exif = True
        else:
            taken.add(_kind_of(marker, content))
    if (seen_profile or None) != profile:
        taken.add(PROFILE)
    if segments[-1][2] < len(data):
        taken.add(REST)
    if not taken:
        return Stripped(data, frozenset())
    return Stripped(_written(kept, exif=exif, profile=profile), frozenset(taken))


def _segments(data: bytes) -> Iterator[tuple[int | None, bytes, int]]:
    """(marker, content, where it ends), coded scans with None for a marker, up to the end of the image."""
    if data[:2] != bytes([0xFF, _SOI]):
        raise CannotStrip("it does not begin as a JPEG file")
    at = 2
    while True:
        if cut(data, at, 2)[0] != 0xFF:
            raise CannotStrip("there is something between its segments")
        while cut(data, at, 2)[1] == 0xFF:
            at += 1
        marker = data[at + 1]
        at += 2
        if marker == _EOI:
            # The last one carries where the image ends.
            yield None, b"", at
            return
        if marker in _ALONE:
            yield marker, b"", at
            continue
        length = int.from_bytes(cut(data, at, 2), "big")
        content = cut(data, at + 2, length - 2)
        at += length
        yield marker, content, at
        if marker == _SOS:
            found = _AFTER_A_SCAN.search(data, at)
            if found is None:
                raise CannotStrip("it has no end")
            yield None, data[at : found.start()], found.start()
            at = found.start()


def _kind_of(marker: int, content: bytes) -> str:
    if marker == _COM:
        return COMMENT
    if content.startswith(b"JFXX\0"):
        return THUMBNAIL
    if content.startswith(b"Exif\0"):
        return EXIF
    if content.startswith(b"http://ns.adobe.com/"):
        return XMP
    if content.startswith(b"Photoshop "):
        return IPTC
    return PICTURES if content.startswith(b"MPF\0") else OTHER


def _written(kept: list[tuple[int | None, bytes]], *, exif: bytes | None, profile: bytes | None) -> bytes:
    pieces = [profile[n : n + _ICC_PIECE] for n in range(0, len(profile), _ICC_PIECE)] if profile else []
    if len(pieces) > 255:
        raise CannotStrip("its colour profile does not fit")
    begin = 1 if kept and kept[0][0] == 0xE0 else 0
    own: list[tuple[int | None, bytes]] = [(0xE1, exif)] if exif else []
    own += [(0xE2, _ICC + bytes([n, len(pieces)]) + piece) for n, piece in enumerate(pieces, 1)]
    out = [bytes([0xFF, _SOI])]
    for marker, content in [*kept[:begin], *own, *kept[begin:]]:
        if marker is None:
            out.append(content)
        elif marker in _ALONE:
            out.append(bytes([0xFF, marker]))
        else:
            out += [bytes([0xFF, marker]), (len(content) + 2).to_bytes(2, "big"), content]
    return b"".join([*out, bytes([0xFF, _EOI])])
