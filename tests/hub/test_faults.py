"""Each fault as the real client meets it."""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Callable
from pathlib import Path

import httpx2
import pytest
from huggingface_hub import CommitOperationAdd, HfApi, hf_hub_download, snapshot_download
from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError, RepositoryNotFoundError
from huggingface_hub.utils import _http

from tests.hub.faults import flipped
from tests.hub.history import StoredRepository
from tests.hub.standin import HubStandIn

LARGE = bytes(range(256)) * 400


@pytest.fixture
def food(hub: HubStandIn) -> StoredRepository:
    return hub.add("model", "org/food", {"config.json": b"{}", "model.safetensors": LARGE})


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """What the client would have slept between its tries, without sleeping."""
    slept: list[float] = []

    class Clock:
        sleep = staticmethod(slept.append)

        def __getattr__(self, name: str) -> object:
            return getattr(time, name)

    monkeypatch.setattr(_http, "time", Clock())
    return slept


def commit(api: HfApi, name: str = "a.txt", data: bytes = b"a") -> str:
    return api.create_commit("org/food", [CommitOperationAdd(name, data)], commit_message="x").oid


@pytest.mark.parametrize("status", [401, 403, 404, 409, 412, 429, 500, 503])
def test_a_commit_that_is_refused(hub: HubStandIn, api: HfApi, food: StoredRepository, status: int) -> None:
    before = dict(food.branches)
    fault = hub.fault("/commit/", method="POST", status=status, headers={"Retry-After": "1"})
    with pytest.raises(HfHubHTTPError) as refused:
        commit(api)
    answer = refused.value.response
    assert (answer.status_code, answer.headers["Retry-After"]) == (status, "1")
    assert (fault.struck, food.branches) == (1, before)
    assert hub.requests[-1] == ("POST", "/api/models/org/food/commit/main", status)
    assert commit(api) == food.branches["main"]


@pytest.mark.parametrize("how", [{"status": 500}, {"cut": True}, {"hang": 0.1}])
def test_a_commit_that_happened(
    hub: HubStandIn, api: HfApi, food: StoredRepository, how: dict[str, object]
) -> None:
    before = food.branches["main"]
    hub.fault("/commit/", when="after", **how)
    with pytest.raises((HfHubHTTPError, httpx2.RemoteProtocolError)):
        commit(api)
    assert food.at("main").parent == before
    assert food.bytes("main", "a.txt") == b"a"


@pytest.mark.parametrize("how", [{"cut": True}, {"hang": 0.1}])
def test_a_commit_without_an_answer(
    hub: HubStandIn, api: HfApi, food: StoredRepository, how: dict[str, object]
) -> None:
    before = food.branches["main"]
    hub.fault("/commit/", **how)
    with pytest.raises(httpx2.RemoteProtocolError):
        commit(api)
    assert food.branches["main"] == before
    assert hub.requests[-1].status == 0


def test_codes_and_messages(hub: HubStandIn, api: HfApi, food: StoredRepository) -> None:
    hub.fault("/refs$", status=404, code="RepoNotFound", message="It is gone")
    with pytest.raises(RepositoryNotFoundError, match="It is gone"):
        api.list_repo_refs("org/food")
    # The client asks again at once when the Hub is busy with another repository of the same owner.
    busy = hub.fault(
        "/create", status=409, message="Cannot create repo: another conflicting operation is in progress"
    )
    assert api.create_repo("org/new").repo_id == "org/new"
    assert busy.struck == 1


def test_which_requests_are_struck(hub: HubStandIn, api: HfApi, food: StoredRepository) -> None:
    second = hub.fault("/refs$", status=500, skip=1, times=2)
    wrong = hub.fault("/refs$", method="POST", status=500, times=None)
    seen = []
    for _ in range(5):
        try:
            api.list_repo_refs("org/food")
            seen.append(200)
        except HfHubHTTPError as error:
            seen.append(error.response.status_code)
    assert (seen, second.struck, wrong.struck) == ([200, 500, 500, 200, 200], 2, 0)
    always = hub.fault("/refs$", status=503, times=None)
    for _ in range(3):
        with pytest.raises(HfHubHTTPError):
            api.list_repo_refs("org/food")
    hub.faults.clear()
    assert len(api.list_repo_refs("org/food").branches) == 1
    assert always.struck == 3


def test_somebody_is_faster(hub: HubStandIn, api: HfApi, food: StoredRepository) -> None:
    head = food.branches["main"]
    hub.fault("/commit/", call=lambda: food.commit("main", {"b.txt": b"b"}))
    with pytest.raises(HfHubHTTPError, match="A commit has happened since"):
        api.create_commit(
            "org/food", [CommitOperationAdd("a.txt", b"a")], commit_message="x", parent_commit=head
        )
    assert food.bytes("main", "b.txt") == b"b"


