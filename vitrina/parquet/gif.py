"""A GIF file without its metadata, its compressed pixels untouched."""

from __future__ import annotations

from vitrina.parquet.stripping import COMMENT, OTHER, REST, TEXT, XMP, CannotStrip, Stripped, cut

_EXTENSION, _IMAGE, _END = 0x21, 0x2C, 0x3B
_CONTROL, _COMMENT, _TEXT, _APPLICATION = 0xF9, 0xFE, 0x01, 0xFF
# How often an animation runs.
_LOOPS = (b"NETSCAPE2.0", b"ANIMEXTS1.0")


def strip_gif(data: bytes, *, turn: int, profile: bytes | None) -> Stripped:
    """`data` without comments, texts, XMP and other extensions, whatever follows its end; frames stay.

    A GIF holds neither orientation nor profile: `turn` above 1 or a `profile` raises CannotStrip, as does a file
    that is not as GIF89a says.
    """
    if data[:6] not in (b"GIF87a", b"GIF89a"):
        raise CannotStrip("it does not begin as a GIF file")
    if turn > 1 or profile:
        raise CannotStrip("it has no place for its orientation or colours")
    at = 13 + _table(cut(data, 10, 1)[0])
    out, taken = [cut(data, 0, at)], set[str]()
    while at < len(data) and data[at] != _END:
        start = at
        if data[at] == _EXTENSION:
            at, blocks = _blocks(data, at + 2)
            found = _kind_of(data[start + 1], blocks)
        elif data[at] == _IMAGE:
            at += 10 + _table(cut(data, at + 9, 1)[0])
            at, _ = _blocks(data, at + 1)
            found = None
        else:
            raise CannotStrip("there is something between its blocks")
        if found is None:
            out.append(data[start:at])
        else:
            taken.add(found)
    if at + 1 < len(data):
        taken.add(REST)
    return (
        Stripped(b"".join([*out, bytes([_END])]), frozenset(taken)) if taken else Stripped(data, frozenset())
    )


def _table(packed: int) -> int:
    """Bytes of the colour table that a descriptor announces."""
    return 3 * 2 ** (1 + (packed & 7)) if packed & 0x80 else 0


def _blocks(data: bytes, at: int) -> tuple[int, list[bytes]]:
    """(where the sub-blocks from `at` on end, their contents)"""
    blocks = []
    while size := cut(data, at, 1)[0]:
        blocks.append(cut(data, at + 1, size))
        at += 1 + size
    return at + 1, blocks


def _kind_of(label: int, blocks: list[bytes]) -> str | None:
    """None for what stays."""
    sizes = [len(block) for block in blocks]
    if label == _CONTROL and sizes == [4]:
        return None
    if label == _APPLICATION and sizes == [11, 3] and blocks[0] in _LOOPS:
        return None
    if label == _APPLICATION and blocks and blocks[0].startswith(b"XMP Data"):
        return XMP
    return {_COMMENT: COMMENT, _TEXT: TEXT}.get(label, OTHER)
