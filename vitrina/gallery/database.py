"""Connections: many readers, one writer that takes its lock before it reads."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from vitrina.errors import Busy, OutOfSpace, VitrinaError
from vitrina.gallery.migrate import migrate

BUSY_SECONDS = 30
# Any number will do, as long as every Vitrina uses the same one.
ADVISORY_LOCK = 0x56697472


class Database:
    """One SQLite file, or one PostgreSQL database, brought to the present schema when it is opened.

    Raises VitrinaError for a URL that cannot be read, a driver that is not installed, a file that is no
    database, tables that are not ours, a schema newer than this code. Who finds it locked waits `busy_seconds` at most.
    """

    def __init__(self, url: str, *, busy_seconds: float = BUSY_SECONDS) -> None:
        self.url = _parse(url)
        self._lock = threading.Lock()
        self._writing: int | None = None
        self._readers = _engine(self.url, reads=True, busy_seconds=busy_seconds)
        self._writers = _engine(self.url, reads=False, busy_seconds=busy_seconds)
        try:
            with self._naming_troubles():
                migrate(self)
        except BaseException:
            self.close()
            raise

    @property
    def is_sqlite(self) -> bool:
        """True for SQLite, False for PostgreSQL."""
        return self.url.get_backend_name() == "sqlite"

    @contextmanager
    def reader(self) -> Iterator[sa.Connection]:
        """A connection that sees one committed state throughout. Keep it short: it holds writers up."""
        with _naming_limits(), self._readers.connect() as connection:
            yield connection

    @contextmanager
    def writer(self) -> Iterator[sa.Connection]:
        """The one writing connection of this process, in a transaction that commits when the block ends well.

        What is read inside cannot be changed by anyone else before the commit. Not to be nested. Raises
        VitrinaError where another process keeps the lock, OutOfSpace on a full disk; nothing is changed then.
        """
        if self._writing == threading.get_ident():
            raise RuntimeError("a writer inside a writer would wait for itself; pass the connection on")
        with self._lock:
            self._writing = threading.get_ident()
            try:
                with _naming_limits(), self._writers.begin() as connection:
                    if not self.is_sqlite:
                        # The same promise as BEGIN IMMEDIATE gives on SQLite: writers one after the other.
                        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(ADVISORY_LOCK)))
                    yield connection
            finally:
                self._writing = None

    def close(self) -> None:
        """Gives all connections back."""
        self._readers.dispose()
        self._writers.dispose()

    @contextmanager
    def _naming_troubles(self) -> Iterator[None]:
        try:
            yield
        except sa.exc.DBAPIError as error:
            found = str(error.orig)
            if "not a database" in found or "malformed" in found:
                raise VitrinaError(
                    "a SQLite database",
                    f"a file that is none at {self.url.database} ({found})",
                    "Point the database URL at another path, or put the file back from a backup.",
                ) from error
            raise VitrinaError(
                "a database that can be opened",
                f"{self.url.render_as_string(hide_password=True)} ({found})",
                "Check that the path or server exists, that it may be written to.",
            ) from error


def _parse(url: str) -> sa.URL:
    next_step = "Write sqlite:////data/vitrina.db or postgresql+psycopg://user:password@host/name."
    try:
        parsed = sa.make_url(url)
    except sa.exc.ArgumentError as error:
        # The text itself is not repeated: it may hold a password.
        raise VitrinaError("a database URL", "text that is none", next_step) from error
    backend = parsed.get_backend_name()
    if backend not in ("sqlite", "postgresql"):
        raise VitrinaError("a database URL of SQLite or PostgreSQL", f"one of {backend}", next_step)
    if backend == "sqlite":
        if parsed.database in (None, "", ":memory:") or str(parsed.database).startswith("file:"):
            raise VitrinaError("a database URL that names a file", "one in memory", next_step)
        folder = Path(str(parsed.database)).parent
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise VitrinaError(
                "a folder for the database",
                f"{folder} ({error.strerror})",
                "Choose a folder that can be made.",
            ) from error
    return parsed


@contextmanager
def _naming_limits() -> Iterator[None]:
    try:
        yield
    except sa.exc.OperationalError as error:
        found = str(error.orig)
        if "database is locked" in found:
            raise Busy(
                "a database that is free within a while",
                "one that another process keeps locked",
                "Try again; where it lasts, end the process that holds it.",
            ) from error
        if "disk is full" in found:
            raise OutOfSpace(
                "room on the disk of the database", "a full disk", "Make room on the disk, then try again."
            ) from error
        raise


def _engine(url: sa.URL, *, reads: bool, busy_seconds: float) -> sa.Engine:
    if url.get_backend_name() != "sqlite":
        try:
            return sa.create_engine(url, pool_size=8 if reads else 1, max_overflow=32 if reads else 0)
        except (ModuleNotFoundError, sa.exc.NoSuchModuleError) as error:
            raise VitrinaError(
                f"the database driver that {url.drivername} asks for",
                "none installed",
                'Install psycopg (python -m pip install "psycopg[binary]"), '
                "then write postgresql+psycopg://user:password@host/name.",
            ) from error
    engine = sa.create_engine(
        url,
        poolclass=sa.QueuePool,
        pool_size=8 if reads else 1,
        max_overflow=32 if reads else 0,
        connect_args={"timeout": busy_seconds, "check_same_thread": False, "isolation_level": None},
    )

    def connected(connection: Any, _record: object) -> None:
        # A rollback journal: SQLite 3.7.0 to 3.51.2 can corrupt a file when a write-ahead log is reset
        # (https://sqlite.org/wal.html, "the WAL-reset bug"), 3.40.1 is what Python 3.11 ships with.
        # TRUNCATE with synchronous=FULL has the commit on disk before it is acknowledged.
        connection.execute("PRAGMA journal_mode = TRUNCATE").close()
        connection.execute("PRAGMA synchronous = FULL").close()
        connection.execute("PRAGMA foreign_keys = ON").close()
        if reads:
            connection.execute("PRAGMA query_only = ON").close()
        else:
            # A large transaction must not lock readers out before it commits.
            connection.execute("PRAGMA cache_spill = OFF").close()

    # The driver's own transactions begin only at the first write, by when what was read may be out of date:
    # read-then-write updates of several processes are then lost without an error. So we begin them ourselves.
    def begun(connection: sa.Connection) -> None:
        connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")

    sa.event.listen(engine, "connect", connected)
    sa.event.listen(engine, "begin", begun)
    return engine
