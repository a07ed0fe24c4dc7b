"""What goes wrong with a server of PostgreSQL: who is told what, what works again afterwards."""

from __future__ import annotations

import signal
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from gallery_made import LABELS, on_postgresql

import vitrina.gallery.database as module
from tests.postgres import PASSWORD, USER, Cluster
from vitrina.errors import BadRequest, Busy, VitrinaError
from vitrina.gallery.database import Database
from vitrina.gallery.schema import collection
from vitrina.gallery.store import Store
from vitrina.gallery.troubles import DatabaseUnreachable

GONE = "Expected a database that answers; found none, or a connection that was lost. Try again in a moment."


def refused(url: str) -> str:
    """What is said to whoever opens that database; never the password."""
    with pytest.raises(VitrinaError) as trouble:
        Database(url)
    said = str(trouble.value)
    assert "\n" not in said
    assert PASSWORD not in said
    assert "geheim" not in said
    return said


@pytest.fixture
def closed_port() -> Iterator[int]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))  # Bound, not listening: nobody else gets it.
        yield int(probe.getsockname()[1])


def test_no_server(closed_port: int) -> None:
    said = refused(f"postgres://ana:geheim@127.0.0.1:{closed_port}/name?application_name=geheim")
    shown = f"postgresql+psycopg://ana:***@127.0.0.1:{closed_port}/name"
    assert said.startswith(f"Expected a PostgreSQL server that answers; found none at {shown} (connection to")
    assert "Connection refused" in said
    assert said.endswith("). Start it, or correct host and port in the database URL.")


def test_no_socket(tmp_path: Path) -> None:
    said = refused(f"postgresql://ana:geheim@/name?host={tmp_path}")
    assert said.startswith("Expected a PostgreSQL server that answers; found none at ")


@pytest.mark.parametrize(("user", "password"), [(USER, "geheim"), ("nobody", PASSWORD), (USER, "")])
def test_a_wrong_password(postgres: Cluster, user: str, password: str) -> None:
    said = refused(postgres.url("postgres", user=user, password=password))
    assert said.startswith(f"Expected a PostgreSQL server that lets {user} in; found postgresql+psycopg://")
    assert said.endswith(
        "). Correct user and password in the database URL; in a password, write signs such as @ / % by their "
        "code (%40 %2F %25)."
    )


def test_no_such_database(postgres: Cluster) -> None:
    assert refused(postgres.url("nothing")) == (
        "Expected a PostgreSQL database nothing; found none of that name at postgresql+psycopg://vitrina:***@/nothing. "
        "Create it (createdb -O vitrina nothing), or correct the name in the database URL."
    )


def test_a_database_of_somebody_else(postgres: Cluster) -> None:
    """Since PostgreSQL 15 nobody but the owner may make tables."""
    with postgres.database() as url:
        name = sa.make_url(url).database
        postgres.execute(f"ALTER DATABASE {name} OWNER TO admin")
        assert refused(url) == (
            "Expected a database in which vitrina may make tables; found "
            f"postgresql+psycopg://vitrina:***@/{name} (permission denied for schema public). "
            f"Let the user own it: ALTER DATABASE {name} OWNER TO vitrina."
        )


def test_a_database_that_cannot_hold_every_character(postgres: Cluster) -> None:
    how = "ENCODING LATIN1 LOCALE 'C' LOCALE_PROVIDER libc OWNER vitrina TEMPLATE template0"
    postgres.execute(f"CREATE DATABASE latin {how}")
    assert refused(postgres.url("latin")) == (
        "Expected a database in the encoding UTF8; found postgresql+psycopg://vitrina:***@/latin in LATIN1. "
        "Create another: createdb -E UTF8 -T template0 -O vitrina NAME."
    )
    postgres.execute("DROP DATABASE latin")


@on_postgresql
def test_more_connections_than_the_server_takes(store: Store, postgres: Cluster, database_url: str) -> None:
    name = store.database.url.database
    postgres.execute(f"ALTER DATABASE {name} CONNECTION LIMIT 0")
    said = refused(database_url)
    assert "too many connections for database" in said
    postgres.execute(f"ALTER DATABASE {name} CONNECTION LIMIT -1")


