"""Versions with what was measured, which is in force, who may change that."""

from __future__ import annotations

import json
import logging
import shutil
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.services.conftest import services_in
from tests.services.model_versions import food_once, publish, results
from vitrina.errors import BadRequest, Busy, Forbidden, NotFound, Stale
from vitrina.models.backbone import load_model
from vitrina.repositories.manifest import read_manifest
from vitrina.repositories.opening import open_repository
from vitrina.repositories.release import Content, release
from vitrina.repositories.repository import RepositoryError
from vitrina.repositories.versions import champion, history, move_champion
from vitrina.services import Services
from vitrina.services.champion_moves import within
from vitrina.services.model_hub import Followed, followed
from vitrina.services.principal import Principal

ANA, VISITOR = Principal("ana", "10.0.0.1", is_staff=True), Principal(None, "10.0.0.2")
AT = "2026-11-20T10:00:00+00:00"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return food_once(tmp_path_factory, versions=2)


@pytest.fixture
def place(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "shared" / "food"))


@pytest.fixture
def services(place: Path, tmp_path: Path) -> Iterator[Services]:
    """pets follows the champion there, v2."""
    services = services_in(tmp_path / "data")
    services.following.follow("pets", place.as_uri())
    yield services
    services.close()


def view(services: Services, language: str = "en", **how: Any) -> dict[str, Any]:
    address = services.store.collections.get("pets").follows
    if address:
        services.model_hub.shelf.look(address.rpartition("@")[0], anew=True, patience=30)
    return services.model_hub.view("pets", language, **how)


def test_versions_newest_first_with_what_was_measured(services: Services) -> None:
    found = view(services)
    assert (found["kind"], found["repository"], found["movable"], found["away"]) == (
        "followed",
        "food",
        True,
        False,
    )
    newest, oldest = found["versions"]
    assert (newest["name"], newest["champion"], newest["served"], newest["comparable"]) == (
        "v2",
        True,
        True,
        True,
    )
    assert (oldest["name"], oldest["champion"], oldest["served"], oldest["same_test"]) == (
        "v1",
        False,
        False,
        True,
    )
    assert newest["when"] == "2026-11-02T10:00:00+00:00"
    accuracy = results(0.9, seed=2)["test"]["accuracy"]
    assert newest["figures"][0] == {"name": "accuracy", **accuracy}
    assert [one["title"] for one in newest["per_class"]] == ["Cat", "Dog", "Owl"]
    assert found["serving"]["version"] == "v2"
    assert found["check"]["failed"] is False
    assert (found["champion"]["version"], found["champion"]["since"]) == ("v2", "2026-11-02T10:00:00+00:00")


def test_names_are_told_to_staff_alone_and_who_moves_it_to_the_log_alone(
    services: Services, place: Path, caplog: pytest.LogCaptureFixture
) -> None:
    # As it was written before: a name of staff that is there stays hidden from visitors.
    move_champion(open_repository(place), "v1", reason="meanwhile", by="staff:bob", at=AT)
    with caplog.at_level(logging.WARNING):
        services.model_hub.promote(ANA, "pets", version="v2", reason="better", expected="v1")
    assert "staff:ana asks for 'v2' as the champion of pets: better" in caplog.messages
    # The repository may be public.
    assert [one.by for one in history(open_repository(place))] == ["ana", "ana", "staff:bob", "staff"]
    assert [one["by"] for one in view(services)["history"]] == ["A member of staff"] * 4
    assert view(services, "es")["champion"]["by"] == "El equipo"
    named = [one["by"] for one in view(services, named=True)["history"]]
    assert named == ["A member of staff", "bob", "ana", "ana"]


