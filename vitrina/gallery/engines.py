"""How each of the two databases is connected to."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import sqlalchemy as sa

from vitrina.errors import VitrinaError

# Where a server, or the way to it, is gone without a word: seconds, but for the last, in milliseconds.
# https://www.postgresql.org/docs/current/libpq-connect.html
PATIENCE = {
    "connect_timeout": 10,
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
}
_SQLITE = ("sqlite", "sqlite+pysqlite")
_POSTGRESQL = ("postgres", "postgresql", "postgresql+psycopg")


def parse(url: str) -> sa.URL:
    """The URL of a SQLite file, whose folder is made, or of a PostgreSQL database, with its driver named.

    Raises VitrinaError for any other; the text is never repeated, for it may hold a password.
    """
    next_step = "Write sqlite:////data/vitrina.db or postgresql://user:password@host/name."
    try:
        parsed = sa.make_url(url)
    except (sa.exc.ArgumentError, ValueError) as error:
        raise VitrinaError("a database URL", "text that is none", next_step) from error
    if parsed.drivername in _POSTGRESQL:
        return parsed.set(drivername="postgresql+psycopg")
    if parsed.drivername not in _SQLITE:
        raise VitrinaError("a database URL of SQLite or PostgreSQL", f"one of {parsed.drivername}", next_step)
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


def engine_of(url: sa.URL, *, reads: bool, busy_seconds: float) -> sa.Engine:
    """Connections that only read, each transaction one committed state; or the one that writes.

    Raises VitrinaError where the driver is not installed.
    """
    if url.get_backend_name() == "sqlite":
        return _sqlite(url, reads=reads, busy_seconds=busy_seconds)
    return _postgresql(url, reads=reads)


def _postgresql(url: sa.URL, *, reads: bool) -> sa.Engine:
    # A server may stand behind a pooler, which shares its connections out by transaction: nothing is set for
    # a session, nothing prepared (https://www.psycopg.org/psycopg3/docs/advanced/prepare.html).
    asked: dict[str, Any] = {"prepare_threshold": None, "application_name": "vitrina", **PATIENCE}
    try:
        engine = sa.create_engine(
            url,
            pool_size=8 if reads else 1,
            max_overflow=32 if reads else 0,
            # A server that was restarted is found again before the first request notices.
            pool_pre_ping=True,
            # Each statement of a writer must see what was committed before it had its lock.
            isolation_level="REPEATABLE READ" if reads else "READ COMMITTED",
            connect_args={name: value for name, value in asked.items() if name not in url.query},
        )
    except ModuleNotFoundError as error:
        raise VitrinaError(
            f"the database driver that {url.drivername} asks for",
            "none installed",
            'Install psycopg: python -m pip install "psycopg[binary]".',
        ) from error

    def connected(connection: Any, _record: object) -> None:
        connection.read_only = reads

    sa.event.listen(engine, "connect", connected)
    return engine


def _sqlite(url: sa.URL, *, reads: bool, busy_seconds: float) -> sa.Engine:
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
