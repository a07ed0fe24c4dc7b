"""A backup on the Hub: private or not at all, whole or not at all, whatever the far end does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.hub.conftest import hub
from tests.hub.standin import HubStandIn
from tests.server import backup_made
from tests.server.backup_made import LATER, WHEN, kept, open_store, restored
from vitrina.errors import VitrinaError
from vitrina.gallery.store import Store
from vitrina.repositories.hub import HubRepository
from vitrina.repositories.patience import Patience
from vitrina.repositories.repository import (
    Change,
    RepositoryChanged,
    RepositoryError,
    RepositoryUnreachable,
)
from vitrina.server import backup as backup_module
from vitrina.server.backup import take_backup

__all__ = ["hub"]
NAME = "ana/kept"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def store(data: Path) -> Iterator[Store]:
    backup_made.begin(data)
    with open_store(data) as store:
        yield store


@pytest.fixture
def waits() -> list[float]:
    return []


@pytest.fixture
def repository(
    hub: HubStandIn, waits: list[float], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> HubRepository:
    monkeypatch.setenv("HF_TOKEN", hub.token)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "cache"))
    return HubRepository(NAME, "dataset", endpoint=hub.endpoint, patience=Patience(sleep=waits.append))


def test_there_and_back(
    store: Store, data: Path, repository: HubRepository, hub: HubStandIn, tmp_path: Path
) -> None:
    taken = take_backup(store, repository, data=data, taken=WHEN)
    there = hub.repository("dataset", NAME)
    assert there.private
    assert restored(repository, tmp_path / "back") == kept(store, data)
    writes = hub.writes
    again = take_backup(store, repository, data=data, taken=LATER)
    assert (again.since, again.sent, hub.writes) == (WHEN, (), writes)
    backup_made.label(store, 2, "food")
    new = take_backup(store, repository, data=data, taken=LATER)
    assert new.sent == ("rows/annotation.jsonl", "rows/picture.jsonl")
    assert restored(repository, tmp_path / "after") == kept(store, data)
    assert restored(repository, tmp_path / "before", revision=taken.commit) != kept(store, data)


def test_a_public_repository_is_refused(
    store: Store, data: Path, repository: HubRepository, hub: HubStandIn
) -> None:
    hub.add("dataset", NAME, {"README.md": b"hello"}, private=False)
    with pytest.raises(RepositoryError) as error:
        take_backup(store, repository, data=data, taken=WHEN)
    assert str(error.value) == (
        "Expected a private repository at ana/kept: a backup holds originals and hashes of passwords; found a "
        "public one. Make it private in its settings on the Hub, or name another."
    )
    assert (hub.writes, hub.preparations) == (0, 0)


def test_one_that_became_public_gets_nothing_more(
    store: Store, data: Path, repository: HubRepository, hub: HubStandIn
) -> None:
    take_backup(store, repository, data=data, taken=WHEN)
    hub.repository("dataset", NAME).private = False
    backup_made.label(store, 2, "food")
    writes = hub.writes
    with pytest.raises(RepositoryError) as error:
        take_backup(store, repository, data=data, taken=LATER)
    assert error.value.found == "a public one"
    assert hub.writes == writes


COMMIT = f"/api/datasets/{NAME}/commit/"


def test_many_files_at_the_far_end(
    store: Store,
    data: Path,
    repository: HubRepository,
    hub: HubStandIn,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Cut off between two commits, then on: nothing is sent twice, main never shows half a backup."""
    monkeypatch.setattr(backup_module, "FILES_A_COMMIT", 4)
    fault = hub.fault(COMMIT, method="POST", skip=1, times=None, cut=True)
    with pytest.raises(RepositoryUnreachable):
        take_backup(store, repository, data=data, taken=WHEN)
    there = hub.repository("dataset", NAME)
    assert len([path for path in there.tree("main") if path.startswith(("pictures/", "models/"))]) == 4
    with open_store(tmp_path / "none") as none, pytest.raises(RepositoryError):
        backup_made.restore(repository, none, data=tmp_path / "none")
    hub.faults.clear()
    assert fault.struck > 0
    taken = take_backup(store, repository, data=data, taken=LATER)
    assert len([path for path in taken.sent if path.startswith("pictures/")]) < 5
    assert restored(repository, tmp_path / "back") == kept(store, data)


