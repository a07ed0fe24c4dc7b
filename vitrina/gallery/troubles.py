"""What a database says went wrong, in three parts."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa

from vitrina.errors import BadRequest, Busy, OutOfSpace, VitrinaError

log = logging.getLogger(__name__)

# https://www.postgresql.org/docs/current/errcodes-appendix.html
_LOCKED = ("55P03", "40P01")  # lock_not_available, deadlock_detected
_NO_ROOM = ("53100",)  # disk_full
_GONE = ("08", "57P", "53300", "25P03")  # connections, shut down, too many connections, idle for too long
_NOT_ALLOWED = "42501"


class DatabaseUnreachable(Busy):
    """The server of the database does not answer, or the connection to it was lost (HTTP 503)."""


@contextmanager
def naming_limits() -> Iterator[None]:
    """What may befall any request: a lock, a full disk, a lost server, text that the database cannot hold.

    Visitors read these, so that host, user are left to the log. Anything else passes.
    """
    try:
        yield
    except sa.exc.TimeoutError as error:
        raise Busy(
            "a connection to the database within a while", "all of them in use", "Try again in a moment."
        ) from error
    except sa.exc.DBAPIError as error:
        named = _limit(error)
        if named is None:
            raise
        raise named from error


def _limit(error: sa.exc.DBAPIError) -> VitrinaError | None:
    found, state = str(error.orig), _state(error)
    if "database is locked" in found or state in _LOCKED:
        return Busy(
            "a database that is free within a while",
            "one that another process keeps locked",
            "Try again; where it lasts, end the process that holds it.",
        )
    if "disk is full" in found or state in _NO_ROOM:
        return OutOfSpace(
            "room on the disk of the database", "a full disk", "Make room on the disk, then try again."
        )
    if is_gone(error):
        log.warning("the database does not answer: %s", _words(error))
        return DatabaseUnreachable(
            "a database that answers", "none, or a connection that was lost", "Try again in a moment."
        )
    if isinstance(error, sa.exc.DataError) and "NUL" in found:
        return BadRequest("text without the character NUL", "text with it", "Take it out, then try again.")
    return None


def is_gone(error: sa.exc.DBAPIError) -> bool:
    """Whether a PostgreSQL server cannot be reached, or has left. Always False for SQLite."""
    if error.connection_invalidated:
        return True
    if not hasattr(error.orig, "sqlstate"):
        return False
    state = _state(error)
    # What fails before there is a connection has no code.
    return isinstance(error, sa.exc.OperationalError) if state is None else state.startswith(_GONE)


@contextmanager
def naming_troubles(url: sa.URL) -> Iterator[None]:
    """What may befall whoever opens the database: told to an operator, with its address, not its password."""
    try:
        yield
    except sa.exc.DBAPIError as error:
        found = str(error.orig)
        if "not a database" in found or "malformed" in found:
            raise VitrinaError(
                "a SQLite database",
                f"a file that is none at {url.database} ({found})",
                "Point the database URL at another path, or put the file back from a backup.",
            ) from error
        raise (_refusal(url, error) or _unopened(url, error)) from error


def _unopened(url: sa.URL, error: sa.exc.DBAPIError) -> VitrinaError:
    return VitrinaError(
        "a database that can be opened",
        f"{_shown(url)} ({_words(error)})",
        "Check that the path or server exists, that it may be written to.",
    )


def _refusal(url: sa.URL, error: sa.exc.DBAPIError) -> VitrinaError | None:
    """Why PostgreSQL lets nobody in; None for SQLite, or where it speaks another language than English."""
    words, user, name = _words(error), url.username, url.database or url.username
    if "authentication failed" in words or "no password supplied" in words or "role " in words:
        return VitrinaError(
            f"a PostgreSQL server that lets {user} in",
            f"{_shown(url)} ({words})",
            "Correct user and password in the database URL; in a password, write signs such as @ / % by their "
            "code (%40 %2F %25).",
        )
    if "database " in words and "does not exist" in words:
        return VitrinaError(
            f"a PostgreSQL database {name}",
            f"none of that name at {_shown(url)}",
            f"Create it (createdb -O {user} {name}), or correct the name in the database URL.",
        )
    if _state(error) == _NOT_ALLOWED:
        return VitrinaError(
            f"a database in which {user} may make tables",
            f"{_shown(url)} ({words})",
            f"Let the user own it: ALTER DATABASE {name} OWNER TO {user}.",
        )
    if is_gone(error):
        return VitrinaError(
            "a PostgreSQL server that answers",
            f"none at {_shown(url)} ({words})",
            "Start it, or correct host and port in the database URL.",
        )
    return None


def require_unicode(url: sa.URL, connection: sa.Connection) -> None:
    """Raises VitrinaError for a PostgreSQL database that cannot hold every character."""
    encoding = connection.exec_driver_sql("SHOW server_encoding").scalar()
    if encoding != "UTF8":
        raise VitrinaError(
            "a database in the encoding UTF8",
            f"{_shown(url)} in {encoding}",
            f"Create another: createdb -E UTF8 -T template0 -O {url.username} NAME.",
        )


def _state(error: sa.exc.DBAPIError) -> str | None:
    return getattr(error.orig, "sqlstate", None)


def _shown(url: sa.URL) -> str:
    # A password may stand in the query, too.
    return url.set(query={}).render_as_string(hide_password=True)


def _words(error: sa.exc.DBAPIError) -> str:
    """What the database said, on one line of at most 300 characters."""
    # Without the statement that PostgreSQL points into.
    said = getattr(getattr(error.orig, "diag", None), "message_primary", None) or str(error.orig)
    for before in ("connection failed: ", "connection is bad: "):
        said = said.removeprefix(before)
    return " ".join(said.split())[:300]
