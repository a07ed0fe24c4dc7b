"""Pictures in a zip archive, never unpacked to disk."""

from __future__ import annotations

import struct
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

from vitrina.errors import BadRequest, PictureRefused
from vitrina.images import Limits
from vitrina.readers.archive import (
    ArchiveSource,
    Entry,
    clean_name,
    kind_problem,
    read_archive,
    too_many_entries,
)
from vitrina.readers.budget import (
    DEFAULT_ARCHIVE_LIMITS,
    ArchiveLimits,
    Budget,
    cut_short,
    damaged,
    gone,
)
from vitrina.readers.names import shown
from vitrina.readers.naming import Told
from vitrina.readers.unpacked import beginning

# PKWARE's APPNOTE.TXT 6.3.10: 4.3.16 the end record, 4.3.15 the zip64 locator, 4.3.14 the zip64 end record,
# 4.3.12 the directory's entries, 4.3.7 the local headers.
_END, _END_SIZE, _LONGEST_COMMENT = b"PK\x05\x06", 22, 65_535
_LOCATOR, _LOCATOR_SIZE = b"PK\x06\x07", 20
_END64, _END64_SIZE = b"PK\x06\x06", 56
_CENTRAL, _CENTRAL_SIZE = b"PK\x01\x02", 46
_LOCAL, _LOCAL_SIZE = b"PK\x03\x04", 30
_ENCRYPTED, _PATCHED, _UTF8 = 0x1, 0x20, 0x800
# The other methods that Python knows would take memory that the archive names itself (LZMA up to 4 GiB).
_METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
_METHOD_NAMES = {9: "deflate64", 12: "bzip2", 14: "LZMA", 93: "Zstandard", 95: "xz", 98: "PPMd"}
_AGAIN = "Copy the archive again from where it came, or make it anew."


def fits(path: Path) -> bool:
    """Whether `path` is a file that begins like a zip archive or is named like one; .npz is another reader's."""
    if not path.is_file() or path.suffix.lower() == ".npz":
        return False
    if path.suffix.lower() == ".zip":
        return True
    return beginning(path, 4) in (_LOCAL, _END)


def read_zip(
    path: Path,
    *,
    class_names: Sequence[str] | None = None,
    label_column: str | None = None,
    limits: ArchiveLimits = DEFAULT_ARCHIVE_LIMITS,
) -> ZipSource:
    """Pictures and labels in a zip archive, as `lay_out` finds them, in the order of its directory.

    Left out, each with its reason: entries that are encrypted, links, devices, archives, duplicates of a name,
    that lead out of the archive, overlap others or break a budget. Raises BadRequest where the file is no zip
    archive or a damaged one, has too many entries, or holds none but bad ones.
    """
    return read_archive(ZipSource, path, told=Told(class_names, label_column), limits=limits)


class OpenZip:
    """A zip archive open for reading. Raises BadRequest as `read_zip` does, OSError where it cannot be opened."""

    def __init__(self, path: Path, limits: ArchiveLimits) -> None:
        self._limits = limits
        self._budget = Budget(limits)
        self.file: BinaryIO = path.open("rb")
        try:
            self._directory = _check_directory(self.file, path, limits)
            self._zip = zipfile.ZipFile(self.file)
        except BadRequest:
            self.file.close()
            raise
        # What zipfile raises on hostile bytes (struct.error, NotImplementedError, UnicodeDecodeError ...).
        except Exception as error:
            self.file.close()
            raise _no_zip(path, f"a damaged one ({error})") from error
        self._by_name = {
            clean_name(_name(info)): info for info in self._zip.infolist() if not _is_folder(info)
        }

    def close(self) -> None:
        self._zip.close()
        self.file.close()

    def entries(self) -> list[Entry]:
        """Its files in the order of the directory, with the reasons to refuse that a zip archive can give."""
        infos = self._zip.infolist()
        reach = [self._reach(info) for info in infos]
        overlapping = _overlapping(reach)
        found = []
        for number, info in enumerate(infos):
            if _is_folder(info):
                continue
            refused = _problem(info)
            if refused is None and reach[number] is None:
                refused = "the archive's directory points to where no entry begins"
            if refused is None and number in overlapping:
                refused = "its bytes overlap with another entry's"
            found.append(Entry(_name(info), info.file_size, info.compress_size, refused))
        return found

    def info(self, name: str) -> zipfile.ZipInfo:
        """The entry of that clean name. Raises PictureRefused where there is none."""
        try:
            return self._by_name[name]
        except KeyError:
            raise gone() from None

    def open(self, info: zipfile.ZipInfo) -> zipfile.ZipExtFile:
        """A stream of the entry's bytes, which ends at its declared size."""
        return self._zip.open(info)  # type: ignore[return-value]

    def take(self, name: str, limits: Limits) -> bytes:
        """The bytes of the entry of that clean name. Raises PictureRefused."""
        info = self.info(name)
        try:
            with self.open(info) as stream:
                return self._budget.take(
                    stream, size=info.file_size, packed=info.compress_size, limits=limits
                )
        except PictureRefused:
            raise
        except EOFError:
            raise cut_short() from None
        except Exception as error:
            raise damaged(str(error)) from error

    def data_at(self, info: zipfile.ZipInfo) -> int | None:
        """Where the packed bytes of the entry begin in the file, None where no entry begins there."""
        if info.header_offset < 0:
            return None
        self.file.seek(info.header_offset)
        header = self.file.read(_LOCAL_SIZE)
        if len(header) < _LOCAL_SIZE or header[:4] != _LOCAL:
            return None
        name, extra = struct.unpack("<HH", header[26:30])
        return info.header_offset + _LOCAL_SIZE + int(name) + int(extra)

    def _reach(self, info: zipfile.ZipInfo) -> tuple[int, int] | None:
        """First byte and end of what the entry takes up in the file, None where it lies outside the data."""
        begin = self.data_at(info)
        if begin is None or begin + info.compress_size > self._directory:
            return None
        return info.header_offset, begin + info.compress_size


