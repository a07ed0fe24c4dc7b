"""Archives made by hand, byte by byte where programs would not make them."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path

from PIL import Image

from vitrina.errors import PictureRefused
from vitrina.readers.item import Source


def picture(number: int = 0) -> bytes:
    """A PNG of 12 x 8 pixels, another one for each number."""
    file = io.BytesIO()
    Image.new("RGB", (12, 8), (number % 256, number // 256 % 256, 90)).save(file, "PNG")
    return file.getvalue()


def pile(classes: Sequence[str] = ("cat", "dog"), each: int = 3) -> dict[str, bytes]:
    """Class folders: name -> bytes, sorted by name."""
    return {
        f"{name}/{i}.png": picture(20 * c + i) for c, name in enumerate(sorted(classes)) for i in range(each)
    }


def fill(root: Path, files: Mapping[str, bytes]) -> Path:
    for name, data in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return root


def bytes_by_name(source: Source) -> dict[str, bytes]:
    """What reading gives, each of which must be a picture."""
    read = {item.file_name: data for item, data in source.read(source.items)}
    assert not any(isinstance(data, PictureRefused) for data in read.values()), read
    return read  # type: ignore[return-value]


def reasons_by_name(source: Source) -> dict[str, str]:
    """The reason code of each picture that is refused when read, "taken" for the others."""
    return {
        item.file_name: data.reason if isinstance(data, PictureRefused) else "taken"
        for item, data in source.read(source.items)
    }


def skipped(source: Source) -> dict[str, str]:
    return {one.file_name: one.reason for one in source.skipped}


def zipped(files: Mapping[str, bytes], *, method: int = zipfile.ZIP_STORED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(name), data, method)
    return file.getvalue()


def local_header(name: bytes, *, method: int, check: int, packed: int, size: int) -> bytes:
    fields = (20, 0x800, method, 0, 0x21, check, packed, size, len(name), 0)
    return b"PK\3\4" + struct.pack("<HHHHHIIIHH", *fields) + name


def directory_entry(
    name: bytes,
    *,
    method: int = 8,
    check: int = 0,
    packed: int = 0,
    size: int = 0,
    offset: int = 0,
    extra: bytes = b"",
) -> bytes:
    """An entry of a zip archive's directory; its name is UTF-8."""
    fields = (20, 20, 0x800, method, 0, 0x21, check, packed, size, len(name), len(extra), 0, 0, 0, 0, offset)
    return b"PK\1\2" + struct.pack("<HHHHHHIIIHHHHHII", *fields) + name + extra


def end_record(entries: int, size: int, offset: int) -> bytes:
    return b"PK\5\6" + struct.pack("<HHHHIIH", 0, 0, entries % 65_536, entries % 65_536, size, offset, 0)


def zip_of(bodies: Sequence[bytes], directory: Sequence[bytes]) -> bytes:
    """Local parts, then a directory that says of them what it likes."""
    body, listed = b"".join(bodies), b"".join(directory)
    return body + listed + end_record(len(directory), len(listed), len(body))


def overlapping_zip(entries: int) -> bytes:
    """Many entries over one piece of data: each declares 1 MiB, the file has some kilobytes.

    The quoted overlap of D. Fifield, "A better zip bomb" (WOOT 2019), simplified: all entries share one header.
    """
    data = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = data.compress(picture()) + data.flush()
    told = {"method": 8, "check": zlib.crc32(picture()), "packed": len(packed), "size": len(picture())}
    body = local_header(b"a.png", **told) + packed
    return zip_of([body], [directory_entry(f"{i}.png".encode(), **told) for i in range(entries)])


RAR5 = b"Rar!\x1a\x07\x01\x00"


def vint(number: int) -> bytes:
    """RAR 5's whole numbers: seven bits a byte, the lowest first."""
    out = b""
    while number > 127:
        out += bytes([number & 127 | 128])
        number >>= 7
    return out + bytes([number])


def rar_block(content: bytes) -> bytes:
    sized = vint(len(content)) + content
    return struct.pack("<I", zlib.crc32(sized)) + sized


def rar_entry(
    name: str,
    data: bytes,
    *,
    method: int = 0,
    size: int | None = None,
    extra: bytes = b"",
    flags: int = 0,
    mode: int = 0o100644,
    check: int | None = None,
) -> bytes:
    """A file of a RAR 5 archive, stored; `extra` is its extra area, `flags` more flags of its block.

    Layout: https://www.rarlab.com/technote.htm, "RAR 5.0 archive format".
    """
    raw = name.encode("utf-8")
    told = struct.pack("<I", zlib.crc32(data) if check is None else check)
    fields = vint(4) + vint(len(data) if size is None else size) + vint(mode) + told
    fields += vint(method << 7) + vint(1) + vint(len(raw)) + raw
    head = vint(2) + vint(flags | 2 | bool(extra)) + (vint(len(extra)) if extra else b"") + vint(len(data))
    return rar_block(head + fields + extra) + data


def rar(entries: Sequence[bytes], *, main: bytes = b"", end: bool = True) -> bytes:
    """A RAR 5 archive of `entries`; `main` are the flags of its first block."""
    first = rar_block(vint(1) + vint(0) + (main or vint(0)))
    return RAR5 + first + b"".join(entries) + (rar_block(vint(5) + vint(0) + vint(0)) if end else b"")