@on_postgresql
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGQUIT])
def test_a_server_that_is_restarted(store: Store, postgres: Cluster, how: signal.Signals) -> None:
    for _ in range(2):
        assert store.collections.get("photos").labels == LABELS
        postgres.stop(how)
        try:
            for attempt in (
                lambda: store.collections.get("photos"),
                lambda: store.collections.set_model("photos", model="m", revision="1"),
            ):
                with pytest.raises(DatabaseUnreachable) as trouble:
                    attempt()
                assert str(trouble.value) == GONE
        finally:
            postgres.start()
        assert store.collections.get("photos").labels == LABELS
        postgres.stop(how)
        postgres.start()
        # The first request afterwards finds every connection dead, and does not notice.
        store.collections.set_model("photos", model="m", revision="1")


@on_postgresql
@pytest.mark.parametrize("ends_well", [True, False])
def test_a_server_lost_in_the_midst_of_a_transaction(
    store: Store, postgres: Cluster, ends_well: bool
) -> None:
    def change_while_it_goes() -> None:
        with store.database.writer() as writer:
            writer.execute(sa.update(collection).values(title="Changed"))
            postgres.stop(signal.SIGQUIT)
            if not ends_well:
                writer.execute(sa.update(collection).values(title="Again"))

    try:
        with pytest.raises(DatabaseUnreachable) as trouble:
            change_while_it_goes()
    finally:
        postgres.start()
    assert str(trouble.value) == GONE
    assert store.collections.get("photos").title == "Photos"
    store.collections.set_model("photos", model="m", revision="1")


@on_postgresql
def test_a_writer_that_does_nothing_for_too_long(
    store: Store, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "IDLE_SECONDS", 0.05)

    def sleep() -> None:
        with store.database.writer() as writer:
            writer.execute(sa.update(collection).values(title="Changed"))
            # Another one gets its turn only when the server has ended the first.
            with Store.open(database_url, store.files.root) as other:
                other.collections.set_model("photos", model="m", revision="1")

    with pytest.raises(DatabaseUnreachable):
        sleep()
    after = store.collections.get("photos")
    assert (after.title, after.model) == ("Photos", "m")


@on_postgresql
def test_two_that_wait_for_one_another(store: Store) -> None:
    """As a migration and a page might: one is told to try again, the other goes on."""
    ended: list[str] = []

    def read(writes: threading.Event) -> None:
        try:
            with store.database.reader() as reader:
                reader.exec_driver_sql("SELECT count(*) FROM picture")
                reads.set()
                assert writes.wait(10)
                reader.exec_driver_sql("SELECT count(*) FROM collection")
            ended.append("done")
        except Busy:
            ended.append("busy")

    reads, writes = threading.Event(), threading.Event()
    thread = threading.Thread(target=read, args=(writes,))
    thread.start()
    try:
        with store.database.writer() as writer:
            assert reads.wait(10)
            writer.exec_driver_sql("LOCK TABLE collection IN ACCESS EXCLUSIVE MODE")
            writes.set()
            writer.exec_driver_sql("LOCK TABLE picture IN ACCESS EXCLUSIVE MODE")
        ended.append("done")
    except Busy:
        ended.append("busy")
    thread.join()
    assert sorted(ended) == ["busy", "done"]


@on_postgresql
def test_text_that_no_database_of_this_kind_holds(store: Store) -> None:
    for attempt in (
        lambda: store.collections.get("a\0b"),
        lambda: store.predictions.get("a\0b"),
        lambda: store.collections.create("new", "New", labels=["a", "b"], description="a\0b"),
    ):
        with pytest.raises(BadRequest) as trouble:
            attempt()
        assert str(trouble.value) == (
            "Expected text without the character NUL; found text with it. Take it out, then try again."
        )
    assert [one.slug for one in store.collections.all()] == ["photos"]


def test_all_connections_in_use(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    pool = store.database._readers.pool
    monkeypatch.setattr(pool, "_timeout", 0.05)
    monkeypatch.setattr(pool, "_max_overflow", 0)
    taken = [store.database._readers.connect() for _ in range(8)]
    with pytest.raises(Busy) as trouble, store.database.reader():
        pass
    assert str(trouble.value) == (
        "Expected a connection to the database within a while; found all of them in use. Try again in a moment."
    )
    for connection in taken:
        connection.close()
