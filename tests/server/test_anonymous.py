"""What somebody without an account reaches: every route and every event, one by one."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from typing import Any

import pytest
from starlette.routing import Mount

from tests.server.conftest import HOST, Running, photo

# Everything a visitor may do, with what it is. A new route that is not named here must answer 401 or 403.
PUBLIC = {
    ("GET", "/health"): "whether the server lives",
    ("POST", "/predict"): "paced, keeps no picture",
    ("GET", "/predictions/{prediction_id}"): "by an id that only its sender has",
    ("GET", "/api/collections"): "published pictures only",
    ("GET", "/api/collections/{slug}"): "published pictures only",
    ("GET", "/api/collections/{slug}/pictures"): "published pictures only",
    ("GET", "/api/pictures/{picture_id}"): "published pictures only",
    ("GET", "/api/models"): "versions and figures, no names of staff, no place on the disk",
    ("GET", "/api/models/card"): "a card as nodes",
    ("POST", "/api/models/compare"): "paced, one at a time, keeps no picture",
    ("GET", "/pictures/{picture_id}/{size}.webp"): "derivatives of published pictures",
    ("GET", "/backend/sign-in"): "the door itself",
    ("POST", "/backend/sign-in"): "the door itself, throttled",
    ("GET", "/backend/sign-in/hugging-face"): "the other door: closed where no OAuth app is set",
    ("GET", "/backend/sign-in/hugging-face/callback"): "who comes back through it, state and PKCE checked",
    ("GET", "/favicon.ico"): "nothing",
    ("GET", "/manifest.json"): "a name",
    ("GET", "/openapi.json"): "documentation",
    ("GET", "/docs"): "documentation",
    ("GET", "/docs/oauth2-redirect"): "documentation",
}
# Gradio's own routes at the public mount; what is not here is refused before Gradio sees it.
PUBLIC_GRADIO = {
    "/", "/try", "/try/", "/models", "/models/",
    "/config", "/config/", "/static/{path}", "/assets/{path}", "/favicon.ico", "/theme.css",
    "/robots.txt", "/manifest.json", "/openapi.json", "/gradio_api/app_id", "/gradio_api/app_id/", "/gradio_api/info",
    "/gradio_api/info/", "/gradio_api/openapi.json", "/gradio_api/file={path_or_url}", "/gradio_api/reset",
    "/gradio_api/reset/", "/gradio_api/heartbeat/{session_hash}", "/gradio_api/api/{api_name}/",
    "/gradio_api/api/{api_name}", "/gradio_api/run/{api_name}/", "/gradio_api/run/{api_name}",
    "/gradio_api/call/v2/{api_name}/", "/gradio_api/call/v2/{api_name}", "/gradio_api/call/{api_name}/",
    "/gradio_api/call/{api_name}", "/gradio_api/queue/join", "/gradio_api/cancel",
    "/gradio_api/call/{api_name}/{event_id}", "/gradio_api/call/v2/{api_name}/{event_id}", "/gradio_api/queue/data",
    "/gradio_api/queue/status", "/gradio_api/upload_progress", "/gradio_api/upload", "/gradio_api/startup-events",
    "/gradio_api/theme.css",
}  # fmt: skip
# Long streams that would never end; they are asked for by name in other tests.
STREAMS = (
    "/gradio_api/heartbeat/",
    "/gradio_api/queue/data",
    "/gradio_api/upload_progress",
    "/gradio_api/call/",
)
PUBLIC_EVENTS = {"predict": "paced, keeps no picture", "suggest": "waits for staff, capped"}


def mounted(running: Running, path: str) -> Any:
    return next(r.app for r in running.app.routes if isinstance(r, Mount) and r.path == path.rstrip("/"))


def filled(path: str) -> str:
    return re.sub(r"\{[^}]+\}", "1", path)


def documented(running: Running) -> Iterator[tuple[str, str]]:
    """(method, path) of every route of our own, also of those kept out of the OpenAPI document."""
    from fastapi.routing import APIRoute

    def walk(routes: Any) -> Iterator[Any]:
        for route in routes:
            if isinstance(route, Mount):
                continue
            inner = getattr(route, "original_router", None) or getattr(route, "router", None)
            if inner is not None and not isinstance(route, APIRoute):
                yield from walk(inner.routes)
            else:
                yield route

    for route in walk(running.app.routes):
        for method in sorted((getattr(route, "methods", None) or set()) - {"HEAD"}):
            yield method, route.path


def test_the_enumeration_sees_every_route(running: Running) -> None:
    """Checked against the OpenAPI document, so that a change of FastAPI's inside cannot blind it."""
    seen = set(documented(running))
    paths = running.visitor.get("/openapi.json").json()["paths"]
    for path, methods in paths.items():
        for method in methods:
            assert (method.upper(), path) in seen
    assert set(PUBLIC) - {("GET", "/docs/oauth2-redirect")} <= seen
    assert len(seen) > 25


