"""An app with neither cache nor Hub: the gallery works, and says that there is no model."""

from __future__ import annotations

import socket
import threading
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from huggingface_hub import constants

from tests.server.conftest import photo
from tests.services.conftest import services_in
from vitrina.server.app import build_server
from vitrina.server.settings import Settings

COMMIT = "0123456789abcdef0123456789abcdef01234567"


def test_the_gallery_works_and_says_that_there_is_no_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        nowhere = f"http://127.0.0.1:{probe.getsockname()[1]}"
    monkeypatch.setattr(constants, "ENDPOINT", nowhere)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    data = tmp_path / "data"
    services = services_in(data)
    pinned = f"ana/pets@{COMMIT}"
    services.store.collections.set_model("pets", model=pinned, revision=pinned, follows="ana/pets@champion")
    services.close()
    settings = Settings(
        data=data, minimum_free_bytes=0, recipes=data / "recipes", first_start=False, model_check_minutes=10
    )
    app = build_server(settings)
    with TestClient(app) as visitor:
        running = {thread.name for thread in threading.enumerate()}
        assert "following" in running
        assert visitor.get("/").status_code == 200
        assert app.state.services.catalogue.page("pets")["total"] == 0
        answer = visitor.post("/predict", content=photo(1), params={"collection": "pets"})
        assert answer.status_code == 503
        assert answer.json()["error"]["expected"] == f"the model {pinned}"
        assert answer.json()["error"]["found"] == "that it cannot be loaded now"
        # Where it was looked for is for staff and the log.
        assert nowhere not in answer.text
        assert "Traceback" not in answer.text
        state = app.state.services.following.state("pets")
        assert "that it cannot be reached (ConnectError)" in str(state.problem)
        assert app.state.services.classifiers.state("pets").kind == "failed"
        checked = app.state.services.following.check("pets")
        assert "found none (ConnectError)" in str(checked.problem)
    assert "following" not in {thread.name for thread in threading.enumerate()}
