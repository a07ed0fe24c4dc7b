"""The small Hub itself: who may, what is counted, how it is started."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from huggingface_hub import (
    HfApi,
    snapshot_download,
)
from huggingface_hub.errors import (
    BadRequestError,
    HfHubHTTPError,
    RepositoryNotFoundError,
)

from tests.hub.published import LARGE, add
from tests.hub.standin import HubStandIn

ROOT = Path(__file__).resolve().parents[2]


def test_who_may(hub: HubStandIn, api: HfApi) -> None:
    assert api.whoami()["name"] == "ana"
    api.create_repo("org/food", private=True)
    reader = HfApi(endpoint=hub.endpoint, token=hub.read_token)
    stranger = HfApi(endpoint=hub.endpoint, token=False)
    wrong = HfApi(endpoint=hub.endpoint, token="hf_wrong")
    assert reader.repo_info("org/food").private is True
    with pytest.raises(RepositoryNotFoundError):
        stranger.repo_info("org/food")
    hub.repository("model", "org/food").private = False
    assert stranger.repo_info("org/food").private is False
    for who, status in ((reader, 403), (stranger, 401), (wrong, 401)):
        for call in (
            lambda who: who.create_repo("org/other"),
            lambda who: who.create_tag("org/food", tag="v1"),
            lambda who: who.create_branch("org/food", branch="b"),
            lambda who: who.delete_repo("org/food"),
            lambda who: who.create_commit("org/food", add(a_txt=b"a"), commit_message="a"),
        ):
            with pytest.raises(HfHubHTTPError) as refused:
                call(who)
            assert refused.value.response.status_code == status
    # As on the Hub, a token that is wrong is refused where none is needed.
    with pytest.raises(HfHubHTTPError, match="Invalid credentials"):
        wrong.repo_info("org/food")
    kept = hub.repository("model", "org/food")
    assert (len(kept.commits), kept.tags, list(kept.branches)) == (1, {}, ["main"])


def test_what_is_counted(hub: HubStandIn, api: HfApi, tmp_path: Path) -> None:
    hub.add("model", "org/food", {"config.json": b"{}"})
    api.repo_info("org/food")
    api.list_repo_refs("org/food")
    snapshot_download("org/food", endpoint=hub.endpoint, cache_dir=tmp_path)
    assert (hub.writes, hub.preparations) == (0, 0)
    assert ("GET", "/api/models/org/food/refs", 200) in hub.requests
    api.preupload_lfs_files("org/food", add(a_safetensors=LARGE))
    assert (hub.writes, hub.preparations) == (2, 2)
    with pytest.raises(BadRequestError):
        api.create_commit("org/food", add(a_txt=b"a"), commit_message="x", create_pr=True)
    assert (hub.writes, hub.counts["commit"]) == (3, 1)


def test_from_the_start(hub: HubStandIn, api: HfApi, tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "b.bin").write_bytes(b"b")
    kept = hub.add("space", "org/app", tmp_path, private=True)
    kept.commit("champion", {"c.txt": b"c"}, removed=["a/b.bin"], title="c")
    assert list(kept.tree()) == [".gitattributes", "a/b.bin"]
    assert api.list_repo_files("org/app", repo_type="space", revision="champion") == [
        ".gitattributes",
        "c.txt",
    ]
    with pytest.raises(KeyError, match="org/app has no revision v9"):
        kept.tree("v9")
    with pytest.raises(KeyError):
        hub.repository("model", "org/app")


def test_the_environment(hub: HubStandIn, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in (
        "HF_HUB_OFFLINE",
        "HF_TOKEN",
        "https_proxy",
        "TRANSFORMERS_OFFLINE",
        "HUGGINGFACE_HUB_CACHE",
    ):
        monkeypatch.setenv(name, "1")
    told = hub.environment(tmp_path)
    assert {name for name in told if name.startswith(("HF_", "HUGGING", "TRANSFORMERS", "http"))} == {
        "HF_ENDPOINT", "HF_HOME", "HF_HUB_DISABLE_TELEMETRY", "HF_HUB_DISABLE_XET", "HF_HUB_DISABLE_UPDATE_CHECK",
    }  # fmt: skip
    assert told["PATH"] == os.environ["PATH"]
    assert hub.environment(tmp_path, token="hf_x")["HF_TOKEN"] == "hf_x"


def test_by_hand(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"a")
    command = [sys.executable, "-m", "tests.hub.standin", "--add", "model", "org/food", str(tmp_path)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        found = re.fullmatch(r"HF_ENDPOINT=(\S+) HF_TOKEN=(\S+) HF_HUB_DISABLE_XET=1\n", line)
        assert found, line
        assert HfApi(endpoint=found[1], token=found[2]).list_repo_files("org/food") == [
            ".gitattributes",
            "a.txt",
        ]
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=30) == 0
