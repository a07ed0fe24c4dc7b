"""Tar archives, plain and packed, sound and hostile."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import random
import tarfile
import tracemalloc
import zlib
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.readers.archives_made import (
    bytes_by_name,
    fill,
    picture,
    pile,
    reasons_by_name,
    skipped,
    zipped,
)
from vitrina.errors import BadRequest, PictureRefused
from vitrina.readers import open_source, read_folder, subset
from vitrina.readers.budget import MIB, ArchiveLimits
from vitrina.readers.tarred import fits, read_tar

FORMATS = {"ustar": tarfile.USTAR_FORMAT, "gnu": tarfile.GNU_FORMAT, "pax": tarfile.PAX_FORMAT}
REST = "(the rest)"


def member(name: str, size: int = 0, **told: object) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.size = size
    for key, value in told.items():
        setattr(info, key, value)
    return info


def tarred(files: Mapping[str, bytes], *more: tarfile.TarInfo, form: int = tarfile.PAX_FORMAT) -> bytes:
    """`files`, then members without data."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w", format=form) as archive:
        for name, data in files.items():
            archive.addfile(member(name, len(data)), io.BytesIO(data))
        for info in more:
            archive.addfile(info)
    return file.getvalue()


def write(tmp_path: Path, data: bytes, name: str = "pile.tar") -> Path:
    path = tmp_path / name
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("suffix", ["tar", "tar.gz", "tgz", "tar.bz2", "tar.xz"])
def test_a_tar_gives_what_the_folder_gives(tmp_path: Path, form: str, suffix: str) -> None:
    files = pile(("cat", "ñandú" * 4), each=3) | {f"cat/{'long' * 20}/{'é' * 45}.png": picture(99)}
    folder = read_folder(fill(tmp_path / "pile", files))
    pack = {"gz": gzip.compress, "z2": bz2.compress, "xz": lzma.compress}.get(suffix[-2:], bytes)
    pack = gzip.compress if suffix == "tgz" else pack
    source = open_source(write(tmp_path, pack(tarred(files, form=FORMATS[form])), f"pile.{suffix}"))
    assert bytes_by_name(source) == bytes_by_name(folder) == files
    assert {i.file_name: i.label for i in source.items} == {i.file_name: i.label for i in folder.items}
    assert (source.class_names, source.inferred, source.skipped) == (folder.class_names, folder.inferred, [])
    assert {item.source for item in source.items} == {f"tar:pile.{suffix}"}
    assert [item.file_name for item in source.items] == list(files)
    assert bytes_by_name(subset(source, 4, seed=1)).items() <= files.items()


def test_it_is_read_in_one_pass_from_wherever(tmp_path: Path) -> None:
    files = {f"{i:03}.png": picture(i) + bytes(2_000) for i in range(40)}
    data = tarred(files)
    # Twice the bytes would break the budget; what is passed over counts as well.
    limits = ArchiveLimits(archive_bytes=len(data) + 512)
    source = read_tar(write(tmp_path, gzip.compress(data), "a.tgz"), limits=limits)
    assert bytes_by_name(source) == files
    some = source.items[17::5]
    read = dict(source.read(some))
    assert {item.file_name: data for item, data in read.items()} == {
        i.file_name: files[i.file_name] for i in some
    }
    begun = source.read(source.items)
    assert next(begun)[1] == files["000.png"]
    begun.close()


def test_tables_are_read_wherever_they_stand(tmp_path: Path) -> None:
    files = {
        "a.png": picture(1),
        "metadata.csv": b"file_name,label\na.png,star\nb.png,trail\n",
        "b.png": picture(2),
    }
    for pack in (bytes, gzip.compress):
        source = read_tar(write(tmp_path, pack(tarred(files)), "a.tar"))
        assert [item.label for item in source.items] == ["star", "trail"]
        assert bytes_by_name(source) == {"a.png": picture(1), "b.png": picture(2)}


REFUSED = {
    "../up.png": (member("../up.png"), "a name that leads out of the archive"),
    "a/../../up.png": (member("a/../../up.png"), "a name that leads out of the archive"),
    "/etc/a.png": (member("/etc/a.png"), "an absolute name"),
    "C:/a.png": (member("C:/a.png"), "an absolute name"),
    "sym.png": (member("sym.png", type=tarfile.SYMTYPE, linkname="/etc/passwd"), "a link"),
    "hard.png": (member("hard.png", type=tarfile.LNKTYPE, linkname="good.png"), "a link"),
    "pipe.png": (member("pipe.png", type=tarfile.FIFOTYPE), "a device, not a file"),
    "tty.png": (member("tty.png", type=tarfile.CHRTYPE), "a device, not a file"),
    "disk.png": (member("disk.png", type=tarfile.BLKTYPE), "a device, not a file"),
    "sparse.png": (member("sparse.png", type=tarfile.GNUTYPE_SPARSE), "a sparse file"),
    "holes.png": (member("holes.png", pax_headers={"GNU.sparse.major": "1"}), "a sparse file"),
    "odd.png": (member("odd.png", type=b"Z"), "of a kind that is not read"),
    "in.tar": (member("in.tar"), "an archive inside the archive"),
}


