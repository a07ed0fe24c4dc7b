"""A repository on the Hub (a small one on this machine) and one in a folder, for the same tests."""

from __future__ import annotations

from pathlib import Path

import pytest
from huggingface_hub.utils import http_backoff

from tests.hub.conftest import hub
from tests.hub.standin import HubStandIn
from vitrina.repositories.folder import FolderRepository
from vitrina.repositories.hub import HubRepository
from vitrina.repositories.patience import Patience
from vitrina.repositories.repository import Repository

__all__ = ["hub"]


@pytest.fixture
def waits() -> list[float]:
    """Every wait between two tries, in seconds; none is really waited."""
    return []


@pytest.fixture
def on_hub(
    hub: HubStandIn, waits: list[float], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> HubRepository:
    """org/food, with the right to write; not made yet."""
    monkeypatch.setenv("HF_TOKEN", hub.token)
    # The client's own waits between its own tries, of 1 to 8 seconds.
    monkeypatch.setitem(http_backoff.__kwdefaults__, "base_wait_time", 0.01)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "cache"))
    return HubRepository("org/food", endpoint=hub.endpoint, patience=Patience(sleep=waits.append))


@pytest.fixture
def in_folder(tmp_path: Path) -> FolderRepository:
    """Not made yet."""
    return FolderRepository(tmp_path / "models" / "food")


@pytest.fixture(params=["hub", "folder"])
def repository(request: pytest.FixtureRequest) -> Repository:
    """Both, one after the other."""
    found: Repository = request.getfixturevalue("on_hub" if request.param == "hub" else "in_folder")
    return found
