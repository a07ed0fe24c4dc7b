"""The commands that take a backup of the store and make a store of one."""

from __future__ import annotations

import argparse
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

from vitrina.errors import Conflict, VitrinaError
from vitrina.repositories.opening import open_repository
from vitrina.repositories.repository import Repository
from vitrina.server.settings import Settings

if TYPE_CHECKING:
    from vitrina.gallery.store import Store

PRIVATE = "It holds originals with their metadata and hashes of passwords: keep it private."


def add_commands(commands: Any, open_store: Callable[[Settings], Store]) -> None:
    """`backup` and `restore`, for the parser of python -m vitrina. `open_store` opens the store that is there."""
    taken = commands.add_parser("backup", help="send the store to a private data set repository, or a folder")
    taken.add_argument("repository", metavar="ORG/NAME|./FOLDER", help="made, private, where it is absent")
    taken.add_argument("--every", type=_minutes, metavar="MINUTES", help="go on until stopped, that often")
    taken.add_argument("--prune", action="store_true", help="remove files there that no row names any more")
    taken.set_defaults(run=partial(_backup, open_store))
    back = commands.add_parser("restore", help="make a store of a backup, where there is none")
    back.add_argument("repository", metavar="ORG/NAME|./FOLDER")
    back.add_argument("--revision", default="main", metavar="REV", help="an earlier backup: its commit")
    back.add_argument(
        "--into", type=Path, metavar="EMPTY", help="a data folder of its own, with SQLite in it"
    )
    back.set_defaults(run=_restore)


def run_backup(
    store: Store,
    repository: Repository,
    *,
    data: Path,
    prune: bool = False,
    every: float | None = None,
    stop: threading.Event | None = None,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> int:
    """One backup, or one `every` so many minutes until `stop`; a line is printed for each.

    0 where everything was kept, 1 where something could not be. One that fails is told, and the next is tried; without
    `every` it raises as `take_backup` does.
    """
    from vitrina.server.backup import take_backup
    from vitrina.server.backup_words import backup_in_words

    whole, ending = True, stop or threading.Event()
    while True:
        moment = now().isoformat(timespec="seconds")
        mark = "" if every is None else f"{moment} "
        try:
            taken = take_backup(store, repository, data=data, taken=moment, prune=prune)
            whole = taken.whole
            print(mark + backup_in_words(taken, repository.name), flush=True)
        # Whatever it was: the next one is tried all the same.
        except Exception as problem:
            if every is None:
                raise
            whole = False
            named = "" if isinstance(problem, VitrinaError) else f"{type(problem).__name__}: "
            print(f"{mark}No backup: {named}{problem}", flush=True)
        if every is None or ending.wait(every * 60):
            return 0 if whole else 1


def run_restore(repository: Repository, settings: Settings, *, revision: str) -> int:
    """The backup at `revision`, in the data folder and the database of `settings`. 0 where the store is clean."""
    from vitrina.decoder import Decoder
    from vitrina.gallery.store import Store
    from vitrina.server.backup_words import restored_in_words
    from vitrina.server.restore import find_backup, restore

    # Before a folder is made for it.
    commit, _ = find_backup(repository, revision)
    settings.data.mkdir(parents=True, exist_ok=True)
    with (
        Store.open(
            settings.database, settings.data / "pictures", minimum_free_bytes=settings.minimum_free_bytes
        ) as store,
        Decoder(processes=settings.decoder_processes) as decoder,
    ):
        done = restore(repository, store, data=settings.data, revision=commit, decoder=decoder)
    print(restored_in_words(done, repository.name, str(settings.data)))
    print("clean" if done.clean else "not clean: the lines above name what is not there")
    return 0 if done.clean else 1


def _backup(open_store: Callable[[Settings], Store], options: argparse.Namespace, settings: Settings) -> int:
    repository = open_repository(options.repository, "dataset")
    with open_store(settings) as store:
        print(PRIVATE, flush=True)
        asked: dict[str, Any] = {"data": settings.data, "prune": options.prune}
        if options.every is None:
            return run_backup(store, repository, **asked)
        with _until_told() as stop:
            return run_backup(store, repository, every=options.every, stop=stop, **asked)


# What a restore makes in a folder, the first of them before any other; one that was cut off left no more than these.
_DATABASE = "vitrina.sqlite3"
_OF_A_RESTORE = (_DATABASE, f"{_DATABASE}-journal", "pictures", "models")


def _require_empty(folder: Path) -> None:
    """Nobody's training runs or photos get a database and pictures among them. Raises Conflict."""
    there = sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []
    ours = _OF_A_RESTORE if _DATABASE in there else ()
    other = [name for name in there if name not in ours and not name.startswith(".restoring-")]
    if other or (folder.exists() and not folder.is_dir()):
        raise Conflict(
            f"a new or empty folder at {folder}",
            f"other files: {', '.join(other[:5])}" if other else "a file",
            "Name another one with --into.",
        )


def _restore(options: argparse.Namespace, settings: Settings) -> int:
    if options.into is not None:
        _require_empty(options.into)
        settings = replace(settings, data=options.into, database_url="")
    repository = open_repository(options.repository, "dataset")
    return run_restore(repository, settings, revision=options.revision)


@contextmanager
def _until_told() -> Iterator[threading.Event]:
    """Set by SIGTERM or Ctrl+C: what is under way is finished. The second one ends it there."""
    stop = threading.Event()

    def told(number: int, _frame: FrameType | None) -> None:
        stop.set()
        signal.signal(number, signal.SIG_DFL)

    former = {number: signal.signal(number, told) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, how in former.items():
            signal.signal(number, how)


def _minutes(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError("a whole number of minutes, 1 or more")
    return int(text)
