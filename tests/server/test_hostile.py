"""Hostile pictures through every door: REST, raw Gradio HTTP, staff upload; the server lives, its memory bounded."""

from __future__ import annotations

import csv
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.hostile_pictures import HOSTILE
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


@pytest.mark.parametrize("name", HOSTILE)
def test_through_rest(server: Server, visitor: httpx.Client, name: str) -> None:
    make, reasons = HOSTILE[name]
    content = make()
    check(visitor.post("/predict", content=content), reasons, must_be_taken=not reasons)
    as_form = visitor.post("/predict", files={"file": ("x.jpg", content, "image/jpeg")})
    check(as_form, reasons, must_be_taken=not reasons)


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
    from tests.hostile_pictures import encoded, photo

    whole = encoded(photo(640, 480), "JPEG", quality=90)
    for percent in range(0, 100, 4):
        cut = whole[: len(whole) * percent // 100]
        answer = visitor.post("/predict", content=cut)
        check(answer, {"empty", "not_a_picture", "truncated", "corrupt"}, must_be_taken=False)
    assert visitor.post("/predict", content=whole).status_code == 201


def test_malformed_requests_have_defined_codes(visitor: httpx.Client, staff: httpx.Client) -> None:
    from tests.hostile_pictures import encoded, photo

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
    for fn_index in (-1, 10**9, "NaN", None):
        joined = visitor.post(
            "/gradio_api/queue/join", json={"data": [], "fn_index": fn_index, "session_hash": "x"}
        )
        assert 400 <= joined.status_code < 600
        assert "Traceback" not in joined.text


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

    from tests.hostile_pictures import encoded, photo

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
    before = server.peak_bytes()
    for path in files:
        # httpx reads the file as bytes; nothing in this process decodes it.
        content = path.read_bytes()
        answer = visitor.post("/predict", content=content)
        assert answer.status_code in (200, 201, 413, 422), f"{path.name}: {answer.status_code} {answer.text}"
        if answer.status_code in (413, 422):
            assert answer.json()["error"]["reason"] in REASONS
        uploaded = visitor.post("/gradio_api/upload", files={"files": (path.name, content)})
        if uploaded.status_code == 200:
            state = run_event(visitor, "predict", uploaded.json()[0])["state"]
            assert (state == "answered") == (answer.status_code in (200, 201)), path.name
    assert server.peak_bytes() - before < 300 * MIB
    assert visitor.get("/health").json()["status"] == "ok"


def test_no_worker_is_left_when_the_server_ends(tmp_path: Path) -> None:
    with served(tmp_path, first_start="0", minimum_free_bytes="0") as server:
        server.wait_ready()
        from tests.hostile_pictures import encoded, photo

        httpx.post(f"{server.address}/predict", content=encoded(photo(), "JPEG"), timeout=60)
        family = server.processes()
        assert len(family) >= 2
    assert not [pid for pid in family if Path(f"/proc/{pid}").exists()]
