"""The champion of a repository on the Hub: tokens, refusals, a Hub that does not answer."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from tests.hub.conftest import hub
from tests.hub.standin import HubStandIn
from tests.services.conftest import services_in
from tests.services.model_versions import publish, results
from vitrina.repositories.hub import HubRepository
from vitrina.repositories.patience import Patience
from vitrina.repositories.versions import Champion, champion
from vitrina.services.champion_moves import HubAway, HubRefused, move
from vitrina.services.following import Following
from vitrina.services.model_hub import ModelHub

__all__ = ["hub"]
AT = "2026-11-20T10:00:00+00:00"


@pytest.fixture
def food(hub: HubStandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> HubRepository:
    """org/food with v1 and v2; nothing is really waited for."""
    monkeypatch.setenv("HF_TOKEN", hub.token)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "cache"))
    quick = Patience(tries=2, sleep=lambda seconds: None)
    repository = HubRepository("org/food", endpoint=hub.endpoint, patience=quick)
    for seed in (1, 2):
        publish(repository, tmp_path, seed=seed, measured=results(0.8, seed=seed), at=AT)
    return repository


def back(repository: HubRepository) -> Champion:
    return move(
        repository,
        "v1",
        reason="why",
        by="staff:ana",
        at=AT,
        expected="v2",
        turn=threading.Lock(),
        seconds=60,
    )


def test_a_token_that_may_write_moves_it(food: HubRepository) -> None:
    assert back(food).version == "v1"
    now = champion(food)
    assert now is not None
    assert (now.version, now.entry.action, now.entry.by) == ("v1", "roll back", "staff:ana")


def test_without_a_token_nothing_is_asked(
    food: HubRepository, hub: HubStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HF_TOKEN")
    before = len(hub.requests)
    with pytest.raises(HubRefused) as refused:
        back(food)
    assert str(refused.value) == (
        "Expected a token that may write to org/food; found no token. Set HF_TOKEN in the server's environment to a "
        "token that may write to it, then start the server again."
    )
    assert len(hub.requests) == before


def test_a_token_that_may_only_read_is_refused_in_plain_words(
    food: HubRepository, hub: HubStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", hub.read_token)
    with pytest.raises(HubRefused) as refused:
        back(food)
    assert "Set HF_TOKEN in the server's environment" in refused.value.next_step
    assert hub.read_token not in str(refused.value)
    now = champion(food)
    assert now is not None
    assert now.version == "v2"


def test_a_hub_that_does_not_answer(food: HubRepository, hub: HubStandIn, tmp_path: Path) -> None:
    services = services_in(tmp_path / "data")
    services.store.collections.set_model(
        "pets", model="org/food", revision=None, follows="org/food@champion", version="v2"
    )
    following = Following(services.store, services.classifiers, services.decoder, endpoint=hub.endpoint)
    models = ModelHub(services.store, services.classifiers, following, endpoint=hub.endpoint)
    models.shelf.look("org/food", patience=60)
    assert models.view("pets", "en")["away"] is False
    hub.close()
    with pytest.raises(HubAway) as away:
        back(food)
    assert away.value.next_step == "Try again in a moment: what was done already is not done twice."
    models.shelf.look("org/food", anew=True, patience=60)
    found = models.view("pets", "en")
    assert (found["away"], found["repository"], len(found["versions"])) == (True, "org/food", 2)
    assert found["versions"][0]["figures"][0]["n"] == 60
    services.close()
