"""Gradio's upload door: what arrives counts, for each address, within one budget."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from fastapi import FastAPI, Request
from starlette.testclient import TestClient

from tests.server.conftest import HOST, Running, photo, piecemeal
from vitrina.errors import TooMany
from vitrina.server import upload_door
from vitrina.server.body_limit import BodyLimit
from vitrina.server.last_resort import LastResort
from vitrina.server.upload_budget import UploadBudget
from vitrina.server.upload_door import UploadDoor

Door = Callable[..., TestClient]


@pytest.fixture
def door(tmp_path: Path) -> Iterator[Door]:
    """A client of an app that counts what it got, behind a door with the bounds given."""
    open_now = []

    def make(**bounds: Any) -> TestClient:
        app = FastAPI()

        @app.post("/gradio_api/upload")
        @app.post("/backend/gradio_api/upload")
        async def upload(request: Request) -> dict[str, int]:
            return {"bytes": len(await request.body())}

        defaults = {"per_minute": 99, "minimum_free_bytes": 0, "max_bytes": 400, "kept_seconds": 60.0}
        app.add_middleware(LastResort)
        app.add_middleware(UploadDoor, **{"folder": tmp_path, **defaults, **bounds})
        app.add_middleware(BodyLimit, max_bytes=10_000_000)
        client = TestClient(app)
        open_now.append(client)
        return client.__enter__()

    yield make
    for client in open_now:
        client.__exit__(None, None, None)


def test_uploads_are_paced_by_address(door: Door) -> None:
    client = door(per_minute=3)
    answers = [client.post("/gradio_api/upload").status_code for _ in range(4)]
    assert answers == [200, 200, 200, 429]


def test_one_address_has_an_eighth(door: Door) -> None:
    now = [0.0]
    client = door(budget_bytes=8 * 500, clock=lambda: now[0])
    assert client.post("/gradio_api/upload", content=b"x" * 300).status_code == 200
    now[0] = 20.0
    full = client.post("/gradio_api/upload", content=b"x" * 300)
    assert full.status_code == 429
    assert full.headers["retry-after"] == "40"
    assert full.json()["error"]["message"] == (
        "Expected at most 500 bytes of uploads from one address in 60 seconds; found more. Wait 40 seconds."
    )
    assert client.post("/gradio_api/upload", content=b"x" * 200).status_code == 200
    now[0] = 61.0
    assert client.post("/gradio_api/upload", content=b"x" * 300).status_code == 200


def test_one_upload_of_the_largest_size_fits_a_share(door: Door) -> None:
    client = door(budget_bytes=800, max_bytes=400)
    assert client.post("/gradio_api/upload", content=b"x" * 400).status_code == 200


def test_what_is_declared_and_does_not_arrive_costs_nothing(door: Door) -> None:
    client = door(budget_bytes=8 * 500)
    for _ in range(5):
        # A door that charged what is declared would be shut by now.
        short = client.post("/gradio_api/upload", content=b"x" * 10, headers={"content-length": "400"})
        assert short.json() == {"bytes": 10}
    assert client.post("/gradio_api/upload", content=b"x" * 450).status_code == 200


def test_what_arrives_undeclared_is_counted_and_ends_there(door: Door) -> None:
    client = door(budget_bytes=8 * 500)
    status, body, given = piecemeal(client.app, "/gradio_api/upload", itertools.repeat(b"x" * 100))
    assert (status, given) == (429, 6)
    assert "500 bytes of uploads from one address" in body["error"]["expected"]
    # What arrived until then lies on the disk, so it counts.
    assert client.post("/gradio_api/upload", content=b"x").status_code == 429


def test_all_together_have_a_budget() -> None:
    now = [0.0]
    budget = UploadBudget(total=1000, each=400, kept_seconds=60.0, clock=lambda: now[0])
    for number in range(3):
        claim = budget.open(f"192.0.2.{number}")
        claim.add(300)
        claim.settle()
        now[0] += 10
    late = budget.open("192.0.2.9")
    late.add(100)
    with pytest.raises(TooMany) as full:
        late.add(1)
    assert str(full.value) == (
        "Expected at most 1000 bytes of uploads in 60 seconds; found more. Wait 30 seconds."
    )
    assert late.size == 100
    late.settle()
    now[0] = 100.0
    budget.require_room("192.0.2.9", 400)
    assert budget._by_address.total() == 0


def test_bytes_under_way_count_at_once() -> None:
    budget = UploadBudget(total=1000, each=500, kept_seconds=60.0)
    one, other = budget.open("192.0.2.1"), budget.open("192.0.2.1")
    one.add(300)
    with pytest.raises(TooMany) as full:
        other.add(300)
    assert full.value.wait_seconds == 60


def test_uploads_stop_when_the_disk_is_nearly_full(door: Door) -> None:
    answer = door(minimum_free_bytes=2**62).post("/gradio_api/upload")
    assert answer.status_code == 507
    assert answer.json()["error"]["next_step"] == "Try again when the collection's staff have made room."


def test_space_is_asked_for_while_an_upload_arrives(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    def usage(folder: Path) -> SimpleNamespace:
        return SimpleNamespace(free=next(free))

    free = iter([10**9, 10**9, 0])
    monkeypatch.setattr(upload_door, "shutil", SimpleNamespace(disk_usage=usage))
    client = door(minimum_free_bytes=10**6, max_bytes=10**8)
    status, _, given = piecemeal(client.app, "/gradio_api/upload", itertools.repeat(b"x" * 2**19))
    assert (status, given) == (507, 4)
    assert list(free) == []


def test_who_is_turned_away_at_the_gate_costs_nothing(running: Running) -> None:
    door = find_door(running)
    before = door.budget._by_address.total()
    answer = running.visitor.post("/backend/gradio_api/upload", files={"files": ("x.jpg", photo(60))})
    assert answer.status_code == 401
    assert door.budget._by_address.total() == before
    files = {"files": ("x.jpg", photo(60))}
    taken = running.staff.post("/backend/gradio_api/upload", files=files, headers={"origin": HOST})
    assert taken.status_code == 200
    assert door.budget._by_address.total() > before + len(photo(60))


def find_door(running: Running) -> UploadDoor:
    layer: Any = running.app.middleware_stack
    while not isinstance(layer, UploadDoor):
        layer = layer.app
    return layer
