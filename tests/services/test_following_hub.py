"""A collection follows a champion on the Hub, whatever goes wrong there."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import constants
from huggingface_hub.utils import http_backoff

from tests.hub.conftest import hub as hub
from tests.hub.standin import HubStandIn
from tests.server.conftest import photo
from tests.services.conftest import services_in
from tests.services.made_versions import AT, publish
from vitrina.errors import ModelUnavailable
from vitrina.models.hub import fetch
from vitrina.models.reference import ModelReference
from vitrina.repositories.hub import HubRepository
from vitrina.repositories.patience import Patience
from vitrina.repositories.release import Content
from vitrina.repositories.repository import RepositoryError
from vitrina.repositories.versions import move_champion, versions
from vitrina.services import Services
from vitrina.services.following import Bounds, Following
from vitrina.services.principal import Principal

Contents = tuple[Content, Content]
QUICK = Patience(tries=2, first_wait=0.01, longest_wait=0.02)
NAME = "ana/pets"


@pytest.fixture
def repository(hub: HubStandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> HubRepository:
    """The Hub of this process, with a cache of its own."""
    monkeypatch.setattr(constants, "ENDPOINT", hub.endpoint)
    template = f"{hub.endpoint}/{{repo_id}}/resolve/{{revision}}/{{filename}}"
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
    # The client's own waits between its own tries, of 1 to 8 seconds.
    monkeypatch.setitem(http_backoff.__kwdefaults__, "base_wait_time", 0.01)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("HF_TOKEN", hub.token)
    return HubRepository(NAME, endpoint=hub.endpoint, patience=QUICK)


@pytest.fixture
def following(pets: Services, repository: HubRepository) -> Iterator[Following]:
    bounds = Bounds(patience=QUICK, seconds=60)
    following = Following(pets.store, pets.classifiers, pets.decoder, bounds=bounds)
    yield following
    following.close()


def pinned(repository: HubRepository, version: str) -> str:
    return f"{NAME}@{dict(versions(repository))[version]}"


def test_it_follows_a_new_champion_and_a_roll_back(
    pets: Services, following: Following, repository: HubRepository, contents: Contents
) -> None:
    publish(repository, contents[0])
    assert following.follow("pets", NAME).revision == pinned(repository, "v1")
    assert pets.store.collections.get("pets").follows == f"{NAME}@champion"
    publish(repository, contents[1])
    assert following.check("pets").version == "v2"
    assert pets.classifiers.get("pets").predict([photo(1)])[0].revision == pinned(repository, "v2")
    move_champion(repository, "v1", reason="back", by="ben", at=AT)
    done = following.check("pets")
    assert (done.version, done.revision, done.changed) == ("v1", pinned(repository, "v1"), True)
    assert pets.classifiers.get("pets").revision == pinned(repository, "v1")


FAULTS: dict[str, tuple[dict[str, Any], str]] = {
    "401": ({"path": "/refs", "status": 401}, "no right to it, or no such repository (HTTP 401)"),
    "404": ({"path": "/refs", "status": 404}, "no such repository (or a private one)"),
    "429": (
        {"path": "/refs", "status": 429, "headers": {"Retry-After": "3600"}},
        "too many requests (HTTP 429)",
    ),
    "500": ({"path": "/refs", "status": 500}, "that the Hub cannot answer now (HTTP 500)"),
    "401 at the files": ({"path": "/resolve/.*safetensors", "status": 401}, "401"),
    "404 at the files": ({"path": "/resolve/.*safetensors", "status": 404, "code": "EntryNotFound"}, "404"),
    "500 at the files": ({"path": "/resolve/.*safetensors", "status": 500}, "found the answer 500"),
    "cut": ({"path": "safetensors", "method": "GET", "cut": True}, "cannot be reached"),
    "flipped": ({"path": "safetensors", "method": "GET", "flip": True}, "found another model.safetensors"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_whatever_fails_the_one_before_goes_on_answering(
    pets: Services,
    following: Following,
    hub: HubStandIn,
    repository: HubRepository,
    contents: Contents,
    name: str,
) -> None:
    publish(repository, contents[0])
    following.follow("pets", NAME)
    publish(repository, contents[1])
    first, (how, says) = pinned(repository, "v1"), FAULTS[name]
    following.bounds = Bounds(patience=Patience(tries=1))
    fault = hub.fault(**({"times": None} | how))
    begun = time.monotonic()
    done = following.check("pets")
    assert time.monotonic() - begun < 60
    assert fault.struck > 0
    assert not done.changed
    assert says in str(done.problem)
    assert following.state("pets").problem == done.problem
    assert pets.classifiers.get("pets").predict([photo(1)])[0].revision == first
    hub.faults.clear()
    assert following.check("pets").version == "v2"
    assert following.state("pets").problem is None


def test_what_passes_is_asked_for_again_at_once(
    following: Following, hub: HubStandIn, repository: HubRepository, contents: Contents
) -> None:
    publish(repository, contents[0])
    flip = hub.fault("safetensors", method="GET", flip=True)
    busy = hub.fault("/refs", status=429, headers={"Retry-After": "1"})
    assert following.follow("pets", NAME).version == "v1"
    assert (flip.struck, busy.struck) == (1, 1)


def test_a_slow_download_is_not_waited_for(
    pets: Services, hub: HubStandIn, repository: HubRepository, contents: Contents
) -> None:
    publish(repository, contents[0])
    following = Following(pets.store, pets.classifiers, pets.decoder, bounds=Bounds(QUICK, seconds=0.3))
    pets.following.follow("pets", NAME)
    publish(repository, contents[1])
    slow = hub.fault("safetensors", method="GET", slow=0.4, piece=500)
    for _ in range(2):
        assert following.check("pets").problem == (
            f"Expected {pinned(repository, 'v2')} within 0 seconds; found that it is still on its way. "
            "It goes on by itself; the next check looks again."
        )
        assert pets.classifiers.get("pets").revision == pinned(repository, "v1")
    following.bounds = Bounds(QUICK, seconds=60)
    assert following.check("pets").version == "v2"
    assert slow.struck == 1
    following.close()


def test_a_restart_asks_nobody_and_heals_its_cache(
    tmp_path: Path, hub: HubStandIn, repository: HubRepository, contents: Contents
) -> None:
    publish(repository, contents[0])
    services = services_in(tmp_path / "data")
    services.following.follow("pets", NAME)
    services.close()
    before = len(hub.requests)
    services = services_in(tmp_path / "data")
    assert services.classifiers.get("pets").revision == pinned(repository, "v1")
    services.close()
    # What the line above asked for the commit of v1.
    assert {seen.path.split("?")[0] for seen in hub.requests[before:]} == {f"/api/models/{NAME}/refs"}
    (weights,) = (tmp_path / "cache").rglob("snapshots/*/model.safetensors")
    data = bytearray(weights.read_bytes())
    data[-5] ^= 1
    weights.resolve().write_bytes(data)
    services = services_in(tmp_path / "data")
    assert services.classifiers.get("pets").revision == pinned(repository, "v1")
    assert weights.read_bytes() != bytes(data)
    services.close()


def test_a_comparison_heals_a_damaged_cache(
    pets: Services, repository: HubRepository, contents: Contents, tmp_path: Path
) -> None:
    for content in contents:
        publish(repository, content)
    pets.following.follow("pets", NAME)
    pets.model_hub.shelf.look(NAME, patience=30)
    folder, _ = fetch(ModelReference.parse(pinned(repository, "v1")))
    weights = folder / "model.safetensors"
    whole = weights.read_bytes()
    weights.resolve().write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    (tmp_path / "photo.jpg").write_bytes(photo(1))
    visitor = Principal(None, "10.0.0.2")
    found = pets.comparison.compare(
        tmp_path / "photo.jpg", slug="pets", first="v2", second="v1", principal=visitor
    )
    assert [one["version"] for one in found["answers"]] == ["v2", "v1"]
    assert weights.read_bytes() == whole


def test_without_cache_and_hub_there_is_no_model_until_a_check_heals_it(
    tmp_path: Path,
    hub: HubStandIn,
    repository: HubRepository,
    contents: Contents,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    publish(repository, contents[0])
    services = services_in(tmp_path / "data")
    services.following.follow("pets", NAME)
    services.close()
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "another"))
    services = services_in(tmp_path / "data")
    following = Following(services.store, services.classifiers, services.decoder, bounds=Bounds(QUICK))
    try:
        away = hub.fault(".", status=503, times=None)
        services.classifiers.warm("pets")
        with pytest.raises(ModelUnavailable, match=f"Expected the model {NAME}@"):
            services.classifiers.get("pets")
        assert services.catalogue.collection("pets", "en")["model_state"] == "failed"
        assert services.catalogue.page("pets")["total"] == 0
        (choice,) = services.trial.collections("en")
        assert (choice["ready"], choice["message"]) == (False, "The model cannot be loaded now.")
        assert "the answer 503" in str(following.state("pets").problem)
        assert following.check("pets").problem is not None
        assert away.struck > 0
        hub.faults.clear()
        assert following.check("pets").problem is None
        assert services.classifiers.get("pets").revision == pinned(repository, "v1")
        assert following.state("pets").problem is None
        # Whoever follows for the first time is told at once, and nothing changes.
        hub.fault("/refs", status=503, times=None)
        services.store.collections.create("owls", "Owls", labels=("cat", "dog", "owl"))
        with pytest.raises(RepositoryError, match="that the Hub cannot answer now"):
            following.follow("owls", NAME)
        assert services.store.collections.get("owls").model is None
    finally:
        following.close()
        services.close()