@pytest.mark.parametrize("shown", REFUSED)
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_members_that_are_refused_are_named_and_good_ones_go_in(
    tmp_path: Path, shown: str, pack: type
) -> None:
    info, reason = REFUSED[shown]
    data = tarred({"good.png": picture()}, info, member("last.txt"))
    source = read_tar(write(tmp_path, pack(data)))
    assert skipped(source) == {shown: reason, "last.txt": "not a picture's extension: .txt"}
    assert bytes_by_name(source) == {"good.png": picture()}


def test_a_link_and_a_file_of_the_same_name_are_both_refused(tmp_path: Path) -> None:
    link = member("a.png", type=tarfile.SYMTYPE, linkname="/etc/passwd")
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        archive.addfile(link)
        for name in ("a.png", "./b.png"):
            archive.addfile(member(name, len(picture())), io.BytesIO(picture()))
    source = read_tar(write(tmp_path, file.getvalue()))
    assert [(one.file_name, one.reason) for one in source.skipped] == [
        ("a.png", "a link"),
        ("a.png", "its name is in the archive 2 times"),
    ]
    assert bytes_by_name(source) == {"b.png": picture()}


def test_a_bomb_ends_the_archive_and_what_came_before_goes_in(tmp_path: Path) -> None:
    data = tarred({"good.png": picture(), "bomb.png": bytes(64 * MIB), "later.png": picture(1)})
    path = write(tmp_path, gzip.compress(data), "bomb.tar.gz")
    tracemalloc.start()
    try:
        source = read_tar(path)
        assert tracemalloc.get_traced_memory()[1] < 8 * MIB
    finally:
        tracemalloc.stop()
    ratio = "expected at most 100 bytes unpacked for each byte packed, found more"
    assert skipped(source) == {REST: f"the archive cannot be read beyond this: {ratio}"}
    assert reasons_by_name(source) == {"good.png": "taken", "bomb.png": "too_many_bytes"}


@pytest.mark.parametrize("pack", [bz2.compress, lzma.compress])
def test_bombs_of_other_packings(tmp_path: Path, pack: type) -> None:
    source = read_tar(
        write(tmp_path, pack(tarred({"good.png": picture(), "b.txt": bytes(16 * MIB)})), "b.tar.xz")
    )
    assert "for each byte packed" in skipped(source)[REST]
    assert bytes_by_name(source) == {"good.png": picture()}


def test_an_xz_that_asks_for_much_memory_is_refused(tmp_path: Path) -> None:
    data = bytearray(lzma.compress(tarred(pile()), filters=[{"id": lzma.FILTER_LZMA2, "dict_size": 4096}]))
    # The block's header begins at 12 with its length / 4 - 1; the filter (0x21, one byte) names a dictionary:
    # 0x24 is 1 GiB. A check sum ends the header.
    end = 12 + (data[12] + 1) * 4 - 4
    data[data.index(b"\x21\x01", 12) + 2] = 0x24
    data[end : end + 4] = zlib.crc32(bytes(data[12:end])).to_bytes(4, "little")
    with pytest.raises(BadRequest, match="Memory usage limit"):
        read_tar(write(tmp_path, bytes(data), "a.tar.xz"))


def test_a_header_that_says_more_than_there_is(tmp_path: Path) -> None:
    data = bytearray(tarred({"good.png": picture(), "liar.png": picture(1), "later.png": picture(2)}))
    lie(data, "liar.png", size=10**9)
    source = read_tar(write(tmp_path, bytes(data)))
    assert skipped(source) == {
        "liar.png": "1,000,000,000 bytes unpacked, where 268,435,456 are the most",
        REST: "the archive cannot be read beyond this: expected a whole picture, found one that is cut short",
    }
    assert bytes_by_name(source) == {"good.png": picture()}


def test_a_header_that_says_less_than_there_is(tmp_path: Path) -> None:
    files = {
        "good.png": picture(),
        "liar.png": b"\x89PNG" + bytes(range(1, 250)) * 8,
        "later.png": picture(2),
    }
    data = bytearray(tarred(files))
    lie(data, "liar.png", size=10)
    source = read_tar(write(tmp_path, bytes(data)))
    beyond = "expected a sound entry, found one that cannot be unpacked (no header where one should be)"
    assert skipped(source) == {REST: f"the archive cannot be read beyond this: {beyond}"}
    assert [item.file_name for item in source.items] == ["good.png", "liar.png"]


