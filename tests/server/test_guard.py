"""Size, pace, refused paths, headers: what every request passes first."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI, Request
from starlette.testclient import TestClient

from vitrina.errors import TooMany
from vitrina.server.guard import BodyLimit, LastResort, RefusedPaths, SecurityHeaders
from vitrina.server.upload_door import UploadDoor
from vitrina.services.pace import Pace


@pytest.fixture
def guarded(tmp_path: Path) -> Iterator[TestClient]:
    app = FastAPI()

    @app.post("/echo")
    async def echo(request: Request) -> dict[str, int]:
        return {"bytes": len(await request.body())}

    @app.post("/gradio_api/upload")
    async def upload() -> dict[str, str]:
        return {"taken": "yes"}

    @app.get("/{path:path}")
    def anything(path: str) -> dict[str, str]:
        return {"path": path}

    bounds = {"max_bytes": 1000, "kept_seconds": 60.0, "budget_bytes": 500}
    app.add_middleware(UploadDoor, per_minute=3, folder=tmp_path, minimum_free_bytes=0, **bounds)
    app.add_middleware(BodyLimit, max_bytes=1000)
    app.add_middleware(RefusedPaths)
    app.add_middleware(SecurityHeaders)
    with TestClient(app) as client:
        yield client


def test_limit_and_limit_plus_one(guarded: TestClient) -> None:
    assert guarded.post("/echo", content=b"x" * 1000).json() == {"bytes": 1000}
    refused = guarded.post("/echo", content=b"x" * 1001)
    assert refused.status_code == 413
    assert refused.json()["error"]["message"] == (
        "Expected a request body of at most 1000 bytes; found 1001 bytes. Send a smaller file, or several requests."
    )


def test_an_endless_body_without_a_length_ends(guarded: TestClient) -> None:
    sent = 0

    def endless() -> Iterator[bytes]:
        nonlocal sent
        for _ in range(1000):
            sent += 1
            yield b"y" * 100

    refused = guarded.post("/echo", content=endless())
    assert refused.status_code == 413
    assert refused.json()["error"]["found"] == "more than 1000 bytes"


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
    for answer in (guarded.get("/x"), guarded.get("/monitoring"), guarded.post("/echo", content=b"x" * 2000)):
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "object-src 'none'" in answer.headers["content-security-policy"]
        assert "frame-ancestors 'self'" in answer.headers["content-security-policy"]


def test_uploads_are_paced_by_address(guarded: TestClient) -> None:
    answers = [guarded.post("/gradio_api/upload").status_code for _ in range(4)]
    assert answers == [200, 200, 200, 429]


def test_uploads_of_all_together_have_a_budget(tmp_path: Path) -> None:
    now = [0.0]
    app = FastAPI()

    @app.post("/gradio_api/upload")
    async def upload() -> dict[str, str]:
        return {"taken": "yes"}

    bounds = {"max_bytes": 1000, "kept_seconds": 60.0, "budget_bytes": 500}
    app.add_middleware(
        UploadDoor, per_minute=99, folder=tmp_path, minimum_free_bytes=0, clock=lambda: now[0], **bounds
    )
    with TestClient(app) as client:
        assert client.post("/gradio_api/upload", content=b"x" * 300).status_code == 200
        now[0] = 20.0
        full = client.post("/gradio_api/upload", content=b"x" * 300)
        assert full.status_code == 429
        assert full.headers["retry-after"] == "40"
        assert (
            client.post("/gradio_api/upload", content=iter([b"x"])).status_code == 429
        )  # No length: the most.
        now[0] = 61.0
        assert client.post("/gradio_api/upload", content=b"x" * 300).status_code == 200


def test_uploads_stop_when_the_disk_is_nearly_full(tmp_path: Path) -> None:
    app = FastAPI()

    @app.post("/gradio_api/upload")
    async def upload() -> dict[str, str]:
        return {"taken": "yes"}

    bounds = {"max_bytes": 1000, "kept_seconds": 60.0}
    app.add_middleware(UploadDoor, per_minute=30, folder=tmp_path, minimum_free_bytes=2**62, **bounds)
    with TestClient(app) as client:
        answer = client.post("/gradio_api/upload")
    assert answer.status_code == 507
    assert answer.json()["error"]["next_step"] == "Try again when the collection's staff have made room."


def test_pace_refills_and_forgets() -> None:
    now = [0.0]
    pace = Pace(per_minute=2, addresses=2, clock=lambda: now[0])
    pace.take("a")
    pace.take("a")
    with pytest.raises(TooMany) as error:
        pace.take("a", what="predictions")
    assert (
        str(error.value)
        == "Expected at most 2 predictions a minute from one address; found more. Wait 30 seconds."
    )
    assert error.value.wait_seconds == 30
    now[0] = 30.0
    pace.take("a")
    pace.take("b")
    pace.take("c")  # The third address: the longest unused is forgotten, memory stays bounded.
    assert len(pace._buckets) == 2


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
