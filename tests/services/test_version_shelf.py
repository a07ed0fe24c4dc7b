"""Versions are read in the background, kept for a restart, told with what could not be read."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.services.model_versions import CARD, food, publish, results
from vitrina.repositories.folder import FolderRepository
from vitrina.repositories.repository import Repository, RepositoryUnreachable
from vitrina.repositories.versions import move_champion
from vitrina.services.version_facts import facts_of, figure_of, read_facts
from vitrina.services.version_shelf import FRESH, VersionShelf

NOW = datetime(2026, 11, 27, tzinfo=UTC)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    return food(tmp_path_factory.mktemp("shelf"), versions=3)


@pytest.fixture
def shelf(tmp_path: Path) -> VersionShelf:
    return VersionShelf(tmp_path / "hub", now=lambda: NOW)


def test_versions_champion_history_and_facts(shelf: VersionShelf, made: Repository) -> None:
    look = shelf.look(made.name, patience=30)
    known = look.known
    assert known is not None
    assert (look.problem, look.reading, known.read_at) == (None, False, "2026-11-27T00:00:00+00:00")
    assert [one.name for one in known.versions] == ["v1", "v2", "v3"]
    assert known.champion is not None
    assert known.champion.version == "v3"
    assert [one.action for one in known.history] == ["publish"] * 3
    facts = known.facts[known.versions[1].revision]
    assert [one["name"] for one in facts.figures] == ["accuracy", "macro_f1", "calibration_error"]
    told = results(0.9, seed=2)["test"]
    assert facts.figures[0] == {"name": "accuracy", **told["accuracy"]}
    assert [(one["label"], one["value"], one["n"]) for one in facts.per_class] == [
        (name, one["recall"]["value"], one["support"]) for name, one in told["per_class"].items()
    ]
    assert (facts.created, facts.test, facts.card) == ("2026-11-02T10:00:00+00:00", "a" * 64, CARD)
    assert known.facts[known.versions[2].revision].figures == ()


def test_what_was_read_is_read_again_when_it_is_old(made: Repository, tmp_path: Path) -> None:
    now = [100.0]
    shelf = VersionShelf(tmp_path / "hub", clock=lambda: now[0], now=lambda: NOW)
    first = shelf.look(made.name, patience=30).known
    now[0] += FRESH - 1
    assert shelf.look(made.name, patience=30).known is first
    now[0] += 1
    again = shelf.look(made.name, patience=30).known
    assert again is not first
    assert again == first
    assert shelf.look(made.name, anew=True, patience=30).known is not again


def test_a_restart_without_the_repository_shows_what_was_known(tmp_path: Path) -> None:
    repository = food(tmp_path, versions=1)
    before = VersionShelf(tmp_path / "hub").look(repository.name, patience=30).known
    (tmp_path / "food").rename(tmp_path / "gone")
    look = VersionShelf(tmp_path / "hub").look(repository.name, patience=30)
    assert look.known == before
    assert str(look.problem) == (
        f"Expected a model repository at {repository.name}; found none. "
        "Publish to it first, or correct the name."
    )
    # Nobody else's memory is taken for it, and a damaged one for none.
    [kept] = (tmp_path / "hub").glob("*/known.json")
    kept.write_text("{")
    assert VersionShelf(tmp_path / "hub").look(repository.name, patience=30).known is None


class Hanging(FolderRepository):
    """Answers when it is let."""

    let = threading.Event()

    def references(self) -> Any:
        assert self.let.wait(30)
        return super().references()


@pytest.fixture
def hanging(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    Hanging.let = threading.Event()
    monkeypatch.setattr(VersionShelf, "open", lambda self, address: Hanging(Path(address)))
    yield Hanging.let
    Hanging.let.set()


def test_nobody_waits_for_a_repository_that_hangs(
    shelf: VersionShelf, made: Repository, hanging: threading.Event
) -> None:
    look = shelf.look(made.name, patience=0.05)
    assert (look.known, look.problem, look.reading) == (None, None, True)
    assert shelf.look(made.name, patience=0.0).reading
    threads = [one for one in threading.enumerate() if one.name == f"versions of {made.name}"]
    assert len(threads) == 1
    hanging.set()
    threads[0].join(30)
    assert shelf.look(made.name).known is not None


def test_what_is_asked_for_anew_while_it_is_read_is_read_once_more(
    shelf: VersionShelf, tmp_path: Path, hanging: threading.Event
) -> None:
    """Whoever asks has just changed it: what is on its way may have been read before."""
    repository = food(tmp_path, versions=2)
    hanging.set()
    shelf.look(repository.name, patience=30)
    hanging.clear()
    shelf.look(repository.name, anew=True, patience=0.0)
    assert shelf.look(repository.name, anew=True, patience=0.0).reading
    move_champion(repository, "v1", reason="bad", by="ana", at="2026-11-27T00:00:00+00:00")
    hanging.set()
    while any(one.name == f"versions of {repository.name}" for one in threading.enumerate()):
        time.sleep(0.01)
    known = shelf.look(repository.name).known
    assert known is not None
    assert known.champion is not None
    assert known.champion.version == "v1"


def test_a_version_whose_files_are_damaged_is_named(tmp_path: Path) -> None:
    repository = food(tmp_path, versions=1)
    publish(repository, tmp_path, seed=7, measured=None, at="2026-11-05T10:00:00+00:00", forced="Asked for")
    revision = repository.references().tags["v1"]
    manifest = tmp_path / "food" / "commits" / revision / "vitrina_manifest.json"
    manifest.chmod(0o644)
    manifest.write_text("{}")
    known = VersionShelf(tmp_path / "hub").look(repository.name, patience=30).known
    assert known is not None
    assert known.unreadable == ("v1",)
    assert [one.forced for one in known.facts.values()] == ["Asked for"]


def test_a_part_of_a_version_is_not_taken_for_the_whole(made: Repository, tmp_path: Path) -> None:
    class Partial(FolderRepository):
        def download(self, revision: str, **how: Any) -> Path:
            whole = super().download(revision, **how)
            (tmp_path / "vitrina_manifest.json").write_bytes((whole / "vitrina_manifest.json").read_bytes())
            return tmp_path

    revision = made.references().tags["v2"]
    with pytest.raises(RepositoryUnreachable) as away:
        read_facts(Partial(Path(made.name)), revision)
    assert str(away.value) == (
        f"Expected the card and the figures of {made.name} at {revision[:12]}; found a part of them in the "
        "cache. Try again when the Hub can be reached."
    )


def test_the_newest_are_shown_the_older_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vitrina.services.version_shelf.SHOWN", 1)
    known = VersionShelf(tmp_path / "hub").look(food(tmp_path).name, patience=30).known
    assert known is not None
    assert ([one.name for one in known.versions], known.older) == (["v2"], 1)


@pytest.mark.parametrize(
    "content",
    [
        b"{",
        b"[]",
        b'{"task": "single_label"}',
        b'{"task": "single_label", "test": {"accuracy": {"value": NaN}, "per_class": {"a": 3}}}',
        b'{"task": "single_label", "test": {"accuracy": {"value": "0.9"}, "per_class": [1]}}',
        b'{"task": "unknown", "test": {"accuracy": {"value": 0.9}}}',
    ],
)
def test_figures_that_are_none_are_left_out(content: bytes) -> None:
    facts = facts_of(None, content, None)
    assert (facts.figures, facts.per_class, facts.by_vitrina) == ((), (), False)


def test_a_figure() -> None:
    assert figure_of({"value": 1, "interval": [0.5, 1], "n": 3}) == {
        "value": 1.0,
        "interval": [0.5, 1.0],
        "n": 3,
    }
    assert figure_of({"value": 1, "interval": [0.5, None], "n": True}) == {
        "value": 1.0,
        "interval": None,
        "n": None,
    }
    assert figure_of({"value": True}) is None
    told = {"task": "regression", "test": {"mae": {"value": 0.1, "interval": None, "n": 4}}}
    assert facts_of(None, json.dumps(told).encode(), None).figures == (
        {"name": "mae", "value": 0.1, "interval": None, "n": 4},
    )
