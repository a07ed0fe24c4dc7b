"""Files by hash: whole or not there, nothing outside the folder."""

from __future__ import annotations

import errno
import hashlib
import os
import time
from pathlib import Path

import pytest

from vitrina.errors import NotFound, OutOfSpace, PictureRefused
from vitrina.gallery.files import FileStore


@pytest.fixture
def files(tmp_path: Path) -> FileStore:
    return FileStore(tmp_path / "files", minimum_free_bytes=0)


def test_a_file_is_placed_under_its_hash(files: FileStore) -> None:
    with files.incoming(max_bytes=100) as incoming:
        incoming.write(b"a pic")
        incoming.write(b"ture")
        arrived = incoming.finish()
        assert incoming.finish() == arrived
        files.place(arrived)
        files.write_derivative(arrived.sha256, "thumb", b"small")
        files.settle(arrived.sha256)
    sha256 = hashlib.sha256(b"a picture").hexdigest()
    assert (arrived.sha256, arrived.size) == (sha256, 9)
    expected = files.root / "originals" / sha256[:2] / sha256[2:4] / sha256
    assert files.path_of(sha256) == expected
    assert expected.read_bytes() == b"a picture"
    thumb = files.root / "derived" / sha256[:2] / sha256[2:4] / f"{sha256}.thumb.webp"
    assert files.derivative(sha256, "thumb") == thumb
    assert thumb.read_bytes() == b"small"
    assert not files.has(sha256)
    files.write_derivative(sha256, "large", b"large")
    assert files.has(sha256)
    assert list(files.incoming_folder.iterdir()) == []


def test_one_byte_over_the_limit(files: FileStore) -> None:
    with files.incoming(max_bytes=4) as incoming:
        incoming.write(b"1234")
        with pytest.raises(PictureRefused) as refused:
            incoming.write(b"5")
    assert refused.value.reason == "too_many_bytes"
    assert str(refused.value) == (
        "Expected a file of at most 4 bytes; found a longer one. "
        "Make the picture smaller, then send it again."
    )
    assert list(files.incoming_folder.iterdir()) == []


def test_nothing_stays_of_an_upload_that_is_cut_off(files: FileStore) -> None:
    incoming = files.incoming(max_bytes=100)
    incoming.write(b"half")
    incoming.discard()
    incoming.discard()
    assert list(files.incoming_folder.iterdir()) == []


def test_a_nearly_full_disk(tmp_path: Path) -> None:
    files = FileStore(tmp_path, minimum_free_bytes=10**18)
    with pytest.raises(OutOfSpace) as refused:
        files.incoming(max_bytes=1)
    assert str(refused.value).startswith(
        "Expected 1,000,000,000,000 MB free on the disk of the pictures; found "
    )
    assert str(refused.value).endswith("Labels still work; make room on the disk, then upload again.")


def test_a_disk_that_fills_up_on_the_way(files: FileStore, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with files.incoming(max_bytes=100) as incoming:
        incoming.write(b"a picture")
        monkeypatch.setattr(os, "fsync", full)
        with pytest.raises(OutOfSpace, match="Expected room on the disk of the pictures; found a full disk"):
            incoming.finish()
    assert list(files.incoming_folder.iterdir()) == []


@pytest.mark.parametrize("name", ["", "../../etc/passwd", "AB" * 32, "ab" * 31, "ab" * 32 + "\n"])
def test_only_hashes_name_files(files: FileStore, name: str) -> None:
    with pytest.raises(NotFound) as refused:
        files.path_of(name)
    assert str(refused.value) == (
        f"Expected a SHA-256 of 64 hex digits; found {name!r}. Ask for a picture of the store."
    )


def test_only_two_kinds_of_derived_pictures(files: FileStore) -> None:
    with pytest.raises(NotFound) as refused:
        files.derivative("ab" * 32, "../x")
    assert (
        str(refused.value) == "Expected a picture of kind thumb or large; found '../x'. Ask for one of these."
    )


def test_stale_uploads_are_swept_when_the_store_opens(tmp_path: Path) -> None:
    folder = FileStore(tmp_path, minimum_free_bytes=0).incoming_folder
    stale, fresh = folder / "stale.part", folder / "fresh.part"
    stale.write_bytes(b"left behind")
    fresh.write_bytes(b"under way")
    a_day_ago = time.time() - 24 * 3600 - 60
    os.utime(stale, (a_day_ago, a_day_ago))
    FileStore(tmp_path, minimum_free_bytes=0)
    assert list(folder.iterdir()) == [fresh]
