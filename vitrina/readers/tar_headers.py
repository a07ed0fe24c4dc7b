"""The headers of a tar archive, one after the other.

Python's own tarfile takes a header of any declared length into memory before anybody can ask for the length.
Formats: POSIX.1-1988 (ustar), POSIX.1-2001 (pax), the long names of GNU tar.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from vitrina.readers.budget import MIB, cut_short, damaged
from vitrina.readers.unpacked import Forward

BLOCK = 512
_LONGEST_HEADER = MIB
_PLAIN = b"\x0007"
_REFUSED = {
    b"1": "a link",
    b"2": "a link",
    b"3": "a device, not a file",
    b"4": "a device, not a file",
    b"6": "a device, not a file",
    b"S": "a sparse file",
    b"M": "continued from another volume",
}
# No data follows these, whatever size they declare.
_BARE = b"123456"


@dataclass(frozen=True, slots=True)
class Member:
    """What one header says. `size`: bytes of data that follow; `refused`: why it is not a plain file."""

    name: str
    size: int
    directory: bool
    refused: str | None


def members(stream: Forward) -> Iterator[Member]:
    """Each member; its data may be read from `stream` before the next one is asked for, or left alone.

    Raises PictureRefused where the archive cannot be followed any further: truncated (without the zeros that end
    an archive as well), corrupt, or what the budget of `stream` says.
    """
    told: dict[str, str] = {}
    while True:
        header = stream.read(BLOCK)
        if header == bytes(BLOCK):
            return
        if len(header) < BLOCK:
            raise cut_short()
        if not _is_header(header):
            raise damaged("no header where one should be")
        kind, size = header[156:157], _number(header[124:136])
        if kind in (b"x", b"L"):
            data = _long_header(stream, size)
            told |= _records(data) if kind == b"x" else {"path": _text(data)}
            continue
        if kind in (b"g", b"K"):
            stream.skip(_padded(size))
            continue
        member = _member(header, size, told)
        told = {}
        end = stream.at + _padded(member.size)
        yield member
        stream.skip(end - stream.at)


def _member(header: bytes, size: int, told: dict[str, str]) -> Member:
    name, kind = _text(header[:100]), header[156:157]
    prefix = _text(header[345:500]) if header[257:263] == b"ustar\0" else ""
    name = told.get("path") or (f"{prefix}/{name}" if prefix else name)
    if "size" in told:
        size = _whole(told["size"])
    directory = kind == b"5" or (kind in _PLAIN and name.endswith("/"))
    refused = _REFUSED.get(kind)
    if refused is None and not directory and kind not in _PLAIN:
        refused = "of a kind that is not read"
    if any(key.startswith("GNU.sparse.") for key in told):
        refused = "a sparse file"
    return Member(name, 0 if kind in _BARE else size, directory, refused)


def _long_header(stream: Forward, size: int) -> bytes:
    if size > _LONGEST_HEADER:
        raise damaged(f"a header of {size:,} bytes")
    data = stream.read(_padded(size))
    if len(data) < size:
        raise cut_short()
    return data[:size]


def _records(data: bytes) -> dict[str, str]:
    """The records of a pax header: "<length of all of it> <key>=<value>\\n" each."""
    told: dict[str, str] = {}
    at = 0
    while at < len(data):
        digits, space, _ = data[at : at + 12].partition(b" ")
        length = _whole(_text(digits))
        record = data[at + len(digits) + 1 : at + length]
        key, equals, value = record.partition(b"=")
        if not space or not equals or not value.endswith(b"\n") or at + length > len(data):
            raise damaged("a broken header")
        told[_text(key)] = value[:-1].decode("utf-8", "surrogateescape")
        at += length
    return told


def _number(field: bytes) -> int:
    """Octal digits, or GNU's base 256, which begins with the byte 0x80."""
    if field[:1] == b"\x80":
        return int.from_bytes(field[1:])
    text = field.split(b"\0", 1)[0].strip()
    if not text:
        return 0
    if text.strip(b"01234567"):
        raise damaged("a header whose numbers are none")
    return int(text, 8)


def _whole(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 20):
        raise damaged("a header whose numbers are none")
    return int(text)


def _is_header(block: bytes) -> bool:
    """Whether its check sum fits, over unsigned bytes or, as some old programs made it, over signed ones."""
    told = block[148:156].split(b"\0", 1)[0].strip()
    if not told or told.strip(b"01234567"):
        return False
    unsigned = sum(block[:148] + b" " * 8 + block[156:])
    signed = unsigned - 256 * sum(byte > 127 for byte in block[:148] + block[156:])
    return int(told, 8) in (unsigned, signed)


def _padded(size: int) -> int:
    return -(-size // BLOCK) * BLOCK


def _text(data: bytes) -> str:
    return data.split(b"\0", 1)[0].decode("utf-8", "surrogateescape")
