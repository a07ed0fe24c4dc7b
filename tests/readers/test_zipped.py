"""Zip archives, sound ones and those that were made to harm."""

from __future__ import annotations

import dataclasses
import io
import stat
import struct
import tracemalloc
import zipfile
import zlib
from pathlib import Path

import pytest

from tests.readers.archives_made import (
    bytes_by_name,
    directory_entry,
    end_record,
    fill,
    local_header,
    overlapping_zip,
    picture,
    pile,
    reasons_by_name,
    skipped,
    zip_of,
    zipped,
)
from vitrina.errors import BadRequest
from vitrina.images import Limits
from vitrina.readers import open_source, read_folder, subset
from vitrina.readers.budget import MIB, ArchiveLimits
from vitrina.readers.zipped import fits, read_zip

SMALL = ArchiveLimits(entries=50, entry_bytes=MIB, archive_bytes=4 * MIB)


def write(tmp_path: Path, data: bytes, name: str = "pile.zip") -> Path:
    path = tmp_path / name
    path.write_bytes(data)
    return path


def with_entry(info: zipfile.ZipInfo | str, data: bytes = b"x" * 50) -> bytes:
    """A good picture, then one entry more."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("good.png", picture())
        archive.writestr(info, data)
    return file.getvalue()


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_zip_gives_what_the_folder_gives(tmp_path: Path, method: int) -> None:
    files = pile()
    folder = read_folder(fill(tmp_path / "pile", files))
    source = open_source(write(tmp_path, zipped(files, method=method)))
    assert bytes_by_name(source) == bytes_by_name(folder) == files
    assert {i.file_name: i.label for i in source.items} == {i.file_name: i.label for i in folder.items}
    assert (source.class_names, source.inferred, source.skipped) == (["cat", "dog"], folder.inferred, [])
    assert {item.source for item in source.items} == {"zip:pile.zip"}
    assert [item.place for item in source.items] == list(files)


def test_the_archive_keeps_its_own_order_and_is_read_from_the_middle(tmp_path: Path) -> None:
    files = dict(reversed(pile(each=5).items()))
    source = read_zip(write(tmp_path, zipped(files)))
    assert [item.file_name for item in source.items] == list(files)
    rest = source.items[4:]
    assert {item.file_name: data for item, data in source.read(rest)} == dict(list(files.items())[4:])
    some = subset(source, 4, seed=3)
    assert bytes_by_name(some) == {item.file_name: files[item.file_name] for item in some.items}


def test_tables_in_the_archive_give_labels_and_columns(tmp_path: Path) -> None:
    rows = "file_name,label,night\na.png,star,n1\nb.png,trail,n2\n"
    files = {"metadata.csv": rows.encode(), "a.png": picture(1), "b.png": picture(2)}
    source = read_zip(write(tmp_path, zipped(files, method=zipfile.ZIP_DEFLATED)))
    assert [(item.label, dict(item.columns or {})) for item in source.items] == [
        ("star", {"night": "n1"}),
        ("trail", {"night": "n2"}),
    ]


def test_whole_number_labels_get_their_names(tmp_path: Path) -> None:
    source = read_zip(write(tmp_path, zipped(pile(("0", "1")))), class_names=["glass", "paper"])
    assert source.class_names == ["glass", "paper"]
    assert {item.label for item in source.items} == {"glass", "paper"}


def link(name: str, mode: int = stat.S_IFLNK | 0o777) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.create_system, info.external_attr = 3, mode << 16
    return info


REFUSED: dict[str, tuple[zipfile.ZipInfo | str, str]] = {
    "../up.png": ("../up.png", "a name that leads out of the archive"),
    "a/../../up.png": ("a/../../up.png", "a name that leads out of the archive"),
    "a\\..\\..\\up.png": ("a\\..\\..\\up.png", "a name that leads out of the archive"),
    "/etc/a.png": ("/etc/a.png", "an absolute name"),
    "\\\\server\\a.png": ("\\\\server\\a.png", "an absolute name"),
    "C:\\a.png": ("C:\\a.png", "an absolute name"),
    "c:a.png": ("c:a.png", "an absolute name"),
    "a�b.png": ("a\nb.png", "a name with control characters"),
    "a" * 200 + "…": ("a" * 1100 + ".png", "a name of 1,104 characters"),
    "inner.zip": ("inner.zip", "an archive inside the archive"),
    "inner.tar.gz": ("inner.tar.gz", "an archive inside the archive"),
    "inner.RAR": ("inner.RAR", "an archive inside the archive"),
    "link.png": (link("link.png"), "a link"),
    "pipe.png": (link("pipe.png", stat.S_IFIFO | 0o644), "a device, not a file"),
    "disk.png": (link("disk.png", stat.S_IFBLK | 0o644), "a device, not a file"),
}


@pytest.mark.parametrize("shown", REFUSED)
def test_entries_that_are_refused_are_named_and_the_good_one_goes_in(tmp_path: Path, shown: str) -> None:
    info, reason = REFUSED[shown]
    source = read_zip(write(tmp_path, with_entry(info)))
    assert skipped(source) == {shown: reason}
    assert bytes_by_name(source) == {"good.png": picture()}


def test_a_name_that_ends_at_a_nul_for_some_is_refused(tmp_path: Path) -> None:
    data = with_entry("evilX.png.txt").replace(b"evilX.png.txt", b"evil.png\0.txt")
    assert skipped(read_zip(write(tmp_path, data))) == {"evil.png�.txt": "a name with control characters"}


def test_an_entry_without_a_name_is_refused(tmp_path: Path) -> None:
    data = picture()
    told = {"method": 0, "check": zlib.crc32(data), "packed": len(data), "size": len(data)}
    bodies = [local_header(b"", **told) + data, local_header(b"good.png", **told) + data]
    directory = [directory_entry(b"", **told), directory_entry(b"good.png", **told, offset=len(bodies[0]))]
    source = read_zip(write(tmp_path, zip_of(bodies, directory)))
    assert skipped(source) == {"": "no name"}
    assert bytes_by_name(source) == {"good.png": data}


def test_duplicates_of_a_name_are_all_refused(tmp_path: Path) -> None:
    names = [("a/1.png", 1), ("a/XX1.png", 2), ("good.png", 3), ("a/./1.png", 4)]
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, number in names:
            archive.writestr(name, picture(number))
    data = file.getvalue().replace(b"a/XX1.png", b"a\\//1.png")
    source = read_zip(write(tmp_path, data))
    three = "its name is in the archive 3 times"
    assert skipped(source) == {"a/1.png": three, "a\\//1.png": three, "a/./1.png": three}
    assert [item.file_name for item in source.items] == ["good.png"]


def test_encrypted_entries_are_refused(tmp_path: Path) -> None:
    data = bytearray(with_entry("secret.png"))
    local, central = data.rfind(b"PK\3\4"), data.rfind(b"PK\1\2")
    data[local + 6] |= 1
    data[central + 8] |= 1
    assert skipped(read_zip(write(tmp_path, bytes(data)))) == {"secret.png": "encrypted"}


@pytest.mark.parametrize(("method", "named"), [(zipfile.ZIP_LZMA, "LZMA"), (zipfile.ZIP_BZIP2, "bzip2")])
def test_other_ways_of_packing_are_refused(tmp_path: Path, method: int, named: str) -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("good.png", picture())
        archive.writestr("a.png", picture(1), method)
    reason = f"packed by the method {named}, where only deflate and plain storing are read"
    assert skipped(read_zip(write(tmp_path, file.getvalue()))) == {"a.png": reason}


def test_a_bomb_is_refused_by_its_ratio(tmp_path: Path) -> None:
    files = {"bomb.png": bytes(50 * MIB), "good.png": picture()}
    source = read_zip(write(tmp_path, zipped(files, method=zipfile.ZIP_DEFLATED)))
    assert skipped(source) == {"bomb.png": "it unpacks to more than 100 times its size"}
    assert bytes_by_name(source) == {"good.png": picture()}


def test_a_bomb_that_lies_about_its_size_is_stopped_when_read(tmp_path: Path) -> None:
    squeeze = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = squeeze.compress(bytes(64 * MIB)) + squeeze.flush()
    bodies, directory = [], []
    for name, size in ((b"less.png", 5_000), (b"more.png", 200_000)):
        told = {"method": 8, "check": 1, "packed": len(packed), "size": size}
        directory.append(directory_entry(name, **told, offset=sum(map(len, bodies))))
        bodies.append(local_header(name, **told) + packed)
    source = read_zip(write(tmp_path, zip_of(bodies, directory)))
    tracemalloc.start()
    try:
        assert reasons_by_name(source) == {"less.png": "corrupt", "more.png": "corrupt"}
        assert tracemalloc.get_traced_memory()[1] < 8 * MIB
    finally:
        tracemalloc.stop()


def test_sizes_that_lie(tmp_path: Path) -> None:
    data = picture()
    check, size = zlib.crc32(data), len(data)
    squeeze = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = squeeze.compress(data) + squeeze.flush()
    entries = {
        b"stored.png": (data, {"method": 0, "packed": size, "size": size + 1}),
        b"longer.png": (packed, {"method": 8, "packed": len(packed), "size": size + 9}),
        b"shorter.png": (packed, {"method": 8, "packed": len(packed), "size": size - 9}),
        b"wrong.png": (data[:-4] + b"oops", {"method": 0, "packed": size, "size": size}),
        b"right.png": (packed, {"method": 8, "packed": len(packed), "size": size}),
    }
    bodies, directory = [], []
    for name, (body, told) in entries.items():
        directory.append(directory_entry(name, check=check, **told, offset=sum(map(len, bodies))))
        bodies.append(local_header(name, check=check, **told) + body)
    source = read_zip(write(tmp_path, zip_of(bodies, directory)))
    assert skipped(source) == {"stored.png": "its two sizes do not agree"}
    assert reasons_by_name(source) == {
        "longer.png": "truncated", "shorter.png": "corrupt", "wrong.png": "corrupt", "right.png": "taken",
    }  # fmt: skip


def test_overlapping_entries_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadRequest) as caught:
        read_zip(write(tmp_path, overlapping_zip(1_000)))
    assert str(caught.value) == (
        "Expected pictures in pile.zip; found none that can be taken "
        "(0.png: its bytes overlap with another entry's). Make the archive anew from the pictures alone."
    )


def test_entries_beside_overlapping_ones_go_in(tmp_path: Path) -> None:
    data = picture()
    told = {"method": 0, "check": zlib.crc32(data), "packed": len(data), "size": len(data)}
    inner = local_header(b"in.png", **told) + data
    wide = {"method": 0, "check": zlib.crc32(inner), "packed": len(inner), "size": len(inner)}
    outer = local_header(b"out.png", **wide)
    bodies = [outer, inner, local_header(b"good.png", **told) + data]
    directory = [
        directory_entry(b"out.png", **wide),
        directory_entry(b"in.png", **told, offset=len(outer)),
        directory_entry(b"good.png", **told, offset=len(outer) + len(inner)),
        directory_entry(b"gone.png", **told, offset=7),
        directory_entry(
            b"past.png", **{**told, "packed": 10**6, "size": 10**6}, offset=len(outer) + len(inner)
        ),
    ]
    source = read_zip(write(tmp_path, zip_of(bodies, directory)))
    nowhere = "the archive's directory points to where no entry begins"
    overlap = "its bytes overlap with another entry's"
    assert skipped(source) == {
        "out.png": overlap,
        "in.png": overlap,
        "gone.png": nowhere,
        "past.png": nowhere,
    }
    assert bytes_by_name(source) == {"good.png": data}


@pytest.mark.parametrize("told", [100_000, 1])
def test_too_many_entries_are_refused_whatever_the_end_record_says(tmp_path: Path, told: int) -> None:
    listed = b"".join(directory_entry(f"{i}.png".encode()) for i in range(100_000))
    with pytest.raises(BadRequest) as caught:
        read_zip(write(tmp_path, listed + end_record(told, len(listed), 0)))
    assert str(caught.value) == (
        "Expected an archive of at most 5,000 entries; found more. "
        "Unpack it into a folder yourself and give that, or allow more entries (--max_entries)."
    )


def test_the_limit_of_entries_is_the_last_that_goes_in(tmp_path: Path) -> None:
    files = {f"{i}.png": picture(i) for i in range(50)}
    assert len(read_zip(write(tmp_path, zipped(files)), limits=SMALL).items) == 50
    with pytest.raises(BadRequest, match="at most 50 entries; found more"):
        read_zip(write(tmp_path, zipped({**files, "one.png": picture()})), limits=SMALL)


def test_zip64_sizes_that_lie(tmp_path: Path) -> None:
    data = picture()
    extra = struct.pack("<HHQQ", 1, 16, 10 << 40, 10 << 40)
    most = 0xFFFFFFFF
    entry = directory_entry(b"huge.png", method=0, packed=most, size=most, extra=extra)
    body = local_header(b"huge.png", method=0, check=0, packed=most, size=most) + data
    with pytest.raises(BadRequest, match="the archive's directory points to where no entry begins"):
        read_zip(write(tmp_path, zip_of([body], [entry])))
    record = b"PK\6\6" + struct.pack("<QHHIIQQQQ", 44, 45, 45, 0, 0, 1, 1, 1 << 60, 0)
    locator = b"PK\6\7" + struct.pack("<IQI", 0, len(body), 1)
    with pytest.raises(BadRequest, match="one whose directory would be 1,152,921,504,606,846,976 bytes long"):
        read_zip(write(tmp_path, body + record + locator + end_record(1, most, most)))


def test_a_sound_zip64_archive_is_read(tmp_path: Path) -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive, archive.open("a.png", "w", force_zip64=True) as entry:
        entry.write(picture())
    assert bytes_by_name(read_zip(write(tmp_path, file.getvalue()))) == {"a.png": picture()}


def test_budgets_of_bytes(tmp_path: Path) -> None:
    files = {f"{i}.png": picture(i) + bytes([i]) * 900_000 for i in range(6)} | {"long.png": bytes(2 * MIB)}
    source = read_zip(write(tmp_path, zipped(files)), limits=SMALL)
    past = "past the 4,194,304 bytes that the archive may hold unpacked"
    assert skipped(source) == {
        "4.png": past, "5.png": past, "long.png": "2,097,152 bytes unpacked, where 1,048,576 are the most",
    }  # fmt: skip
    few = Limits(max_bytes=1_000)
    assert {d.reason for _, d in source.read(source.items, limits=few)} == {"too_many_bytes"}  # type: ignore[union-attr]
    tight = dataclasses.replace(source, limits=ArchiveLimits(archive_bytes=2_000_000))
    assert reasons_by_name(tight) == {
        "0.png": "taken", "1.png": "taken", "2.png": "too_many_bytes", "3.png": "too_many_bytes",
    }  # fmt: skip


def test_many_pictures_with_three_bad_ones(tmp_path: Path) -> None:
    data = bytearray(zipped({f"{i:04}.png": picture(i) for i in range(2_000)} | {"../x.png": picture()}))
    for name in (b"0007.png", b"1999.png"):
        data[data.find(name) + 40] ^= 0xFF
    source = read_zip(write(tmp_path, bytes(data)))
    assert len(source.skipped) == 1
    reasons = reasons_by_name(source)
    assert {name for name, reason in reasons.items() if reason != "taken"} == {"0007.png", "1999.png"}
    assert len(reasons) == 2_000


def test_an_empty_picture_is_refused_when_read(tmp_path: Path) -> None:
    assert reasons_by_name(read_zip(write(tmp_path, zipped({"a.png": b""})))) == {"a.png": "empty"}


@pytest.mark.parametrize("part", [0.1, 0.3, 0.5, 0.7, 0.9, 0.98])
def test_a_zip_that_is_cut_short_says_so(tmp_path: Path, part: float) -> None:
    data = zipped(pile(each=20))
    with pytest.raises(BadRequest) as caught:
        read_zip(write(tmp_path, data[: int(len(data) * part)]))
    assert str(caught.value) == (
        "Expected a zip archive, pile.zip; found one that is cut short: its directory is missing. "
        "Copy the archive again from where it came, or make it anew."
    )


def test_another_kind_of_file(tmp_path: Path) -> None:
    with pytest.raises(BadRequest, match=r"Expected a zip archive, pile\.zip; found another kind of file\."):
        open_source(write(tmp_path, b"just words\n" * 99))


@pytest.mark.parametrize("at", [0, 4, 10, 28, 30, 42])
def test_a_damaged_directory_never_ends_in_another_error(tmp_path: Path, at: int) -> None:
    data = bytearray(zipped(pile()))
    place = data.find(b"PK\1\2") + at
    for value in (0, 1, 127, 255):
        data[place] = data[place + 1] = value
        try:
            source = read_zip(write(tmp_path, bytes(data)))
        except BadRequest:
            continue
        assert set(reasons_by_name(source).values()) <= {"taken", "corrupt", "truncated", "not_a_picture"}


def test_names_without_their_flag_are_read_as_utf8(tmp_path: Path) -> None:
    data = zipped({"pl_stico/1.png": picture()}).replace(b"pl_stico", "pléstic".encode())
    assert read_zip(write(tmp_path, data)).class_names == ["pléstic"]
    old = zipped({"pl_stico/1.png": picture()}).replace(b"pl_stico", b"pl\x82stico")
    assert read_zip(write(tmp_path, old)).class_names == ["pléstico"]


def test_an_archive_that_goes_away_is_said_for_each_picture(tmp_path: Path) -> None:
    path = write(tmp_path, zipped(pile()))
    source = read_zip(path)
    path.write_bytes(zipped({"cat/0.png": picture()}))
    reasons = reasons_by_name(source)
    assert reasons.pop("cat/0.png") == "taken"
    assert set(reasons.values()) == {"not_a_picture"}
    path.unlink()
    assert set(reasons_by_name(source).values()) == {"not_a_picture"}


def test_a_file_that_cannot_be_opened_says_so(tmp_path: Path) -> None:
    with pytest.raises(BadRequest) as caught:
        read_zip(tmp_path / "gone.zip")
    assert str(caught.value) == (
        "Expected a file, gone.zip; found one that cannot be read (No such file or directory). "
        "Check that it is there and that you may read it."
    )


def test_a_zip_is_told_by_its_beginning(tmp_path: Path) -> None:
    assert fits(write(tmp_path, zipped(pile()), "no_suffix"))
    assert fits(write(tmp_path, b"", "a.ZIP"))
    assert not fits(write(tmp_path, zipped({"x.npy": b""}), "a.npz"))
    assert not fits(write(tmp_path, picture(), "a.png"))
    assert not fits(tmp_path)