def test_a_page_is_sent_the_latest_moves(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vitrina.services.model_hub.MOVES", 2)
    services.model_hub.promote(ANA, "pets", version="v1", reason="worse", expected="v2")
    found = view(services)
    assert [one["version"] for one in found["history"]] == ["v1", "v2"]
    assert found["more_history"] == 1


def test_what_a_check_saw_is_shown_when_the_far_end_is_away(services: Services, place: Path) -> None:
    view(services)
    move_champion(open_repository(place), "v1", reason="elsewhere", by="bob", at=AT)
    assert services.following.check("pets").version == "v1"
    until = time.monotonic() + 30
    while services.model_hub.shelf.look(place.as_uri(), patience=1).reading and time.monotonic() < until:
        time.sleep(0.05)
    place.rename(place.with_name("away"))
    found = services.model_hub.view("pets", "en")
    assert (found["champion"]["version"], found["serving"]["version"]) == ("v1", "v1")


def test_a_pinned_version_says_whose_it_is(services: Services, place: Path) -> None:
    services.following.pin("pets", f"{place.as_uri()}@v1")
    found = view(services)
    assert (found["kind"], found["pinned"]) == ("own", {"version": "v1", "repository": "food"})


def test_a_collection_that_follows_main_is_movable_and_served(services: Services, place: Path) -> None:
    services.following.follow("pets", f"{place.as_uri()}@main")
    found = view(services)
    assert (found["movable"], found["serving"]["version"]) == (True, "v2")
    assert [row["served"] for row in found["versions"]] == [True, False]
    assert services.model_hub.promote(ANA, "pets", version="v1", reason="worse", expected="v2")["served"]
    assert view(services)["serving"]["version"] == "v1"


def test_where_the_repository_lies_is_told_to_nobody(services: Services, place: Path) -> None:
    view(services)
    shutil.move(place, place.with_name("gone"))
    found = view(services)
    assert (found["away"], found["problem"], len(found["versions"])) == (True, None, 2)
    assert str(place.parent) not in json.dumps(found)
    assert str(place) in view(services, named=True)["problem"]


def test_rolling_back_and_taking_that_back(services: Services, place: Path) -> None:
    hub, repository = services.model_hub, open_repository(place)
    before = services.classifiers.get("pets").revision
    told = hub.promote(ANA, "pets", version="v1", reason="  worse on\n owls ", expected="v2")
    assert (told["champion"]["version"], told["served"], told["problem"]) == ("v1", True, None)
    entry = history(repository)[-1]
    assert (entry.action, entry.version, entry.previous) == ("roll back", "v1", "v2")
    assert (entry.reason, entry.by) == ("worse on owls", "staff")
    assert services.classifiers.get("pets").revision != before
    found = view(services)
    assert (found["champion"]["version"], found["champion"]["reason"]) == ("v1", "worse on owls")
    assert [row["served"] for row in found["versions"]] == [False, True]
    assert hub.promote(ANA, "pets", version="v2", reason="again", expected="v1")["served"]
    assert [one.action for one in history(repository)] == ["publish", "publish", "roll back", "promote"]
    assert services.classifiers.get("pets").revision == before


def test_a_page_that_is_out_of_date_changes_nothing(services: Services, place: Path) -> None:
    repository = open_repository(place)
    move_champion(repository, "v1", reason="meanwhile", by="bob", at=AT)
    with pytest.raises(Stale) as stale:
        services.model_hub.promote(ANA, "pets", version="v1", reason="why", expected="v2")
    assert str(stale.value) == (
        f"Expected v2 as the champion of {place}; found v1, since {AT}. "
        "Look at it as it is now, then decide again."
    )
    assert history(repository)[-1].by == "bob"


@pytest.mark.parametrize("reason", ["", "  \n ", "x" * 501, "bad\x07bell"])
def test_a_reason_is_required(services: Services, reason: str) -> None:
    with pytest.raises(BadRequest, match="Expected a reason of 1 to 500 printable characters; found"):
        services.model_hub.promote(ANA, "pets", version="v1", reason=reason, expected="v2")


def test_who_may_and_what(services: Services, place: Path) -> None:
    hub = services.model_hub
    with pytest.raises(Forbidden):
        hub.promote(VISITOR, "pets", version="v1", reason="why", expected="v2")
    with pytest.raises(NotFound, match=r"Expected one of the versions \(v2, v1\); found 'v9'. Choose one"):
        hub.promote(ANA, "pets", version="v9", reason="why", expected="v2")
    services.following.pin("pets", f"{place.as_uri()}@v1")
    with pytest.raises(BadRequest, match="found one with a model of its own"):
        hub.promote(ANA, "pets", version="v1", reason="why", expected="v2")
    services.following.follow("pets", f"{place.as_uri()}@versions")
    assert view(services)["movable"] is False
    with pytest.raises(BadRequest, match="found one that follows versions"):
        hub.promote(ANA, "pets", version="v1", reason="why", expected="v2")


def test_the_champion_moves_though_this_app_cannot_follow(services: Services, place: Path) -> None:
    repository = open_repository(place)
    manifest = read_manifest(place / "v1")
    assert manifest is not None
    assert manifest.golden is not None
    # Its files are whole, but with these libraries it does not answer as it did where it was published.
    other = {name: (1.0 + score) / 2 for name, score in manifest.golden.items()}
    odd = Content.of({path: place / "v1" / path for path in manifest.files}, replace(manifest, golden=other))
    release(repository, odd, verify=lambda folder: None, by="ana", at=AT)
    move_champion(repository, "v2", reason="first", by="ana", at=AT)
    before = services.classifiers.get("pets").revision
    told = services.model_hub.promote(ANA, "pets", version="v3", reason="why", expected="v2")
    assert told["served"] is False
    assert "the golden answer of" in told["problem"]
    moved = champion(repository)
    assert moved is not None
    assert moved.version == "v3"
    assert services.classifiers.get("pets").revision == before
    found = view(services, named=True)
    assert (found["check"]["failed"], found["serving"]["version"]) == (True, "v2")
    assert "the golden answer of" in found["check"]["problem"]
    assert view(services)["check"]["problem"] is None


def test_a_damaged_version_is_not_put_in_force(services: Services, place: Path) -> None:
    repository = open_repository(place)
    weights = next((place / "commits" / repository.references().tags["v1"]).glob("*.safetensors"))
    weights.chmod(0o644)
    weights.write_bytes(weights.read_bytes()[:-4] + b"abcd")
    with pytest.raises(RepositoryError, match=r"the files of v1 of .*; found another model.safetensors"):
        services.model_hub.promote(ANA, "pets", version="v1", reason="why", expected="v2")
    moved = champion(repository)
    assert moved is not None
    assert moved.version == "v2"


def test_one_person_moves_it_at_a_time(services: Services) -> None:
    hub = services.model_hub
    with hub._moving, pytest.raises(Busy) as busy:
        hub.promote(ANA, "pets", version="v1", reason="why", expected="v2")
    assert str(busy.value) == (
        "Expected a champion that stays where it is; found one that is being moved. Look again in a few seconds."
    )


def test_a_call_that_takes_too_long_goes_on_behind() -> None:
    let, done = threading.Event(), threading.Event()
    assert within(0.02, lambda: (let.wait(30), done.set())) is None
    let.set()
    assert done.wait(30)
    assert within(30, lambda: None) == (None,)


def test_what_fails_behind_is_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    let = threading.Event()

    def fail() -> None:
        assert let.wait(30)
        raise ValueError("too late")

    assert within(0.02, fail) is None
    [thread] = [one for one in threading.enumerate() if one.name == "within a bounded time"]
    let.set()
    thread.join(30)
    assert "what went on behind has failed: too late" in caplog.text


def test_other_test_pictures_and_a_gate_overruled_are_said(
    services: Services, place: Path, tmp_path: Path
) -> None:
    told = results(0.99, test="b" * 64)
    publish(open_repository(place), tmp_path, seed=5, measured=told, at=AT, forced="The client asked for it")
    newest, champion_before, _ = view(services)["versions"]
    assert (newest["same_test"], newest["forced"]) == (True, "The client asked for it")
    assert (champion_before["same_test"], champion_before["served"]) == (False, True)


def test_the_card(services: Services) -> None:
    view(services)
    assert services.model_hub.card("pets", "v1")[0] == {
        "tag": "h3",
        "children": ["Tiny pets <script>alert(1)</script>"],
    }
    with pytest.raises(NotFound, match="Expected one of the versions"):
        services.model_hub.card("pets", "v7")


class TestOwn:
    def test_no_model(self, tmp_path: Path) -> None:
        services = services_in(tmp_path / "data")
        found = services.model_hub.view("pets", "en")
        assert found == {"slug": "pets", "title": "Pets", "kind": "none", "versions": [], "history": []}
        assert services.model_hub.collections("en") == []
        services.close()

    def test_a_folder_in_the_data_folder(self, tmp_path: Path, made: Path) -> None:
        services = services_in(tmp_path / "data")
        folder = tmp_path / "data" / "models" / "pets-1"
        shutil.copytree(made.parent / "model-1", folder)
        measured = {"accuracy": 0.9, "interval": [0.8, 0.95], "n": 50}
        (folder / "eval_results.json").write_text(json.dumps(measured))
        revision = load_model(folder).revision
        services.store.collections.set_model("pets", model="models/pets-1", revision=revision)
        found = services.model_hub.view("pets", "en")
        [row] = found["versions"]
        figure = {"name": "accuracy", "value": 0.9, "interval": [0.8, 0.95], "n": 50}
        assert (found["kind"], row["name"], row["figures"], row["card"]) == ("own", "pets-1", [figure], False)
        with pytest.raises(NotFound, match=r"Expected a card of that model; found none\."):
            services.model_hub.card("pets", "")
        (folder / "README.md").write_text("# Mine")
        assert services.model_hub.card("pets", "") == [{"tag": "h3", "children": ["Mine"]}]
        with pytest.raises(NotFound):
            services.model_hub.card("pets", "v1")
        services.close()

    def test_a_folder_elsewhere_shows_neither_its_place_nor_its_files(self, tmp_path: Path) -> None:
        services = services_in(tmp_path / "data")
        (tmp_path / "secret").mkdir()
        (tmp_path / "secret" / "README.md").write_text("# Plans")
        (tmp_path / "secret" / "config.json").write_text("{}")
        for model in (str(tmp_path / "secret"), "../secret"):
            services.store.collections.set_model("pets", model=model, revision=None)
            found = services.model_hub.view("pets", "en")
            assert (found["versions"][0]["name"], found["versions"][0]["card"]) == ("secret", False)
            assert str(tmp_path) not in json.dumps(found)
        services.close()

    def test_a_pinned_version(self, tmp_path: Path, place: Path) -> None:
        services = services_in(tmp_path / "data")
        services.following.pin("pets", f"{place.as_uri()}@v1")
        [row] = services.model_hub.view("pets", "en")["versions"]
        assert (row["name"], row["served"], row["figures"][0]["n"]) == ("food v1", True, 60)
        assert str(tmp_path) not in json.dumps(row)
        services.close()


def test_what_is_followed(services: Services) -> None:
    collection = services.store.collections.get("pets")
    source = followed(collection)
    assert source is not None
    assert (source.alias, source.said) == ("champion", "food")
    assert Followed("org/food", "champion").said == "org/food"
