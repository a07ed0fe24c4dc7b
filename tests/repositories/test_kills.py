"""SIGKILL at every request and at every write of a publication: who reads the champion sees a whole one."""

from __future__ import annotations

import copy
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.hub.standin import HubStandIn
from tests.repositories.made import AT, content, is_whole
from tests.repositories.test_release import is_whole_there
from vitrina.repositories.folder import FolderRepository
from vitrina.repositories.hub import HubRepository
from vitrina.repositories.release import release
from vitrina.repositories.repository import Repository
from vitrina.repositories.versions import champion, history, versions

ROOT = Path(__file__).resolve().parents[2]


class Publisher:
    """Processes that publish, one at a time; `pid` is that of the one at work."""

    def __init__(self, environment: dict[str, str]) -> None:
        self.pid = 0
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.repositories.kill_child"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            cwd=ROOT,
            env=environment,
        )

    def publish(
        self, address: str, number: int, *, endpoint: str | None = None, step: int | None = None
    ) -> bool:
        """Whether it was killed."""
        self._say(json.dumps({"address": address, "endpoint": endpoint, "number": number, "step": step}))
        self.pid = self._told()["pid"]
        self._say("go")
        return bool(self._told()["killed"])

    def kill(self) -> None:
        os.kill(self.pid, signal.SIGKILL)

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(timeout=10)
        assert self._process.stdout is not None
        self._process.stdout.close()

    def _say(self, line: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()

    def _told(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        told: dict[str, Any] = json.loads(self._process.stdout.readline())
        return told


@pytest.fixture
def publisher(hub: HubStandIn, tmp_path: Path) -> Iterator[Publisher]:
    made = Publisher(hub.environment(tmp_path / "cache", token=hub.token))
    yield made
    made.close()


@pytest.mark.slow
def test_killed_at_every_request(hub: HubStandIn, on_hub: HubRepository, publisher: Publisher) -> None:
    release(on_hub, content(1), verify=lambda folder: None, by="ana", at=AT)
    before = copy.deepcopy(hub.repository("model", "org/food"))
    seen = len(hub.requests)
    assert not publisher.publish("org/food", 2, endpoint=hub.endpoint)
    road = [request.method for request in hub.requests[seen:]]
    assert len(road) > 40
    kills = 0
    for number, method in enumerate(road):
        # What only reads leaves nothing behind: killed before its answer or after it, the far end is the same.
        for when in ("before",) if method in ("GET", "HEAD") else ("before", "after"):
            name = f"org/food-{number}-{when}"
            there = copy.deepcopy(before)
            there.name = name
            hub.state.repositories["model", name] = there
            fault = hub.fault(".", skip=number, cut=True, when=when, call=publisher.kill)
            kills += publisher.publish(name, 2, endpoint=hub.endpoint)
            fault.times = 0
            assert is_whole_there(there, "champion", content(1)) or is_whole_there(
                there, "champion", content(2)
            ), name
            assert is_whole_there(there, "main", content(1)) or is_whole_there(there, "main", content(2)), (
                name
            )
            if when == "after":
                finish(HubRepository(name, endpoint=hub.endpoint))
    assert kills > 60


def test_killed_at_every_write(in_folder: FolderRepository, publisher: Publisher, tmp_path: Path) -> None:
    release(in_folder, content(1), verify=lambda folder: None, by="ana", at=AT)
    step, kills = 1, 0
    while True:
        place = tmp_path / f"copy-{step}"
        shutil.copytree(in_folder.folder, place, symlinks=True)
        killed = publisher.publish(str(place), 2, step=step)
        there = FolderRepository(place)
        for name in ("champion", "main"):
            assert is_whole(there, name, content(1)) or is_whole(there, name, content(2)), (step, name)
            # Who loads from a path as well.
            assert number_at(place / name) in (1, 2), (step, name)
        finish(there)
        for name in ("champion", "main", "v2"):
            assert number_at(place / name) == 2, (step, name)
        if not killed:
            break
        step, kills = step + 1, kills + 1
    assert kills > 40


def number_at(folder: Path) -> int | None:
    """Which content a folder holds, whole."""
    for number in (1, 2):
        if all((folder / path).read_bytes() == data for path, data in content(number).files.items()):
            return number
    return None


def test_a_first_publication_killed_anywhere_goes_on(publisher: Publisher, tmp_path: Path) -> None:
    killed, step = True, 1
    while killed:
        place = tmp_path / f"new-{step}"
        killed = publisher.publish(str(place), 1, step=step)
        release(FolderRepository(place), content(1), verify=lambda folder: None, by="ana", at=AT)
        assert number_at(place / "champion") == number_at(place / "main") == 1, step
        assert [one.name for one in versions(FolderRepository(place))] == ["v1"]
        step += 4
    assert step > 20


def finish(repository: Repository) -> None:
    """The same command once more: one new version, in force, in the log once."""
    release(repository, content(2), verify=lambda folder: None, by="ana", at=AT)
    found = champion(repository)
    assert found is not None
    assert found.version == "v2"
    assert [one.name for one in versions(repository)] == ["v1", "v2"]
    assert [one.version for one in history(repository)] == ["v1", "v2"]
    for name in ("champion", "main", "v2"):
        assert is_whole(repository, name, content(2))
