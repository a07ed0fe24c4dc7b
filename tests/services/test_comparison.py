"""Two versions on one picture: bounded in memory, in time, in how many may ask."""

from __future__ import annotations

import logging
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.server.conftest import photo
from tests.services.conftest import services_in
from tests.services.model_versions import food_once
from vitrina.errors import BadRequest, ModelUnavailable, NotFound, PictureRefused, TooMany
from vitrina.models.golden import verify_model
from vitrina.repositories.opening import open_repository
from vitrina.services import Services
from vitrina.services.comparison import KEPT, Comparison, StillLoading
from vitrina.services.pace import Pace
from vitrina.services.principal import Principal

VISITOR = Principal(None, "10.0.0.2")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return food_once(tmp_path_factory, versions=5)


@pytest.fixture
def place(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "food"))


@pytest.fixture
def services(place: Path, tmp_path: Path) -> Iterator[Services]:
    """pets follows v5."""
    services = services_in(tmp_path / "data")
    services.following.follow("pets", place.as_uri())
    services.model_hub.shelf.look(place.as_uri(), patience=30)
    (tmp_path / "photo.jpg").write_bytes(photo(1))
    yield services
    services.close()


@pytest.fixture
def ask(services: Services, tmp_path: Path) -> Any:
    def asked(first: str, second: str, comparison: Comparison | None = None, **other: Any) -> dict[str, Any]:
        told = {"slug": "pets", "principal": VISITOR, "language": "es", **other}
        one = comparison or services.comparison
        return one.compare(tmp_path / "photo.jpg", first=first, second=second, **told)

    return asked


def test_both_answer_as_they_would_alone(ask: Any, services: Services, place: Path) -> None:
    found = ask("v5", "v2")
    serving, other = found["answers"]
    alone = services.classifiers.get("pets").predict([photo(1)])[0]
    assert serving["top"]["label"] == alone.top_label
    assert serving["scores"][0]["score"] == pytest.approx(max(alone.scores.values()), abs=1e-4)
    folder = open_repository(place).download(open_repository(place).references().tags["v2"])
    from vitrina.models.classifier import classifier_of

    second = classifier_of(verify_model(folder, said="v2").loaded).predict([photo(1)])[0]
    assert {one["label"]: one["score"] for one in other["scores"]} == pytest.approx(second.scores, abs=1e-4)
    assert (serving["version"], other["version"]) == ("v5", "v2")
    assert found["same"] is (serving["top"] == other["top"])
    # The model that serves is not loaded a second time.
    assert len(services.comparison._kept) == 1


def test_two_are_kept_the_longest_unused_goes(ask: Any, services: Services) -> None:
    kept = services.comparison._kept
    names = {one.revision: one.name for one in open_versions(services)}
    for first, second, left in (
        ("v1", "v2", ["v1", "v2"]),
        ("v1", "v5", ["v2", "v1"]),
        ("v3", "v5", ["v1", "v3"]),
        ("v4", "v2", ["v4", "v2"]),
    ):
        ask(first, second)
        assert [names[commit] for _, commit in kept] == left
        assert len(kept) <= KEPT


def open_versions(services: Services) -> Any:
    source = services.store.collections.get("pets").follows
    assert source is not None
    known = services.model_hub.shelf.look(source.rpartition("@")[0]).known
    assert known is not None
    return known.versions


def test_what_cannot_be_compared(
    ask: Any, services: Services, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(BadRequest, match=r"Expected two versions; found 'v1' twice\."):
        ask("v1", "v1")
    with pytest.raises(NotFound, match=r"Expected one of the versions \(v5, v4, v3, v2, v1\); found 'v8'"):
        ask("v1", "v8")
    monkeypatch.setattr("vitrina.services.version_rows.COMPARED", 1)
    with pytest.raises(BadRequest, match=r"Expected one of the newest versions; found v2\."):
        ask("v5", "v2")
    (tmp_path / "photo.jpg").write_bytes(b"text")
    monkeypatch.setattr("vitrina.services.version_rows.COMPARED", 8)
    with pytest.raises(PictureRefused):
        ask("v5", "v2")
    services.store.collections.set_model("pets", model="bundled/efficientnet-lite0", revision=None)
    with pytest.raises(BadRequest, match="Expected a collection whose model has versions; found 'pets'"):
        ask("v5", "v2")


def test_a_damaged_version_is_told_and_left_alone_for_a_minute(
    ask: Any, services: Services, place: Path, caplog: pytest.LogCaptureFixture
) -> None:
    commit = open_repository(place).references().tags["v3"]
    weights = place / "commits" / commit / "model.safetensors"
    weights.chmod(0o644)
    weights.write_bytes(weights.read_bytes()[:-4] + b"abcd")
    now = [0.0]
    comparison = Comparison(services.model_hub, services.trial, clock=lambda: now[0])
    with caplog.at_level(logging.WARNING), pytest.raises(ModelUnavailable) as refused:
        ask("v5", "v3", comparison)
    # Why, and where, is for the log.
    assert str(refused.value) == (
        f"Expected the model food@{commit}; found that it cannot be loaded now. "
        "Choose another version, or tell the staff."
    )
    assert "found another model.safetensors" in caplog.text
    assert str(place) in caplog.text
    shutil.copy(
        place / "commits" / open_repository(place).references().tags["v2"] / "model.safetensors", weights
    )
    with pytest.raises(ModelUnavailable, match="found that it cannot be loaded now"):
        ask("v5", "v3", comparison)
    assert ask("v5", "v2", comparison)["answers"]
    now[0] = 61.0
    with pytest.raises(ModelUnavailable):
        ask("v5", "v3", comparison)
    assert next(iter(comparison._failed.values()))[0] == 121.0


def test_one_that_is_long_on_its_way_follows_later(
    ask: Any, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    let, loads = threading.Event(), []
    usual = Comparison._open

    def slow(self: Comparison, key: Any) -> Any:
        loads.append(key)
        assert let.wait(30)
        return usual(self, key)

    monkeypatch.setattr(Comparison, "_open", slow)
    hasty = Comparison(services.model_hub, services.trial, loading_seconds=0.05)
    for _ in range(2):
        with pytest.raises(StillLoading) as late:
            ask("v5", "v1", hasty)
    assert str(late.value) == (
        "Expected v1 in memory; found that it is still being fetched. Try again in 10 seconds."
    )
    with pytest.raises(StillLoading):
        ask("v5", "v2", hasty)
    # One at a time, however many ask.
    assert len(loads) == 1
    load = hasty._load
    assert load is not None
    let.set()
    assert load.done.wait(30)
    patient = hasty
    patient._loading_seconds = 30
    assert ask("v5", "v1", patient)["answers"][1]["version"] == "v1"
    assert len(loads) == 1


def test_others_are_told_to_wait(ask: Any, services: Services) -> None:
    hasty = Comparison(services.model_hub, services.trial, turn_seconds=0.01)
    with hasty._turn, pytest.raises(TooMany, match="Expected one comparison at a time; found others"):
        ask("v5", "v1", hasty)
    assert ask("v5", "v1", hasty)["answers"]


def test_it_keeps_to_the_pace_of_predictions(ask: Any, services: Services) -> None:
    services.trial._predictions = Pace(per_minute=1)
    ask("v5", "v1")
    with pytest.raises(TooMany, match="Expected at most 1 predictions a minute"):
        ask("v5", "v1")
