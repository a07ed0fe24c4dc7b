"""The models over HTTP: what a visitor reads and compares, what staff alone change."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.models.made import SCHEME
from tests.server.conftest import HOST, Running, photo
from tests.services.model_versions import food_once


@pytest.fixture(scope="module")
def pets(running: Running, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The repository that the collection "pets" follows: v2 in force, v1 before it."""
    made = food_once(tmp_path_factory, versions=2)
    place = Path(shutil.copytree(made, tmp_path_factory.mktemp("followed") / "food"))
    running.services.store.collections.create("pets", "Pets", labels=SCHEME.names)
    running.services.following.follow("pets", place.as_uri())
    return place


def models(running: Running, **query: str) -> Any:
    answer = running.visitor.get("/api/models", params={"collection": "pets", **query})
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-cache"
    return answer.json()


def move(running: Running, client: Any = None, **body: Any) -> Any:
    told = {"version": "v1", "reason": "worse on owls", "expected": "v2", **body}
    address = "/backend/api/collections/pets/champion"
    return (client or running.staff).post(address, json=told, headers={"origin": HOST})


def test_a_visitor_reads_the_versions(running: Running, pets: Path) -> None:
    told = models(running)
    assert {"slug": "pets", "title": "Pets"} in told["collections"]
    assert [one["name"] for one in told["models"]["versions"]] == ["v2", "v1"]
    assert str(pets.parent) not in str(told)
    assert models(running, collection="")["models"] is None
    assert running.visitor.get("/api/models?collection=none").status_code == 404


def test_a_card_is_nodes_and_no_markup(running: Running, pets: Path) -> None:
    told = running.visitor.get("/api/models/card", params={"collection": "pets", "version": "v1"}).json()
    assert told["card"][0] == {"tag": "h3", "children": ["Tiny pets <script>alert(1)</script>"]}
    missing = running.visitor.get("/api/models/card", params={"collection": "pets", "version": "v5"})
    assert missing.status_code == 404


def compare(running: Running, content: bytes, **query: str) -> Any:
    asked = {"collection": "pets", "first": "v2", "second": "v1", **query}
    return running.visitor.post("/api/models/compare", params=asked, content=content)


def test_a_visitor_compares_and_nothing_is_kept(running: Running, pets: Path) -> None:
    before = sorted(path for path in running.settings.data.rglob("*") if path.is_file())
    logged = running.staff.get("/predictions", params={"collection": "pets"}).json()["items"]
    answer = compare(running, photo(5))
    assert answer.status_code == 200, answer.text
    assert [one["version"] for one in answer.json()["answers"]] == ["v2", "v1"]
    assert answer.headers["cache-control"] == "no-store"
    assert running.staff.get("/predictions", params={"collection": "pets"}).json()["items"] == logged
    assert sorted(path for path in running.settings.data.rglob("*") if path.is_file()) == before


@pytest.mark.parametrize(
    ("content", "query", "status"),
    [
        (b"text", {}, 422),
        (b"", {}, 422),
        (photo(1), {"second": "v2"}, 400),
        (photo(1), {"second": "v9"}, 404),
        (photo(1), {"second": "v" * 30}, 422),
        (photo(1), {"collection": "none"}, 404),
    ],
)
def test_what_cannot_be_compared(
    running: Running, pets: Path, content: bytes, query: dict[str, str], status: int
) -> None:
    answer = compare(running, content, **query)
    assert (answer.status_code, set(answer.json()["error"]) >= {"expected", "found", "next_step"}) == (
        status,
        True,
    )


def test_staff_alone_see_names_and_change_the_champion(running: Running, pets: Path) -> None:
    assert running.visitor.get("/backend/api/models?collection=pets").status_code == 401
    assert move(running, running.visitor).status_code == 401
    foreign = running.staff.post(
        "/backend/api/collections/pets/champion",
        json={"version": "v1", "reason": "x", "expected": "v2"},
        headers={"origin": "https://elsewhere.example"},
    )
    assert foreign.status_code == 403
    assert models(running)["models"]["champion"]["version"] == "v2"

    done = move(running)
    assert done.status_code == 200, done.text
    assert (done.json()["champion"]["version"], done.json()["served"]) == ("v1", True)
    told = running.staff.get("/backend/api/models?collection=pets").json()
    assert (told["account"], told["models"]["champion"]["by"]) == ("ana", "A member of staff")
    assert [one["by"] for one in told["models"]["history"]] == ["A member of staff", "ana", "ana"]
    assert models(running)["models"]["champion"]["by"] == "A member of staff"

    stale = move(running)
    assert (stale.status_code, stale.json()["error"]["reason"]) == (409, "Stale")
    assert move(running, reason=" ", expected="v1").status_code == 400
    assert move(running, version="v2", reason="back", expected="v1").json()["served"] is True