def lie(data: bytearray, name: str, *, size: int) -> None:
    """Writes another size into the header of `name`, with a check sum that fits."""
    at = data.index(name.encode())
    data[at + 124 : at + 136] = b"%011o\0" % size
    data[at + 148 : at + 156] = b" " * 8
    data[at + 148 : at + 156] = b"%06o\0 " % sum(data[at : at + 512])


@pytest.mark.parametrize("size", [b"\xff" * 12, b"\x80" + b"\x7f" * 11, b"-0000000001\0", b"99999999999\0"])
def test_sizes_that_are_none(tmp_path: Path, size: bytes) -> None:
    data = bytearray(tarred({"good.png": picture(), "liar.png": picture(1)}))
    lie(data, "liar.png", size=0)
    at = data.index(b"liar.png")
    data[at + 124 : at + 136] = size
    data[at + 148 : at + 156] = b" " * 8
    data[at + 148 : at + 156] = b"%06o\0 " % sum(data[at : at + 512])
    source = read_tar(write(tmp_path, bytes(data)))
    assert "cannot be read beyond this" in skipped(source)[REST]
    assert bytes_by_name(source) == {"good.png": picture()}


def test_a_long_name_that_never_ends_is_not_taken_into_memory(tmp_path: Path) -> None:
    file = io.BytesIO()
    long = member("././@LongLink", 200 * MIB, type=tarfile.GNUTYPE_LONGNAME)
    file.write(tarred({"good.png": picture()})[:1536].rstrip(b"\0").ljust(1024, b"\0"))
    file.write(long.tobuf(tarfile.GNU_FORMAT))
    path = write(tmp_path, file.getvalue())
    with path.open("r+b") as grown:
        grown.truncate(300 * MIB)
    tracemalloc.start()
    try:
        source = read_tar(path)
        assert tracemalloc.get_traced_memory()[1] < 8 * MIB
    finally:
        tracemalloc.stop()
    assert "a header of 209,715,200 bytes" in skipped(source)[REST]
    assert bytes_by_name(source) == {"good.png": picture()}


@pytest.mark.parametrize(
    "record", [b"99 path=x\n", b"path=x\n", b"0 path=x\n", b"9 pathxx\n", b"-9 path=\n", b"\xff"]
)
def test_broken_pax_headers(tmp_path: Path, record: bytes) -> None:
    head = member("x", len(record), type=tarfile.XHDTYPE).tobuf(tarfile.USTAR_FORMAT)
    good = tarred({"good.png": picture()})[:1024]
    source = read_tar(write(tmp_path, good + head + record.ljust(512, b"\0") + good))
    assert "(a broken header)" in skipped(source)[REST] or "numbers are none" in skipped(source)[REST]
    assert bytes_by_name(source) == {"good.png": picture()}


def small_blocks(data: bytes) -> bytes:
    return bz2.compress(data, 1)


@pytest.mark.parametrize("pack", [bytes, gzip.compress, small_blocks, lzma.compress])
def test_a_tar_that_is_cut_short_gives_what_is_whole(tmp_path: Path, pack: type) -> None:
    noise = random.Random(7)
    files = {f"{i:02}.png": picture(i) + noise.randbytes(40_000) for i in range(20)}
    whole = pack(tarred(files))
    for part in (0.6, 0.9):
        source = read_tar(write(tmp_path, whole[: int(len(whole) * part)], "a.tar"))
        assert "cut short" in skipped(source)[REST]
        read = {item.file_name: data for item, data in source.read(source.items)}
        assert 0 < len(read) < 20
        cut = [data.reason for data in read.values() if isinstance(data, PictureRefused)]
        assert cut in ([], ["truncated"])
        whole_ones = {name: data for name, data in read.items() if isinstance(data, bytes)}
        assert whole_ones.items() <= files.items()


def test_what_lies_behind_the_end_is_said(tmp_path: Path) -> None:
    one, two = tarred({"a.png": picture()}), tarred({"b.png": picture(1)})
    source = read_tar(write(tmp_path, one + two))
    assert skipped(source) == {REST: "what lies behind the archive's end is left out"}
    assert bytes_by_name(source) == {"a.png": picture()}


def test_gzip_files_set_end_to_end_are_one(tmp_path: Path) -> None:
    data = tarred(pile())
    packed = b"".join(gzip.compress(data[at : at + 1_500]) for at in range(0, len(data), 1_500)) + bytes(512)
    assert bytes_by_name(read_tar(write(tmp_path, packed, "a.tgz"))) == pile()


