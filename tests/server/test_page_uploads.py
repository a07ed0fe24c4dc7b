"""The folder of page uploads: one a run, old files go, a living run's folder stays."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from starlette.testclient import TestClient

from tests.served import ROOT, served
from tests.server.conftest import HOST, photo, piecemeal
from vitrina.server.app import build_server
from vitrina.server.page_uploads import PageUploads
from vitrina.server.settings import Settings


@pytest.fixture
def uploads(tmp_path: Path) -> Iterator[PageUploads]:
    uploads = PageUploads(tmp_path, every=3600, age=1000)
    uploads.announce()
    yield uploads
    uploads.close()


def aged(path: Path, seconds: float) -> Path:
    then = time.time() - seconds
    os.utime(path, (then, then))
    return path


def test_old_files_go_new_ones_stay(uploads: PageUploads) -> None:
    uploads.open()
    (uploads.folder / "hash").mkdir()
    (uploads.folder / "tmpcutoff").write_bytes(b"half an upload")
    (uploads.folder / "hash" / "x.jpg").write_bytes(b"old")
    (uploads.folder / "new.jpg").write_bytes(b"new")
    aged(uploads.folder / "tmpcutoff", 1001)
    aged(uploads.folder / "hash" / "x.jpg", 1001)
    aged(uploads.folder / "new.jpg", 900)
    assert uploads.sweep() == 2
    assert (uploads.folder / "new.jpg").exists()
    aged(uploads.folder / "hash", 1001)
    assert uploads.sweep() == 1
    assert sorted(path.name for path in uploads.folder.iterdir()) == [".running", "new.jpg"]


def test_the_sweeper_runs_and_stops(tmp_path: Path) -> None:
    uploads = PageUploads(tmp_path, every=0.01, age=1000)
    uploads.announce()
    uploads.open()
    old = uploads.folder / "old"
    old.write_bytes(b"")
    aged(old, 2000)
    end = time.monotonic() + 10
    while old.exists():
        assert time.monotonic() < end
        time.sleep(0.01)
    uploads.close()
    assert not uploads._sweeper.is_alive()
    assert not uploads.folder.exists()


def test_gradio_is_told_the_folder_until_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRADIO_TEMP_DIR", "before")
    uploads = PageUploads(tmp_path, every=1, age=1)
    uploads.announce()
    assert os.environ["GRADIO_TEMP_DIR"] == str(uploads.folder)
    assert not uploads.root.exists()
    uploads.close()
    assert os.environ["GRADIO_TEMP_DIR"] == "before"


def test_a_run_that_is_over_is_cleared_a_living_one_is_not(uploads: PageUploads, tmp_path: Path) -> None:
    code = (
        "import sys, pathlib; from vitrina.server.page_uploads import PageUploads;"
        "u = PageUploads(pathlib.Path(sys.argv[1]), every=60, age=60); u.open();"
        "(u.folder / 'theirs').write_bytes(b'x'); print(u.folder, flush=True); sys.stdin.read()"
    )
    pipe = subprocess.PIPE
    command = [sys.executable, "-c", code, str(tmp_path)]
    with subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, text=True) as other:
        assert other.stdout is not None
        theirs = Path(other.stdout.readline().strip())
        (uploads.root / "an older layout").mkdir()
        uploads.open()
        assert (theirs / "theirs").exists()
        assert not (uploads.root / "an older layout").exists()
        other.kill()
        other.wait()
    assert theirs.exists()
    later = PageUploads(tmp_path, every=3600, age=1000)
    later.announce()
    later.open()
    assert not theirs.exists()
    assert uploads.folder.exists()
    later.close()


def test_an_upload_that_is_cut_off_is_swept(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Gradio leaves its file behind, knows nothing of it."""
    app = build_server(Settings(data=tmp_path, first_start=False, minimum_free_bytes=0))
    sweeper: PageUploads = app.state.page_uploads
    with TestClient(app, base_url=HOST) as client:
        half = b'--b\r\nContent-Disposition: form-data; name="files"; filename="x.jpg"\r\n\r\nhalf'
        form = "multipart/form-data; boundary=b"
        status, _, _ = piecemeal(app, "/gradio_api/upload", [half, b"x" * 1000], content_type=form)
        assert status == 400
        assert caplog.records == []
        taken = client.post("/gradio_api/upload", files={"files": ("x.jpg", photo(70))}).json()[0]
        assert Path(taken).is_relative_to(sweeper.folder)
        (left,) = sweeper.folder.glob("tmp*")
        assert sweeper.sweep() == 0
        aged(left, 1300)
        aged(Path(taken), 1300)
        assert sweeper.sweep() == 2
        assert not left.exists()
    assert list((tmp_path / "page-uploads").iterdir()) == []


def test_a_second_server_leaves_the_first_ones_uploads_alone(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with served(tmp_path / "one", data=data, first_start="0", minimum_free_bytes="0") as server:
        files = {"files": ("x.jpg", photo(71), "image/jpeg")}
        taken = Path(httpx.post(f"{server.address}/gradio_api/upload", files=files, timeout=60).json()[0])
        port = server.address.rpartition(":")[2]
        environment = {**os.environ, "VITRINA_DATA": str(data), "GRADIO_SERVER_PORT": port}
        refused = subprocess.run(
            [sys.executable, "app.py"], cwd=ROOT, env=environment, capture_output=True, text=True
        )
        assert refused.returncode == 2
        assert taken.exists()
        with served(tmp_path / "two", data=data, first_start="0", minimum_free_bytes="0") as second:
            assert len(list((data / "page-uploads").iterdir())) == 2
            assert second.attempts == []
        assert taken.exists()
        assert [taken.parent.parent] == list((data / "page-uploads").iterdir())
    assert list((data / "page-uploads").iterdir()) == []


def test_a_port_is_taken_before_anything_else_is_touched(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        environment = {
            **os.environ,
            "VITRINA_DATA": str(tmp_path / "data"),
            "GRADIO_SERVER_PORT": str(taken.getsockname()[1]),
        }
        done = subprocess.run(
            [sys.executable, "app.py"], cwd=ROOT, env=environment, capture_output=True, text=True
        )
    assert done.returncode == 2
    assert not (tmp_path / "data").exists()
