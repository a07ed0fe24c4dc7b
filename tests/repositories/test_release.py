"""A version is sent, read back, tried, tagged, put in force; rolled back; nothing is ever half there."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.hub.standin import HubStandIn
from tests.repositories.made import AT, content, is_whole, weights
from vitrina.errors import ModelUnavailable, VitrinaError
from vitrina.repositories.folder import FolderRepository
from vitrina.repositories.hub import HubRepository
from vitrina.repositories.manifest import MANIFEST
from vitrina.repositories.release import Content, Foreseen, Released, foresee, release
from vitrina.repositories.repository import (
    Change,
    Repository,
    RepositoryChanged,
    RepositoryError,
)
from vitrina.repositories.versions import (
    HISTORY,
    champion,
    history,
    is_settled,
    move_champion,
    versions,
)


def publish(repository: Repository, number: int, **more: Any) -> Released:
    tried = more.pop("verify", lambda folder: None)
    return release(repository, content(number), verify=tried, by="ana", at=AT, **more)


def in_force(repository: Repository) -> str | None:
    found = champion(repository)
    return None if found is None else found.version


def test_it_is_in_force_when_all_is_well(repository: Repository) -> None:
    seen: list[Path] = []

    def verify(folder: Path) -> None:
        assert (folder / "model.safetensors").read_bytes() == weights(1)
        seen.append(folder)

    told: list[str] = []
    done = publish(repository, 1, verify=verify, step=told.append, reason="the first")
    assert told == ["create", "look", "send", "read back", "tag", "alias"]
    assert (done.version, done.sent) == ("v1", True)
    assert len(seen) == 1
    assert not seen[0].exists()
    assert versions(repository) == [("v1", done.revision)]
    found = champion(repository)
    assert found is not None
    assert (found.version, found.since, found.entry.reason, found.entry.by) == ("v1", AT, "the first", "ana")
    for name in ("champion", "main", "v1"):
        assert is_whole(repository, name, content(1))


def test_a_better_one_takes_its_place_and_the_old_one_comes_back(repository: Repository) -> None:
    publish(repository, 1)
    second = publish(repository, 2)
    assert (second.version, in_force(repository)) == ("v2", "v2")
    for name in ("champion", "main"):
        assert is_whole(repository, name, content(2))
    assert is_whole(repository, "v1", content(1))
    move_champion(
        repository, "v1", reason="it calls melons lemons", by="luis", at="2026-11-28T08:00:00+00:00"
    )
    assert in_force(repository) == "v1"
    for name in ("champion", "main"):
        assert is_whole(repository, name, content(1))
    move_champion(
        repository, "v2", reason="labels were wrong, not it", by="ana", at="2026-11-29T08:00:00+00:00"
    )
    told = [(one.action, one.version, one.previous, one.by) for one in history(repository)]
    assert told == [
        ("publish", "v1", None, "ana"),
        ("publish", "v2", "v1", "ana"),
        ("roll back", "v1", "v2", "luis"),
        ("promote", "v2", "v1", "ana"),
    ]
    assert history(repository)[2].reason == "it calls melons lemons"
    assert is_whole(repository, "main", content(2))


def test_the_same_once_more_sends_nothing(repository: Repository) -> None:
    first = publish(repository, 1)
    before = repository.references()
    again = publish(repository, 1)
    assert (again.version, again.revision, again.sent) == ("v1", first.revision, False)
    assert repository.references() == before
    # One that was rolled back and is published again is in force again, under its own name.
    publish(repository, 2)
    assert publish(repository, 1).version == "v1"
    assert in_force(repository) == "v1"
    assert [one.name for one in versions(repository)] == ["v1", "v2"]


def test_files_that_a_version_lacks_are_gone_in_it(repository: Repository) -> None:
    larger = content(1, extra="more.txt")
    release(repository, larger, verify=lambda folder: None, by="ana", at=AT)
    publish(repository, 2)
    assert is_whole(repository, "champion", content(2))
    assert "more.txt" not in repository.files("main")
    move_champion(repository, "v1", reason="back", by="ana", at=AT)
    assert repository.read("more.txt", revision="champion") == b"more"


def test_what_does_not_answer_is_never_in_force(repository: Repository) -> None:
    publish(repository, 1)

    def refuse(folder: Path) -> None:
        raise ModelUnavailable("the golden answer", "another", "Train again.")

    with pytest.raises(ModelUnavailable, match="the golden answer"):
        publish(repository, 2, verify=refuse)
    assert [one.name for one in versions(repository)] == ["v1"]
    for name in ("champion", "main"):
        assert is_whole(repository, name, content(1))


def test_it_is_foreseen_what_would_be_done(repository: Repository, tmp_path: Path) -> None:
    assert foresee(repository, content(1)) == Foreseen("v1", made=True)
    publish(repository, 1)
    assert foresee(repository, content(1)) == Foreseen("v1", there=True)
    assert foresee(repository, content(2)) == Foreseen("v2")


def test_what_would_be_refused_is_foreseen(repository: Repository, tmp_path: Path) -> None:
    photos = FolderRepository(tmp_path / "photos")
    photos.folder.mkdir()
    (photos.folder / "beach.jpg").write_bytes(b"a")
    with pytest.raises(RepositoryError, match="found a folder with other files"):
        foresee(photos, content(1))
    repository.create(private=False)
    parent = repository.references().branches.get("main")
    repository.commit("main", Change({"theirs.txt": b"a"}), message="by hand", parent=parent)
    with pytest.raises(RepositoryError, match=r"found other files: theirs\.txt"):
        foresee(repository, content(1))


def test_what_somebody_else_keeps_there_stays(repository: Repository) -> None:
    repository.create(private=False)
    head = repository.references().branches.get("main")
    repository.commit("main", Change({"thesis.pdf": b"x"}), message="mine", parent=head)
    with pytest.raises(RepositoryError, match=r"found other files: thesis\.pdf. Name another repository"):
        publish(repository, 1)
    assert repository.read("thesis.pdf", revision="main") == b"x"
    assert not versions(repository)


def test_who_decided_on_something_else_is_told(repository: Repository) -> None:
    for number in (1, 2, 3):
        publish(repository, number)
    with pytest.raises(RepositoryChanged, match=r"Expected v2 in force in .*; found v3"):
        move_champion(repository, "v1", reason="x", by="ana", at=AT, expected="v2")
    assert in_force(repository) == "v3"
    move_champion(repository, "v1", reason="x", by="ana", at=AT, expected="v3")
    # The answer to this was lost; asked once more it has happened.
    assert move_champion(repository, "v1", reason="x", by="ana", at=AT, expected="v3").version == "v1"


def test_a_version_that_is_not_there_is_named(repository: Repository) -> None:
    publish(repository, 1)
    with pytest.raises(RepositoryError, match=r"a version of .* \(v1\); found v7. Name one of these"):
        move_champion(repository, "v7", reason="x", by="ana", at=AT)


@pytest.mark.parametrize(
    "wrong",
    [
        {"action": "conquer"},
        {"by": None},
        {"revision": "main"},
        {"revision": 7},
        {"previous": "x"},
        {"extra": 1},
    ],
)
def test_a_log_that_was_tampered_with_is_said(repository: Repository, wrong: dict[str, Any]) -> None:
    publish(repository, 1)
    head = repository.references().branches["champion"]
    told = json.loads(repository.read(HISTORY, revision=head)) | wrong
    line = json.dumps(told).encode()
    repository.commit("champion", Change({HISTORY: line}), message="x", parent=head)
    with pytest.raises(RepositoryError, match=f"one move of the alias a line in {HISTORY}"):
        champion(repository)


def test_a_version_that_was_edited_since_does_not_come_back(in_folder: FolderRepository) -> None:
    publish(in_folder, 1)
    publish(in_folder, 2)
    edited = in_folder.folder / "v1" / "config.json"
    edited.chmod(0o644)
    # Another file under the name, as editors write it.
    edited.unlink()
    edited.write_text("{}")
    with pytest.raises(
        RepositoryError, match=r"the files of v1 of .* as its manifest names them; found another config"
    ):
        move_champion(in_folder, "v1", reason="x", by="ana", at=AT)
    assert in_force(in_folder) == "v2"
    assert is_whole(in_folder, "champion", content(2))


def test_a_tag_of_somebody_elses_is_no_version_to_put_in_force(repository: Repository) -> None:
    publish(repository, 1)
    head = repository.references().branches["versions"]
    other = repository.commit("versions", Change(removed=[MANIFEST]), message="by hand", parent=head)
    repository.create_tag("v9", at=other, message="")
    with pytest.raises(RepositoryError, match=r"the manifest of a model in v9 of .*; found none"):
        move_champion(repository, "v9", reason="x", by="ana", at=AT)
    assert in_force(repository) == "v1"


def test_what_was_compared_with_another_does_not_take_its_place(repository: Repository) -> None:
    publish(repository, 1, expected="")
    publish(repository, 2, expected="v1")
    with pytest.raises(RepositoryChanged, match=r"Expected v1 in force in .*; found v2"):
        publish(repository, 3, expected="v1")
    with pytest.raises(RepositoryChanged, match=r"Expected no version in force in .*; found v2"):
        publish(repository, 3, expected="")
    assert in_force(repository) == "v2"
    assert publish(repository, 3, expected="v2").version == "v3"
    assert publish(repository, 3, expected="v2").version == "v3"


def test_a_move_between_looking_and_moving_is_not_lost(on_hub: HubRepository, hub: HubStandIn) -> None:
    for number in (1, 2, 3):
        publish(on_hub, number)
    other = HubRepository("org/food", endpoint=hub.endpoint, patience=on_hub.patience)
    moves = {"reason": "x", "by": "luis", "at": AT}
    hub.fault("/preupload/champion", method="POST", call=lambda: move_champion(other, "v1", **moves))
    with pytest.raises(RepositoryChanged, match="Somebody else was faster"):
        move_champion(on_hub, "v2", reason="y", by="ana", at=AT)
    assert [one.version for one in history(on_hub)] == ["v1", "v2", "v3", "v1"]
    assert is_whole(on_hub, "champion", content(1))


def test_moves_that_cross_leave_main_with_the_later_one(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(repository, 1)
    publish(repository, 2)
    commit, crossed = repository.commit, []

    def crossing(branch: str, change: Change, **how: Any) -> str:
        done = commit(branch, change, **how)
        if branch == "champion" and not crossed:
            # Between the two commits of the first move somebody else moves both branches.
            crossed.append(move_champion(repository, "v1", reason="it is bad", by="luis", at=AT))
        return done

    monkeypatch.setattr(repository, "commit", crossing)
    with pytest.raises(
        RepositoryChanged, match=r"Expected champion of .* as it was just moved; found that somebody else"
    ):
        publish(repository, 3)
    assert [in_force(repository), is_settled(repository)] == ["v1", True]
    for name in ("champion", "main"):
        assert is_whole(repository, name, content(1))


def test_of_two_who_move_at_once_the_one_in_force_brings_main_along(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in (1, 2, 3):
        publish(repository, number)
    commit, between = repository.commit, []

    def crossing(branch: str, change: Change, **how: Any) -> str:
        if branch == "main" and not between:
            # The other one, slower, still writes main for its own move.
            between.append(commit(branch, Change({"theirs.txt": b"a"}), **{**how, "message": "the other"}))
        return commit(branch, change, **how)

    monkeypatch.setattr(repository, "commit", crossing)
    moved = move_champion(repository, "v1", reason="it is bad", by="luis", at=AT)
    assert (moved.version, len(between), is_settled(repository)) == ("v1", 1, True)
    for name in ("champion", "main"):
        assert is_whole(repository, name, content(1))


def test_main_that_was_left_behind_is_brought_along(repository: Repository) -> None:
    publish(repository, 1)
    behind = repository.references().branches["main"]
    publish(repository, 2)
    head = repository.references().branches["main"]
    files = dict.fromkeys(repository.files(behind), behind)
    repository.commit("main", Change(copied=files), message="as if it had been stopped", parent=head)
    assert is_whole(repository, "main", content(1))
    assert not is_settled(repository)
    move_champion(repository, "v2", reason="again", by="ana", at=AT)
    assert is_whole(repository, "main", content(2))
    assert [one.version for one in history(repository)] == ["v1", "v2"]
    assert is_settled(repository)


def test_two_at_once_make_two_versions_or_one_is_told(on_hub: HubRepository, hub: HubStandIn) -> None:
    """Somebody else publishes between the moment one looked and the moment one sends."""
    publish(on_hub, 1)
    other = HubRepository("org/food", endpoint=hub.endpoint, patience=on_hub.patience)
    hub.fault(r"/commit/versions", method="POST", call=lambda: publish(other, 3))
    with pytest.raises(RepositoryChanged, match="Somebody else was faster"):
        publish(on_hub, 2)
    assert is_whole(on_hub, "champion", content(3))
    assert publish(on_hub, 2).version == "v3"
    assert is_whole(on_hub, "champion", content(2))
    assert is_whole(on_hub, "v2", content(3))


PLACES = (
    r"POST /api/repos/create",
    r"POST .*/commit/versions",
    r"POST .*/commit/champion",
    r"POST .*/commit/main",
    r"POST .*/tag/",
    r"POST .*/preupload/",
    r"POST .*info/lfs/objects/batch",
    r"PUT .*",
    r"GET .*/refs",
    r"GET .*/tree/",
    r"GET .*/resolve/.*safetensors",
)


def faults() -> Iterator[Any]:
    """(where, what happens, whether it is overcome)."""
    for place in PLACES:
        yield pytest.param(place, {"status": 429}, True, id=f"429 {place}")
        yield pytest.param(place, {"status": 500}, True, id=f"500 {place}")
        # To the client a connection that ends is one failure more; halves of files are another thing.
        if place.startswith(("PUT", "GET .*/resolve")) or "commit/versions" in place:
            yield pytest.param(place, {"cut": True}, True, id=f"cut {place}")
        yield pytest.param(place, {"status": 401, "times": None}, False, id=f"401 {place}")
    for place in PLACES[:5]:
        yield pytest.param(place, {"status": 500, "when": "after"}, True, id=f"500 after {place}")
        yield pytest.param(place, {"cut": True, "when": "after"}, True, id=f"no answer {place}")
    for place in PLACES[1:4]:
        yield pytest.param(place, {"status": 409, "times": None}, False, id=f"409 {place}")
        yield pytest.param(place, {"status": 412, "times": None}, False, id=f"412 {place}")
        yield pytest.param(place, {"status": 404, "times": None}, False, id=f"404 {place}")
    yield pytest.param(PLACES[-1], {"flip": True, "times": None}, False, id="a flipped bit")
    yield pytest.param(PLACES[-1], {"slow": 0.0005}, True, id="a slow download")


@pytest.mark.parametrize(("place", "how", "overcome"), list(faults()))
def test_whatever_fails_the_version_in_force_is_whole(
    on_hub: HubRepository, hub: HubStandIn, place: str, how: dict[str, Any], overcome: bool
) -> None:
    publish(on_hub, 1)
    method, path = place.split()
    fault = hub.fault(path, method=method, **how)
    if overcome:
        assert publish(on_hub, 2).version == "v2"
    else:
        with pytest.raises(VitrinaError):
            publish(on_hub, 2)
        now = hub.repository("model", "org/food")
        number = 2 if place.endswith("/commit/main") else 1
        assert is_whole_there(now, "champion", content(number))
        assert is_whole_there(now, "main", content(1))
    assert fault.struck
    fault.times = 0
    # The same command goes on from there, whatever had happened.
    done = publish(on_hub, 2)
    assert done.version == "v2"
    for name in ("champion", "main", "v2"):
        assert is_whole(on_hub, name, content(2))
    assert [one.version for one in history(on_hub)] == ["v1", "v2"]
    assert [one.name for one in versions(on_hub)] == ["v1", "v2"]


def is_whole_there(repository: Any, revision: str, wanted: Content) -> bool:
    """The same, looked at on the far end itself."""
    found = {
        path: repository.bytes(revision, path)
        for path in repository.tree(revision)
        if path not in (".gitattributes", HISTORY)
    }
    return found == {**wanted.files, "vitrina_manifest.json": wanted.manifest.to_bytes()}


def test_rolling_back_survives_faults_too(on_hub: HubRepository, hub: HubStandIn) -> None:
    publish(on_hub, 1)
    publish(on_hub, 2)
    hub.fault("/commit/champion", method="POST", status=500, when="after")
    hub.fault("/commit/main", method="POST", cut=True, when="after")
    hub.fault("/paths-info/", status=429, headers={"Retry-After": "0"})
    move_champion(on_hub, "v1", reason="worse in the dark", by="ana", at=AT)
    assert [one.version for one in history(on_hub)] == ["v1", "v2", "v1"]
    for name in ("champion", "main"):
        assert is_whole(on_hub, name, content(1))
