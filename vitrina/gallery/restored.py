"""The rows of a dump, back in an empty database."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from vitrina.errors import Conflict, VitrinaError
from vitrina.gallery.database import Database
from vitrina.gallery.dump import TABLES, rows_of
from vitrina.gallery.migrate import revisions, upgrade
from vitrina.gallery.schema import metadata

_PAGE = 1_000


def require_schema(schema: str) -> None:
    """Raises VitrinaError for rows of a schema that this code does not know."""
    known = revisions()
    if schema not in known:
        raise VitrinaError(
            f"a backup of schema {known[-1]} or older",
            f"schema {schema}, which a newer Vitrina made",
            "Install that newer version, or restore an older backup with --revision.",
        )


def require_empty(database: Database) -> None:
    """Raises Conflict where a table has rows that a backup would hold."""
    with database.reader() as connection:
        _require_empty(connection)


def load(database: Database, files: Mapping[str, Path], *, schema: str) -> dict[str, int]:
    """The rows in `files` (table -> lines, as `dump` wrote them), put into an empty database; how many by table.

    Rows of an older schema are put into tables of that schema, then migrated. One transaction: killed half-way,
    nothing has happened. Raises Conflict for a database that is not empty, VitrinaError for a newer schema or for
    rows that do not fit their table.
    """
    require_schema(schema)
    head = revisions()[-1]
    with database.writer() as connection:
        _require_empty(connection)
        if schema != head:
            _begin_anew(connection, schema)
        counts = _fill(connection, files)
        if schema != head:
            upgrade(connection, head)
        if not database.is_sqlite:
            _count_on(connection)
    return counts


def _require_empty(connection: sa.Connection) -> None:
    found = []
    for table in TABLES:
        count = connection.scalar(sa.select(sa.func.count()).select_from(table)) or 0
        if count:
            found.append(f"{count} {table.name}")
    if found:
        raise Conflict(
            "an empty store to restore into",
            f"a database with rows ({', '.join(found)})",
            "Name an empty folder with --into, or move this store away first.",
        )


def _begin_anew(connection: sa.Connection, schema: str) -> None:
    """Tables of an older schema instead of those of the present one, which are empty."""
    metadata.drop_all(connection)
    connection.exec_driver_sql("DROP TABLE alembic_version")
    upgrade(connection, schema)


def _fill(connection: sa.Connection, files: Mapping[str, Path]) -> dict[str, int]:
    tables = sa.MetaData()
    tables.reflect(connection)
    unknown = sorted(set(files) - set(tables.tables))
    if unknown:
        raise VitrinaError(
            f"rows of the tables {', '.join(sorted(tables.tables))}",
            f"rows of {', '.join(unknown)}",
            "Take the backup anew, or restore an earlier one.",
        )
    # In the order of the references: each row finds what it refers to.
    return {
        table.name: _insert(connection, table, files[table.name])
        for table in tables.sorted_tables
        if table.name in files
    }


def _insert(connection: sa.Connection, table: sa.Table, file: Path) -> int:
    moments = {column.name for column in table.columns if isinstance(column.type, sa.DateTime)}
    for column in table.columns:
        if isinstance(column.type, sa.JSON):
            column.type.none_as_null = True
    count, rows = 0, _typed(file, table, moments)
    while page := list(islice(rows, _PAGE)):
        try:
            connection.execute(sa.insert(table), page)
        except (sa.exc.IntegrityError, sa.exc.StatementError) as problem:
            if isinstance(problem, sa.exc.OperationalError):
                raise
            raise _unfit(file, str(problem.orig or problem)) from problem
        count += len(page)
    return count


def _typed(file: Path, table: sa.Table, moments: set[str]) -> Iterator[dict[str, Any]]:
    columns = set(table.columns.keys())
    for row in rows_of(file):
        if set(row) != columns:
            raise _unfit(file, f"{', '.join(sorted(set(row) ^ columns))} on one side alone")
        try:
            told = {name: row[name] and datetime.fromisoformat(row[name]) for name in moments}
        except (ValueError, TypeError) as problem:
            raise _unfit(file, str(problem)) from problem
        yield row | told


def _count_on(connection: sa.Connection) -> None:
    """New rows get numbers after the largest that came; SQLite sees to that by itself."""
    for table in TABLES:
        for column in table.primary_key.columns:
            if isinstance(column.type, sa.BigInteger):
                largest = connection.scalar(sa.select(sa.func.max(column)))
                if largest is not None:
                    sequence = sa.func.pg_get_serial_sequence(table.name, column.name)
                    connection.execute(sa.select(sa.func.setval(sequence, largest)))


def _unfit(file: Path, found: str) -> VitrinaError:
    return VitrinaError(
        f"rows that fit the table {file.stem}",
        " ".join(found.split())[:200],
        "Take the backup anew, or restore an earlier one.",
    )
