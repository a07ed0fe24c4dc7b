"""Two hundred kills during ingest: what was acknowledged is there, whole, without repair.

Invariants: no acknowledged upload is lost (I1); no row without its file, no file unlike its hash (I2); the
store is ready after a restart (I5); the doctor finds it clean (I6).
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from gallery_made import LABELS, make_picture

from tests.postgres import TEMPLATE, Cluster
from vitrina.gallery.doctor import examine
from vitrina.gallery.ingest import STEPS
from vitrina.gallery.store import Store

A_BATCH_AT_A_TIME = ("classify", "begin", "insert", "commit", "answer")
KILLS = {"step": 10, "step_of_import": 3, "random": 5, "random_of_import": 7, "worker": 10}
RANDOM_SEEDS = 8
Said = list[list[str]]

pytestmark = pytest.mark.slow  # as a whole


def test_the_kills_are_two_hundred() -> None:
    of_steps = len(STEPS) * (KILLS["step"] + KILLS["step_of_import"])
    at_random = RANDOM_SEEDS * KILLS["random"] + KILLS["random_of_import"]
    assert of_steps + at_random + KILLS["worker"] == 200


class Children:
    """The process that forks the children to kill."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process

    def run(self, order: dict[str, Any], *, kill: Callable[[Said], bool] | None = None) -> tuple[Said, int]:
        """What the child said before its end, its exit code; killed once `kill` says so."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(order) + "\n")
        self.process.stdin.flush()
        said: Said = []
        while line := self.process.stdout.readline():
            said.append(line.split())
            if said[-1][0] == "ended":
                return said, int(said[-1][1])
            if said[0][0] == "started" and kill is not None and kill(said):
                os.kill(int(said[0][1]), signal.SIGKILL)
                kill = None
        raise AssertionError("the process that forks has ended")


@dataclass
class Gallery:
    """A store that children fill; remembers what they acknowledged: file name to (id, SHA-256)."""

    folder: Path
    pictures: list[Path]
    children: Children
    url: str = ""  # a SQLite file in the folder, where none is given
    acknowledged: dict[str, tuple[int, str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.folder.mkdir()
        self.url = self.url or f"sqlite:///{self.folder}/vitrina.db"
        with self.open() as store:
            store.collections.create("photos", "Photos", labels=LABELS)

    def open(self) -> Store:
        return Store.open(self.url, self.folder / "files", minimum_free_bytes=0)

    def run(
        self, pictures: list[Path], *, kill: Callable[[Said], bool] | None = None, **asked: Any
    ) -> tuple[Said, int]:
        order = {"url": self.url, "files": str(self.folder / "files")}
        order |= {"pictures": [str(path) for path in pictures]}
        said, code = self.children.run(
            order | {"step": None, "nth": 1, "many": False, "worker": False} | asked, kill=kill
        )
        for word, *rest in said:
            if word == "ack":
                self.acknowledged[rest[0]] = int(rest[1]), rest[2]
        return said, code

    def kill(self, pictures: list[Path], *, kill: Callable[[Said], bool] | None = None, **asked: Any) -> Said:
        """One child is killed; then everything is looked at."""
        said, code = self.run(pictures, kill=kill, **asked)
        assert code == -signal.SIGKILL, said
        self.check()
        return said

    def remaining(self) -> list[Path]:
        return [path for path in self.pictures if path.name not in self.acknowledged]

    def check(self) -> None:
        with self.open() as store:
            report = examine(store)
            assert report.clean, report
            assert not report.to_make, report
            for name, (id, sha256) in self.acknowledged.items():
                card = store.pictures.find("photos", sha256)
                assert card is not None, name
                assert (card.id, card.file_name) == (id, name)
                assert store.files.path_of(sha256).is_file()

    def finish(self) -> None:
        """A run that nobody kills takes the rest in; every picture is there once, nothing is left over."""
        _, code = self.run(self.pictures)
        assert code == 0
        assert len(self.acknowledged) == len(self.pictures)
        self.check()
        with self.open() as store:
            report = examine(store)
            assert (report.pictures, report.orphans) == (len(self.pictures), [])
            for id, _ in self.acknowledged.values():
                detail = store.pictures.get(id)
                assert (len(detail.story), len(detail.predictions)) == (1, 1)


@pytest.fixture(scope="module")
def children() -> Iterator[Children]:
    command = [sys.executable, "-W", "error", str(Path(__file__).with_name("kill_child.py"))]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[2])}
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, env=environment) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "report 1 0\n"
        yield Children(process)
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(timeout=10) == 0


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("pictures")
    return [make_picture(folder / f"{number}{('.png', '.jpg')[number % 2]}", number) for number in range(56)]


@pytest.mark.parametrize("step", STEPS)
def test_killed_before_each_step(tmp_path: Path, pictures: list[Path], children: Children, step: str) -> None:
    gallery = Gallery(tmp_path / "store", pictures[:32], children)
    for _ in range(KILLS["step"]):
        # Two that are known, whose only steps are the first two; two new ones; the third dies.
        again = [path for path in pictures if path.name in gallery.acknowledged][:2]
        before = len(gallery.acknowledged)
        extra = len(again) if step in ("stream", "fsync") else 0
        gallery.kill(again + gallery.remaining(), step=step, nth=extra + 3)
        assert len(gallery.acknowledged) - before in (2, 3)
    gallery.finish()


@pytest.mark.parametrize("nth", range(KILLS["step_of_import"]))
@pytest.mark.parametrize("step", STEPS)
def test_an_import_killed_before_each_step(
    tmp_path: Path, pictures: list[Path], children: Children, step: str, nth: int
) -> None:
    # Three batches of four: the first, second or third transaction; the first, fourth or ninth picture.
    gallery = Gallery(tmp_path / "store", pictures[:12], children)
    nth = nth + 1 if step in A_BATCH_AT_A_TIME else (1, 4, 9)[nth]
    gallery.kill(gallery.pictures, step=step, nth=nth, many=True)
    said, code = gallery.run(gallery.pictures, many=True)
    assert code == 0
    _, taken, known = said[-2]
    assert int(taken) + int(known) == 12
    assert int(known) % 4 == 0
    gallery.finish()


@pytest.mark.parametrize("seed", range(RANDOM_SEEDS))
def test_killed_at_random_times(tmp_path: Path, pictures: list[Path], children: Children, seed: int) -> None:
    chance = random.Random(seed)
    gallery = Gallery(tmp_path / "store", pictures, children)
    for _ in range(KILLS["random"]):
        acks, seconds = chance.randint(0, 3), chance.uniform(0, 0.015)

        def due(said: Said, acks: int = acks, seconds: float = seconds) -> bool:
            if len(said) <= acks:
                return False
            time.sleep(seconds)
            return True

        gallery.kill(gallery.remaining(), kill=due)
    gallery.finish()


def test_an_import_killed_at_random_times(tmp_path: Path, pictures: list[Path], children: Children) -> None:
    chance = random.Random(7)
    for number in range(KILLS["random_of_import"]):
        gallery = Gallery(tmp_path / f"store{number}", pictures, children)
        seconds = chance.uniform(0, 0.15)

        def due(_: Said, seconds: float = seconds) -> bool:
            time.sleep(seconds)
            return True

        gallery.kill(pictures, many=True, kill=due)
        said, code = gallery.run(pictures, many=True)
        assert (code, sum(map(int, said[-2][1:]))) == (0, len(pictures))
        gallery.check()
        with gallery.open() as store:
            report = examine(store)
            assert (report.pictures, report.orphans) == (len(pictures), [])


def test_killed_beside_a_server(
    tmp_path: Path, pictures: list[Path], children: Children, postgres: Cluster
) -> None:
    """Once before each step, in the midst of a transaction too, then at random times; then an import."""
    chance = random.Random(11)
    with postgres.database(TEMPLATE) as url:
        gallery = Gallery(tmp_path / "store", pictures[:40], children, url)
        for step in STEPS:
            gallery.kill(gallery.remaining(), step=step, nth=2)
        for _ in range(3):
            seconds = chance.uniform(0, 0.1)

            def due(_: Said, seconds: float = seconds) -> bool:
                time.sleep(seconds)
                return True

            gallery.kill(gallery.remaining(), kill=due)
        gallery.finish()
    with postgres.database(TEMPLATE) as url:
        gallery = Gallery(tmp_path / "imported", pictures[:12], children, url)
        for step, nth in (("begin", 2), ("insert", 2), ("commit", 1)):
            gallery.kill(gallery.pictures, step=step, nth=nth, many=True)
        gallery.finish()


def test_killed_beside_a_decoder_at_work(tmp_path: Path, pictures: list[Path], children: Children) -> None:
    gallery = Gallery(tmp_path / "store", pictures[:32], children)
    for step in STEPS[: KILLS["worker"]]:
        said = gallery.kill(gallery.remaining(), step=step, nth=2, worker=True)
        workers = {int(words[1]) for words in said if words[0] == "worker"}
        assert len(workers) == 1
        assert ends(workers.pop())
    gallery.finish()


def ends(pid: int, seconds: float = 10) -> bool:
    """Whether a process that lost its parent ends by itself."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except FileNotFoundError:
            return True
        if state == "Z":
            return True
        time.sleep(0.02)
    return False
