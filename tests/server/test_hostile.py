"""Hostile pictures through every door: REST, raw Gradio HTTP, staff upload; the server lives, its memory bounded."""

from __future__ import annotations

import contextlib
import csv
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.hostile_pictures import HOSTILE, encoded, photo
from tests.served import ROOT, Server, served

REASONS = {
    "empty", "not_a_picture", "format_not_allowed", "truncated", "corrupt", "too_many_pixels", "side_too_long",
    "too_many_bytes", "too_slow", "too_much_memory", "decoder_died",
}  # fmt: skip
ANA = ("ana", "correct horse battery")
MIB = 1024 * 1024


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("hostile")
    wide = {"predictions_per_minute": "60000", "suggestions_per_minute": "60000", "first_start": "0"}
    with served(folder, minimum_free_bytes="0", **wide) as server:
        environment = {"VITRINA_DATA": str(server.data), "PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"}
        command = [sys.executable, "-m", "vitrina", "account", "add", ANA[0], "--password-stdin"]
        subprocess.run(
            command, env=environment, cwd=ROOT, input=ANA[1].encode(), check=True, capture_output=True
        )
        server.wait_ready()
        yield server
        # One good photo is still answered after everything that the tests of this module sent.
        assert "Traceback" not in server.log, server.log[-3000:]


@pytest.fixture(scope="module")
def visitor(server: Server) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.address, timeout=60) as client:
        yield client


@pytest.fixture(scope="module")
def staff(server: Server) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.address, timeout=60, headers={"origin": server.address}) as client:
        answer = client.post("/backend/sign-in", data={"name": ANA[0], "password": ANA[1]})
        assert answer.status_code == 303
        # The cookie is Secure; this client takes the plain loopback address less kindly than browsers do.
        client.headers["cookie"] = answer.headers["set-cookie"].split(";")[0]
        yield client


def check(answer: httpx.Response, allowed: frozenset[str] | set[str], *, must_be_taken: bool) -> None:
    """201 or 200 for what is taken, else a defined code with a reason that is allowed."""
    if answer.status_code in (200, 201):
        assert must_be_taken or not allowed
        return
    assert answer.status_code in (413, 422), answer.text
    error = answer.json()["error"]
    assert error["reason"] in allowed, error
    assert error["expected"]
    assert error["next_step"].endswith(".")


class Resident:
    """The resident bytes of a server with all its children, sampled while something is done to it.

    VmHWM would tell of one process since its start, loading models included; the sum over the family now is
    what the pictures under way cost.
    """

    def __init__(self, server: Server) -> None:
        self.server = server
        self.before = self.now()
        self.most = self.before
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._sample, daemon=True)

    def now(self) -> int:
        total = 0
        for pid in self.server.processes():
            # A decoder that was killed for a bomb may be gone between the two reads.
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
                total += pages * os.sysconf("SC_PAGE_SIZE")
        return total

    def _sample(self) -> None:
        while not self._stop.wait(0.02):
            self.most = max(self.most, self.now())

    def __enter__(self) -> Resident:
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._stop.set()
        self._thread.join()

    @property
    def grown(self) -> int:
        """How many bytes above the start there were at the most."""
        return self.most - self.before


@pytest.mark.parametrize("name", HOSTILE)
def test_through_rest(server: Server, visitor: httpx.Client, name: str) -> None:
    make, reasons = HOSTILE[name]
    content = make()
    check(visitor.post("/predict", content=content), reasons, must_be_taken=not reasons)
    as_form = visitor.post("/predict", files={"file": ("x.jpg", content, "image/jpeg")})
    check(as_form, reasons, must_be_taken=not reasons)


def test_the_memory_of_all_processes_is_bounded(server: Server, visitor: httpx.Client) -> None:
    """Bombs among them; the decoder alone may take 1 GiB above its idle size, and needs far less."""
    visitor.post("/predict", content=encoded(photo(), "JPEG"))  # The decoder's worker is there from here on.
    with Resident(server) as resident:
        for make, _ in HOSTILE.values():
            visitor.post("/predict", content=make())
    assert resident.grown < 400 * MIB, f"{resident.grown / MIB:.0f} MiB"


@pytest.mark.parametrize("name", HOSTILE)
def test_through_the_staff_upload(server: Server, staff: httpx.Client, name: str) -> None:
    make, reasons = HOSTILE[name]
    answer = staff.post("/backend/pictures?collection=restaurant-photos", content=make())
    check(answer, reasons, must_be_taken=not reasons)
    if not reasons:
        item = answer.json()["item"]
        for size in ("thumb", "large"):
            shown = staff.get(item[size])
            assert shown.content[8:12] == b"WEBP"
            for secret in (b"SECRET", b"Exif", b"XMP", b"ICCP", b"<script", b"PK\x03\x04"):
                assert secret not in shown.content


