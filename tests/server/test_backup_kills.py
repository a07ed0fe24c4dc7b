"""Twenty kills during backup and restore: the last complete backup is whole, and what is restored equals it."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.served import ROOT
from tests.server import backup_made
from tests.server.backup_made import LATER, WHEN, kept, open_store, restored
from vitrina.repositories.folder import FolderRepository
from vitrina.server.backup import take_backup

STEPS_OF_BACKUP = ("rows", "files", "files", "commit", "done")
STEPS_OF_RESTORE = ("files", "files", "rows", "small pictures", "doctor")
AT_RANDOM = 5

pytestmark = pytest.mark.slow  # as a whole


class Children:
    """The process that forks the children to kill."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process

    def run(self, do: str, data: Path, repository: FolderRepository, **asked: Any) -> int:
        """The child's exit code."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        order = {"step": None, "nth": 1, "after": None, "taken": LATER} | asked
        order |= {"do": do, "data": str(data), "repository": str(repository.folder)}
        self.process.stdin.write(json.dumps(order) + "\n")
        self.process.stdin.flush()
        return int(self.process.stdout.readline())


@pytest.fixture(scope="module")
def children() -> Iterator[Children]:
    command = [sys.executable, "-W", "error", "-m", "tests.server.backup_child"]
    pipe = subprocess.PIPE
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, env=environment, cwd=ROOT) as process:
        yield Children(process)
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(timeout=10) == 0


def kill_points(steps: tuple[str, ...], seed: int, *, seconds: float) -> list[dict[str, Any]]:
    """Before each step, then at random times."""
    chance = random.Random(seed)
    named = [{"step": step, "nth": steps[: n + 1].count(step)} for n, step in enumerate(steps)]
    return named + [{"after": chance.uniform(0.01, seconds)} for _ in range(AT_RANDOM)]


def test_the_kills_are_twenty() -> None:
    assert len(STEPS_OF_BACKUP) + len(STEPS_OF_RESTORE) + 2 * AT_RANDOM == 20


def test_killed_during_a_backup(tmp_path: Path, children: Children) -> None:
    data, repository = tmp_path / "data", FolderRepository(tmp_path / "kept", "dataset")
    backup_made.begin(data)
    with open_store(data) as store:
        take_backup(store, repository, data=data, taken=WHEN)
        complete = {repository.resolve("main"): kept(store, data)}
    killed = 0
    for number, point in enumerate(kill_points(STEPS_OF_BACKUP, 1, seconds=0.1)):
        with open_store(data) as store:
            for seed in range(3):
                backup_made.add(store, 1000 + 3 * number + seed)
            now = kept(store, data)
        code = children.run("backup", data, repository, **point)
        killed += code == -signal.SIGKILL
        assert code == -signal.SIGKILL or "after" in point
        # main holds the backup before, whole, or the new one, whole: nothing between the two.
        found = restored(repository, tmp_path / f"back{number}", small=False)
        assert found in (now, *list(complete.values())[-1:])
        if point.get("step") == "done" or code == 0:
            assert found == now
        complete[repository.resolve("main")] = found
    assert killed > len(STEPS_OF_BACKUP)
    assert children.run("backup", data, repository) == 0
    assert restored(repository, tmp_path / "back") == now


def test_killed_during_a_restore(tmp_path: Path, children: Children) -> None:
    data, repository = tmp_path / "data", FolderRepository(tmp_path / "kept", "dataset")
    backup_made.begin(data)
    with open_store(data) as store:
        take_backup(store, repository, data=data, taken=WHEN)
        wanted = kept(store, data)
    killed = 0
    for number, point in enumerate(kill_points(STEPS_OF_RESTORE, 2, seconds=0.15)):
        back = tmp_path / f"back{number}"
        code = children.run("restore", back, repository, **point)
        killed += code == -signal.SIGKILL
        assert code == -signal.SIGKILL or "after" in point
        with open_store(back) as store:
            assert len(store.collections.all()) in (0, 1)
            assert bool(store.collections.all()) == store.accounts.any()
        assert restored(repository, back) == wanted
    assert killed > len(STEPS_OF_RESTORE)
