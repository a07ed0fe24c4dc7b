"""A whole server on a fresh data folder, and people who ask it things."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fastapi import FastAPI
from PIL import Image
from starlette.testclient import TestClient

from vitrina.server.app import build_server
from vitrina.server.settings import Settings
from vitrina.services import Services

NAME, PASSWORD = "ana", "correct horse battery"
HOST = "https://testserver"


@dataclass
class Running:
    """A served app; `visitor` has no cookie, `staff` is signed in as ana."""

    app: FastAPI
    services: Services
    settings: Settings
    visitor: TestClient
    staff: TestClient

    def somebody(self, **cookies: str) -> TestClient:
        """One more client of the same app, without running its lifespan again."""
        return TestClient(self.app, base_url=HOST, follow_redirects=False, cookies=cookies)


def photo(seed: int = 0, *, size: tuple[int, int] = (320, 240), kind: str = "JPEG") -> bytes:
    """A small picture with structure, different for every seed."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 255, (6, 8, 3), dtype=np.uint8)
    image = Image.fromarray(coarse).resize(size, Image.Resampling.BICUBIC)
    out = io.BytesIO()
    image.save(out, kind)
    return out.getvalue()


@pytest.fixture(scope="session")
def make_photo() -> Callable[..., bytes]:
    return photo


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The real server in this process; paces are wide so that tests of other things do not meet them."""
    data = tmp_path_factory.mktemp("server") / "data"
    settings = Settings(
        data=data,
        first_start=False,
        predictions_per_minute=6000,
        suggestions_per_minute=6000,
        allowed_origins=("https://friend.example",),
        minimum_free_bytes=0,
    )
    app = build_server(settings)
    services: Services = app.state.services
    services.store.accounts.add(NAME, PASSWORD)
    # The lifespan runs once, in the first client; the second only shares the app.
    with TestClient(app, base_url=HOST, follow_redirects=False) as visitor:
        staff = TestClient(app, base_url=HOST, follow_redirects=False)
        signed_in = staff.post(
            "/backend/sign-in", data={"name": NAME, "password": PASSWORD}, headers={"origin": HOST}
        )
        assert signed_in.status_code == 303, signed_in.text
        yield Running(app, services, settings, visitor, staff)
        staff.close()


@pytest.fixture(scope="module")
def flowers(running: Running) -> str:
    """A collection without a model: `flowers`, with two published pictures and one that waits."""
    store = running.services.store
    store.collections.create("flowers", "Flowers", labels=("rose", "tulip"))
    for number, label in enumerate(("rose", "tulip")):
        incoming = store.ingest(running.services.decoder).incoming(1 << 20)
        incoming.write(photo(100 + number))
        store.ingest(running.services.decoder).accept(
            incoming,
            slug="flowers",
            source="test",
            file_name=f"{label}.jpg",
            actor="import",
            label=label,
            publish=True,
        )
    answer = running.staff.post(
        "/backend/pictures?collection=flowers",
        content=photo(102),
        headers={"x-file-name": "waiting%20photo.jpg", "origin": HOST},
    )
    assert answer.status_code == 201, answer.text
    return "flowers"


def piecemeal(app: Any, path: str, pieces: Iterable[bytes], **options: Any) -> tuple[int, Any, int]:
    """`post_piecemeal` without the waiting for it."""
    return asyncio.run(post_piecemeal(app, path, pieces, **options))


async def post_piecemeal(
    app: Any, path: str, pieces: Iterable[bytes], *, then_waits: bool = False, **headers: str
) -> tuple[int, Any, int]:
    """POST `pieces` without a length, each as it is asked for; (status, body, how many were asked for).

    The test client would put them together first. After the last piece the connection is cut, or nothing
    comes any more where `then_waits`.
    """
    given, waiting, said = 0, iter(pieces), list[dict[str, Any]]()

    async def receive() -> dict[str, Any]:
        nonlocal given
        piece = next(waiting, None)
        if piece is None and then_waits:
            await asyncio.sleep(60)
        if piece is None:
            return {"type": "http.disconnect"}
        given += 1
        return {"type": "http.request", "body": piece, "more_body": True}

    async def send(message: dict[str, Any]) -> None:
        said.append(message)

    named = {"host": "testserver", **{name.replace("_", "-"): value for name, value in headers.items()}}
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "https",
        "path": path.partition("?")[0],
        "raw_path": path.partition("?")[0].encode(),
        "query_string": path.partition("?")[2].encode(),
        "root_path": "",
        "headers": [(name.encode(), value.encode()) for name, value in named.items()],
        "client": ("testclient", 50000),
        "server": ("testserver", 443),
        "state": {},
    }
    await app(scope, receive, send)
    body = b"".join(message.get("body", b"") for message in said)
    return said[0]["status"], json.loads(body), given


def written(folder: Path) -> int:
    """How many files lie under `folder`."""
    return sum(1 for path in folder.rglob("*") if path.is_file())
