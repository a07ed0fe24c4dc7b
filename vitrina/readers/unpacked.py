"""A file, packed or not, read forward under a budget."""

from __future__ import annotations

import bz2
import lzma
import zlib
from pathlib import Path
from typing import BinaryIO, Protocol

from vitrina.readers.budget import MIB, ArchiveLimits, Budget, cut_short, damaged, over_ratio

_PIECE = 256 * 1024
# xz files name their own memory, up to 4 GiB; xz -9 asks for 65 MiB (xz(1), table of presets).
_XZ_MEMORY = 128 * MIB
# Below this much the ratio says nothing: a few headers padded with zeros are a good file's beginning.
_RATIO_FLOOR = MIB


class Forward(Protocol):
    """Bytes in one direction. `at`: how many were passed. All but `close` raise PictureRefused, and OSError."""

    at: int

    def read(self, size: int, /) -> bytes:
        """Up to `size` bytes, fewer at the end alone."""

    def skip(self, size: int) -> None:
        """Pass over `size` bytes; truncated where there are fewer."""

    def close(self) -> None: ...


class Plain:
    """A file as it lies."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._size = file.seek(0, 2)
        file.seek(0)
        self.at = 0

    def read(self, size: int, /) -> bytes:
        data = self._file.read(size)
        self.at += len(data)
        return data

    def skip(self, size: int) -> None:
        if self.at + size > self._size:
            raise cut_short()
        self.at = self._file.seek(self.at + size)

    def close(self) -> None:
        self._file.close()


class _Decompressor(Protocol):
    """What bz2 and lzma have in common."""

    @property
    def eof(self) -> bool: ...
    @property
    def needs_input(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int = -1) -> bytes: ...


class _Gzip:
    """zlib with the manners of bz2."""

    def __init__(self) -> None:
        self._inner = zlib.decompressobj(wbits=31)

    @property
    def eof(self) -> bool:
        return self._inner.eof

    @property
    def needs_input(self) -> bool:
        return not self._inner.unconsumed_tail

    @property
    def unused_data(self) -> bytes:
        return self._inner.unused_data

    def decompress(self, data: bytes, max_length: int = -1) -> bytes:
        return self._inner.decompress(self._inner.unconsumed_tail + data, max_length)


class Unpacked:
    """A gzip, bzip2 or xz file unpacked piece by piece, streams set end to end included.

    What comes out counts against `budget`, and so does what is passed over: it has to be unpacked as well.
    """

    def __init__(self, file: BinaryIO, budget: Budget) -> None:
        self._file, self._budget = file, budget
        self._head = file.read(6)
        file.seek(0)
        self._decompressor = _decompressor(self._head)
        self._packed = 0
        self._rest = b""
        self.at = 0

    @property
    def limits(self) -> ArchiveLimits:
        return self._budget.limits

    def read(self, size: int, /) -> bytes:
        pieces: list[bytes] = []
        left = size
        while left and (piece := self._piece(left)):
            pieces.append(piece)
            left -= len(piece)
        return b"".join(pieces)

    def skip(self, size: int) -> None:
        while size:
            piece = self._piece(min(size, _PIECE))
            if not piece:
                raise cut_short()
            size -= len(piece)

    def close(self) -> None:
        self._file.close()

    def _piece(self, most: int) -> bytes:
        """At least one byte, none at the end."""
        while True:
            if self._decompressor.eof and not self._next_stream():
                return b""
            fed = b""
            if self._decompressor.needs_input:
                fed, self._rest = self._rest or self._file.read(_PIECE), b""
                self._packed += len(fed)
            try:
                data = self._decompressor.decompress(fed, min(most, _PIECE))
            except (zlib.error, lzma.LZMAError, OSError, ValueError) as error:
                raise damaged(str(error)) from error
            if data:
                self._count(len(data))
                return data
            if not fed and not self._decompressor.eof and self._decompressor.needs_input:
                raise cut_short()

    def _next_stream(self) -> bool:
        """Begin the stream that follows; the zeros that may pad a file are no stream."""
        rest = self._decompressor.unused_data
        while rest.strip(b"\0") == b"":
            rest = self._file.read(_PIECE)
            if not rest:
                return False
            self._packed += len(rest)
        self._rest = rest.lstrip(b"\0")
        self._packed -= len(self._rest)
        self._decompressor = _decompressor(self._head)
        return True

    def _count(self, number: int) -> None:
        self.at += number
        self._budget.spend(number)
        if self.at > max(_RATIO_FLOOR, self.limits.ratio * self._packed):
            raise over_ratio(self.limits)


def beginning(path: Path, size: int) -> bytes:
    """The first `size` bytes of a file, none where it cannot be read."""
    try:
        with path.open("rb") as file:
            return file.read(size)
    except OSError:
        return b""


def packing(head: bytes) -> str | None:
    """gzip, bzip2 or xz, from the first six bytes of a file; None for anything else."""
    known = ((b"\x1f\x8b", "gzip"), (b"BZh", "bzip2"), (b"\xfd7zXZ\0", "xz"))
    return next((name for signature, name in known if head.startswith(signature)), None)


def open_forward(path: Path, budget: Budget) -> Forward:
    """`path` unpacked where it begins like a packed file, else as it lies. Raises OSError."""
    file = path.open("rb")
    try:
        head = file.read(6)
        file.seek(0)
        return Unpacked(file, budget) if packing(head) else Plain(file)
    except BaseException:
        file.close()
        raise


def _decompressor(head: bytes) -> _Decompressor:
    match packing(head):
        case "gzip":
            return _Gzip()
        case "bzip2":
            return bz2.BZ2Decompressor()
        case _:
            return lzma.LZMADecompressor(format=lzma.FORMAT_XZ, memlimit=_XZ_MEMORY)