def test_every_other_route_turns_a_visitor_away(running: Running, flowers: str) -> None:
    refused = 0
    for method, path in documented(running):
        if (method, path) in PUBLIC or path.startswith("/static-offline-docs"):
            continue
        answer = running.visitor.request(method, filled(path), json={}, headers={"origin": HOST})
        assert answer.status_code in (401, 403), f"{method} {path} answered {answer.status_code}"
        refused += 1
    assert refused >= 12


def test_the_staff_mount_is_shut_route_by_route(running: Running) -> None:
    paths = mounted(running, "/backend").openapi()["paths"]
    assert len(paths) > 30
    for path, methods in paths.items():
        for method in methods:
            answer = running.visitor.request(
                method.upper(), "/backend" + filled(path), headers={"origin": HOST}
            )
            assert answer.status_code in (401, 403), f"{method} /backend{path} answered {answer.status_code}"
    # Upper case, doubled slashes, dots and encodings lead to the public mount, never past the gate.
    for path in (
        "//backend/config",
        "/Backend/config",
        "/./backend/config",
        "/%62ackend/config",
        "/backend%2fconfig",
        "/x/../backend/config",
    ):
        answer = running.visitor.get(path)
        assert "vitrina-review" not in answer.text, path


def test_the_public_mount_is_classified_route_by_route(running: Running) -> None:
    paths = mounted(running, "/").openapi()["paths"]
    assert paths.keys() >= PUBLIC_GRADIO - {"/openapi.json"}
    for path, methods in paths.items():
        if path in PUBLIC_GRADIO or filled(path).startswith(STREAMS):
            continue
        for method in methods:
            answer = running.visitor.request(method.upper(), filled(path))
            assert answer.status_code == 403, f"{method} {path} answered {answer.status_code}"


def test_public_events_are_the_two_classified_ones(running: Running) -> None:
    config = running.visitor.get("/config").json()
    events = {d["api_name"] for d in config["dependencies"] if d["backend_fn"]}
    assert events == set(PUBLIC_EVENTS)
    assert not [c for c in config["components"] if c["props"].get("server_fns")]
    assert "vitrina-review" not in str(config["components"])


