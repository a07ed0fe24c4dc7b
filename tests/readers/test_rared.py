"""Rar archives, made by hand: no free program writes them."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import pytest
import rarfile

from tests.readers.archives_made import (
    RAR5,
    bytes_by_name,
    fill,
    picture,
    pile,
    rar,
    rar_block,
    rar_entry,
    reasons_by_name,
    skipped,
    vint,
)
from vitrina.errors import BadRequest
from vitrina.readers import open_source, read_folder
from vitrina.readers.budget import ArchiveLimits
from vitrina.readers.rared import fits, read_rar


def write(tmp_path: Path, data: bytes, name: str = "pile.rar") -> Path:
    path = tmp_path / name
    path.write_bytes(data)
    return path


def extra_record(kind: int, body: bytes) -> bytes:
    content = vint(kind) + body
    return vint(len(content)) + content


def old_rar(files: dict[str, bytes], *, flags: int = 0) -> bytes:
    """A RAR 3 archive, stored. Layout: the technical note that came with RAR 3 (technote.txt)."""
    out = b"Rar!\x1a\x07\x00"
    main = struct.pack("<BHH", 0x73, 0, 13) + bytes(6)
    out += struct.pack("<H", zlib.crc32(main) & 0xFFFF) + main
    for name, data in files.items():
        raw = name.encode()
        fields = struct.pack(
            "<IIBIIBBHI", len(data), len(data), 3, zlib.crc32(data), 0x21, 29, 0x30, len(raw), 0o100644
        )
        head = struct.pack("<BHH", 0x74, 0x8000 | flags, 7 + len(fields) + len(raw)) + fields + raw
        out += struct.pack("<H", zlib.crc32(head) & 0xFFFF) + head + data
    end = struct.pack("<BHH", 0x7B, 0x4000, 7)
    return out + struct.pack("<H", zlib.crc32(end) & 0xFFFF) + end


def new_rar(files: dict[str, bytes]) -> bytes:
    return rar([rar_entry(name, data) for name, data in files.items()])


@pytest.mark.parametrize("made", [old_rar, new_rar])
def test_a_rar_gives_what_the_folder_gives(tmp_path: Path, made: type) -> None:
    files = pile()
    folder = read_folder(fill(tmp_path / "pile", files))
    source = open_source(write(tmp_path, made(files)))
    assert bytes_by_name(source) == bytes_by_name(folder) == files
    assert {i.file_name: i.label for i in source.items} == {i.file_name: i.label for i in folder.items}
    assert (source.class_names, source.inferred, source.skipped) == (["cat", "dog"], folder.inferred, [])
    assert {item.source for item in source.items} == {"rar:pile.rar"}


def test_it_keeps_its_order_and_reads_its_tables(tmp_path: Path) -> None:
    table = b"file_name,label\nb.png,star\na.png,trail\n"
    source = read_rar(
        write(tmp_path, new_rar({"b.png": picture(1), "metadata.csv": table, "a.png": picture(2)}))
    )
    assert [(item.file_name, item.label) for item in source.items] == [("b.png", "star"), ("a.png", "trail")]
    assert [data for _, data in source.read(source.items[1:])] == [picture(2)]


LINK = extra_record(5, vint(1) + vint(0) + vint(11) + b"/etc/passwd")
COPY = extra_record(5, vint(5) + vint(0) + vint(8) + b"good.png")
SECRET = extra_record(1, vint(0) + vint(0) + b"\x0f" + bytes(32))
REFUSED = {
    "../up.png": (rar_entry("../up.png", b"x"), "a name that leads out of the archive"),
    "/etc/a.png": (rar_entry("/etc/a.png", b"x"), "an absolute name"),
    "C:\\a.png": (rar_entry("C:\\a.png", b"x"), "an absolute name"),
    "inner.rar": (rar_entry("inner.rar", b"x"), "an archive inside the archive"),
    "link.png": (rar_entry("link.png", b"", extra=LINK), "a link"),
    "copy.png": (rar_entry("copy.png", b"", extra=COPY), "a link"),
    "secret.png": (rar_entry("secret.png", b"x" * 16, extra=SECRET), "encrypted"),
    "pipe.png": (rar_entry("pipe.png", b"x", mode=0o010644), "a device, not a file"),
    "part.png": (rar_entry("part.png", b"x", flags=0x10), "continued in another volume"),
    "sizes.png": (rar_entry("sizes.png", b"x", size=2**30), "its two sizes do not agree"),
    "long.png": (
        rar_entry("long.png", b"x", method=3, size=2**30),
        "1,073,741,824 bytes unpacked, where 268,435,456 are the most",
    ),
    "bomb.png": (rar_entry("bomb.png", b"x" * 30, method=3, size=10**7), "it unpacks to more than 100 times its size"),
    "*.png": (rar_entry("*.png", b"x" * 30, method=3, size=60), "a name with * or ?"),
    "lies.png": (rar_entry("lies.png", b"x", size=90), "its two sizes do not agree"),
}  # fmt: skip


@pytest.mark.parametrize("shown", REFUSED)
def test_entries_that_are_refused_are_named_and_the_good_one_goes_in(tmp_path: Path, shown: str) -> None:
    entry, reason = REFUSED[shown]
    source = read_rar(write(tmp_path, rar([rar_entry("good.png", picture()), entry])))
    assert skipped(source) == {shown: reason}
    assert bytes_by_name(source) == {"good.png": picture()}


def test_an_entry_that_began_in_another_volume_is_named(tmp_path: Path) -> None:
    entries = [rar_entry("part.png", b"x", flags=8), rar_entry("good.png", picture())]
    source = read_rar(write(tmp_path, rar(entries, main=vint(3) + vint(1))))
    assert skipped(source) == {"part.png": "it begins in another volume"}
    assert bytes_by_name(source) == {"good.png": picture()}


def test_a_solid_archive_is_held_to_the_ratio_as_a_whole(tmp_path: Path) -> None:
    main = vint(4)
    entries = [rar_entry(f"{i}.png", b"x" * 30, method=3, size=10**6) for i in range(2)]
    with pytest.raises(BadRequest, match="one that unpacks to more than 100 times its size"):
        read_rar(write(tmp_path, rar(entries, main=main)))
    source = read_rar(write(tmp_path, rar([rar_entry("a.png", picture())], main=main)))
    assert bytes_by_name(source) == {"a.png": picture()}


def test_duplicates_of_a_name_are_all_refused(tmp_path: Path) -> None:
    entries = [rar_entry(name, picture(i)) for i, name in enumerate(["a.png", "b.png", "a.png"])]
    source = read_rar(write(tmp_path, rar(entries)))
    assert skipped(source) == {"a.png": "its name is in the archive 2 times"}
    assert bytes_by_name(source) == {"b.png": picture(1)}


def test_a_wrong_check_sum_is_refused_when_read(tmp_path: Path) -> None:
    entries = [rar_entry("bad.png", picture(), check=7), rar_entry("good.png", picture(1))]
    assert reasons_by_name(read_rar(write(tmp_path, rar(entries)))) == {
        "bad.png": "corrupt",
        "good.png": "taken",
    }


def test_a_packed_archive_names_the_programs_that_unpack_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rarfile, "CURRENT_SETUP", None)
    monkeypatch.setenv("PATH", str(tmp_path))
    packed = rar_entry("a.png", b"x" * 30, method=3, size=60)
    with pytest.raises(BadRequest) as caught:
        read_rar(write(tmp_path, rar([packed, rar_entry("good.png", picture())])))
    assert str(caught.value) == (
        "Expected a program that unpacks rar archives (pile.rar is packed); "
        "found none of unrar, unar and 7z on this machine. "
        "Install one (Debian: apt install unar), or unpack the archive and give the folder."
    )


def test_an_encrypted_archive(tmp_path: Path) -> None:
    head = rar_block(vint(4) + vint(0) + vint(0) + vint(0) + b"\x0f" + bytes(16))
    data = RAR5 + head + bytes(64)
    with pytest.raises(BadRequest) as caught:
        read_rar(write(tmp_path, data))
    assert str(caught.value) == (
        "Expected a rar archive that can be read, pile.rar; found an encrypted one. "
        "Make the archive anew without a password."
    )


def test_no_other_file_is_opened_as_a_further_volume(tmp_path: Path) -> None:
    ended = rar_block(vint(5) + vint(0) + vint(1))  # Says that another volume follows.
    first = rar([rar_entry("good.png", picture())], main=vint(1), end=False) + ended
    write(tmp_path, rar([rar_entry("stolen.png", picture(1))], main=vint(3) + vint(1)), "pile.part2.rar")
    source = read_rar(write(tmp_path, first, "pile.part1.rar"))
    assert bytes_by_name(source) == {"good.png": picture()}


def test_too_many_entries(tmp_path: Path) -> None:
    files = {f"{i}.png": b"x" for i in range(40)}
    limits = ArchiveLimits(entries=40)
    assert len(read_rar(write(tmp_path, new_rar(files)), limits=limits).items) == 40
    for more in (1, 300):
        many = new_rar(files | {f"more{i}.png": b"x" for i in range(more)})
        with pytest.raises(BadRequest, match="an archive of at most 40 entries; found more"):
            read_rar(write(tmp_path, many), limits=limits)


def test_what_follows_a_damaged_header_is_said(tmp_path: Path) -> None:
    data = bytearray(new_rar({f"{i}.png": picture(i) for i in range(4)}))
    data[data.index(b"2.png")] ^= 0xFF
    source = read_rar(write(tmp_path, bytes(data)))
    (rest,) = source.skipped
    assert rest.file_name == "(the rest)"
    assert rest.reason.startswith("the archive cannot be read beyond this: Header CRC error")
    assert list(bytes_by_name(source)) == ["0.png", "1.png"]


@pytest.mark.parametrize("part", [0.3, 0.6, 0.9])
@pytest.mark.parametrize("made", [old_rar, new_rar])
def test_a_rar_that_is_cut_short(tmp_path: Path, made: type, part: float) -> None:
    files = {f"{i}.png": picture(i) for i in range(10)}
    data = made(files)
    source = read_rar(write(tmp_path, data[: int(len(data) * part)]))
    reasons = reasons_by_name(source)
    assert 0 < len(reasons) <= 10
    assert list(reasons.values())[:-1] == ["taken"] * (len(reasons) - 1)


@pytest.mark.parametrize("data", [b"just words" * 99, b"", b"Rar!\x1a\x07\x09\x00abc"])
def test_other_kinds_of_file(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(BadRequest) as caught:
        read_rar(write(tmp_path, data))
    assert caught.value.expected == "a rar archive, pile.rar"
    assert caught.value.next_step == "Copy the archive again from where it came, or make it anew."


def test_an_archive_that_ends_with_its_signature(tmp_path: Path) -> None:
    with pytest.raises(BadRequest, match="Unexpected EOF when reading header"):
        read_rar(write(tmp_path, RAR5))


def test_noise_behind_the_signature_never_ends_in_another_error(tmp_path: Path) -> None:
    sound = bytearray(new_rar({"a.png": picture()}))
    for place in range(8, len(sound), 3):
        data = bytearray(sound)
        data[place] ^= 0x55
        try:
            source = read_rar(write(tmp_path, bytes(data)))
        except BadRequest:
            continue
        assert set(reasons_by_name(source).values()) <= {"taken", "corrupt", "truncated", "not_a_picture"}


def test_a_rar_is_told_by_its_beginning(tmp_path: Path) -> None:
    assert fits(write(tmp_path, new_rar({}), "no_suffix"))
    assert fits(write(tmp_path, b"", "a.RAR"))
    assert not fits(write(tmp_path, picture(), "a.png"))
    assert not fits(tmp_path)
