"""The schema brought up to date, in one transaction."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from vitrina.errors import VitrinaError

if TYPE_CHECKING:
    from vitrina.gallery.database import Database


def migrate(database: Database) -> None:
    """Applies what is missing; does nothing to a database that is up to date.

    Safe when many processes open one database at once: the revision is read again under the writer's
    lock. Killed half-way, nothing has happened. Raises VitrinaError for tables that are not ours or a schema
    newer than this code.
    """
    script = _script()
    with database.reader() as connection:
        if _revision(connection) == script.get_current_head():
            return
    with database.writer() as connection:
        revision = _revision(connection)
        known = {step.revision for step in script.walk_revisions()}
        if revision is not None and revision not in known:
            raise VitrinaError(
                f"a database of schema {script.get_current_head()} or older",
                f"schema {revision}, which a newer Vitrina made",
                "Install that newer version, or open a backup made before the change.",
            )
        _upgrade(connection, script, "head")


def revisions() -> list[str]:
    """The schemas that this code knows, oldest first; the last is the present one."""
    return [str(step.revision) for step in reversed(list(_script().walk_revisions()))]


def upgrade(connection: sa.Connection, revision: str) -> None:
    """Makes of the schema that is there, or of nothing, the one called `revision`, in the caller's transaction."""
    _upgrade(connection, _script(), revision)


def _script() -> Any:
    from alembic.script import ScriptDirectory

    return ScriptDirectory(str(Path(__file__).with_name("migrations")))


def _revision(connection: sa.Connection) -> str | None:
    tables = set(sa.inspect(connection).get_table_names())
    if "alembic_version" in tables:
        found: str | None = connection.scalar(sa.text("SELECT version_num FROM alembic_version"))
        return found
    if tables:
        raise VitrinaError(
            "an empty database, or one that Vitrina made",
            f"a database with the tables {', '.join(sorted(tables)[:5])}",
            "Point the database URL at a new file or database.",
        )
    return None


def _upgrade(connection: sa.Connection, script: Any, target: str) -> None:
    from alembic.config import Config
    from alembic.runtime.environment import EnvironmentContext

    from vitrina.gallery.schema import metadata

    def steps(revision: Any, _context: Any) -> Any:
        return script._upgrade_revs(target, revision)  # what `alembic upgrade head` itself calls

    with EnvironmentContext(Config(), script, fn=steps) as environment:
        # The schema lends its naming convention; what the tables are, each step says for itself.
        environment.configure(connection=connection, target_metadata=metadata, transactional_ddl=True)
        environment.run_migrations()
