"""The first picture of a TIFF file without its metadata, its strips of pixels untouched."""

from __future__ import annotations

import struct
from typing import NamedTuple

from vitrina.parquet.stripping import (
    EXIF,
    IPTC,
    OTHER,
    PICTURES,
    PROFILE,
    REST,
    TEXT,
    XMP,
    CannotStrip,
    Stripped,
    cut,
)

_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8}
_LONG, _UNDEFINED = 4, 7
_COMPRESSION, _PROFILE = 259, 34675
_PLACES = {273: 279, 324: 325}  # Offsets of strips or tiles: their sizes.
# Size, bits, colours, resolution, orientation, how strips are laid out (TIFF 6.0; supplement 2 for 34675).
_KEPT = frozenset(
    {254, 256, 257, 258, 259, 262, 266, 273, 274, 277, 278, 279, 282, 283, 284, 292, 293, 296, 317, 320}
    | {322, 323, 324, 325, 332, 338, 339, 529, 530, 531, 532, _PROFILE}
)
# None, fax, LZW, deflate, PackBits, LZMA, Zstandard. A strip of JPEG or WebP may hold metadata of its own.
_PLAIN = frozenset({1, 2, 3, 4, 5, 8, 32773, 32946, 34925, 50000})
_NAMES = {34665: EXIF, 34853: EXIF, 700: XMP, 33723: IPTC, 34377: IPTC, _PROFILE: PROFILE}


class _Entry(NamedTuple):
    tag: int
    kind: int
    number: int
    value: bytes


def strip_tiff(data: bytes, *, turn: int, profile: bytes | None) -> Stripped:
    """The first picture of `data` with the tags that its pixels need, the ICC `profile`, nothing else.

    The orientation is one of those tags, so `turn` is not asked for. Raises CannotStrip, as for BigTIFF and for
    strips that are files of their own (JPEG, WebP).
    """
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(data[:4])
    if order is None:
        raise CannotStrip("it is no TIFF file of the plain kind")
    entries, following = _directory(data, order)
    compression = _numbers(entries.get(_COMPRESSION), order) or [1]
    if compression[0] not in _PLAIN:
        raise CannotStrip("its strips are compressed as files of their own")
    taken = {
        _NAMES.get(tag, TEXT if entries[tag].kind == 2 else OTHER) for tag in entries if tag not in _KEPT
    }
    if following:
        taken.add(PICTURES)
    kept = {tag: entry for tag, entry in entries.items() if tag in _KEPT and tag != _PROFILE}
    seen = entries.get(_PROFILE)
    if (seen.value if seen else None) != profile:
        taken.add(PROFILE)
    if profile:
        kept[_PROFILE] = _Entry(_PROFILE, _UNDEFINED, len(profile), profile)
    written = _written(data, kept, order)
    if len(written) < len(data):
        taken |= {REST} if not taken else set()
    return Stripped(written, frozenset(taken)) if taken else Stripped(data, frozenset())


def _directory(data: bytes, order: str) -> tuple[dict[int, _Entry], int]:
    """(entries by tag, the first of each; where the next directory lies, 0 for nowhere)."""
    (at,) = struct.unpack(order + "I", cut(data, 4, 4))
    (count,) = struct.unpack(order + "H", cut(data, at, 2))
    entries: dict[int, _Entry] = {}
    for number in range(count):
        raw = cut(data, at + 2 + 12 * number, 12)
        tag, kind, values = struct.unpack(order + "HHI", raw[:8])
        size = _SIZES.get(kind, 1) * values
        place = struct.unpack(order + "I", raw[8:])[0]
        # What is dropped need not be sound.
        value = (raw[8 : 8 + size] if size <= 4 else cut(data, place, size)) if tag in _KEPT else b""
        entries.setdefault(tag, _Entry(tag, kind, values, value))
    after = data[at + 2 + 12 * count :][:4]
    return entries, struct.unpack(order + "I", after)[0] if len(after) == 4 else 0


def _numbers(entry: _Entry | None, order: str) -> list[int]:
    if entry is None:
        return []
    letter = {1: "B", 3: "H", 4: "I"}.get(entry.kind)
    if letter is None:
        raise CannotStrip("a tag of it is of another type than it should be")
    return list(struct.unpack(f"{order}{entry.number}{letter}", entry.value))


def _written(data: bytes, kept: dict[int, _Entry], order: str) -> bytes:
    """Header, strips, long values, directory, in this order."""
    out = bytearray(data[:4] + bytes(4))
    for offsets, sizes in _PLACES.items():
        if offsets not in kept:
            continue
        places, lengths = _numbers(kept[offsets], order), _numbers(kept.get(sizes), order)
        if len(places) != len(lengths):
            raise CannotStrip("it does not say how long its strips are")
        moved = [
            _append(out, cut(data, place, length)) for place, length in zip(places, lengths, strict=True)
        ]
        kept[offsets] = _Entry(offsets, _LONG, len(moved), struct.pack(f"{order}{len(moved)}I", *moved))
    lines = []
    for tag in sorted(kept):
        _, kind, count, value = kept[tag]
        inline = value.ljust(4, b"\0") if len(value) <= 4 else struct.pack(order + "I", _append(out, value))
        lines.append(struct.pack(order + "HHI", tag, kind, count) + inline)
    directory = struct.pack(order + "H", len(lines)) + b"".join(lines) + bytes(4)
    out[4:8] = struct.pack(order + "I", _append(out, directory))
    return bytes(out)


def _append(out: bytearray, content: bytes) -> int:
    """Where `content` comes to lie: at an even place, as TIFF asks."""
    out += bytes(len(out) % 2)
    start = len(out)
    out += content
    return start
