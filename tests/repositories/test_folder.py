"""What is particular to a folder that plays the part of the Hub."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import shutil
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.repositories.made import AT, content, is_whole, weights
from vitrina.repositories.folder import FolderRepository, is_folder_repository
from vitrina.repositories.folder_files import lead, put
from vitrina.repositories.manifest import MANIFEST
from vitrina.repositories.release import release
from vitrina.repositories.repository import (
    Change,
    RepositoryChanged,
    RepositoryError,
    RepositoryUnreachable,
)
from vitrina.repositories.versions import history, move_champion


@pytest.fixture
def begun(in_folder: FolderRepository) -> tuple[FolderRepository, str]:
    in_folder.create(private=True)
    change = Change({"model.safetensors": weights(1), "a.txt": b"a"})
    return in_folder, in_folder.commit("main", change, message="one", parent=None)


def test_a_path_leads_to_what_is_in_force(begun: tuple[FolderRepository, str]) -> None:
    repository, commit = begun
    assert is_folder_repository(repository.folder)
    assert (repository.folder / "main" / "a.txt").read_bytes() == b"a"
    later = repository.commit("main", Change({"a.txt": b"b"}), message="two", parent=commit)
    assert (repository.folder / "main" / "a.txt").read_bytes() == b"b"
    assert (repository.folder / "commits" / commit / "a.txt").read_bytes() == b"a"
    assert (repository.folder / "main").resolve().name == later


def test_the_same_bytes_lie_there_once(begun: tuple[FolderRepository, str]) -> None:
    repository, commit = begun
    later = repository.commit("main", Change({"b.txt": b"b"}), message="two", parent=commit)
    both = [repository.folder / "commits" / name / "model.safetensors" for name in (commit, later)]
    assert os.path.samefile(*both)
    assert all(path.stat().st_mode & 0o222 == 0 for path in both)


def test_without_hard_links_and_symbolic_links_it_works_as_well(
    in_folder: FolderRepository, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    in_folder.create(private=False)
    only_symbolic = in_folder.commit("work", Change({"a": b"a"}), message="", parent=None)
    for number in range(3):
        change = Change({"n": b"%d" % number})
        only_symbolic = in_folder.commit("work", change, message="", parent=only_symbolic)
    assert in_folder.read("a", revision="work") == b"a"
    places = [path for path in in_folder.folder.glob("commits/*/a") if not path.is_symlink()]
    assert len(places) == 1
    monkeypatch.setattr(Path, "symlink_to", refuse)
    first = in_folder.commit("main", Change({"a": b"a"}), message="", parent=None)
    second = in_folder.commit("main", Change({"b": b"b"}), message="", parent=first)
    assert in_folder.read("a", revision="main") == b"a"
    assert in_folder.resolve("main") == second
    assert not (in_folder.folder / "main").exists()


@pytest.mark.parametrize("path", ["../out.txt", "/etc/passwd", "a/../../b", "a\\b", "", "a\0b"])
def test_nothing_is_written_outside(begun: tuple[FolderRepository, str], path: str) -> None:
    repository, commit = begun
    with pytest.raises(RepositoryError, match="paths inside the repository"):
        repository.commit("main", Change({path: b"x"}), message="", parent=commit)
    assert repository.resolve("main") == commit
    assert not list((repository.folder / "commits").glob(".*"))


@pytest.mark.parametrize("name", ["../x", "a/b", "", ".hidden", "commits", "refs", "a b"])
def test_odd_names_of_branches_are_refused(begun: tuple[FolderRepository, str], name: str) -> None:
    repository, commit = begun
    with pytest.raises(RepositoryError, match="a name of letters, digits"):
        repository.create_branch(name, at=commit)


def test_one_of_many_writers_wins(begun: tuple[FolderRepository, str]) -> None:
    repository, commit = begun
    told: list[str] = []

    def write(number: int) -> None:
        try:
            told.append(repository.commit("main", Change({"n": b"%d" % number}), message="", parent=commit))
        except RepositoryChanged:
            told.append("late")

    threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(told)[:-1].count("late") + (sorted(told)[-1] == "late") == 7
    assert repository.resolve("main") in told


def test_what_a_killed_writer_left_goes_with_the_next(begun: tuple[FolderRepository, str]) -> None:
    repository, commit = begun
    left = repository.folder / "commits" / ".0123.partial"
    left.mkdir()
    (left / "half").write_bytes(b"x")
    repository.commit("main", Change({"b": b"b"}), message="", parent=commit)
    assert not left.exists()


def test_other_folders_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "photo.jpg").write_bytes(b"x")
    with pytest.raises(RepositoryError, match=r"a folder with other files. Name another folder"):
        FolderRepository(tmp_path).create(private=False)
    with pytest.raises(RepositoryError, match="Publish to it first, or correct the name"):
        FolderRepository(tmp_path / "none").references()


def test_another_kind_or_format_is_said(begun: tuple[FolderRepository, str]) -> None:
    folder = begun[0].folder
    with pytest.raises(RepositoryError, match=r"Expected a dataset repository at .*; found one of a model"):
        FolderRepository(folder, "dataset").exists()
    (folder / "repository.json").write_text(json.dumps({"format": 9, "kind": "model"}))
    with pytest.raises(RepositoryError, match=r"format 9, kind 'model'. Open it with the version of Vitrina"):
        FolderRepository(folder).exists()


def test_damage_is_said(begun: tuple[FolderRepository, str]) -> None:
    repository, commit = begun
    (repository.folder / "commits" / commit / "a.txt").unlink()
    with pytest.raises(RepositoryError, match=r"a\.txt of .* as it was written; found no such file"):
        repository.read("a.txt", revision=commit)
    (repository.folder / "commits" / f"{commit}.json").write_text("[1]")
    with pytest.raises(RepositoryError, match="Restore the folder from a copy, or publish the version again"):
        repository.files(commit)


def test_no_room_is_said(begun: tuple[FolderRepository, str], monkeypatch: pytest.MonkeyPatch) -> None:
    repository, commit = begun

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(RepositoryError, match=r"room to write in .*; found No space left on device"):
        repository.commit("main", Change({"b": b"b"}), message="", parent=commit)
    monkeypatch.undo()
    assert repository.resolve("main") == commit
    assert not list((repository.folder / "commits").glob(".*.partial"))


@pytest.mark.parametrize("there", [(), (".repository.json.0123",), ("repository.json",)])
def test_a_first_try_that_was_killed_blocks_nothing(tmp_path: Path, there: tuple[str, ...]) -> None:
    folder = tmp_path / "food"
    folder.mkdir()
    for name in there:
        (folder / name).write_text('{"format": 1, "kind": "model"}')
    repository = FolderRepository(folder)
    repository.create(private=False)
    assert repository.commit("main", Change({"a": b"a"}), message="", parent=None)


def test_a_writer_that_hangs_is_not_waited_for_for_ever(begun: tuple[FolderRepository, str]) -> None:
    repository, commit = begun
    waiting = FolderRepository(repository.folder, lock_seconds=0.2)
    with (repository.folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(RepositoryUnreachable, match=r"found another one, for 0\.2 seconds. Wait until"):
            waiting.create_tag("v1", at=commit, message="")
    waiting.create_tag("v1", at=commit, message="")


def test_no_room_for_a_tag_and_lost_refs_are_said(
    begun: tuple[FolderRepository, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    repository, commit = begun

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(RepositoryError, match=r"room to write in .*; found No space left on device"):
        repository.create_tag("v1", at=commit, message="")
    (repository.folder / "refs" / "tags").rmdir()
    with pytest.raises(RepositoryError, match=r"refs/tags of .* as it was written; found no such file"):
        repository.references()


def test_a_move_that_finds_no_room_changes_nothing_for_path_readers(
    in_folder: FolderRepository, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in (1, 2):
        release(in_folder, content(number), verify=lambda folder: None, by="ana", at=AT)
    monkeypatch.setattr("vitrina.repositories.folder.put", no_room_for("champion"))
    with pytest.raises(RepositoryError, match="room to write in"):
        move_champion(in_folder, "v1", reason="bad", by="ana", at=AT)
    assert json.loads((in_folder.folder / "champion" / "config.json").read_bytes()) == {"number": 2}
    monkeypatch.undo()
    assert json.loads(in_folder.read("config.json", revision="champion")) == {"number": 2}


def no_room_for(name: str) -> Callable[[Path, str], None]:
    def place(path: Path, text: str) -> None:
        if path.name == name:
            raise OSError(errno.ENOSPC, "No space left on device")
        put(path, text)

    return place


def test_a_link_that_was_left_behind_is_brought_along(in_folder: FolderRepository) -> None:
    for number in (1, 2):
        release(in_folder, content(number), verify=lambda folder: None, by="ana", at=AT)
    for name, number in (("champion", 1), ("main", 1), ("v2", 2)):
        # As a kill between the reference and its link leaves it.
        (in_folder.folder / name).unlink()
        if name != "v2":
            lead(in_folder.folder, name, in_folder.references().tags["v1"])
        move_champion(in_folder, "v2", reason="again", by="ana", at=AT)
        assert json.loads((in_folder.folder / name / "config.json").read_bytes()) == {"number": 2}, number


def damage_in(repository: FolderRepository, name: str) -> None:
    """Four bytes of the weights, where a disk or a sync has spoilt them: no other commit has this copy of them."""
    place = (repository.folder / name).resolve() / "model.safetensors"
    spoilt = b"spoi" + place.read_bytes()[4:]
    place.unlink()
    place.write_bytes(spoilt)


@pytest.mark.parametrize("again", ["publish", "roll back"])
def test_weights_that_were_spoilt_in_the_champion_alone_are_put_right(
    in_folder: FolderRepository, again: str
) -> None:
    for number in (1, 2):
        release(in_folder, content(number), verify=lambda folder: None, by="ana", at=AT)
    for name in ("champion", "main"):
        damage_in(in_folder, name)
    assert in_folder.altered(in_folder.references().branches["champion"]) == {"model.safetensors"}
    if again == "publish":
        done = release(in_folder, content(2), verify=lambda folder: None, by="ana", at=AT)
        assert (done.version, done.sent) == ("v2", False)
    else:
        move_champion(in_folder, "v2", reason="repair", by="ana", at=AT)
    for name in ("champion", "main", "v2"):
        assert is_whole(in_folder, name, content(2))
        assert in_folder.altered(in_folder.references().branches.get(name, "v2")) == set()
    assert [one.version for one in history(in_folder)] == ["v1", "v2"]


def test_a_spoilt_version_is_published_anew(in_folder: FolderRepository) -> None:
    release(in_folder, content(1), verify=lambda folder: None, by="ana", at=AT)
    damage_in(in_folder, "v1")
    done = release(in_folder, content(1), verify=lambda folder: None, by="ana", at=AT)
    assert (done.version, done.sent) == ("v2", True)
    for name in ("champion", "main", "v2"):
        assert is_whole(in_folder, name, content(1))


@pytest.mark.parametrize("spoilt", [b"{", None])
def test_a_manifest_that_was_spoilt_keeps_nobody_from_publishing(
    in_folder: FolderRepository, spoilt: bytes | None
) -> None:
    release(in_folder, content(1), verify=lambda folder: None, by="ana", at=AT)
    place = (in_folder.folder / "v1").resolve() / MANIFEST
    place.unlink()
    if spoilt is not None:
        place.write_bytes(spoilt)
    for number, version in ((1, "v2"), (3, "v3")):
        done = release(in_folder, content(number), verify=lambda folder: None, by="ana", at=AT)
        assert (done.version, done.sent) == (version, True)
        assert is_whole(in_folder, "champion", content(number))


def test_a_version_whose_manifest_was_edited_is_not_put_in_force(in_folder: FolderRepository) -> None:
    for number in (1, 2):
        release(in_folder, content(number), verify=lambda folder: None, by="ana", at=AT)
    place = (in_folder.folder / "v1").resolve() / MANIFEST
    told = json.loads(place.read_bytes()) | {"created": "2020-01-01"}
    place.unlink()
    place.write_text(json.dumps(told))
    with pytest.raises(RepositoryError, match=rf"the files of v1 of .*; found another {MANIFEST}"):
        move_champion(in_folder, "v1", reason="bad", by="ana", at=AT)


def test_a_link_is_brought_along_by_whatever_writes_next(in_folder: FolderRepository) -> None:
    release(in_folder, content(1), verify=lambda folder: None, by="ana", at=AT)
    first = in_folder.references().tags["v1"]
    release(in_folder, content(2), verify=lambda folder: None, by="ana", at=AT)
    (in_folder.folder / "main").unlink()
    lead(in_folder.folder, "main", first)
    in_folder.settle()
    assert numbers(in_folder, "main") == [2]


def numbers(repository: FolderRepository, *names: str) -> list[int | None]:
    """What a path reader finds under each name."""
    places = [repository.folder / name / "config.json" for name in names]
    return [json.loads(place.read_bytes())["number"] if place.is_file() else None for place in places]


@pytest.mark.parametrize("links", [True, False])
def test_a_copy_with_the_links_followed_is_never_stale(
    in_folder: FolderRepository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, links: bool
) -> None:
    """As shutil.copytree, zip and some file managers copy; a stick with FAT has no links at all."""
    for number in (1, 2):
        release(in_folder, content(number), verify=lambda folder: None, by="ana", at=AT)
    copy = FolderRepository(Path(shutil.copytree(in_folder.folder, tmp_path / "copy")))
    assert not (copy.folder / "champion").is_symlink()
    if not links:

        def refuse(*_: object, **__: object) -> None:
            raise PermissionError(errno.EPERM, "Operation not permitted")

        monkeypatch.setattr(Path, "symlink_to", refuse)
    move_champion(copy, "v1", reason="bad", by="ana", at=AT)
    assert json.loads(copy.read("config.json", revision="champion")) == {"number": 1}
    assert numbers(copy, "champion", "main", "v2") == ([1, 1, 2] if links else [None, None, None])
    assert list(copy.folder.glob(".*.copy")) == []


def test_a_folder_with_other_files_does_not_give_way(in_folder: FolderRepository) -> None:
    for number in (1, 2):
        release(in_folder, content(number), verify=lambda folder: None, by="ana", at=AT)
    (in_folder.folder / "champion").unlink()
    (in_folder.folder / "champion").mkdir()
    (in_folder.folder / "champion" / "mine.txt").write_bytes(b"a")
    with pytest.raises(RepositoryError) as caught:
        move_champion(in_folder, "v1", reason="bad", by="ana", at=AT)
    assert str(caught.value) == (
        f"Expected {in_folder.folder}/champion as a link to one of the commits; found a folder with other files than "
        f"any of them. Move {in_folder.folder}/champion away, then run the command again."
    )
    assert json.loads(in_folder.read("config.json", revision="champion")) == {"number": 2}


def test_records_and_references_that_make_no_sense_are_said(begun: tuple[FolderRepository, str]) -> None:
    repository, commit = begun
    (repository.folder / "commits" / f"{commit}.json").write_text("{}")
    with pytest.raises(RepositoryError, match=rf"{commit}.json of .* as it was written; found something else"):
        repository.files(commit)
    (repository.folder / "refs" / "heads" / "work").write_text("")
    with pytest.raises(RepositoryError, match=r"refs/heads of .* as it was written; found something else"):
        repository.references()
