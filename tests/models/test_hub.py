"""Models of the Hub: fetched from a small one on this machine, from the cache, or not at all."""

from __future__ import annotations

import errno
import os
import socket
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace

import pytest
from huggingface_hub import constants, hf_hub_download
from huggingface_hub.utils import http_backoff

from tests.conftest import ROOT
from tests.hub.conftest import hub as hub
from tests.hub.history import StoredRepository
from tests.hub.standin import HubStandIn
from vitrina.errors import ModelUnavailable
from vitrina.models.hub import fetch
from vitrina.models.reference import ModelReference
from vitrina.models.version import load_version
from vitrina.repositories.manifest import MANIFEST
from vitrina.repositories.patience import Patience

ONCE = Patience(tries=1)
WANTED = {"config.json", "preprocessor_config.json", "model.safetensors"}
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


def load(environment: Mapping[str, str], *names: str) -> list[str]:
    """What a fresh process says of each name; the Hub's client reads its address when it is imported."""
    done = subprocess.run(
        [sys.executable, "-c", LOAD, *names],
        env=environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


@pytest.fixture
def vit(
    hub: HubStandIn, vit_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> StoredRepository:
    """`org/vit`, tagged v1, and `org/pickled` with pickled weights alone; this process has a cache of its own."""
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache" / "hub"))
    # The client's own waits between its own tries, of 1 to 8 seconds.
    monkeypatch.setitem(http_backoff.__kwdefaults__, "base_wait_time", 0.01)
    files = {path.name: path.read_bytes() for path in vit_folder.iterdir()}
    hub.add("model", "org/pickled", {"config.json": b"{}", "pytorch_model.bin": b"pickled"})
    other = {"run_me.py": b"raise SystemExit", "model_more/huge.safetensors": bytes(20_000_000)}
    made = hub.add("model", "org/vit", files | other)
    made.tags["v1"] = made.branches["main"]
    return made


@pytest.mark.slow
def test_a_repository_loads_by_commit_and_again_without_the_hub(
    hub: HubStandIn, vit: StoredRepository, tmp_path: Path
) -> None:
    commit, environment = vit.branches["main"], hub.environment(tmp_path / "cache")
    assert load(environment, "org/vit@v1", "org/pickled", "org/none", "org/vit@v9") == [
        f"org/vit@{commit} | cat dog owl",
        "Expected model.safetensors in org/pickled; found pytorch_model.bin. "
        "Choose a revision with safetensors; pickled weights can run code and are never opened.",
        "Expected the model org/none on the Hub; found no such repository (or a private one). "
        "Check the name; set HF_TOKEN for a private one; a folder is written as ./folder.",
        "Expected the model org/vit@v9 on the Hub; found no revision v9. "
        "Name a branch, tag or commit that the repository has.",
    ]
    fetched = {
        seen.path.split("?")[0].rpartition("/")[2] for seen in hub.requests if "/resolve/" in seen.path
    }
    assert fetched == WANTED
    hub.close()
    pinned, floating = load(environment | {"HF_HUB_OFFLINE": "1"}, f"org/vit@{commit}", "org/vit@v1")
    assert pinned == f"org/vit@{commit} | cat dog owl"
    assert floating.startswith(f"Expected the model org/vit@v1 from the Hub at {hub.endpoint}; ")


def test_a_commit_in_the_cache_is_not_asked_for(hub: HubStandIn, vit: StoredRepository) -> None:
    commit = vit.branches["main"]
    verified = load_version(ModelReference.parse("org/vit"), endpoint=hub.endpoint)
    assert verified.loaded.revision == str(verified.loaded.reference) == f"org/vit@{commit}"
    assert verified.manifest is None
    said = f"There is no vitrina_manifest.json with org/vit@{commit}: it was not published by Vitrina"
    assert verified.not_verified[0].startswith(said)
    before = len(hub.requests)
    again = load_version(ModelReference.parse(f"org/vit@{commit}"), endpoint=hub.endpoint)
    assert again.loaded.revision == f"org/vit@{commit}"
    assert len(hub.requests) == before


def test_what_a_pipeline_left_in_the_cache_is_completed(hub: HubStandIn, vit: StoredRepository) -> None:
    """It fetches file by file what it reads: the manifest of a version is then on the Hub and not in the cache."""
    vit.commit("main", {MANIFEST: b"{}", "README.md": b"# Its card"}, title="published by us")
    commit = vit.branches["main"]
    for name in WANTED:
        hf_hub_download("org/vit", name, revision=commit, endpoint=hub.endpoint)
    pinned = ModelReference.parse(f"org/vit@{commit}")
    away = hub.fault(".", status=503, times=None)
    # Without the Hub it answers with what there is, and claims nothing of the rest.
    folder, _ = fetch(pinned, endpoint=hub.endpoint, patience=ONCE)
    assert not (folder / MANIFEST).exists()
    away.times = 0
    with pytest.raises(ModelUnavailable, match=r"a manifest of format 1 in vitrina_manifest.json"):
        fetch(pinned, endpoint=hub.endpoint)
    assert (folder / MANIFEST).read_bytes() == b"{}"


@pytest.mark.parametrize("lost", ["README.md", "golden.png"])
def test_what_was_completed_by_half_still_answers(
    hub: HubStandIn, vit: StoredRepository, lost: str
) -> None:
    vit.commit("main", {MANIFEST: b"{}", "README.md": b"# Its card", "golden.png": b"PNG"}, title="ours")
    commit = vit.branches["main"]
    for name in WANTED:
        hf_hub_download("org/vit", name, revision=commit, endpoint=hub.endpoint)
    pinned = ModelReference.parse(f"org/vit@{commit}")
    hub.fault(f"/{lost}$", status=503, times=None)
    # Once and again: the first try leaves a listing of the commit in the cache, which names more than there is.
    for _ in range(2):
        folder, _ = fetch(pinned, endpoint=hub.endpoint, patience=ONCE)
        assert (folder / "model.safetensors").is_file()
        # The manifest comes last, so that it never names what is not there.
        assert not (folder / MANIFEST).exists()


def test_what_was_cut_off_before_its_settings_came_is_not_used(
    hub: HubStandIn, vit: StoredRepository
) -> None:
    commit = vit.branches["main"]
    for name in WANTED - {"preprocessor_config.json"}:
        hf_hub_download("org/vit", name, revision=commit, endpoint=hub.endpoint)
    hub.fault("/preprocessor_config.json$", status=503, times=None)
    pinned = ModelReference.parse(f"org/vit@{commit}")
    # The listing that the first try leaves in the cache names what is not there: what failed is told, each time.
    for _ in range(2):
        with pytest.raises(ModelUnavailable, match="503"):
            fetch(pinned, endpoint=hub.endpoint, patience=ONCE)


def test_a_damaged_cache_is_fetched_again(hub: HubStandIn, vit: StoredRepository) -> None:
    pinned = ModelReference.parse(f"org/vit@{vit.branches['main']}")
    folder, _ = fetch(pinned, endpoint=hub.endpoint)
    weights = folder / "model.safetensors"
    whole = weights.read_bytes()
    weights.resolve().write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    away = hub.fault(".", status=503, times=None)
    with pytest.raises(ModelUnavailable) as refused:
        fetch(pinned, endpoint=hub.endpoint, patience=ONCE)
    assert str(refused.value) == (
        f"Expected the weights of {pinned} as they were published; "
        "found another model.safetensors in the cache; and the answer 503. Try again later."
    )
    away.times = 0
    assert fetch(pinned, endpoint=hub.endpoint)[0] == folder
    assert weights.read_bytes() == whole


def test_a_byte_that_flips_on_the_way_is_found(hub: HubStandIn, vit: StoredRepository) -> None:
    flip = hub.fault("safetensors", method="GET", flip=True, times=2)
    with pytest.raises(ModelUnavailable, match=r"found another model\.safetensors\. Fetch it again\."):
        fetch(ModelReference.parse("org/vit"), endpoint=hub.endpoint, patience=ONCE)
    assert flip.struck == 2
    folder, _ = fetch(ModelReference.parse("org/vit"), endpoint=hub.endpoint)
    assert (folder / "model.safetensors").read_bytes() == vit.bytes("main", "model.safetensors")


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ({"path": "/api/models", "status": 429, "headers": {"Retry-After": "60"}}, "found the answer 429."),
        ({"path": "/tree/", "status": 500}, "found the answer 500."),
        ({"path": "/api/models", "status": 403}, "found the answer 403."),
    ],
)
def test_what_the_hub_answers_is_said(
    hub: HubStandIn, vit: StoredRepository, how: dict[str, object], said: str
) -> None:
    fault = hub.fault(**how, times=None)  # type: ignore[arg-type]
    with pytest.raises(ModelUnavailable, match=said):
        fetch(ModelReference.parse("org/vit"), endpoint=hub.endpoint, patience=ONCE)
    fault.times = fault.struck + 1
    waits: list[float] = []
    patient = Patience(tries=8, first_wait=1, longest_wait=2, sleep=waits.append)
    if "403" not in said:
        assert fetch(ModelReference.parse("org/vit"), endpoint=hub.endpoint, patience=patient)
        assert all(wait <= 2 for wait in waits)