@pytest.mark.parametrize(
    ("path", "how", "slept"),
    [
        ("/preupload/", {"status": 429, "headers": {"Retry-After": "3"}}, [4.0]),
        ("objects/batch", {"status": 500}, [1]),
        ("/uploads/", {"cut": True}, [1]),
        ("/uploads/", {"status": 503, "when": "after"}, [1]),
        ("/uploads/", {"slow": 0.001}, []),
        ("/uploads/", {"hang": 0.05}, [1]),
        ("lfs-verify", {"cut": True, "when": "after"}, [1]),
    ],
)
def test_an_upload_that_is_tried_again(
    hub: HubStandIn, api: HfApi, food: StoredRepository, waits: list[float], path: str, how: dict, slept: list
) -> None:
    fault = hub.fault(path, **how)
    data = b"new" + LARGE
    assert food.bytes(commit(api, "new.safetensors", data), "new.safetensors") == data
    assert (fault.struck, waits) == (1, slept)


def test_an_upload_that_never_arrives(
    hub: HubStandIn, api: HfApi, food: StoredRepository, waits: list[float]
) -> None:
    before = dict(food.branches)
    # Larger than what the network takes in unread: the client is still sending when it ends.
    fault = hub.fault("/uploads/", cut=True, times=None)
    with pytest.raises(RuntimeError, match=r"Error while uploading 'new\.safetensors'") as failed:
        commit(api, "new.safetensors", b"new" + LARGE * 200)
    assert isinstance(failed.value.__cause__, httpx2.TransportError)
    assert (fault.struck, waits) == (6, [1, 2, 4, 8, 8])
    assert (food.branches, hub.counts["commit"], len(food.uploaded)) == (before, 0, 1)


def test_a_download_that_is_cut(hub: HubStandIn, food: StoredRepository, tmp_path: Path) -> None:
    fault = hub.fault("/resolve/.*safetensors", cut=True)
    folder = snapshot_download("org/food", endpoint=hub.endpoint, cache_dir=tmp_path, token=False)
    assert (Path(folder) / "model.safetensors").read_bytes() == LARGE
    assert fault.struck == 1
    assert [seen.status for seen in hub.requests if seen.path.endswith("safetensors")] == [200, 0, 200]


def test_a_download_that_is_slow(hub: HubStandIn, food: StoredRepository, tmp_path: Path) -> None:
    fault = hub.fault("/resolve/.*safetensors", slow=0.002, piece=2048)
    folder = snapshot_download("org/food", endpoint=hub.endpoint, cache_dir=tmp_path, token=False)
    assert (Path(folder) / "model.safetensors").read_bytes() == LARGE
    assert fault.struck == 1


def test_a_byte_that_is_another(hub: HubStandIn, food: StoredRepository, tmp_path: Path) -> None:
    """The client does not notice: it compares sizes alone."""
    fault = hub.fault("/resolve/.*safetensors", flip=True)
    folder = snapshot_download("org/food", endpoint=hub.endpoint, cache_dir=tmp_path, token=False)
    got = (Path(folder) / "model.safetensors").read_bytes()
    assert (got, fault.struck) == (flipped(LARGE), 1)
    assert sum(a != b for a, b in zip(got, LARGE, strict=True)) == 1
    assert flipped(b"") == b""


def test_a_hub_that_hangs(hub: HubStandIn, food: StoredRepository, tmp_path: Path) -> None:
    told = {"endpoint": hub.endpoint, "cache_dir": tmp_path, "token": False}
    fault = hub.fault("/resolve/", method="HEAD", hang=60)
    assert Path(hf_hub_download("org/food", "config.json", etag_timeout=0.2, **told)).read_bytes() == b"{}"
    assert fault.struck == 1


def test_what_hangs_is_let_go_at_the_end(hub: HubStandIn, food: StoredRepository) -> None:
    hub.fault("/refs$", hang=600)
    with socket.create_connection(("127.0.0.1", hub.server.server_port)) as client:
        client.sendall(b"GET /api/models/org/food/refs HTTP/1.1\r\nHost: x\r\n\r\n")
        while not hub.faults.all[0].struck:
            time.sleep(0.01)
        hub.close()
        client.settimeout(10)
        with contextlib.suppress(ConnectionResetError):
            assert client.recv(10) == b""
    assert hub.server.connections == {}


@pytest.mark.parametrize(
    "call",
    [
        lambda hub, cache: HfApi(endpoint=hub.endpoint, token=False).repo_info("org/food"),
        lambda hub, cache: snapshot_download("org/food", endpoint=hub.endpoint, cache_dir=cache, token=False),
    ],
)
def test_a_hub_that_is_gone(
    hub: HubStandIn, food: StoredRepository, tmp_path: Path, call: Callable[[HubStandIn, Path], object]
) -> None:
    hub.close()
    with pytest.raises((httpx2.ConnectError, LocalEntryNotFoundError)):
        call(hub, tmp_path)
