"""The caller's address behind proxies: counted from the right, never what the caller wrote."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI, Request
from starlette.testclient import TestClient

from tests.served import served
from tests.server.conftest import HOST, photo
from vitrina.server.app import build_server
from vitrina.server.proxy import ProxyHops
from vitrina.server.settings import Settings

PEER = "testclient"


def seen(hops: int, *chain: str, **headers: str) -> dict[str, str]:
    app = FastAPI()

    @app.get("/")
    def who(request: Request) -> dict[str, str]:
        assert request.client is not None
        return {"address": request.client.host, "scheme": request.url.scheme}

    app.add_middleware(ProxyHops, hops=hops)
    with TestClient(app) as client:
        sent = [("x-forwarded-for", value) for value in chain] + list(headers.items())
        answer: dict[str, str] = client.get("/", headers=sent).json()  # type: ignore[arg-type]
        return answer


@pytest.mark.parametrize(
    ("hops", "chain", "address"),
    [
        (0, ["192.0.2.1"], PEER),
        (1, [], PEER),
        (1, ["192.0.2.1"], "192.0.2.1"),
        (1, ["198.51.100.66, 192.0.2.1"], "192.0.2.1"),
        (1, ["198.51.100.66", "192.0.2.1"], "192.0.2.1"),
        (2, ["198.51.100.66, 192.0.2.1, 10.0.0.1"], "192.0.2.1"),
        (2, ["192.0.2.1"], PEER),
        (1, ["192.0.2.1:4711"], "192.0.2.1"),
        (1, ["2001:db8::1"], "2001:db8::1"),
        (1, ["[2001:db8::1]:4711"], "2001:db8::1"),
        (1, ["192.0.2.1, nonsense"], PEER),
        (1, ["192.0.2.1,"], PEER),
        (1, ["x" * 5000], PEER),
    ],
)
def test_the_address_is_counted_from_the_right(hops: int, chain: list[str], address: str) -> None:
    assert seen(hops, *chain)["address"] == address


def test_the_scheme_is_the_proxys() -> None:
    scheme = {"x-forwarded-proto": "https"}
    assert seen(1, **scheme)["scheme"] == "https"
    assert seen(0, **scheme)["scheme"] == "http"
    assert seen(1, **{"x-forwarded-proto": "javascript"})["scheme"] == "http"


def test_a_written_address_buys_no_pace(tmp_path: Path) -> None:
    """Behind one proxy, which appends the true address: what is left of it changes nothing."""
    settings = Settings(
        data=tmp_path,
        first_start=False,
        minimum_free_bytes=0,
        proxy_hops=1,
        predictions_per_minute=2,
    )
    with TestClient(build_server(settings), base_url=HOST) as client:
        codes = []
        for number in range(4):
            headers = {"x-forwarded-for": f"198.51.100.{number}, 2001:db8::{number}"}
            codes.append(client.post("/predict", content=b"no picture", headers=headers).status_code)
        assert codes == [422, 422, 429, 429]
        other = client.post("/predict", content=b"no picture", headers={"x-forwarded-for": "2001:db8:0:1::1"})
        assert other.status_code == 422


def test_no_header_is_believed_without_a_proxy(tmp_path: Path) -> None:
    """A whole server: uvicorn by itself believes what comes from this machine."""
    bounds = {"predictions_per_minute": "2", "first_start": "0", "minimum_free_bytes": "0"}
    with served(tmp_path, **bounds) as server:
        codes = [
            httpx.post(
                f"{server.address}/predict",
                content=b"no picture",
                headers={"x-forwarded-for": f"192.0.2.{number}"},
                timeout=60,
            ).status_code
            for number in range(3)
        ]
    assert codes == [422, 422, 429]


def test_gradio_finds_its_address_behind_a_proxy(tmp_path: Path) -> None:
    with served(tmp_path, first_start="0", minimum_free_bytes="0", proxy_hops="1") as server:
        headers = {
            "x-forwarded-host": "vitrina.example",
            "x-forwarded-proto": "https",
            "x-forwarded-for": "192.0.2.1",
        }
        with httpx.Client(base_url=server.address, headers=headers, timeout=60) as client:
            config = client.get("/config").json()
            assert config["root"] == "https://vitrina.example"
            assert client.get("/").status_code == 200
            path = client.post("/gradio_api/upload", files={"files": ("x.jpg", photo(80))}).json()[0]
            file = {"path": path, "meta": {"_type": "gradio.FileData"}}
            body = {"data": [file, "restaurant-photos"], "session_hash": "abc", "fn_index": 0}
            joined = client.post("/gradio_api/queue/join", json=body)
            assert joined.status_code == 200, joined.text
            with client.stream("GET", "/gradio_api/queue/data?session_hash=abc") as stream:
                said = next(line for line in stream.iter_lines() if "process_completed" in line)
            assert '"state":"' in said
        with httpx.Client(base_url=server.address, timeout=60) as direct:
            assert direct.get("/config").json()["root"] == server.address
