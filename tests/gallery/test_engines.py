"""URLs of databases: which are taken, which are refused, how."""

from __future__ import annotations

import sys

import pytest
import sqlalchemy as sa

from vitrina.errors import VitrinaError
from vitrina.gallery.database import Database
from vitrina.gallery.engines import engine_of, parse

WRITE = "Write sqlite:////data/vitrina.db or postgresql://user:password@host/name."


@pytest.mark.parametrize(
    ("url", "text"),
    [
        ("no url", "Expected a database URL; found text that is none. " + WRITE),
        (
            "postgresql://ana:geheim@host:five/name",
            "Expected a database URL; found text that is none. " + WRITE,
        ),
        (
            "mysql://host/name",
            "Expected a database URL of SQLite or PostgreSQL; found one of mysql. " + WRITE,
        ),
        (
            "postgresql+asyncpg://ana:geheim@host/name",
            "Expected a database URL of SQLite or PostgreSQL; found one of postgresql+asyncpg. " + WRITE,
        ),
        ("sqlite://", "Expected a database URL that names a file; found one in memory. " + WRITE),
        ("sqlite:///:memory:", "Expected a database URL that names a file; found one in memory. " + WRITE),
    ],
)
def test_bad_urls_are_refused(url: str, text: str) -> None:
    with pytest.raises(VitrinaError) as refused:
        Database(url)
    assert str(refused.value) == text


def test_a_password_in_a_bad_url_is_not_repeated() -> None:
    with pytest.raises(VitrinaError) as refused:
        Database("postgresql//ana:geheim@host")
    assert "geheim" not in str(refused.value)


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_urls_as_hosts_hand_them_out(scheme: str) -> None:
    url = parse(f"{scheme}://ana:ge%40heim@host:5433/name?sslmode=require")
    assert url.drivername == "postgresql+psycopg"
    assert (url.username, url.password, url.host, url.port) == ("ana", "ge@heim", "host", 5433)
    assert dict(url.query) == {"sslmode": "require"}


def test_what_the_url_asks_for_goes_before_what_we_ask_for() -> None:
    engine = engine_of(parse("postgres://ana@127.0.0.1:1/n?connect_timeout=7"), reads=True, busy_seconds=1)
    asked: dict[str, object] = {}

    @sa.event.listens_for(engine, "do_connect")
    def see(_dialect: object, _record: object, _given: object, options: dict[str, object]) -> None:
        asked.update(options)
        raise InterruptedError

    with pytest.raises(InterruptedError):
        engine.connect()
    assert (asked["connect_timeout"], asked["tcp_user_timeout"]) == ("7", 30_000)
    assert asked["application_name"] == "vitrina"


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_a_driver_that_is_not_installed(scheme: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)  # As if it were not, where it is.
    with pytest.raises(VitrinaError) as refused:
        Database(f"{scheme}://ana:geheim@host/name")
    assert str(refused.value) == (
        "Expected the database driver that postgresql+psycopg asks for; found none installed. "
        'Install psycopg: python -m pip install "psycopg[binary]".'
    )
