"""python -m vitrina backup, restore, as a person types them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.served import ROOT
from tests.server import backup_made
from tests.server.backup_made import MODEL, kept, open_store
from vitrina.gallery.store import Store
from vitrina.repositories.folder import FolderRepository
from vitrina.repositories.repository import RepositoryError
from vitrina.server.backup_command import PRIVATE, run_backup


def vitrina(data: Path, *arguments: str) -> subprocess.Popen[str]:
    kept = {name: text for name, text in os.environ.items() if not name.startswith(("VITRINA_", "HF_"))}
    environment = {**kept, "VITRINA_DATA": str(data), "VITRINA_MINIMUM_FREE_BYTES": "0"}
    command = [sys.executable, "-m", "vitrina", *arguments]
    return subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def done(data: Path, *arguments: str) -> tuple[int, list[str], str]:
    process = vitrina(data, *arguments)
    out, err = process.communicate(timeout=60)
    return process.returncode, out.splitlines(), err


@pytest.fixture
def data(tmp_path: Path) -> Path:
    backup_made.begin(tmp_path / "data")
    return tmp_path / "data"


@pytest.fixture
def store(data: Path) -> Iterator[Store]:
    with open_store(data) as store:
        yield store


def test_there_and_back(data: Path, tmp_path: Path) -> None:
    place = str(tmp_path / "backups")
    code, out, err = done(data, "backup", place)
    assert (code, out[0]) == (0, PRIVATE), err
    assert out[1].startswith(f"Backed up to {place} at ")
    rows = (
        "1 row of account, 1 row of collection, 5 rows of picture, 7 rows of annotation, 1 row of prediction"
    )
    assert out[1].endswith(f": {rows}; 14 files sent.")
    commit = out[1].partition(" at ")[2].partition(":")[0]
    assert len(commit) == 40
    into = tmp_path / "new"
    code, out, err = done(data, "restore", place, "--into", str(into))
    assert (code, err) == (0, "")
    assert out[0].startswith(f"Restored {place} at ")
    assert out[0].endswith(f" into {into}: {rows}.")
    assert out[1:] == ["Whoever was signed in signs in anew.", "clean"]
    assert done(into, "doctor") == (0, ["clean"], "")
    # By the commit that the backup told; what is there already is not claimed to have been restored.
    code, out, err = done(into, "restore", place, "--revision", commit)
    assert (code, err) == (0, "")
    assert out[0].startswith(f"Nothing to restore: {into} has all of {place} at {commit}, taken ")
    assert out[1:] == ["clean"]
    with open_store(data) as first, open_store(into) as second:
        assert kept(first, data) == kept(second, into)
    # What goes on from there refuses another restore on top of it.
    with open_store(into) as second:
        backup_made.label(second, 2, "food")
    code, out, err = done(into, "restore", place)
    assert (code, out) == (2, [])
    assert err.startswith("Expected an empty store to restore into; found a database with rows (1 account")


def test_a_folder_with_other_files_gets_no_store(data: Path, tmp_path: Path) -> None:
    place = str(tmp_path / "backups")
    assert done(data, "backup", place)[0] == 0
    work = tmp_path / "work"
    (work / "runs").mkdir(parents=True)
    code, out, err = done(data, "restore", place, "--into", str(work))
    assert (code, out) == (2, [])
    assert (
        err
        == f"Expected a new or empty folder at {work}; found other files: runs. Name another one with --into.\n"
    )
    assert [path.name for path in work.iterdir()] == ["runs"]


@pytest.mark.parametrize(
    ("there", "found"),
    [
        (("pictures/2019/beach.jpg",), "pictures"),
        (("models/resnet/config.json", "pictures-wedding/a.jpg"), "models, pictures-wedding"),
        (("vitrina.sqlite3", "vitrina.sqlite3.bak"), "vitrina.sqlite3.bak"),
    ],
)
def test_what_only_looks_like_a_store_is_left_alone(
    data: Path, tmp_path: Path, there: tuple[str, ...], found: str
) -> None:
    place = str(tmp_path / "backups")
    assert done(data, "backup", place)[0] == 0
    for name in there:
        (tmp_path / "work" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "work" / name).write_bytes(b"a")
    code, _, err = done(data, "restore", place, "--into", str(tmp_path / "work"))
    assert code == 2
    assert f"found other files: {found}. Name another one with --into." in err


def test_no_store_no_backup(tmp_path: Path) -> None:
    code, _, err = done(tmp_path / "none", "backup", str(tmp_path / "backups"))
    assert code == 2
    assert err.startswith("Expected a store in ")
    code, _, err = done(tmp_path / "none", "restore", str(tmp_path / "backups"))
    assert code == 2
    assert err == (
        f"Expected the data set repository {tmp_path / 'backups'}; found no such repository, or a private one. "
        "Correct the name; set HF_TOKEN for one on the Hub.\n"
    )
    assert not (tmp_path / "none").exists()


def test_every_so_often_until_told(data: Path, tmp_path: Path) -> None:
    process = vitrina(data, "backup", str(tmp_path / "backups"), "--every", "1")
    assert process.stdout is not None
    assert process.stdout.readline() == f"{PRIVATE}\n"
    assert " Backed up to " in process.stdout.readline()
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=30)
    assert (process.returncode, out, err) == (0, "", "")
    code, _, err = done(data, "backup", str(tmp_path / "backups"), "--every", "0")
    assert code == 2
    assert "a whole number of minutes, 1 or more" in err


def test_one_that_fails_is_not_the_last(
    store: Store, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """In the way, put right, nothing new, one more picture."""
    place = tmp_path / "backups"
    place.mkdir()
    (place / "in the way").touch()
    stop, times = threading.Event(), iter(range(10))

    def now() -> datetime:
        number = next(times)
        if number == 1:
            (place / "in the way").unlink()
        if number == 3:
            backup_made.add(store, 90)
            stop.set()
        return datetime(2026, 11, 27, tzinfo=UTC) + timedelta(minutes=number)

    repository = FolderRepository(place, "dataset")
    assert run_backup(store, repository, data=data, every=0.0001, stop=stop, now=now) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 4
    assert lines[0].startswith(
        "2026-11-27T00:00:00+00:00 No backup: Expected a repository, or a new or empty folder"
    )
    assert lines[1].startswith("2026-11-27T00:01:00+00:00 Backed up to ")
    assert lines[2].startswith("2026-11-27T00:02:00+00:00 Nothing new since 2026-11-27T00:01:00+00:00: ")
    assert lines[3].endswith("; 3 files sent.")


def test_whatever_fails_the_next_one_is_tried(
    store: Store,
    data: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    stop, times = threading.Event(), iter(range(10))

    def now() -> datetime:
        number = next(times)
        # The folder for what is on its way goes, as a sweeper of /tmp does it, and comes again.
        monkeypatch.setattr("tempfile.tempdir", None if number else str(tmp_path / "gone"))
        if number:
            stop.set()
        return datetime(2026, 11, 27, tzinfo=UTC) + timedelta(minutes=number)

    repository = FolderRepository(tmp_path / "backups", "dataset")
    assert run_backup(store, repository, data=data, every=0.0001, stop=stop, now=now) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("2026-11-27T00:00:00+00:00 No backup: FileNotFoundError: ")
    assert lines[1].startswith("2026-11-27T00:01:00+00:00 Backed up to ")


def test_the_code_says_what_could_not_be_kept(store: Store, data: Path, tmp_path: Path) -> None:
    repository = FolderRepository(tmp_path / "backups", "dataset")
    store.files.path_of(store.pictures.get(1).card.sha256).unlink()
    assert run_backup(store, repository, data=data) == 1
    with pytest.raises(RepositoryError):
        run_backup(store, FolderRepository(data / MODEL, "dataset"), data=data)