def test_visitors_see_published_pictures_only(running: Running, flowers: str) -> None:
    waiting = running.staff.get(f"/backend/api/collections/{flowers}/queue").json()["items"][0]
    for path in (
        f"/pictures/{waiting['id']}/thumb.webp",
        f"/pictures/{waiting['id']}/large.webp",
        f"/api/pictures/{waiting['id']}",
    ):
        hidden = running.visitor.get(path)
        absent = running.visitor.get(path.replace(str(waiting["id"]), "999999"))
        assert hidden.status_code == absent.status_code == 404
        assert hidden.json()["error"]["expected"] == absent.json()["error"]["expected"]
    assert running.staff.get(waiting["thumb"]).headers["cache-control"] == "private, no-store"
    listed = running.visitor.get(f"/api/collections/{flowers}/pictures").json()
    assert listed["total"] == 2
    shown = running.visitor.get(listed["items"][0]["thumb"])
    assert (shown.status_code, shown.headers["content-type"]) == (200, "image/webp")
    # A cache may keep it, yet asks each time: what staff take away is gone at once.
    assert shown.headers["cache-control"] == "public, no-cache"
    again = running.visitor.get(listed["items"][0]["thumb"], headers={"if-none-match": shown.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert shown.headers["content-security-policy"].startswith("sandbox")
    assert "staff:" not in running.visitor.get(f"/api/pictures/{listed['items'][0]['id']}").text


def test_a_suggestion_changes_nothing_that_is_shown(running: Running, flowers: str, tmp_path: Any) -> None:
    from vitrina.services import Principal

    before = running.visitor.get(f"/api/collections/{flowers}/pictures").json()
    path = tmp_path / "suggested.jpg"
    path.write_bytes(photo(100))  # A picture that is published as rose.
    said = running.services.trial.suggest(
        path, slug=flowers, label="tulip", principal=Principal(None, "198.51.100.7")
    )
    assert said["kept"]
    new = tmp_path / "new.jpg"
    new.write_bytes(photo(103))
    sent = running.services.trial.suggest(
        new, slug=flowers, label="tulip", principal=Principal(None, "198.51.100.7")
    )
    # Nobody finds out by it what the collection holds.
    assert sent["message"] == said["message"]
    assert running.visitor.get(f"/api/collections/{flowers}/pictures").json() == before
    story = running.visitor.get(f"/api/pictures/{said['picture']}").json()["story"]
    assert "suggested" not in str(story)


@pytest.mark.parametrize("mount", ["/", "/backend"])
def test_the_queue_makes_no_table_of_its_events(running: Running, mount: str) -> None:
    """It does so in a thread while others change them, which fails now and then under load."""
    from gradio.queueing import Queue

    queue = mounted(running, mount).get_blocks()._queue
    queue.events_recorded += 1
    assert queue.compute_analytics_summary([{"function": "x", "status": None, "process_time": None}]) == {
        "functions": {}
    }
    assert "ANAYLTICS_CACHE_FREQUENCY" in inspect.getsource(Queue.compute_analytics_summary)


UPLOADS = [("/", "/gradio_api"), ("/backend", "/backend/gradio_api")]


@pytest.mark.parametrize(("mount", "api"), UPLOADS)
def test_every_mount_checks_the_paths_of_events(running: Running, mount: str, api: str) -> None:
    blocks = mounted(running, mount).get_blocks()
    assert blocks.has_launched is True
    assert blocks.max_file_size == running.settings.max_upload_bytes
    assert blocks.allowed_paths == []
    person = running.staff if mount == "/backend" else running.visitor
    database = running.settings.data / "vitrina.sqlite3"
    for path in ("/etc/passwd", "/proc/self/environ", str(database), str(database.resolve())):
        answer = person.get(f"{api}/file={path}", headers={"origin": HOST})
        assert answer.status_code in (403, 404), path
        assert b"SQLite" not in answer.content
        assert b"root:" not in answer.content


@pytest.mark.parametrize("event", sorted(PUBLIC_EVENTS))
@pytest.mark.parametrize(
    "path",
    [
        "/etc/passwd",
        "/proc/self/environ",
        "DATABASE",
        "ORIGINAL",
        "../../etc/passwd",
        "http://127.0.0.1:1/x.jpg",
        "http://169.254.169.254/latest",
        "https://vitrina.example/x.jpg",
    ],
)
def test_events_open_no_file_that_was_not_uploaded(
    running: Running, flowers: str, event: str, path: str
) -> None:
    original = next((running.settings.data / "pictures" / "originals").rglob("*[0-9a-f]"))
    path = path.replace("DATABASE", str(running.settings.data / "vitrina.sqlite3")).replace(
        "ORIGINAL", str(original)
    )
    before = running.services.store.collections.counts(flowers)
    file = {"path": path, "meta": {"_type": "gradio.FileData"}, "orig_name": "x.jpg"}
    data = [file, "restaurant-photos"] + (["food"] if event == "suggest" else [])
    answer = running.visitor.post(f"/gradio_api/run/{event}", json={"data": data, "session_hash": "abc"})
    assert answer.status_code >= 400 or '"error"' in answer.text, answer.text
    assert "root:" not in answer.text
    by_url = {"path": "x.jpg", "url": path, "meta": {"_type": "gradio.FileData"}}
    answer = running.visitor.post(
        f"/gradio_api/run/{event}", json={"data": [by_url, *data[1:]], "session_hash": "abc"}
    )
    assert answer.status_code >= 400 or '"error"' in answer.text, answer.text
    assert running.services.store.collections.counts(flowers) == before
