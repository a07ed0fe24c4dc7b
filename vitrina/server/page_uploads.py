"""The folder where Gradio keeps what is uploaded to a page."""

from __future__ import annotations

import fcntl
import logging
import os
import secrets
import shutil
import threading
import time
from pathlib import Path
from typing import IO

log = logging.getLogger(__name__)

_LOCK = ".running"
_ATTEMPTS = 20
_VARIABLE = "GRADIO_TEMP_DIR"


class PageUploads:
    """One folder a run, `page-uploads/<process id>-<random>`, below the data folder.

    Gradio forgets an upload that was cut off with its file on the disk, so the server looks itself: while it
    is open, every `every` seconds, whatever is older than `age` seconds is deleted, of whichever run. A run
    holds a lock on its folder: what a run left that ended without closing goes when the next one opens.
    """

    def __init__(self, data: Path, *, every: float, age: float) -> None:
        self.root = data.resolve() / "page-uploads"
        self.folder = self.root / f"{os.getpid()}-{secrets.token_hex(4)}"
        self.every = every
        self.age = age
        self._before: str | None = None
        self._lock: IO[bytes] | None = None
        self._stop = threading.Event()
        self._sweeper = threading.Thread(target=self._sweep_on, name="page uploads", daemon=True)

    def announce(self) -> None:
        """Tell Gradio the name of the folder; it asks when pages are built. Makes nothing yet."""
        self._before = os.environ.get(_VARIABLE)
        os.environ[_VARIABLE] = str(self.folder)

    def open(self) -> None:
        """Make the folder, delete those of runs that are over, start to look for old files."""
        for _ in range(_ATTEMPTS):
            # Again where another run took it for one that is over, between its making and its lock. A disk
            # that knows no locks is tidied by age alone.
            self.folder.mkdir(parents=True, exist_ok=True)
            self._lock = _locked(self.folder)
            if self._lock is not None:
                break
            time.sleep(0.05)
        for folder in self.root.iterdir():
            if folder != self.folder:
                _delete_if_over(folder)
        self._sweeper.start()

    def close(self) -> None:
        """Stop looking, delete the folder."""
        self._stop.set()
        if self._sweeper.is_alive():
            self._sweeper.join(timeout=10)
        shutil.rmtree(self.folder, ignore_errors=True)
        if self._lock is not None:
            self._lock.close()
        if self._before is None:
            os.environ.pop(_VARIABLE, None)
        else:
            os.environ[_VARIABLE] = self._before

    def sweep(self) -> int:
        """Delete every file older than `age` seconds, and folders that stay empty; how many they were."""
        oldest, count = time.time() - self.age, 0
        for place, folders, names in os.walk(self.root, topdown=False):
            for name in (*names, *folders):
                path = Path(place, name)
                try:
                    if name != _LOCK and path.lstat().st_mtime < oldest:
                        count += _delete(path)
                except FileNotFoundError:
                    continue  # Gradio or another run was quicker.
                except OSError as error:
                    log.warning("an old upload stays: %s", error)
        return count

    def _sweep_on(self) -> None:
        while not self._stop.wait(self.every):
            self.sweep()


def _delete(path: Path) -> int:
    if path.is_symlink() or not path.is_dir():
        path.unlink()
        return 1
    if any(path.iterdir()):
        return 0
    path.rmdir()
    return 1


def _locked(folder: Path) -> IO[bytes] | None:
    """The lock on `folder`, held until it is closed; None where it cannot be had."""
    path = folder / _LOCK
    try:
        lock = path.open("ab")
    except OSError:
        return None
    if _lock_now(lock) and path.exists() and path.stat().st_ino == os.fstat(lock.fileno()).st_ino:
        return lock
    lock.close()
    return None


def _lock_now(lock: IO[bytes]) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _delete_if_over(folder: Path) -> None:
    lock = _locked(folder)
    if lock is not None:
        shutil.rmtree(folder, ignore_errors=True)
        lock.close()
