"""Refused paths, headers, what nobody caught: what every request passes first."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from fastapi import FastAPI
from fastapi.responses import JSONResponse
from starlette.testclient import TestClient

from vitrina.errors import BadRequest
from vitrina.server.events import MISTAKES
from vitrina.server.guard import RefusedPaths, SecurityHeaders
from vitrina.server.last_resort import LastResort


@pytest.fixture
def guarded() -> Iterator[TestClient]:
    app = FastAPI()

    @app.get("/{path:path}")
    def anything(path: str) -> dict[str, str]:
        return {"path": path}

    app.add_middleware(RefusedPaths)
    app.add_middleware(SecurityHeaders)
    with TestClient(app) as client:
        yield client


@pytest.mark.parametrize(
    "path",
    [
        "/proxy=http://127.0.0.1/x",
        "/gradio_api/proxy=http://169.254.169.254/latest",
        "/gradio_api/file=http://127.0.0.1/x",
        "/gradio_api/file=https%3A//example.org",
        "/gradio_api/file%253Dhttp%253A//127.0.0.1",
        "/backend/gradio_api/proxy%3Dhttp://x",
        "/monitoring",
        "/monitoring/summary",
        "/login",
        "/gradio_api/vibe-edit",
        "/gradio_api/undo-vibe-edit/",
        "/gradio_api/dev/reload",
        "/gradio_api/deep_link",
        "/gradio_api/component_server",
        "/gradio_api/file=//https://example.org",
    ],
)
def test_refused_paths(guarded: TestClient, path: str) -> None:
    answer = guarded.get(path)
    assert answer.status_code == 403
    assert answer.json()["error"]["expected"] == "a path this app serves"


def test_every_answer_carries_the_headers(guarded: TestClient) -> None:
    for answer in (guarded.get("/x"), guarded.get("/monitoring"), guarded.post("/x")):
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "object-src 'none'" in answer.headers["content-security-policy"]
        assert "frame-ancestors 'self'" in answer.headers["content-security-policy"]


def test_what_nobody_caught_has_a_code_and_tells_nothing(caplog: pytest.LogCaptureFixture) -> None:
    app, inner = FastAPI(), FastAPI()

    @inner.get("/gradio_api/info")
    def malformed() -> None:
        raise KeyError("secret")

    @inner.get("/fault")
    def fault() -> None:
        raise RuntimeError("secret")

    app.mount("/", inner)
    app.add_middleware(LastResort)
    with TestClient(app) as client:
        mistake, broken = client.get("/gradio_api/info"), client.get("/fault")
    assert mistake.status_code == 400
    assert mistake.json()["error"]["expected"] == "an event as /config describes it"
    assert broken.status_code == 500
    assert broken.json()["error"]["message"] == (
        "Expected a request that this server can answer; found a fault of its own. Try again; the log names the fault."
    )
    assert "secret" not in mistake.text + broken.text
    assert [record.levelname for record in caplog.records] == ["WARNING", "ERROR"]


def test_a_500_of_an_inner_app_is_the_callers_or_ours(caplog: pytest.LogCaptureFixture) -> None:
    app = FastAPI()

    @app.post("/gradio_api/run/malformed")
    async def malformed() -> JSONResponse:
        noted = MISTAKES.get()
        assert noted == []  # Fresh for every request.
        noted.append(BadRequest("a good event", "a bad one", "Mend it."))
        return JSONResponse({"error": None}, 500)

    @app.post("/gradio_api/run/fault")
    async def fault() -> JSONResponse:
        return JSONResponse({"error": "secret"}, 500)

    app.add_middleware(LastResort)
    with TestClient(app) as client:
        mistake, broken = client.post("/gradio_api/run/malformed"), client.post("/gradio_api/run/fault")
        assert client.post("/gradio_api/run/malformed").status_code == 400
    assert mistake.status_code == 400
    assert mistake.json()["error"]["message"] == "Expected a good event; found a bad one. Mend it."
    assert broken.status_code == 500
    assert broken.json()["error"]["found"] == "a fault of its own"
    assert "secret" not in broken.text
    assert MISTAKES.get() is None
    assert caplog.records == []