class ZipSource(ArchiveSource):
    """Pictures in the zip archive that the items' `path` names."""

    kind = "zip"

    @classmethod
    def opened(cls, path: Path, limits: ArchiveLimits) -> OpenZip:
        """Raises BadRequest, OSError."""
        return OpenZip(path, limits)


def _name(info: zipfile.ZipInfo) -> str:
    """The whole name as the archive holds it: `filename` ends at the first NUL.

    Many programs write UTF-8 without saying so; what is not UTF-8 keeps the zip format's own code page 437.
    """
    name = info.orig_filename
    if name.isascii() or info.flag_bits & _UTF8:
        return name
    try:
        return name.encode("cp437").decode("utf-8")
    except UnicodeError:
        return name


def _is_folder(info: zipfile.ZipInfo) -> bool:
    # Python's is_dir raises IndexError for an empty name.
    return info.filename.endswith("/")


def _problem(info: zipfile.ZipInfo) -> str | None:
    if info.flag_bits & _ENCRYPTED:
        return "encrypted"
    if (problem := kind_problem(info.external_attr >> 16)) is not None:
        return problem
    if info.compress_type not in _METHODS or info.flag_bits & _PATCHED:
        method = _METHOD_NAMES.get(info.compress_type, str(info.compress_type))
        return f"packed by the method {method}, where only deflate and plain storing are read"
    if info.compress_type == zipfile.ZIP_STORED and info.file_size != info.compress_size:
        return "its two sizes do not agree"
    return None


def _overlapping(reach: Sequence[tuple[int, int] | None]) -> set[int]:
    """Numbers of the ranges that share a byte with another one."""
    known = sorted((span, number) for number, span in enumerate(reach) if span is not None)
    found: set[int] = set()
    furthest, holder = -1, -1
    for (begin, end), number in known:
        if begin < furthest:
            found |= {number, holder}
        if end > furthest:
            furthest, holder = end, number
    return found


def _check_directory(file: BinaryIO, path: Path, limits: ArchiveLimits) -> int:
    """Where the directory begins, once its entries are counted; what it says of itself is not believed.

    zipfile would take all of a directory into memory before anybody could count.
    """
    size = file.seek(0, 2)
    file.seek(max(0, size - _END_SIZE - _LONGEST_COMMENT))
    tail = file.read()
    at = tail.rfind(_END)
    if at < 0 or len(tail) - at < _END_SIZE:
        file.seek(0)
        cut = file.read(4) == _LOCAL
        raise _no_zip(
            path, "one that is cut short: its directory is missing" if cut else "another kind of file"
        )
    length = int(struct.unpack("<I", tail[at + 12 : at + 16])[0])
    end = size - len(tail) + at
    begin64 = end - _LOCATOR_SIZE - _END64_SIZE
    if begin64 >= 0:
        file.seek(begin64)
        record = file.read(_END64_SIZE + _LOCATOR_SIZE)
        if record[_END64_SIZE:][:4] == _LOCATOR and record[:4] == _END64:
            length, end = int(struct.unpack("<Q", record[40:48])[0]), begin64
    if length > end:
        raise _no_zip(path, f"one whose directory would be {length:,} bytes long")
    _count(file, end - length, end, path=path, limits=limits)
    return end - length


def _count(file: BinaryIO, begin: int, end: int, *, path: Path, limits: ArchiveLimits) -> None:
    at = begin
    for _ in range(limits.entries):
        if at >= end:
            return
        file.seek(at)
        header = file.read(_CENTRAL_SIZE)
        if len(header) < _CENTRAL_SIZE or header[:4] != _CENTRAL:
            raise _no_zip(path, "one whose directory is damaged")
        at += _CENTRAL_SIZE + sum(struct.unpack("<HHH", header[28:34]))
    if at < end:
        raise too_many_entries(limits)


def _no_zip(path: Path, found: str) -> BadRequest:
    return BadRequest(f"a zip archive, {shown(path.name)}", found, _AGAIN)
