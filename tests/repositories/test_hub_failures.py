"""What the Hub refuses is said in our words, without a token in them."""

from __future__ import annotations

import httpx2
import pytest

from tests.hub.standin import HubStandIn
from tests.repositories.made import content
from vitrina.repositories.hub import HubRepository
from vitrina.repositories.hub_failures import as_ours
from vitrina.repositories.release import release
from vitrina.repositories.repository import RepositoryChanged, RepositoryError, RepositoryUnreachable
from vitrina.repositories.versions import champion


def publish(repository: HubRepository) -> None:
    release(repository, content(1), verify=lambda folder: None, by="ana", at="2026-11-27T10:00:00+00:00")


@pytest.mark.parametrize(
    ("status", "kind", "said"),
    [
        (
            401,
            RepositoryError,
            r"found no right to it, or no such repository \(HTTP 401\). Set HF_TOKEN to a token",
        ),
        (403, RepositoryError, r"found that this token may not do it \(HTTP 403\). Set HF_TOKEN"),
        (409, RepositoryChanged, r"found that it changed meanwhile \(HTTP 409\). Somebody else was faster"),
        (412, RepositoryChanged, r"found that it changed meanwhile \(HTTP 412\)"),
        (429, RepositoryUnreachable, r"found too many requests \(HTTP 429\). Wait a few minutes"),
        (500, RepositoryUnreachable, r"found that the Hub cannot answer now \(HTTP 500\)"),
        (400, RepositoryError, r"found HTTP 400. Look at what was sent"),
    ],
)
def test_each_answer_has_its_sentence(
    hub: HubStandIn, on_hub: HubRepository, status: int, kind: type, said: str
) -> None:
    on_hub.create(private=False)
    commit = on_hub.references().branches["main"]
    hub.fault("/branch/", status=status, times=None)
    with pytest.raises(kind, match=said) as caught:
        on_hub.create_branch("champion", at=commit)
    assert hub.token not in str(caught.value)
    assert on_hub.name in str(caught.value)


def test_a_wrong_token_is_said_and_not_shown(on_hub: HubRepository, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_wrongwrongwrong")
    with pytest.raises(RepositoryError, match="Set HF_TOKEN to a token that may read it, and write") as caught:
        publish(on_hub)
    assert "hf_wrong" not in str(caught.value)


def test_no_token_is_said(on_hub: HubRepository, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HF_TOKEN")
    with pytest.raises(RepositoryError) as caught:
        on_hub.account()
    assert str(caught.value) == (
        "Expected a token of the Hub for the model repository org/food; found none. "
        "Set HF_TOKEN to a token that may read it, and write to it where something is sent, or correct the name."
    )


def test_no_such_repository_is_said(on_hub: HubRepository) -> None:
    assert not on_hub.exists()
    with pytest.raises(RepositoryError, match="no such repository"):
        champion(on_hub)


def test_a_hub_that_is_away_is_said(on_hub: HubRepository, hub: HubStandIn, waits: list[float]) -> None:
    hub.close()
    with pytest.raises(RepositoryUnreachable, match=r"found none \(Connect\w+\). Check the network"):
        on_hub.references()
    assert waits == [1, 2, 4, 8]


def test_offline_is_said(on_hub: HubRepository, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(RepositoryUnreachable, match=r"HF_HUB_OFFLINE=1, which forbids asking. Unset it"):
        on_hub.references()


@pytest.mark.parametrize(
    ("problem", "said"),
    [
        (ValueError("odd\nand more"), "found ValueError: odd. Put that right"),
        (httpx2.ConnectTimeout("x"), "found none (ConnectTimeout). Check the network"),
        (KeyError(), "found KeyError. Put that right"),
    ],
)
def test_anything_else_has_a_sentence_as_well(problem: Exception, said: str) -> None:
    assert said in str(as_ours(problem, said="the model repository org/food"))
