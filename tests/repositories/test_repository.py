"""What every repository does, on the Hub and in a folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.hub.standin import HubStandIn
from tests.repositories.made import LARGE, at, weights
from vitrina.repositories.folder import FolderRepository
from vitrina.repositories.folder_files import SIGN
from vitrina.repositories.hub import HubRepository
from vitrina.repositories.opening import find_repository
from vitrina.repositories.repository import (
    Change,
    Repository,
    RepositoryChanged,
    RepositoryError,
    sha256_of,
)


def begun(repository: Repository) -> str:
    """Made, with one commit on `work`; that commit."""
    repository.create(private=False)
    branches = repository.references().branches
    if "main" in branches:
        repository.create_branch("work", at=branches["main"])
    parent = repository.references().branches.get("work")
    change = Change({"model.safetensors": weights(1), "deep/er/note.txt": b"one"})
    return repository.commit("work", change, message="one", parent=parent)


def without_attributes(found: dict[str, bytes]) -> dict[str, bytes]:
    return {path: data for path, data in found.items() if path != ".gitattributes"}


def test_it_is_not_there_until_it_is_made_and_made_once(repository: Repository) -> None:
    assert not repository.exists()
    for _ in range(2):
        repository.create(private=False)
        assert repository.exists()


def test_what_was_sent_is_read_back(repository: Repository, tmp_path: Path) -> None:
    commit = begun(repository)
    assert len(commit) == 40
    wanted = {"model.safetensors": weights(1), "deep/er/note.txt": b"one"}
    assert without_attributes(at(repository, commit)) == wanted
    assert repository.files("work")["model.safetensors"] == (LARGE, sha256_of(weights(1)))
    fresh = tmp_path / "fresh"
    fresh.mkdir()
    folder = repository.download(commit, fresh=fresh)
    assert fresh in (folder, *folder.parents)
    assert (folder / "deep" / "er" / "note.txt").read_bytes() == b"one"
    part = repository.download("work", wanted=["*.safetensors"])
    assert (part / "model.safetensors").read_bytes() == weights(1)


def test_names_lead_to_commits(repository: Repository) -> None:
    commit = begun(repository)
    repository.create_tag("v1", at=commit, message="the first")
    repository.create_tag("v1", at=commit, message="the same once more")
    repository.create_branch("champion", at=commit)
    assert {repository.resolve(name) for name in ("v1", "work", "champion", commit)} == {commit}
    assert repository.resolve("v2") is None
    assert repository.resolve("0" * 40) is None
    branches, tags = repository.references()
    assert tags == {"v1": commit}
    assert branches["champion"] == branches["work"] == commit


def test_a_commit_replaces_removes_copies_and_keeps(repository: Repository) -> None:
    first = begun(repository)
    change = Change({"new.txt": b"two"}, removed=["deep/er/note.txt"])
    second = repository.commit("work", change, message="two", parent=first)
    assert without_attributes(at(repository, second)) == {
        "model.safetensors": weights(1),
        "new.txt": b"two",
    }
    back = Change(removed=["new.txt", "model.safetensors"], copied={"deep/er/note.txt": first})
    third = repository.commit("work", back, message="three", parent=second)
    assert without_attributes(at(repository, third)) == {"deep/er/note.txt": b"one"}
    again = repository.commit(
        "work", Change(copied={"model.safetensors": first}), message="four", parent=third
    )
    assert at(repository, again)["model.safetensors"] == weights(1)
    # What was committed stays what it was.
    assert without_attributes(at(repository, first)) == {
        "model.safetensors": weights(1),
        "deep/er/note.txt": b"one",
    }


def test_a_file_travels_from_the_disk(repository: Repository, tmp_path: Path) -> None:
    first = begun(repository)
    path = tmp_path / "large.bin"
    path.write_bytes(weights(7))
    second = repository.commit("work", Change({"large.bin": path}), message="large", parent=first)
    assert repository.read("large.bin", revision=second) == weights(7)


def test_who_is_too_late_changes_nothing(repository: Repository) -> None:
    first = begun(repository)
    second = repository.commit("work", Change({"a": b"a"}), message="a", parent=first)
    with pytest.raises(RepositoryChanged, match="Somebody else was faster"):
        repository.commit("work", Change({"b": b"b"}), message="b", parent=first)
    assert repository.references().branches["work"] == second


def test_a_name_does_not_move_to_another_commit(repository: Repository) -> None:
    first = begun(repository)
    repository.create_tag("v1", at=first, message="")
    repository.create_branch("champion", at=first)
    second = repository.commit("work", Change({"a": b"a"}), message="a", parent=first)
    for name in (repository.create_branch, lambda name, at: repository.create_tag(name, at=at, message="")):
        with pytest.raises(RepositoryChanged, match=r"Expected no \w+ in .*found one at"):
            name("champion" if name == repository.create_branch else "v1", at=second)
    assert repository.resolve("v1") == repository.resolve("champion") == first


def test_what_is_not_there_is_said(repository: Repository) -> None:
    commit = begun(repository)
    with pytest.raises(RepositoryError, match=r"no such file|that file"):
        repository.read("nowhere.txt", revision=commit)
    with pytest.raises(RepositoryError, match="Name a branch, tag or commit that it has"):
        repository.files("nowhere")


def test_it_says_who_writes(repository: Repository) -> None:
    assert repository.account()


def test_it_is_found_without_its_kind(hub: HubStandIn, on_hub: HubRepository, tmp_path: Path) -> None:
    app = HubRepository("org/food", "space", endpoint=hub.endpoint)
    app.create(private=False)
    data = FolderRepository(tmp_path / "data", "dataset")
    data.create(private=False)
    for address in (str(data.folder), data.folder, data.folder.as_uri()):
        assert find_repository(address).kind == "dataset"
    assert find_repository("org/food", endpoint=hub.endpoint).kind == "space"
    on_hub.create(private=False)
    assert find_repository("org/food", endpoint=hub.endpoint).kind == "model"
    assert find_repository("org/food", "space", endpoint=hub.endpoint).kind == "space"
    # Where there is none, whoever reads from it says so.
    nowhere = find_repository(tmp_path / "nowhere")
    with pytest.raises(RepositoryError, match=r"a model repository at .*nowhere; found none"):
        nowhere.references()
    (data.folder / SIGN).write_text("[]")
    assert find_repository(data.folder).kind == "model"
