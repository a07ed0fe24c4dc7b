"""Events with input that no page sends end as the caller's mistake, in one line of the log."""

from __future__ import annotations

import errno
import json
import logging
from pathlib import Path
from typing import Any

import pytest

from tests.server.conftest import HOST, Running, photo
from tests.server.test_anonymous import mounted
from vitrina.errors import BadRequest
from vitrina.server.events import is_mistake, require_uploads

RESTAURANT = "restaurant-photos"
META = {"_type": "gradio.FileData"}


@pytest.fixture
def upload(running: Running) -> str:
    answer = running.visitor.post("/gradio_api/upload", files={"files": ("x.jpg", photo(90))})
    assert answer.status_code == 200, answer.text
    return str(answer.json()[0])


def run(running: Running, data: Any, *, event: str = "predict") -> Any:
    """Asks without letting the client check what it sends: NaN, lone surrogates pass."""
    body = json.dumps({"data": data}).encode()
    headers = {"content-type": "application/json"}
    return running.visitor.post(f"/gradio_api/run/{event}", content=body, headers=headers)


def shapes(upload: str) -> dict[str, Any]:
    good = {"path": upload, "meta": META}
    nested: Any = []
    for _ in range(400):
        nested = [nested]
    return {
        "nothing": [],
        "one value too few": [good],
        "a number": [5, RESTAURANT],
        "text": ["x", RESTAURANT],
        "a number for a path": [{"path": 5, "meta": META}, RESTAURANT],
        "a list for a path": [{"path": [upload], "meta": META}, RESTAURANT],
        "a zero byte": [{"path": "\x00", "meta": META}, RESTAURANT],
        "a path too long": [{"path": "/" + "x" * 5000, "meta": META}, RESTAURANT],
        "a folder": [{"path": str(Path(upload).parent), "meta": META}, RESTAURANT],
        "a file that is gone": [{"path": upload + "x", "meta": META}, RESTAURANT],
        "a web address": [{"path": "https://vitrina.example/x.jpg", "meta": META}, RESTAURANT],
        "a folder where none is asked for": [None, {"path": str(Path(upload).parent), "meta": META}],
        "a size that is text": [{"path": upload, "size": "x", "meta": META}, RESTAURANT],
        "a url that is a number": [{"path": upload, "url": 5, "meta": META}, RESTAURANT],
        "NaN": [float("nan"), RESTAURANT],
        "nested lists": [nested, RESTAURANT],
    }


SHAPES = list(shapes(""))


@pytest.mark.parametrize("shape", SHAPES)
def test_malformed_input_is_400_and_one_line(
    running: Running,
    upload: str,
    shape: str,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    answer = run(running, shapes(upload)[shape])
    assert answer.status_code == 400, answer.text
    error = answer.json()["error"]
    assert error["message"] in (
        "Expected an event as /config describes it; found another. Call it as the pages do.",
        "Expected a photo that was uploaded; found none, or one no longer kept. Upload the photo again.",
    )
    assert [record.levelno for record in caplog.records] == [logging.WARNING]
    assert caplog.records[0].exc_info is None
    assert "Traceback" not in capfd.readouterr().err


@pytest.mark.parametrize("slug", [5, True, 1.5, {"a": 1}, ["x"], "\ud800", "\x00", "x" * 60_000])
@pytest.mark.parametrize("event", ["predict", "suggest"])
def test_a_slug_that_is_none_is_refused(
    running: Running, upload: str, event: str, slug: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    data = [{"path": upload, "meta": META}, slug, *(["food"] if event == "suggest" else [])]
    answer = run(running, data, event=event)
    assert answer.status_code == 200, answer.text
    assert answer.json()["data"][0]["state"] in ("refused", "suggestion_failed")
    assert "Traceback" not in capfd.readouterr().err


@pytest.mark.parametrize("path", ["run/nowhere", "call/nowhere", "call/v2/nowhere", "call/v2/predict"])
def test_unknown_events_are_400(running: Running, path: str) -> None:
    answer = running.visitor.post(f"/gradio_api/{path}", json={"data": []})
    assert answer.status_code == 400, answer.text
    assert answer.json()["error"]["expected"] == "an event as /config describes it"


def test_an_event_of_the_browser_alone_cannot_be_called(running: Running) -> None:
    config = running.visitor.get("/config").json()
    alone = [d["id"] for d in config["dependencies"] if not d["backend_fn"]]
    for number in [*alone, 999]:
        answer = running.visitor.post("/gradio_api/run/x", json={"data": [], "fn_index": number})
        assert answer.status_code == 400, answer.text


# Gradio's own figures of its queue use options that pandas gives up.
@pytest.mark.filterwarnings("ignore:.*is deprecated")
def test_the_queue_tells_the_same(running: Running, capfd: pytest.CaptureFixture[str]) -> None:
    body = {"data": [5, RESTAURANT], "fn_index": 0, "session_hash": "malformed"}
    assert running.visitor.post("/gradio_api/queue/join", json=body).status_code == 200
    said = running.visitor.get("/gradio_api/queue/data?session_hash=malformed")
    done = next(json.loads(line[6:]) for line in said.text.splitlines() if "process_completed" in line)
    assert done["success"] is False
    assert done["output"]["error"].startswith("Expected an event as /config describes it")
    told = capfd.readouterr().err
    assert "Traceback" not in told, told


def test_a_real_fault_stays_one(
    running: Running, upload: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def broken(*arguments: Any, **options: Any) -> Any:
        raise ValueError("secret of the inside")

    # Inside the event's function: the same class of error as input can cause, yet no mistake of the caller's.
    monkeypatch.setattr(running.services.decoder, "examine", broken)
    answer = run(running, [{"path": upload, "meta": META}, RESTAURANT])
    assert answer.status_code == 500
    assert answer.json()["error"]["message"] == (
        "Expected a request that this server can answer; found a fault of its own. Try again; the log names the fault."
    )
    assert "secret" not in answer.text
    assert "secret of the inside" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("error", "mistake"),
    [
        (ValueError(), True),
        (RecursionError(), True),
        (OSError(errno.ENAMETOOLONG, ""), True),
        (FileNotFoundError(errno.ENOENT, ""), True),
        (OSError(errno.ENOSPC, ""), False),
        (OSError(errno.EMFILE, ""), False),
        (MemoryError(), False),
        (RuntimeError(), False),
    ],
)
def test_which_errors_are_the_callers(error: Exception, mistake: bool) -> None:
    assert is_mistake(error) == mistake


def test_only_uploads_may_be_named(tmp_path: Path) -> None:
    folder, outside = tmp_path / "uploads", tmp_path / "outside.jpg"
    folder.mkdir()
    outside.write_bytes(b"x")
    (folder / "x.jpg").write_bytes(b"x")
    (folder / "link.jpg").symlink_to(outside)
    require_uploads([{"path": str(folder / "x.jpg")}, {"path": None}, {"path": ""}, [1, "x", None]], folder)
    for path in (outside, folder / "link.jpg", folder, folder / ".." / "outside.jpg"):
        with pytest.raises(BadRequest) as refused:
            require_uploads(["x", [{"deep": {"path": str(path)}}]], folder)
        assert str(refused.value) == (
            "Expected a photo that was uploaded; found none, or one no longer kept. Upload the photo again."
        )


def test_both_mounts_are_guarded(running: Running) -> None:
    for mount in ("/", "/backend"):
        assert mounted(running, mount).get_blocks().preprocess_data.__module__ == "vitrina.server.events"
    answer = running.staff.post("/backend/gradio_api/run/x", json={"data": []}, headers={"origin": HOST})
    assert answer.status_code == 400