def test_a_model_that_is_too_large_is_not_fetched(
    hub: HubStandIn, vit: StoredRepository, monkeypatch: pytest.MonkeyPatch
) -> None:
    size = sum(len(vit.bytes("main", name)) for name in vit.tree() if name in WANTED)
    monkeypatch.setattr("vitrina.models.hub.LARGEST_MODEL", size)
    assert fetch(ModelReference.parse("org/vit"), endpoint=hub.endpoint, patience=ONCE)
    before = len(hub.requests)
    monkeypatch.setattr("vitrina.models.hub.LARGEST_MODEL", size - 1)
    with pytest.raises(ModelUnavailable) as refused:
        fetch(ModelReference.parse("org/vit"), endpoint=hub.endpoint, patience=ONCE)
    assert str(refused.value) == (
        f"Expected a model of at most {(size - 1) / 1e9:.2f} GB in org/vit; found {size / 1e9:.2f} GB. "
        "Choose a smaller model, or download it to a folder yourself and name that."
    )
    assert not [seen for seen in hub.requests[before:] if "/resolve/" in seen.path]


def test_nothing_out_of_a_folder_is_fetched(hub: HubStandIn, vit: StoredRepository) -> None:
    folder, _ = fetch(ModelReference.parse("org/vit"), endpoint=hub.endpoint)
    assert {path.name for path in folder.iterdir()} == WANTED
    hub.close()
    pinned = ModelReference.parse(f"org/vit@{vit.branches['main']}")
    assert fetch(pinned, endpoint=hub.endpoint, patience=ONCE)[0] == folder


