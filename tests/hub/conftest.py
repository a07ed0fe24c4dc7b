"""A small Hub for each test, and the real client told to use the plain road for large files."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest
from huggingface_hub import HfApi, constants

from tests.hub.published import publish
from tests.hub.standin import HubStandIn


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[HubStandIn]:
    """Running, empty. The client of this process sends no token but the one that it is given."""
    # The client of 2.4 hands a large file to httpx2 in a way that httpx2 calls old.
    warnings.filterwarnings("ignore", message="Use 'content=<...>'", category=DeprecationWarning)
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
    monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(tmp_path / "no-token"))
    monkeypatch.delenv("HF_TOKEN", raising=False)
    monkeypatch.delenv("HUGGING_FACE_HUB_TOKEN", raising=False)
    with HubStandIn() as standin:
        yield standin
    assert standin.errors == []


@pytest.fixture
def api(hub: HubStandIn) -> HfApi:
    return HfApi(endpoint=hub.endpoint, token=hub.token)


@pytest.fixture
def food(api: HfApi) -> str:
    """`org/food` with a small and a large file; its commit."""
    return publish(api)
