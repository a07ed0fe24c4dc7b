"""A followed folder that is damaged or gone: no answer to a visitor tells where it lies; staff are told."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import gradio as gr
import pytest
from starlette.requests import Request

from tests.models.made import SCHEME
from tests.server.conftest import HOST, Running, photo
from tests.services.model_versions import food_once
from vitrina.pages.try_it import predict
from vitrina.repositories.opening import open_repository

SECRET = "a-secret-place"


@pytest.fixture(scope="module")
def place(running: Running, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What "pets" follows: v3 in force, whose folder is gone, and with it what had been loaded of it."""
    made = food_once(tmp_path_factory, versions=3)
    place = Path(shutil.copytree(made, tmp_path_factory.mktemp("followed") / SECRET / "food"))
    services = running.services
    services.store.collections.create("pets", "Pets", labels=SCHEME.names)
    services.following.follow("pets", place.as_uri())
    services.model_hub.shelf.look(place.as_uri(), patience=30)
    return place


def _request() -> gr.Request:
    asked = {"type": "http", "headers": [], "query_string": b"", "client": ("127.0.0.1", 1)}
    return gr.Request(Request(asked))


def compare(running: Running, second: str) -> Any:
    asked = {"collection": "pets", "first": "v3", "second": second}
    return running.visitor.post("/api/models/compare", params=asked, content=photo(1))


def test_a_damaged_version(running: Running, place: Path) -> None:
    tags = open_repository(place).references().tags
    weights = place / "commits" / tags["v1"] / "model.safetensors"
    content = weights.read_bytes()
    weights.unlink()
    weights.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    answer = compare(running, "v1")
    assert (answer.status_code, SECRET in answer.text) == (503, False)
    assert f"the model food@{tags['v1']}" in answer.json()["error"]["message"]


def test_a_folder_that_is_gone(running: Running, place: Path) -> None:
    shutil.move(place, place.with_name("gone"))
    services = running.services
    # As after a start.
    services.classifiers._loaded.clear()
    answer = running.visitor.post("/predict", params={"collection": "pets"}, content=photo(1))
    pinned = str(services.store.collections.get("pets").model)
    assert answer.status_code == 503
    assert answer.json()["error"]["message"] == (
        f"Expected the model food@{pinned[-40:]}; found that it cannot be loaded now. "
        "Try again later, or choose another collection."
    )
    named = running.visitor.get("/openapi.json").json()["paths"]
    read = [path for path, how in named.items() if "get" in how and "{" not in path]
    public = ["/", "/models", "/try", "/config", *read]
    assert {"/api/models", "/api/models/card", "/api/collections", "/health"} <= set(public)
    told = {path: running.visitor.get(path, params={"collection": "pets"}).text for path in public}
    told["compare"] = compare(running, "v2").text
    told["collection"] = running.visitor.get("/api/collections/pets").text
    (place.parent / "photo.jpg").write_bytes(photo(1))
    told["page"] = json.dumps(predict(services, str(place.parent / "photo.jpg"), "pets", _request()))
    told["trial"] = json.dumps([services.trial.collections(language) for language in ("en", "es")])
    [choice] = [one for one in services.trial.collections("es") if one["slug"] == "pets"]
    assert (choice["ready"], choice["message"]) == (False, "El modelo no se puede cargar ahora.")
    assert [name for name, text in told.items() if SECRET in text] == []


def test_staff_are_told(running: Running, place: Path) -> None:
    told = running.staff.get("/backend/api/models?collection=pets", headers={"origin": HOST}).json()
    assert SECRET in json.dumps(told)
    assert SECRET in running.services.classifiers.state("pets").found