def test_a_full_disk_is_said_before_and_while(
    hub: HubStandIn, vit: StoredRepository, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Stand for a disk with room for nothing, then for one that others fill meanwhile: no test may fill one.
    monkeypatch.setattr("shutil.disk_usage", lambda place: SimpleNamespace(free=1000))
    reference = ModelReference.parse("org/vit")
    with pytest.raises(
        ModelUnavailable,
        match=r"Expected room in the cache for the model org/vit; found \d+\.\d\d MB to fetch and 0\.00 MB free\. "
        r"Free some, or set HF_HOME to a folder on a larger disk\.",
    ):
        fetch(reference, endpoint=hub.endpoint, patience=ONCE)
    assert not [seen for seen in hub.requests if "/resolve/" in seen.path]
    monkeypatch.undo()

    def full(*told: object, **how: object) -> str:
        raise RuntimeError("written in part") from OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("huggingface_hub.snapshot_download", full)
        with pytest.raises(ModelUnavailable, match=r"the model org/vit; found a disk that is full\. Free"):
            fetch(reference, endpoint=hub.endpoint, patience=ONCE)


def test_what_the_cache_has_needs_no_room(
    hub: HubStandIn, vit: StoredRepository, monkeypatch: pytest.MonkeyPatch
) -> None:
    reference = ModelReference.parse("org/vit")
    folder, _ = fetch(reference, endpoint=hub.endpoint)
    monkeypatch.setattr(
        "shutil.disk_usage",
        lambda place: SimpleNamespace(free=len(vit.bytes("main", "model.safetensors")) - 1),
    )
    assert fetch(reference, endpoint=hub.endpoint)[0] == folder


def test_a_name_that_the_client_refuses_is_said(hub: HubStandIn) -> None:
    with pytest.raises(ModelUnavailable) as refused:
        fetch(ModelReference.parse("org/a--b"), endpoint=hub.endpoint, patience=ONCE)
    assert str(refused.value) == (
        "Expected a name that a repository on the Hub can have; found 'org/a--b'. "
        "Correct the name; a folder is written as ./folder."
    )


@pytest.fixture
def closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_an_unreachable_hub_says_so(closed_port: int, tmp_path: Path) -> None:
    endpoint = f"http://127.0.0.1:{closed_port}"
    cache = {"HF_ENDPOINT": endpoint, "HF_HOME": str(tmp_path), "NO_PROXY": "127.0.0.1"}
    kept = {key: value for key, value in os.environ.items() if not key.startswith("HF_")}
    (said,) = load(kept | cache, "google/vit-base-patch16-224")
    assert said == (
        f"Expected the model google/vit-base-patch16-224 from the Hub at {endpoint}; "
        "found that it cannot be reached (ConnectError). "
        "Check the network, or use bundled/efficientnet-lite0 or a folder, which need none."
    )
