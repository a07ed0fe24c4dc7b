"""Opening a database: what is refused, how; what several threads, processes see."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from vitrina.errors import OutOfSpace, VitrinaError
from vitrina.gallery.database import Database
from vitrina.gallery.schema import collection, metadata
from vitrina.gallery.store import Store


@pytest.mark.parametrize(
    ("url", "text"),
    [
        ("no url", "Expected a database URL; found text that is none. Write sqlite:////data/vitrina.db"),
        ("mysql://host/name", "Expected a database URL of SQLite or PostgreSQL; found one of mysql."),
        ("sqlite://", "Expected a database URL that names a file; found one in memory."),
        ("sqlite:///:memory:", "Expected a database URL that names a file; found one in memory."),
    ],
)
def test_bad_urls_are_refused(url: str, text: str) -> None:
    with pytest.raises(VitrinaError) as refused:
        Database(url)
    assert str(refused.value).startswith(text)


def test_a_password_in_a_bad_url_is_not_repeated() -> None:
    with pytest.raises(VitrinaError) as refused:
        Database("postgresql//ana:geheim@host")
    assert "geheim" not in str(refused.value)


@pytest.mark.parametrize("scheme", ["postgresql", "postgresql+psycopg", "postgresql+nosuch"])
def test_a_driver_that_is_not_installed(scheme: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)  # As if it were not, where it is.
    with pytest.raises(VitrinaError) as refused:
        Database(f"{scheme}://ana:geheim@host/name")
    assert str(refused.value) == (
        f"Expected the database driver that {scheme} asks for; found none installed. "
        'Install psycopg (python -m pip install "psycopg[binary]"), '
        "then write postgresql+psycopg://user:password@host/name."
    )


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


def test_somebody_elses_tables(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE orders (id INTEGER)")
    other.close()
    with pytest.raises(VitrinaError) as refused:
        Database(f"sqlite:///{path}")
    assert str(refused.value) == (
        "Expected an empty database, or one that Vitrina made; found a database with the tables orders. "
        "Point the database URL at a new file or database."
    )


def test_a_folder_in_the_place_of_the_database(tmp_path: Path) -> None:
    with pytest.raises(
        VitrinaError, match=r"Expected a database that can be opened; found sqlite:///.*unable"
    ):
        Database(f"sqlite:///{tmp_path}")


def test_a_schema_newer_than_the_code(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/vitrina.db"
    database = Database(url)
    with database.writer() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    database.close()
    with pytest.raises(VitrinaError) as refused:
        Database(url)
    assert str(refused.value) == (
        "Expected a database of schema 0001 or older; found schema 9999, which a newer Vitrina made. "
        "Install that newer version, or open a backup made before the change."
    )


def test_the_migrations_give_the_schema(store: Store) -> None:
    with store.database.reader() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


def test_partial_indices_are_partial(store: Store) -> None:
    with store.database.reader() as connection:
        made = connection.scalars(sa.text("SELECT sql FROM sqlite_master WHERE type = 'index'")).all()
    partial = sorted(sql.split()[sql.split().index("INDEX") + 1] for sql in made if sql and " WHERE " in sql)
    assert partial == ["ix_picture_suggested", "uq_annotation_version", "uq_prediction_once"]


def test_an_interrupted_migration_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import vitrina.gallery.migrate as module

    url = f"sqlite:///{tmp_path}/vitrina.db"
    whole = module._upgrade

    def cut_off(connection: sa.Connection, script: object) -> None:
        whole(connection, script)
        raise KeyboardInterrupt

    monkeypatch.setattr(module, "_upgrade", cut_off)
    with pytest.raises(KeyboardInterrupt):
        Database(url)
    left = sqlite3.connect(tmp_path / "vitrina.db")
    assert left.execute("SELECT count(*) FROM sqlite_master").fetchone() == (0,)
    left.close()
    monkeypatch.undo()
    Database(url).close()


def test_eight_processes_open_a_new_store_at_once(tmp_path: Path) -> None:
    code = (
        "import sys; from vitrina.gallery.database import Database; sys.stdin.read(1);"
        "Database(sys.argv[1]).close(); print('opened')"
    )
    command = [sys.executable, "-W", "error", "-c", code, f"sqlite:///{tmp_path}/vitrina.db"]
    pipe = subprocess.PIPE
    children = [subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True) for _ in range(8)]
    said = [child.communicate("\n") for child in children]
    assert [out for out, _ in said] == ["opened\n"] * 8, said


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


def test_readers_see_what_is_committed_while_a_writer_works(store: Store) -> None:
    def titles() -> list[str]:
        with store.database.reader() as reader:
            return list(reader.scalars(sa.select(collection.c.title)))

    with store.database.writer() as writer:
        writer.execute(sa.update(collection).values(title="Pictures"))
        assert titles() == ["Photos"]
    assert titles() == ["Pictures"]


def test_a_writer_that_fails_changes_nothing(store: Store) -> None:
    def fail() -> None:
        with store.database.writer() as writer:
            writer.execute(sa.update(collection).values(title="Pictures"))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert store.collections.get("photos").title == "Photos"
    store.collections.set_model("photos", model="m", revision="1")


def test_a_writer_inside_a_writer_is_refused_at_once(store: Store) -> None:
    with (
        store.database.writer(),
        pytest.raises(RuntimeError, match="a writer inside a writer would wait for itself"),
        store.database.writer(),
    ):
        pass


def test_a_database_that_somebody_keeps_locked(tmp_path: Path) -> None:
    path = tmp_path / "vitrina.db"
    database = Database(f"sqlite:///{path}", busy_seconds=0.05)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(VitrinaError) as refused, database.writer():
        pass
    assert str(refused.value) == (
        "Expected a database that is free within a while; found one that another process keeps locked. "
        "Try again; where it lasts, end the process that holds it."
    )
    with database.reader() as reader:
        assert reader.scalar(sa.select(sa.func.count()).select_from(collection)) == 0
    other.execute("ROLLBACK")
    other.close()
    with database.writer():
        pass
    database.close()


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
