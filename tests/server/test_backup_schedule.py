"""The app takes backups by itself, and begins with the last one where a restart forgot everything."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from tests.hub.conftest import hub
from tests.hub.standin import HubStandIn
from tests.postgres import TEMPLATE, cluster
from tests.server import backup_made
from tests.server.backup_made import WHEN, kept, open_store, restored
from vitrina.errors import VitrinaError
from vitrina.gallery.store import Store
from vitrina.repositories.folder import FolderRepository
from vitrina.repositories.hub import HubRepository
from vitrina.repositories.patience import Patience
from vitrina.repositories.repository import Change, RepositoryError, RepositoryUnreachable
from vitrina.server.app import build_server
from vitrina.server.backup import take_backup
from vitrina.server.backup_schedule import keeping_of, restore_first
from vitrina.server.settings import Settings
from vitrina.services import Services
from vitrina.services.keeping import Keeping

__all__ = ["hub"]
NAME = "ana/kept"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A Space without storage; no recipes, so that no model is loaded."""
    (tmp_path / "recipes").mkdir()
    return Settings(
        data=tmp_path / "data",
        recipes=tmp_path / "recipes",
        first_start=False,
        demo=True,
        minimum_free_bytes=0,
        backup_repository=str(tmp_path / "backups"),
    )


@pytest.fixture
def repository(settings: Settings) -> FolderRepository:
    return FolderRepository(Path(settings.backup_repository), "dataset")


def until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 30
    while not true():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_labels_survive_a_restart(settings: Settings, repository: FolderRepository, tmp_path: Path) -> None:
    app = build_server(settings)
    services: Services = app.state.services
    with TestClient(app):
        until(lambda: services.keeping is not None and services.keeping.since is not None)
        assert services.status("en")["demo"] == (
            "Demo: everything is kept in a backup every 60 min; what came since is lost at a restart."
        )
        assert services.status("es")["demo"] == (
            "Demostración: todo se guarda en una copia de seguridad cada 60 min; lo que llegó después se pierde "
            "al reiniciar."
        )
        backup_made.fill(services.store, settings.data, pictures=3)
        wanted = kept(services.store, settings.data)
    # The last one was taken at the end.
    shutil.rmtree(settings.data)
    again = build_server(settings).state.services
    try:
        assert kept(again.store, settings.data) == wanted
        backup_made.label(again.store, 1, "drink")
        now = kept(again.store, settings.data)
    finally:
        again.close()
    # What is there is not overwritten, and goes on.
    restore_first(settings)
    with open_store(settings.data) as store:
        assert kept(store, settings.data) == now
        assert take_backup(store, repository, data=settings.data, taken=WHEN).since is None
    assert restored(repository, tmp_path / "back") == now


def test_a_backup_that_fails_is_said(
    settings: Settings, repository: FolderRepository, caplog: pytest.LogCaptureFixture
) -> None:
    repository.create(private=True)
    repository.commit("main", Change({"data/train.parquet": b"x"}), message="theirs", parent=None)
    app = build_server(settings)
    services: Services = app.state.services
    with TestClient(app):
        until(lambda: services.keeping is not None and services.keeping.problem is not None)
        assert services.status("en")["demo"] == (
            "Demo: the latest backup failed; what no earlier one has is lost at a restart."
        )
        assert services.status("es")["demo"] == (
            "Demostración: la última copia de seguridad falló; lo que ninguna anterior tiene se pierde al reiniciar."
        )
    assert "no backup: Expected a new repository at " in caplog.text


def test_where_nothing_is_forgotten_nothing_is_said(settings: Settings) -> None:
    assert Keeping(5).view("en", forgets="pictures") == (
        "Labels are kept in a database, pictures in a backup every 5 min; pictures that came since are lost at "
        "a restart."
    )
    assert keeping_of(Settings()) is None
    assert keeping_of(settings) == Keeping(60)
    with pytest.raises(VitrinaError) as error:
        keeping_of(Settings(backup_repository="org/kept", backup_minutes=0))
    assert str(error.value) == (
        "Expected at least 1 minute in VITRINA_BACKUP_MINUTES; found 0. Set it to 60, or unset "
        "VITRINA_BACKUP_REPOSITORY for no backups."
    )


