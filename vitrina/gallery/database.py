"""Connections: many readers, one writer that takes its lock before it reads."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa

from vitrina.gallery.engines import engine_of, parse
from vitrina.gallery.migrate import migrate
from vitrina.gallery.troubles import naming_limits, naming_troubles, require_unicode

BUSY_SECONDS = 30
# Who holds the lock on another machine that lost its power would hold it for hours.
IDLE_SECONDS = 120
# Any number will do, as long as every Vitrina uses the same one.
ADVISORY_LOCK = 0x56697472


class Database:
    """One SQLite file, or one PostgreSQL database, brought to the present schema when it is opened.

    Raises VitrinaError for a URL that cannot be read, a driver that is not installed, a file that is no
    database, a server that cannot be reached or lets nobody in, tables that are not ours, a schema newer than
    this code. Who finds it locked waits `busy_seconds` at most.
    """

    def __init__(self, url: str, *, busy_seconds: float = BUSY_SECONDS) -> None:
        self.url = parse(url)
        self._busy_seconds = busy_seconds
        self._lock = threading.Lock()
        self._writing: int | None = None
        self._readers = engine_of(self.url, reads=True, busy_seconds=busy_seconds)
        self._writers = engine_of(self.url, reads=False, busy_seconds=busy_seconds)
        try:
            with naming_troubles(self.url):
                if not self.is_sqlite:
                    # By itself: an operator is told more than a visitor.
                    with self._readers.connect() as connection:
                        require_unicode(self.url, connection)
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
        """A connection that sees one committed state throughout. Keep it short: it holds SQLite's writers up.

        Raises Busy where none is free; DatabaseUnreachable, a kind of it, where the server does not answer.
        """
        with naming_limits(), self._readers.connect() as connection:
            yield connection

    @contextmanager
    def writer(self) -> Iterator[sa.Connection]:
        """The one writing connection of this process, in a transaction that commits when the block ends well.

        What is read inside cannot be changed by anyone else before the commit. Not to be nested. Raises Busy
        where another process keeps the lock, or where the server does not answer; OutOfSpace on a full disk;
        nothing is changed then. Only where the server is lost during the commit, it may have been done.
        """
        if self._writing == threading.get_ident():
            raise RuntimeError("a writer inside a writer would wait for itself; pass the connection on")
        with self._lock:
            self._writing = threading.get_ident()
            try:
                with naming_limits(), self._writers.begin() as connection:
                    if not self.is_sqlite:
                        self._take_turns(connection)
                    yield connection
            finally:
                self._writing = None

    def _take_turns(self, connection: sa.Connection) -> None:
        """The same promise as BEGIN IMMEDIATE gives on SQLite: writers of all processes one after the other."""
        connection.exec_driver_sql(
            f"SET LOCAL lock_timeout = {max(1, round(self._busy_seconds * 1000))}; "
            f"SET LOCAL idle_in_transaction_session_timeout = {IDLE_SECONDS * 1000}; "
            f"SELECT pg_advisory_xact_lock({ADVISORY_LOCK})"
        )

    def close(self) -> None:
        """Gives all connections back."""
        self._readers.dispose()
        self._writers.dispose()
