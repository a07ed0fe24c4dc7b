"""Opening a database: what is refused, how; what several threads, processes see."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from gallery_made import on_postgresql, on_sqlite

from tests.postgres import Cluster
from vitrina.errors import Busy, OutOfSpace, VitrinaError
from vitrina.gallery.database import Database
from vitrina.gallery.engines import engine_of, parse
from vitrina.gallery.migrate import revisions, upgrade
from vitrina.gallery.schema import collection, metadata
from vitrina.gallery.store import Store


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    path = tmp_path / "notes.db"
    path.write_text("These are notes. " * 100)
    with pytest.raises(VitrinaError) as refused:
        Database(f"sqlite:///{path}")
    assert str(refused.value) == (
        f"Expected a SQLite database; found a file that is none at {path} (file is not a database). "
        "Point the database URL at another path, or put the file back from a backup."
    )
    assert path.read_text().startswith("These are notes.")


def test_somebody_elses_tables(fresh_url: str) -> None:
    engine = engine_of(parse(fresh_url), reads=False, busy_seconds=1)
    with engine.begin() as other:
        other.exec_driver_sql("CREATE TABLE orders (id INTEGER)")
    engine.dispose()
    with pytest.raises(VitrinaError) as refused:
        Database(fresh_url)
    assert str(refused.value) == (
        "Expected an empty database, or one that Vitrina made; found a database with the tables orders. "
        "Point the database URL at a new file or database."
    )


def test_a_folder_in_the_place_of_the_database(tmp_path: Path) -> None:
    with pytest.raises(
        VitrinaError, match=r"Expected a database that can be opened; found sqlite:///.*unable"
    ):
        Database(f"sqlite:///{tmp_path}")


def test_a_schema_newer_than_the_code(database_url: str) -> None:
    database = Database(database_url)
    with database.writer() as connection:
        known = connection.scalar(sa.text("SELECT version_num FROM alembic_version"))
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    database.close()
    with pytest.raises(VitrinaError) as refused:
        Database(database_url)
    assert str(refused.value) == (
        f"Expected a database of schema {known} or older; found schema 9999, which a newer Vitrina made. "
        "Install that newer version, or open a backup made before the change."
    )


def test_the_migrations_give_the_schema(store: Store) -> None:
    with store.database.reader() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


PARTIAL = ["ix_picture_suggested", "uq_annotation_version", "uq_prediction_once"]


def test_partial_indices_are_partial(store: Store) -> None:
    asked = "SELECT name, sql FROM sqlite_master WHERE type = 'index'"
    if not store.database.is_sqlite:
        asked = "SELECT indexname, indexdef FROM pg_indexes"
    with store.database.reader() as connection:
        made = connection.execute(sa.text(asked)).all()
    assert sorted(name for name, sql in made if sql and " WHERE " in sql and "pg_" not in sql) == PARTIAL


def test_a_database_of_the_first_schema_is_brought_up_to_date(fresh_url: str, tmp_path: Path) -> None:
    made = {"slug": "old", "title": "Old", "title_es": "", "description": "", "description_es": ""}
    made |= {"task": "single_label", "labels": ["a", "b"], "label_titles": {}, "simulated": False}
    engine = engine_of(parse(fresh_url), reads=False, busy_seconds=1)
    with engine.begin() as connection:
        upgrade(connection, "0001")
        first = sa.Table("collection", sa.MetaData(), autoload_with=connection)
        connection.execute(sa.insert(first), made | {"created_at": datetime(2026, 1, 1, tzinfo=UTC)})
    engine.dispose()
    for _ in range(2):
        with Store.open(fresh_url, tmp_path / "files", minimum_free_bytes=0) as store:
            assert store.collections.get("old").labels == ("a", "b")
            assert revision_of(store.database) == revisions()[-1]
            with store.database.reader() as connection:
                context = MigrationContext.configure(connection, opts={"compare_type": True})
                assert compare_metadata(context, metadata) == []


def revision_of(database: Database) -> str:
    with database.reader() as connection:
        return str(connection.scalar(sa.text("SELECT version_num FROM alembic_version")))


def test_an_interrupted_migration_leaves_nothing(fresh_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    import vitrina.gallery.migrate as module

    whole = module._upgrade

    def cut_off(connection: sa.Connection, script: object, target: str) -> None:
        whole(connection, script, target)
        raise KeyboardInterrupt

    monkeypatch.setattr(module, "_upgrade", cut_off)
    with pytest.raises(KeyboardInterrupt):
        Database(fresh_url)
    engine = engine_of(parse(fresh_url), reads=True, busy_seconds=1)
    assert sa.inspect(engine).get_table_names() == []
    engine.dispose()
    monkeypatch.undo()
    Database(fresh_url).close()


def test_processes_open_a_new_store_at_once(fresh_url: str) -> None:
    code = (
        "import sys; from vitrina.gallery.database import Database; sys.stdin.read(1);"
        "Database(sys.argv[1]).close(); print('opened')"
    )
    command = [sys.executable, "-W", "error", "-c", code, fresh_url]
    pipe, many = subprocess.PIPE, 8 if fresh_url.startswith("sqlite") else 4
    children = [
        subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True) for _ in range(many)
    ]
    said = [child.communicate("\n") for child in children]
    assert [out for out, _ in said] == ["opened\n"] * many, said


@on_sqlite
def test_settings_of_the_connections(store: Store) -> None:
    def asked(connection: sa.Connection, name: str) -> object:
        return connection.exec_driver_sql(f"PRAGMA {name}").scalar()

    with store.database.reader() as reader:
        assert asked(reader, "query_only") == 1
        assert asked(reader, "journal_mode") == "truncate"
    with store.database.writer() as writer:
        assert asked(writer, "journal_mode") == "truncate"
        assert asked(writer, "synchronous") == 2
        assert asked(writer, "foreign_keys") == 1
        assert asked(writer, "busy_timeout") == 30_000


@on_postgresql
def test_settings_of_the_connections_to_a_server(store: Store) -> None:
    def asked(connection: sa.Connection, name: str) -> object:
        return connection.exec_driver_sql(f"SHOW {name}").scalar()

    with store.database.reader() as reader:
        assert asked(reader, "transaction_read_only") == "on"
        assert asked(reader, "transaction_isolation") == "repeatable read"
    with store.database.writer() as writer:
        assert asked(writer, "transaction_read_only") == "off"
        assert asked(writer, "transaction_isolation") == "read committed"
        assert asked(writer, "lock_timeout") == "30s"
        assert asked(writer, "idle_in_transaction_session_timeout") == "2min"


def test_readers_see_what_is_committed_while_a_writer_works(store: Store) -> None:
    def titles() -> list[str]:
        with store.database.reader() as reader:
            return list(reader.scalars(sa.select(collection.c.title)))

    with store.database.writer() as writer:
        writer.execute(sa.update(collection).values(title="Pictures"))
        assert titles() == ["Photos"]
    assert titles() == ["Pictures"]


@on_postgresql
def test_a_reader_sees_one_state_throughout(store: Store) -> None:
    """On SQLite it holds the writers up instead."""
    with store.database.reader() as reader:
        before = reader.scalar(sa.select(collection.c.title))
        store.collections.create("second", "Second", labels=["a", "b"])
        with store.database.writer() as writer:
            writer.execute(sa.update(collection).values(title="Pictures"))
        assert list(reader.scalars(sa.select(collection.c.title))) == [before]
    assert [one.title for one in store.collections.all()] == ["Pictures", "Pictures"]


def test_a_writer_that_fails_changes_nothing(store: Store) -> None:
    def fail() -> None:
        with store.database.writer() as writer:
            writer.execute(sa.update(collection).values(title="Pictures"))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert store.collections.get("photos").title == "Photos"
    store.collections.set_model("photos", model="m", revision="1")


@on_sqlite
def test_a_writer_inside_a_writer_is_refused_at_once(store: Store) -> None:
    with (
        store.database.writer(),
        pytest.raises(RuntimeError, match="a writer inside a writer would wait for itself"),
        store.database.writer(),
    ):
        pass


LOCKED = (
    "Expected a database that is free within a while; found one that another process keeps locked. "
    "Try again; where it lasts, end the process that holds it."
)


def test_a_database_that_somebody_keeps_locked(tmp_path: Path) -> None:
    path = tmp_path / "vitrina.db"
    database = Database(f"sqlite:///{path}", busy_seconds=0.05)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(VitrinaError) as refused, database.writer():
        pass
    assert str(refused.value) == LOCKED
    with database.reader() as reader:
        assert reader.scalar(sa.select(sa.func.count()).select_from(collection)) == 0
    other.execute("ROLLBACK")
    other.close()
    with database.writer():
        pass
    database.close()


@on_postgresql
def test_a_server_whose_writer_somebody_keeps(database_url: str) -> None:
    waits, holds = Database(database_url, busy_seconds=0.05), Database(database_url)
    with holds.writer(), pytest.raises(Busy) as refused, waits.writer():
        pass
    assert str(refused.value) == LOCKED
    assert type(refused.value) is Busy
    with waits.writer():
        pass
    waits.close()
    holds.close()


@on_sqlite
def test_a_full_disk_under_the_database(store: Store) -> None:
    with store.database.writer() as writer:
        pages = writer.exec_driver_sql("PRAGMA page_count").scalar()
        writer.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(OutOfSpace) as refused:
        store.collections.create("big", "Big", labels=["a", "b"], description="x" * 100_000)
    assert str(refused.value) == (
        "Expected room on the disk of the database; found a full disk. Make room on the disk, then try again."
    )
    assert [one.slug for one in store.collections.all()] == ["photos"]
    store.collections.set_model("photos", model="m", revision="1")


@on_postgresql
def test_a_full_disk_under_a_server(store: Store, postgres: Cluster) -> None:
    """The server says so by a code; where it does, nothing is changed, the next goes well."""
    refuse = """
        CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        RAISE 'could not extend file "base/1/2": No space left on device' USING ERRCODE = '53100'; END $$;
        CREATE TRIGGER full_disk BEFORE UPDATE ON collection EXECUTE FUNCTION refuse()"""
    name = str(store.database.url.database)
    postgres.execute(refuse, database=name)
    with pytest.raises(OutOfSpace) as refused:
        store.collections.set_model("photos", model="m", revision="1")
    assert str(refused.value) == (
        "Expected room on the disk of the database; found a full disk. Make room on the disk, then try again."
    )
    postgres.execute("DROP TRIGGER full_disk ON collection", database=name)
    assert store.collections.get("photos").model is None
    store.collections.set_model("photos", model="m", revision="1")


def test_threads_take_turns(store: Store) -> None:
    def add_ten() -> None:
        for _ in range(10):
            with store.database.writer() as writer:
                title = writer.scalar(sa.select(collection.c.title))
                writer.execute(sa.update(collection).values(title=f"{title}+"))

    threads = [threading.Thread(target=add_ten) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert store.collections.get("photos").title == "Photos" + "+" * 80