def test_too_many_entries(tmp_path: Path) -> None:
    header = member("a.png").tobuf(tarfile.USTAR_FORMAT)
    with pytest.raises(BadRequest) as caught:
        read_tar(
            write(tmp_path, gzip.compress(header * 100_000, 1), "a.tgz"), limits=ArchiveLimits(ratio=1_000)
        )
    assert str(caught.value) == (
        "Expected an archive of at most 5,000 entries; found more. "
        "Unpack it into a folder yourself and give that, or allow more entries (--max_entries)."
    )
    files = {f"{i}.png": picture(i) for i in range(30)}
    limits = ArchiveLimits(entries=30)
    assert len(read_tar(write(tmp_path, tarred(files)), limits=limits).items) == 30
    with pytest.raises(BadRequest, match="at most 30 entries"):
        read_tar(write(tmp_path, tarred({**files, "x.png": b""})), limits=limits)


def test_budgets_of_bytes(tmp_path: Path) -> None:
    files = {"a.png": picture() + bytes(range(256)) * 2_000, "long.png": bytes(2 * MIB), "b.png": picture(1)}
    limits = ArchiveLimits(entry_bytes=MIB)
    source = read_tar(write(tmp_path, tarred(files)), limits=limits)
    assert skipped(source) == {"long.png": "2,097,152 bytes unpacked, where 1,048,576 are the most"}
    assert list(bytes_by_name(source)) == ["a.png", "b.png"]
    tight = ArchiveLimits(archive_bytes=600_000, ratio=10_000)
    source = read_tar(write(tmp_path, gzip.compress(tarred(files))), limits=tight)
    assert "an archive of at most 600,000 bytes unpacked" in skipped(source)[REST]
    assert bytes_by_name(source) == {"a.png": files["a.png"]}


def test_many_pictures_with_three_bad_ones(tmp_path: Path) -> None:
    files = {f"{i:04}.png": picture(i) if i != 7 else b"" for i in range(500)}
    link = member("s.png", type=tarfile.SYMTYPE, linkname="0001.png")
    source = read_tar(write(tmp_path, gzip.compress(tarred(files, link, member("../x.png"))), "a.tar.gz"))
    assert set(skipped(source)) == {"s.png", "../x.png"}
    reasons = reasons_by_name(source)
    assert {name: reason for name, reason in reasons.items() if reason != "taken"} == {"0007.png": "empty"}


def test_a_packed_archive_that_is_damaged(tmp_path: Path) -> None:
    files = {f"{i:02}.png": picture(i) + bytes((i * j) % 251 for j in range(3_000)) for i in range(20)}
    data = bytearray(gzip.compress(tarred(files)))
    data[-2_000] ^= 0xFF
    source = read_tar(write(tmp_path, bytes(data), "a.tar.gz"))
    assert "cannot be read beyond this" in skipped(source)[REST]
    assert source.items
    assert set(reasons_by_name(source).values()) <= {"taken", "corrupt", "truncated"}


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (b"just words\n" * 99, "one that cannot be unpacked (no header where one should be)"),
        (b"", "one that is cut short"),
        (zipped(pile()), "one that cannot be unpacked (no header where one should be)"),
        (
            gzip.compress(b"words" * 999, mtime=0),
            "one that cannot be unpacked (no header where one should be)",
        ),
    ],
)
def test_other_kinds_of_file(tmp_path: Path, data: bytes, found: str) -> None:
    with pytest.raises(BadRequest) as caught:
        read_tar(write(tmp_path, data))
    assert str(caught.value) == (
        f"Expected a tar archive, pile.tar; found {found}. "
        "Copy the archive again from where it came, or make it anew."
    )


def test_an_archive_of_nothing(tmp_path: Path) -> None:
    assert read_tar(write(tmp_path, tarred({}))).items == []
    with pytest.raises(BadRequest, match=r"found none that can be taken \(s.png: a link\)"):
        read_tar(write(tmp_path, tarred({}, member("s.png", type=tarfile.SYMTYPE, linkname="x"))))


def test_a_tar_is_told_by_its_name_or_its_beginning(tmp_path: Path) -> None:
    assert fits(write(tmp_path, tarred(pile()), "no_suffix"))
    assert fits(write(tmp_path, b"", "a.TAR.XZ"))
    assert not fits(write(tmp_path, gzip.compress(b"x"), "a.gz"))
    assert not fits(tmp_path)


def test_an_archive_that_changes_while_it_is_read(tmp_path: Path) -> None:
    path = write(tmp_path, tarred(pile()))
    source = read_tar(path)
    path.write_bytes(tarred({"cat/0.png": picture()}))
    reasons = reasons_by_name(source)
    assert reasons.pop("cat/0.png") == "taken"
    assert set(reasons.values()) == {"not_a_picture"}
    path.unlink()
    assert set(reasons_by_name(source).values()) == {"not_a_picture"}