@pytest.mark.parametrize("name", HOSTILE)
def test_through_raw_gradio_http(server: Server, visitor: httpx.Client, name: str) -> None:
    make, reasons = HOSTILE[name]
    uploaded = visitor.post("/gradio_api/upload", files={"files": ("x.jpg", make(), "image/jpeg")})
    if uploaded.status_code == 413:
        assert "too_many_bytes" in reasons
        return
    assert uploaded.status_code == 200, uploaded.text
    answer = run_event(visitor, "predict", uploaded.json()[0])
    if reasons:
        assert answer["state"] == "refused", answer
        assert "Expected" in answer["message"]
    else:
        assert answer["state"] == "answered", answer


def run_event(client: httpx.Client, event: str, path: str, *more: str) -> dict[str, Any]:
    file = {"path": path, "meta": {"_type": "gradio.FileData"}, "orig_name": "x.jpg"}
    data = [file, "restaurant-photos", *more]
    answer = client.post(f"/gradio_api/run/{event}", json={"data": data, "session_hash": "abc"})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()["data"][0]
    return found


def test_every_cut_of_a_photo(visitor: httpx.Client) -> None:
    whole = encoded(photo(640, 480), "JPEG", quality=90)
    for percent in range(0, 100, 4):
        cut = whole[: len(whole) * percent // 100]
        answer = visitor.post("/predict", content=cut)
        check(answer, {"empty", "not_a_picture", "truncated", "corrupt"}, must_be_taken=False)
    assert visitor.post("/predict", content=whole).status_code == 201


def test_malformed_requests_have_defined_codes(visitor: httpx.Client, staff: httpx.Client) -> None:
    good = encoded(photo(), "JPEG")
    no_boundary = visitor.post("/predict", content=good, headers={"content-type": "multipart/form-data"})
    assert no_boundary.status_code == 400
    assert no_boundary.json()["error"]["next_step"] == "Send it as curl -F file=@photo.jpg does."
    wrong_field = visitor.post("/predict", files={"picture": ("x.jpg", good)})
    assert wrong_field.json()["error"]["message"] == (
        "Expected a form with one file in the field 'file'; found fields picture. "
        "Send it as curl -F file=@photo.jpg does."
    )
    many = [("file", (f"{n}.jpg", good)) for n in range(200)]
    assert visitor.post("/predict", files=many).status_code == 400
    assert visitor.post("/predict?collection=" + "x" * 300, content=good).status_code == 422
    cut = b'--b\r\nContent-Disposition: form-data; name="file"; filename="x.jpg"\r\n\r\n' + good
    headers = {"content-type": "multipart/form-data; boundary=b"}
    unended = visitor.post("/predict", content=cut, headers=headers)
    assert unended.status_code == 400
    assert unended.json()["error"]["found"] == "A file that is cut off."
    for body in (b"", b"no form", b"--b", b"--b--", b"--b\r\n\r\n", b"--b\r\nX: y\r\n\r\nz\r\n--b--"):
        assert visitor.post("/predict", content=body, headers=headers).status_code == 400, body
    long_boundary = {"content-type": "multipart/form-data; boundary=" + "b" * 300}
    assert visitor.post("/predict", content=good, headers=long_boundary).status_code == 400


NESTED = b"[" * 900 + b"]" * 900
BODIES = {
    "empty": b"",
    "half": b"{",
    "null": b"null",
    "a list": b"[]",
    "a number": b"5",
    "no utf-8": b"\xff\xfe{}",
    "missing keys": b"{}",
    "unknown keys": b'{"x": 1}',
    "data of a wrong type": b'{"data": {"a": 1}}',
    "data NaN": b'{"data": NaN}',
    "NaN inside": b'{"data": [NaN, Infinity], "session_hash": "x", "fn_index": 0}',
    "fn_index NaN": b'{"data": [], "fn_index": NaN, "session_hash": "x"}',
    "fn_index infinite": b'{"data": [], "fn_index": 1e999, "session_hash": "x"}',
    "fn_index negative": b'{"data": [], "fn_index": -1, "session_hash": "x"}',
    "fn_index far": b'{"data": [], "fn_index": 1000000000, "session_hash": "x"}',
    "fn_index of digits": b'{"data": [], "fn_index": ' + b"9" * 5000 + b"}",
    "fn_index text": b'{"data": [], "fn_index": "NaN", "session_hash": "x"}',
    "fn_index null": b'{"data": [], "fn_index": null, "session_hash": "x"}',
    "session a number": b'{"data": [], "fn_index": 0, "session_hash": 5}',
    "trigger NaN": b'{"data": [], "fn_index": 0, "session_hash": "x", "trigger_id": NaN}',
    "event data nested": b'{"data": [], "fn_index": 0, "session_hash": "x", "event_data": ' + NESTED + b"}",
    "batched": b'{"data": [], "fn_index": 0, "session_hash": "x", "batched": true}',
    "nested lists": b'{"data": [' + NESTED + b', "restaurant-photos"], "fn_index": 0, "session_hash": "x"}',
    "nested too deep": b'{"data": ' + b"[" * 30_000 + b"]" * 30_000 + b"}",
    "a lone surrogate": b'{"data": [null, "\\ud800"], "session_hash": "\\ud800", "fn_index": 0}',
    "much": b'{"data": ["' + b"x" * 65_000 + b'"], "fn_index": 0, "session_hash": "x"}',
    "too much": b'{"data": ["' + b"x" * 65_600 + b'"]}',
    "far too much": b"[" * (20 * MIB),
}
DOORS = (
    "/gradio_api/run/predict",
    "/gradio_api/run/suggest",
    "/gradio_api/api/predict",
    "/gradio_api/call/predict",
    "/gradio_api/call/v2/predict",
    "/gradio_api/queue/join",
    "/gradio_api/cancel",
    "/gradio_api/reset",
    "/backend/gradio_api/run/x",
    "/backend/gradio_api/queue/join",
    "/backend/api/collections",
    "/backend/api/pictures/1/label",
    "/backend/sign-in",
)


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("shape", BODIES)
def test_a_malformed_body_is_no_fault_of_the_server(staff: httpx.Client, door: str, shape: str) -> None:
    answer = staff.post(door, content=BODIES[shape], headers={"content-type": "application/json"})
    assert answer.status_code < 500, answer.text
    # The queue takes what it will refuse; sign-in reads any text as a form.
    taken = ("/queue/join", "/call/predict", "/cancel", "/reset")
    if answer.status_code < 400:
        assert door.endswith(taken) or shape in ("batched", "a lone surrogate"), answer.text
    if "too much" in shape:
        assert answer.status_code == 413


def test_much_json_holds_nobody_up(visitor: httpx.Client, server: Server) -> None:
    """Parsed, these 30 MiB would stop the event loop for many seconds."""
    with Resident(server) as resident:
        for _ in range(3):
            answer = visitor.post(
                "/gradio_api/queue/join",
                content=b'{"data": [' + b"[]," * (10 * MIB) + b"0]}",
                headers={"content-type": "application/json"},
            )
            assert answer.status_code == 413
    assert resident.grown < 100 * MIB, f"{resident.grown / MIB:.0f} MiB"


@pytest.mark.parametrize(
    "name",
    [
        "../../etc/passwd",
        "C:\\boot.ini",
        "a\x00b.jpg",
        "evil\u202egpj.exe",
        "x" * 400,
        "🍲.jpg",
        "=cmd()|' /C calc'!A0",
        "<img src=x>",
    ],
)
def test_hostile_names_are_display_text_only(server: Server, staff: httpx.Client, name: str) -> None:
    from urllib.parse import quote

    before = {path for path in server.data.parent.rglob("*") if "incoming" not in path.parts}
    content = encoded(photo(seed=abs(hash(name)) % 10_000), "PNG")
    answer = staff.post(
        "/backend/pictures?collection=restaurant-photos",
        content=content,
        headers={"x-file-name": quote(name)},
    )
    assert answer.status_code == 201
    shown = answer.json()["item"]["file_name"]
    assert "\x00" not in shown
    assert "\u202e" not in shown
    assert len(shown) <= 255
    new = {path for path in server.data.parent.rglob("*") if "incoming" not in path.parts} - before
    assert all(path.is_dir() or path.name[:64].isalnum() for path in new if "pictures" in path.parts), new


def test_the_collection_of_corrupt_files(server: Server, visitor: httpx.Client, shared_data: Path) -> None:
    """184 fuzzed, truncated, bomb-sized files through REST and through Gradio: each taken or refused by name."""
    folder = shared_data / "corrupt_and_odd_pillow"
    with (folder / "manifest.csv").open(newline="") as manifest:
        expected = sum(1 for _ in csv.DictReader(manifest))
    files = sorted(p for p in folder.rglob("*") if p.is_file() and p.suffix not in (".md", ".csv"))
    assert len(files) >= expected * 0.9
    visitor.post("/predict", content=encoded(photo(), "JPEG"))  # The decoder's worker is there from here on.
    with Resident(server) as resident:
        for path in files:
            # httpx reads the file as bytes; nothing in this process decodes it.
            content = path.read_bytes()
            answer = visitor.post("/predict", content=content)
            assert answer.status_code in (200, 201, 413, 422), f"{path.name}: {answer.status_code}"
            if answer.status_code in (413, 422):
                assert answer.json()["error"]["reason"] in REASONS
            uploaded = visitor.post("/gradio_api/upload", files={"files": (path.name, content)})
            assert uploaded.status_code in (200, 413), uploaded.text
            if uploaded.status_code == 200:
                state = run_event(visitor, "predict", uploaded.json()[0])["state"]
                assert (state == "answered") == (answer.status_code in (200, 201)), path.name
    assert resident.most > resident.before > 100 * MIB  # It measured something.
    assert resident.grown < 300 * MIB, f"{resident.grown / MIB:.0f} MiB"
    assert visitor.get("/health").json()["status"] == "ok"


def test_no_worker_is_left_when_the_server_ends(tmp_path: Path) -> None:
    with served(tmp_path, first_start="0", minimum_free_bytes="0") as server:
        server.wait_ready()
        httpx.post(f"{server.address}/predict", content=encoded(photo(), "JPEG"), timeout=60)
        family = server.processes()
        assert len(family) >= 2
    assert not [pid for pid in family if Path(f"/proc/{pid}").exists()]