def test_a_backup_that_cannot_be_had_lets_nobody_in(
    settings: Settings, repository: FolderRepository, tmp_path: Path
) -> None:
    backup_made.begin(tmp_path / "before")
    with open_store(tmp_path / "before") as store:
        commit = take_backup(store, repository, data=tmp_path / "before", taken=WHEN).commit
    rows = repository.folder / "commits" / commit / "rows" / "annotation.jsonl"
    rows.chmod(0o644)
    rows.write_bytes(b"?")
    with pytest.raises(VitrinaError) as error:
        build_server(settings)
    assert error.value.found == "rows/annotation.jsonl absent or altered"


@pytest.fixture
def space(settings: Settings, hub: HubStandIn, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Settings:
    """Its backup is on the Hub, where nothing is yet; its token may write."""
    quick = Patience(sleep=lambda _: None)
    there = HubRepository(NAME, "dataset", endpoint=hub.endpoint, patience=quick)
    # The address of the Hub is read once a process; this one's is another.
    monkeypatch.setattr("vitrina.server.backup_schedule.open_repository", lambda *_: there)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("HF_TOKEN", hub.token)
    return replace(settings, backup_repository=NAME)


def back_up(hub: HubStandIn, before: Path) -> dict[str, bytes]:
    """What the gallery of an earlier run keeps; its backup is on the Hub."""
    backup_made.begin(before)
    with open_store(before) as store:
        take_backup(store, HubRepository(NAME, "dataset", endpoint=hub.endpoint), data=before, taken=WHEN)
        return kept(store, before)


def test_a_space_that_begins_makes_its_repository(space: Settings, hub: HubStandIn) -> None:
    restore_first(space)
    assert hub.repository("dataset", NAME).private
    assert not space.data.exists()


@pytest.mark.parametrize("token", ["", "hf_wrong"])
def test_without_a_token_that_works_no_gallery_begins(
    space: Settings, hub: HubStandIn, token: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    wanted = back_up(hub, tmp_path / "before")
    monkeypatch.setenv("HF_TOKEN", token)
    with pytest.raises(RepositoryError) as error:
        build_server(space)
    assert "HF_TOKEN" in error.value.next_step
    if not token:
        assert str(error.value) == (
            "Expected a token of the Hub that tells whether a backup is at ana/kept; found none that works. Set "
            "HF_TOKEN to a token with write access to it (on a Space: among its secrets), then start again."
        )
    assert not space.data.exists()
    monkeypatch.setenv("HF_TOKEN", hub.token)
    restore_first(space)
    with open_store(space.data) as store:
        assert kept(store, space.data) == wanted


def test_a_token_of_somebody_else_begins_no_gallery(space: Settings, hub: HubStandIn, tmp_path: Path) -> None:
    """To whom the Hub says that there is no such repository, and that its name is taken."""
    back_up(hub, tmp_path / "before")
    hub.fault(f"/api/datasets/{NAME}$", method="GET", status=404, code="RepoNotFound", times=None)
    with pytest.raises(RepositoryError) as error:
        build_server(space)
    assert str(error.value) == (
        "Expected the dataset repository ana/kept; found no such repository (or a private one). Correct the name; "
        "set HF_TOKEN for a private one."
    )
    assert not space.data.exists()


def test_a_token_that_only_reads_begins_no_gallery(
    space: Settings, hub: HubStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", hub.read_token)
    with pytest.raises(RepositoryError) as error:
        build_server(space)
    assert error.value.found == "that this token may not do it (HTTP 403)"
    assert not space.data.exists()


def test_while_the_hub_cannot_tell_no_gallery_begins(space: Settings, hub: HubStandIn) -> None:
    hub.fault("/api/whoami", status=503, times=None)
    with pytest.raises(RepositoryUnreachable) as error:
        restore_first(space)
    assert error.value.found == "that the Hub cannot answer now (HTTP 503)"
    assert hub.writes == 0


def test_with_a_database_the_pictures_come_back(settings: Settings, tmp_path: Path) -> None:
    with cluster() as postgres, postgres.database(TEMPLATE) as url:
        # As many hosts write it.
        url = url.replace("postgresql://", "postgres://")
        assert url.startswith("postgres://")
        settings = replace(settings, database_url=url)
        with Store.open(url, settings.data / "pictures", minimum_free_bytes=0) as store:
            backup_made.fill(store, settings.data, pictures=3)
            repository = FolderRepository(Path(settings.backup_repository), "dataset")
            take_backup(store, repository, data=settings.data, taken=WHEN)
            wanted = kept(store, settings.data)
            shutil.rmtree(settings.data)
        restore_first(settings)
        with Store.open(url, settings.data / "pictures", minimum_free_bytes=0) as store:
            assert kept(store, settings.data) == wanted
