"""Only the doors that take pictures take much; every other path 64 KiB."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator

import pytest
from fastapi import FastAPI, Request
from starlette.testclient import TestClient

from tests.server.conftest import HOST, Running, photo, piecemeal
from tests.server.test_anonymous import documented, filled, mounted
from vitrina.server import body_limit
from vitrina.server.body_limit import LARGE_DOORS, SMALL_BYTES, BodyLimit
from vitrina.server.guard import is_refused
from vitrina.services.principal import SESSION_COOKIE


@pytest.fixture
def limited() -> Iterator[TestClient]:
    app = FastAPI()

    @app.api_route("/predict", methods=["POST", "PUT"])
    @app.post("/predict/more")
    @app.post("/small")
    async def echo(request: Request) -> dict[str, int]:
        return {"bytes": len(await request.body())}

    app.add_middleware(BodyLimit, max_bytes=100_000)
    with TestClient(app) as client:
        yield client


@pytest.mark.parametrize(
    ("path", "most"), [("/predict", 100_000), ("/predict/more", 65536), ("/small", 65536)]
)
def test_limit_and_limit_plus_one(limited: TestClient, path: str, most: int) -> None:
    assert limited.post(path, content=b"x" * most).json() == {"bytes": most}
    refused = limited.post(path, content=b"x" * (most + 1))
    assert refused.status_code == 413
    assert refused.json()["error"]["message"] == (
        f"Expected a request body of at most {most} bytes; found {most + 1} bytes. "
        "Send a smaller file, or several requests."
    )


def test_a_large_door_is_large_for_post_alone(limited: TestClient) -> None:
    assert limited.put("/predict", content=b"x" * (SMALL_BYTES + 1)).status_code == 413


def test_an_endless_body_without_a_length_ends(limited: TestClient) -> None:
    status, body, given = piecemeal(limited.app, "/small", itertools.repeat(b"y" * 1000))
    assert status == 413
    assert body["error"]["found"] == "more than 65536 bytes"
    assert given == 66


def test_a_body_that_stops_halfway_ends(limited: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(body_limit, "IDLE_SECONDS", 0.01)
    status, body, _ = piecemeal(limited.app, "/small", [b"a", b"b"], then_waits=True)
    assert status == 408
    assert body["error"]["message"] == (
        "Expected a body within 300 s and no pause over 0 s; found 2 bytes and then nothing. Send it again."
    )


def large_or_not(running: Running) -> Iterator[tuple[str, str]]:
    """(method, path) of every route that may bring a body: our own, both mounts', without the refused ones."""
    for method, path in documented(running):
        if method not in ("GET", "HEAD", "OPTIONS"):
            yield method, filled(path)
    for mount in ("", "/backend"):
        for path, methods in mounted(running, mount or "/").openapi()["paths"].items():
            for method in methods:
                if method.upper() not in ("GET", "HEAD") and not is_refused(mount + filled(path)):
                    yield method.upper(), mount + filled(path)


def test_every_route_of_the_app_takes_64_kib_at_most(running: Running) -> None:
    doors = set(large_or_not(running))
    assert {("POST", path) for path in LARGE_DOORS} <= doors
    small = sorted(doors - {("POST", path) for path in LARGE_DOORS})
    assert ("POST", "/backend/sign-in") in small
    assert ("POST", "/gradio_api/queue/join") in small
    assert ("POST", "/backend/gradio_api/run/1") in small
    assert len(small) > 15
    body = json.dumps({"data": ["x" * SMALL_BYTES]}).encode()[: SMALL_BYTES + 1]
    headers = {"origin": HOST, "content-type": "application/json"}
    for method, path in small:
        for person in (running.visitor, running.staff):
            answer = person.request(method, path, content=body, headers=headers)
            assert answer.status_code == 413, f"{method} {path} answered {answer.status_code}"
            assert answer.json()["error"]["expected"] == "a request body of at most 65536 bytes"


@pytest.mark.parametrize(
    "path",
    ["/gradio_api/run/predict", "/gradio_api/queue/join", "/backend/sign-in", "/backend/api/collections"],
)
def test_a_body_that_hides_its_length_is_counted(running: Running, path: str) -> None:
    cookie = f"{SESSION_COOKIE}={running.staff.cookies[SESSION_COOKIE]}"
    pieces = itertools.repeat(b"[" * 1024)
    headers = {"origin": HOST, "content_type": "application/json", "cookie": cookie}
    status, body, given = piecemeal(running.app, path, pieces, **headers)
    assert status == 413
    assert body["error"]["found"] == "more than 65536 bytes"
    assert given == 65


def test_pictures_are_large_at_their_doors(running: Running, flowers: str) -> None:
    content = photo(50, size=(1600, 1200), kind="PNG")
    assert len(content) > SMALL_BYTES
    assert running.visitor.post("/predict", content=content).status_code == 201
    answer = running.staff.post(
        f"/backend/pictures?collection={flowers}", content=content, headers={"origin": HOST}
    )
    assert answer.status_code == 201
    for mount, person in (("", running.visitor), ("/backend", running.staff)):
        files = {"files": ("x.png", content)}
        uploaded = person.post(f"{mount}/gradio_api/upload", files=files, headers={"origin": HOST})
        assert uploaded.status_code == 200, uploaded.text
