"""The Hub: reached through a small one on this machine, or not reached at all."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

COMMIT = "0123456789abcdef0123456789abcdef01234567"
LOAD = """
import sys
from vitrina.errors import ModelUnavailable
from vitrina.models.backbone import load_model
for name in sys.argv[1:]:
    try:
        loaded = load_model(name)
        print(loaded.revision, "|", *loaded.labels.names)
    except ModelUnavailable as error:
        print(error)
"""


def load(endpoint: str, cache: Path, *names: str) -> list[str]:
    """What a fresh process says of each name; the Hub's client reads its address when it is imported."""
    environment = {
        **{key: value for key, value in os.environ.items() if not key.startswith(("HF_", "HUGGINGFACE"))},
        "HF_ENDPOINT": endpoint,
        "HF_HOME": str(cache),
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "NO_PROXY": "127.0.0.1",
    }
    done = subprocess.run(
        [sys.executable, "-c", LOAD, *names],
        env=environment,
        cwd=Path(__file__).resolve().parents[2],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


@pytest.fixture
def closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def hub(vit_folder: Path) -> Iterator[ThreadingHTTPServer]:
    """`org/vit` as a repository, `org/pickled` with pickled weights alone; counts what is fetched."""
    files = {path.name: path.read_bytes() for path in vit_folder.iterdir()}
    listed = {"org/vit": [*files, "run_me.py"], "org/pickled": ["config.json", "pytorch_model.bin"]}

    class Answer(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self.do_GET()

        def do_GET(self) -> None:
            parts = self.path.split("?")[0].strip("/").split("/")
            repository = "/".join(parts[2:4] if parts[0] == "api" else parts[:2])
            revision = parts[5] if parts[0] == "api" and len(parts) > 5 else "main"
            if repository not in listed:
                self.say(404, b"", {"X-Error-Code": "RepoNotFound"})
            elif parts[0] == "api" and revision not in ("main", "v1", COMMIT):
                self.say(404, b"", {"X-Error-Code": "RevisionNotFound"})
            elif parts[0] == "api" and "tree" in parts:
                rows = [
                    {"type": "file", "path": n, "size": len(files.get(n, b"")), "oid": "0" * 40}
                    for n in listed[repository]
                ]
                self.say(200, json.dumps(rows).encode(), {"Content-Type": "application/json"})
            elif parts[0] == "api":
                siblings = [{"rfilename": name} for name in listed[repository]]
                body = {"id": repository, "sha": COMMIT, "siblings": siblings, "private": False, "tags": []}
                self.say(200, json.dumps(body).encode(), {"Content-Type": "application/json"})
            else:
                self.server.fetched.add(parts[-1])  # type: ignore[attr-defined]
                tag = {"ETag": f'"{parts[-1]}"', "X-Repo-Commit": COMMIT}
                self.say(200, files[parts[-1]], tag)

        def say(self, status: int, body: bytes, headers: dict[str, str]) -> None:
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Tests stay quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    server.fetched = set()  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_repository_loads_by_commit_and_again_without_the_hub(
    hub: ThreadingHTTPServer, closed_port: int, tmp_path: Path
) -> None:
    there = f"http://127.0.0.1:{hub.server_port}"
    assert load(there, tmp_path, "org/vit@v1", "org/pickled", "org/none", "org/vit@v9") == [
        f"org/vit@{COMMIT} | cat dog owl",
        "Expected model.safetensors in org/pickled; found pytorch_model.bin. "
        "Choose a revision with safetensors; pickled weights can run code and are never opened.",
        "Expected the model org/none on the Hub; found no such repository (or a private one). "
        "Check the name; set HF_TOKEN for a private one; a folder is written as ./folder.",
        "Expected the model org/vit@v9 on the Hub; found no revision v9. "
        "Name a branch, tag or commit that the repository has.",
    ]
    assert hub.fetched == {"config.json", "preprocessor_config.json", "model.safetensors"}  # type: ignore[attr-defined]
    nowhere = f"http://127.0.0.1:{closed_port}"
    pinned, floating = load(nowhere, tmp_path, f"org/vit@{COMMIT}", "org/vit@v1")
    assert pinned == f"org/vit@{COMMIT} | cat dog owl"
    assert floating.startswith(f"Expected the model org/vit@v1 from the Hub at {nowhere}; ")


def test_an_unreachable_hub_says_so(closed_port: int, tmp_path: Path) -> None:
    endpoint = f"http://127.0.0.1:{closed_port}"
    (said,) = load(endpoint, tmp_path, "google/vit-base-patch16-224")
    assert said == (
        f"Expected the model google/vit-base-patch16-224 from the Hub at {endpoint}; "
        "found that it cannot be reached (ConnectError). "
        "Check the network, or use bundled/efficientnet-lite0 or a folder, which need none."
    )