@pytest.mark.parametrize(
    ("fault", "error", "found"),
    [
        ({"path": COMMIT, "status": 401, "times": None}, RepositoryError, "no right to it"),
        ({"path": COMMIT, "status": 412, "times": None}, RepositoryChanged, "that it changed meanwhile"),
        ({"path": COMMIT, "status": 503, "times": None}, RepositoryUnreachable, "cannot answer now"),
        ({"path": COMMIT, "cut": True, "times": None, "method": "POST"}, RepositoryUnreachable, "none ("),
    ],
)
def test_what_fails_leaves_the_earlier_backup(
    store: Store,
    data: Path,
    repository: HubRepository,
    hub: HubStandIn,
    tmp_path: Path,
    fault: dict[str, object],
    error: type[VitrinaError],
    found: str,
) -> None:
    first = take_backup(store, repository, data=data, taken=WHEN)
    before = kept(store, data)
    id = backup_made.add(store, 50)
    hub.fault(**fault)  # type: ignore[arg-type]
    with pytest.raises(error) as raised:
        take_backup(store, repository, data=data, taken=LATER)
    assert found in raised.value.found
    assert hub.token not in str(raised.value)
    hub.faults.clear()
    assert repository.resolve("main") == first.commit
    assert restored(repository, tmp_path / "back") == before
    assert take_backup(store, repository, data=data, taken=LATER).since is None
    assert store.pictures.get(id).card.sha256 in "".join(repository.files("main"))


@pytest.mark.parametrize(
    ("fault", "waited"),
    [
        ({"path": COMMIT, "status": 429, "headers": {"Retry-After": "7"}}, [7.0]),
        ({"path": COMMIT, "status": 500, "when": "after"}, []),
        ({"path": COMMIT, "method": "POST", "cut": True, "when": "after"}, []),
        ({"path": COMMIT, "method": "POST", "cut": True}, [1.0]),
    ],
)
def test_what_passes_is_waited_for(
    store: Store,
    data: Path,
    repository: HubRepository,
    hub: HubStandIn,
    waits: list[float],
    tmp_path: Path,
    fault: dict[str, object],
    waited: list[float],
) -> None:
    struck = hub.fault(**fault)  # type: ignore[arg-type]
    taken = take_backup(store, repository, data=data, taken=WHEN)
    assert (struck.struck, waits) == (1, waited)
    # Once, although its answer was lost.
    assert len(hub.repository("dataset", NAME).commits) == 2
    assert repository.resolve("main") == taken.commit
    assert restored(repository, tmp_path / "back") == kept(store, data)


def test_somebody_else_was_faster(
    store: Store, data: Path, repository: HubRepository, hub: HubStandIn
) -> None:
    first = take_backup(store, repository, data=data, taken=WHEN)
    backup_made.label(store, 2, "food")

    def meanwhile(name: str) -> None:
        if name == "commit":
            repository.commit("main", Change({"notes.txt": b"x"}), message="theirs", parent=first.commit)

    with pytest.raises(RepositoryChanged):
        take_backup(store, repository, data=data, taken=LATER, step=meanwhile)
    assert take_backup(store, repository, data=data, taken=LATER).since is None


@pytest.mark.parametrize("times", [1, None])
def test_a_byte_that_flips_on_the_way_back(
    store: Store,
    data: Path,
    repository: HubRepository,
    hub: HubStandIn,
    tmp_path: Path,
    times: int | None,
) -> None:
    """Once: it is fetched again. Each time: it is named, and there is no half store."""
    take_backup(store, repository, data=data, taken=WHEN)
    fault = hub.fault(r"/resolve/.*pictures/", times=times, flip=True)
    if times is None:
        with open_store(tmp_path / "back") as back:
            with pytest.raises(VitrinaError) as error:
                backup_made.restore(repository, back, data=tmp_path / "back")
            assert back.collections.all() == []
        assert "absent or altered" in error.value.found
        hub.faults.clear()
    assert restored(repository, tmp_path / "back") == kept(store, data)
    assert fault.struck > 0


def test_without_a_token_nothing_is_told_of_it(
    store: Store,
    data: Path,
    repository: HubRepository,
    hub: HubStandIn,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    take_backup(store, repository, data=data, taken=WHEN)
    monkeypatch.delenv("HF_TOKEN")
    calls: list[Callable[[], object]] = [
        lambda: take_backup(store, repository, data=data, taken=LATER),
        lambda: restored(repository, tmp_path / "back"),
    ]
    for call in calls:
        with pytest.raises(RepositoryError) as error:
            call()
        assert "HF_TOKEN" in error.value.next_step
