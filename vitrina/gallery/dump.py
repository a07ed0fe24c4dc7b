"""The rows of a store as plain lines, all of one moment."""

from __future__ import annotations

import json
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from vitrina.errors import OutOfSpace, VitrinaError
from vitrina.gallery.database import BUSY_SECONDS, Database
from vitrina.gallery.engines import engine_of
from vitrina.gallery.migrate import revisions
from vitrina.gallery.schema import metadata, session, sign_in

# What is gone in minutes anyway: whoever comes to a restored store signs in anew.
LEFT_OUT = (session, sign_in)
TABLES = tuple(table for table in metadata.sorted_tables if table not in LEFT_OUT)
_PAGE = 1_000


@dataclass(frozen=True)
class Dump:
    """`schema` is the revision that the rows are of; `counts` the rows by table; `files` the lines by table."""

    schema: str
    counts: dict[str, int]
    files: dict[str, Path]


def dump(database: Database, folder: Path) -> Dump:
    """Every table but sessions, sign-in attempts as `folder`/TABLE.jsonl: a row a line, in the order of the keys.

    The same rows give the same bytes, from SQLite, from PostgreSQL. A line is a JSON object of the columns: moments
    as ISO 8601 in UTC, NULL as null, numbers so that they come back as they were. All of one committed state, beside
    whoever writes. Raises Busy, OutOfSpace.
    """
    files = {table.name: folder / f"{table.name}.jsonl" for table in TABLES}
    with _one_moment(database) as connection:
        counts = {table.name: _write(connection, table, files[table.name]) for table in TABLES}
    return Dump(revisions()[-1], counts, files)


def rows_of(file: Path) -> Iterator[dict[str, Any]]:
    """The rows of one table, as they were written: moments as text. Raises VitrinaError for a line that is no row."""
    with file.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            try:
                row = json.loads(line)
            except ValueError as problem:
                raise _no_row(file, number, str(problem)) from problem
            if not isinstance(row, dict):
                raise _no_row(file, number, type(row).__name__)
            yield row


@contextmanager
def _one_moment(database: Database) -> Iterator[sa.Connection]:
    """A connection to one committed state, which may be read for as long as it takes."""
    if not database.is_sqlite:
        # Readers there are REPEATABLE READ, hold nobody up.
        with database.reader() as connection:
            yield connection
        return
    # In SQLite's rollback journal whoever reads keeps the writers from committing: so the file is copied, which
    # is over soon, and the copy is read.
    with tempfile.TemporaryDirectory(prefix="vitrina-snapshot-") as folder:
        copy = Path(folder) / "copy.sqlite3"
        _copy(database, copy)
        url = sa.URL.create("sqlite", database=str(copy))
        engine = engine_of(url, reads=True, busy_seconds=BUSY_SECONDS)
        try:
            with engine.connect() as connection:
                yield connection
        finally:
            engine.dispose()


def _copy(database: Database, copy: Path) -> None:
    with database.reader() as connection, closing(sqlite3.connect(copy)) as target:
        source = connection.connection.driver_connection
        assert isinstance(source, sqlite3.Connection)
        try:
            # In one step: what another process commits meanwhile would have it begin again.
            source.backup(target)
        except sqlite3.OperationalError as problem:
            if "full" not in str(problem):
                raise
            raise OutOfSpace(
                f"room for a copy of the database in {copy.parent.parent}",
                "a full disk",
                "Make room there, or point TMPDIR at a larger disk, then try again.",
            ) from problem


def _write(connection: sa.Connection, table: sa.Table, file: Path) -> int:
    asked = sa.select(table).order_by(*table.primary_key.columns)
    count = 0
    with file.open("w", encoding="ascii", newline="\n") as lines:
        for row in connection.execution_options(yield_per=_PAGE).execute(asked).mappings():
            lines.write(json.dumps({name: _plain(value) for name, value in row.items()}) + "\n")
            count += 1
    return count


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    return value


def _no_row(file: Path, number: int, found: str) -> VitrinaError:
    return VitrinaError(
        f"a JSON object on line {number} of {file.name}",
        found[:200],
        "Take the backup anew, or restore an earlier one.",
    )
