"""Picture files under names that are their own SHA-256."""

from __future__ import annotations

import errno
import hashlib
import os
import re
import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from vitrina.durable import flush
from vitrina.errors import NotFound, OutOfSpace, PictureRefused

DERIVATIVES = ("thumb", "large")
STALE_SECONDS = 24 * 3600
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Arrived:
    """A whole file on disk under a temporary name, synced. `size` in bytes."""

    sha256: str
    size: int
    path: Path


class Incoming:
    """A file on its way in, hashed while it is written. As a context manager it leaves nothing behind."""

    def __init__(self, files: FileStore, *, max_bytes: int) -> None:
        self._files = files
        self._max_bytes = max_bytes
        self._hash = hashlib.sha256()
        self._size = 0
        self._arrived: Arrived | None = None
        self.path = files.incoming_folder / f"{secrets.token_hex(16)}.part"
        with files.naming_full_disk():
            self._file = self.path.open("xb")

    def write(self, chunk: bytes) -> None:
        """Appends bytes. Raises PictureRefused (too_many_bytes), OutOfSpace; the file is gone then.

        Free space is asked for again with every MiB: many files on their way in fill a disk together.
        """
        whole, self._size = self._size // _CHUNK, self._size + len(chunk)
        if self._size > self._max_bytes:
            self.discard()
            raise PictureRefused(
                f"a file of at most {self._max_bytes:,} bytes",
                "a longer one",
                "Make the picture smaller, then send it again.",
                reason="too_many_bytes",
            )
        self._hash.update(chunk)
        try:
            if self._size // _CHUNK > whole:
                self._files.require_space()
            with self._files.naming_full_disk():
                self._file.write(chunk)
        except BaseException:
            self.discard()
            raise

    def finish(self) -> Arrived:
        """The file, synced to disk; the same answer when asked again. Raises OutOfSpace."""
        if self._arrived is None:
            with self._files.naming_full_disk():
                self._file.flush()
                os.fsync(self._file.fileno())
            self._file.close()
            self._arrived = Arrived(self._hash.hexdigest(), self._size, self.path)
        return self._arrived

    def discard(self) -> None:
        """Removes the file where it is still under its temporary name."""
        try:
            self._file.close()
        finally:
            self.path.unlink(missing_ok=True)

    def __enter__(self) -> Incoming:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.discard()


class FileStore:
    """The files of one store: `originals/ab/cd/<sha256>`, `derived/ab/cd/<sha256>.thumb.webp`, `incoming/`."""

    def __init__(self, root: Path, *, minimum_free_bytes: int = 200_000_000) -> None:
        self.root = Path(root)
        self.minimum_free_bytes = minimum_free_bytes
        self.incoming_folder = self.root / "incoming"
        for folder in (self.root / "originals", self.root / "derived", self.incoming_folder):
            self._make(folder)
        self._sweep()

    def path_of(self, sha256: str) -> Path:
        """Where the original of that hash lies or would lie. Raises NotFound for text that is no hash."""
        return self._folder("originals", sha256) / sha256

    def derivative(self, sha256: str, kind: str) -> Path:
        """Where the "thumb" or "large" picture of that hash lies or would lie. Raises NotFound."""
        if kind not in DERIVATIVES:
            raise NotFound(
                f"a picture of kind {' or '.join(DERIVATIVES)}", f"{kind!r}"[:40], "Ask for one of these."
            )
        return self._folder("derived", sha256) / f"{sha256}.{kind}.webp"

    def incoming(self, *, max_bytes: int, size: int = 0) -> Incoming:
        """A new file to write `size` bytes to, as far as that is known.

        Raises OutOfSpace where the disk is nearly full, or would be with them.
        """
        self.require_space(size)
        return Incoming(self, max_bytes=max_bytes)

    def receive(self, source: Path, *, max_bytes: int) -> Incoming:
        """A copy of `source` on its way in.

        Raises PictureRefused, OutOfSpace, OSError where it cannot be read.
        """
        with source.open("rb") as opened:
            incoming = self.incoming(max_bytes=max_bytes)
            try:
                while chunk := opened.read(_CHUNK):
                    incoming.write(chunk)
            except BaseException:
                incoming.discard()
                raise
        return incoming

    def require_space(self, size: int = 0) -> None:
        """Raises OutOfSpace where taking `size` bytes would leave less than the minimum free."""
        free = shutil.disk_usage(self.root).free
        if free - size < self.minimum_free_bytes:
            raise OutOfSpace(
                f"{self.minimum_free_bytes / 1e6:,.0f} MB free on the disk of the pictures",
                f"{max(0, free - size) / 1e6:,.0f} MB",
                "Labels still work; make room on the disk, then upload again.",
            )

    def place(self, arrived: Arrived) -> None:
        """Gives the file its final name; the move is atomic, the name not yet durable (see `settle`)."""
        final = self.path_of(arrived.sha256)
        with self.naming_full_disk():
            self._make(final.parent)
            # Also over a file that is there: it may be what an unfinished upload left, or have been altered
            # since.
            os.replace(arrived.path, final)

    def write_derivative(self, sha256: str, kind: str, data: bytes) -> None:
        """Writes a derived picture whole or not at all."""
        final = self.derivative(sha256, kind)
        with self.naming_full_disk():
            self._make(final.parent)
        with self.incoming(max_bytes=len(data)) as incoming:
            incoming.write(data)
            os.replace(incoming.finish().path, final)

    def settle(self, sha256: str) -> None:
        """Makes the names of a picture's files durable."""
        for kind in ("originals", "derived"):
            flush(self._folder(kind, sha256))

    def has(self, sha256: str) -> bool:
        """True where the original, both derived pictures are there."""
        paths = [self.path_of(sha256), *(self.derivative(sha256, kind) for kind in DERIVATIVES)]
        return all(path.is_file() for path in paths)

    @contextmanager
    def naming_full_disk(self) -> Iterator[None]:
        """Turns the system's "no space left" into OutOfSpace."""
        try:
            yield
        except OSError as error:
            if error.errno not in (errno.ENOSPC, errno.EDQUOT):
                raise
            raise OutOfSpace(
                "room on the disk of the pictures",
                "a full disk",
                "Labels still work; make room on the disk, then upload again.",
            ) from error

    def _folder(self, kind: str, sha256: str) -> Path:
        if not re.fullmatch(r"[0-9a-f]{64}", sha256):
            raise NotFound(
                "a SHA-256 of 64 hex digits", f"{sha256!r}"[:80], "Ask for a picture of the store."
            )
        return self.root / kind / sha256[:2] / sha256[2:4]

    def _make(self, folder: Path) -> None:
        if folder.is_dir():
            return
        self._make(folder.parent)
        folder.mkdir(exist_ok=True)
        flush(folder.parent)

    def _sweep(self) -> None:
        # What a killed upload left; a living one touches its file far more often than once a day.
        oldest = time.time() - STALE_SECONDS
        for path in self.incoming_folder.glob("*.part"):
            try:
                if path.stat().st_mtime < oldest:
                    path.unlink()
            except FileNotFoundError:
                continue  # another process swept it, or its upload ended
