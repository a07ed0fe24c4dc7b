"""A PostgreSQL server for one test run: its own folder, its own socket, gone afterwards."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psycopg
import pytest

USER, PASSWORD = "vitrina", "una contraseña / 100 %"
TEMPLATE = "vitrina_template"
# Nothing here outlives the run, so nothing is synced. A clock and an order of words far from Python's own, so
# that who relies on them is found out.
SETTINGS = {
    "fsync": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "shared_buffers": "32MB",
    "listen_addresses": "",
    "timezone": "America/Lima",
    "deadlock_timeout": "100ms",
}


def programs() -> Path | None:
    """The folder of initdb, postgres (15 or newer): Debian keeps them out of PATH. None where there is none."""
    for folder in sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda one: -int(one.parent.name)):
        if (folder / "initdb").exists():
            return folder
    found = shutil.which("initdb")
    return Path(found).resolve().parent if found else None


def programs_or_skip() -> Path:
    """`programs`; without them a test is skipped on a laptop, fails in CI."""
    found = programs()
    if found is None:
        reason = "no PostgreSQL on this machine (Debian: apt-get install postgresql)"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    return found


class Cluster:
    """One server, not started yet."""

    def __init__(self, folder: Path, programs: Path) -> None:
        self.folder, self._programs = folder, programs
        self._process: subprocess.Popen[bytes] | None = None
        self._made = 0
        # It refuses to run as root.
        account = pwd.getpwnam("nobody")
        with suppress(KeyError):
            account = pwd.getpwnam("postgres")
        self._as: dict[str, Any] = {}
        if os.geteuid() == 0:
            self._as = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
            os.chown(folder, account.pw_uid, account.pw_gid)
        secret = folder / "password"
        secret.write_text(f"{PASSWORD}\n", encoding="utf-8")
        self._run(
            ["initdb", "-D", folder / "data", "-U", "admin", "-A", "scram-sha-256", "--no-sync"],
            [f"--pwfile={secret}", "--encoding=UTF8", "--locale=C"],
            ["--locale-provider=icu", "--icu-locale=es"],
        )

    def _run(self, *command: list[Any]) -> None:
        program, *rest = [str(part) for some in command for part in some]
        done = subprocess.run(
            [self._programs / program, *rest],
            capture_output=True,
            cwd=self.folder,
            **self._as,
        )
        assert done.returncode == 0, done.stderr.decode()

    def start(self) -> None:
        """Starts the server; returns once it answers."""
        command = [self._programs / "postgres", "-D", self.folder / "data", "-k", self.folder]
        command += [word for name, value in SETTINGS.items() for word in ("-c", f"{name}={value}")]
        with (self.folder / "log").open("ab") as log:
            # Never the pipe of the tests: who waits for its end would wait for a server left behind.
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.folder, **self._as
            )
        until = time.monotonic() + 30
        while True:
            try:
                self._connect("postgres").close()
                return
            except psycopg.OperationalError:
                told = (self.folder / "log").read_text(errors="replace")
                assert self._process.poll() is None, told
                assert time.monotonic() < until, told
                time.sleep(0.02)

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """Ends the server, every connection with it; SIGQUIT as a power cut would."""
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(timeout=30)

    def url(self, database: str, *, user: str = USER, password: str = PASSWORD) -> str:
        """As an operator would write it."""
        quoted = "".join(f"%{byte:02X}" for byte in password.encode())
        return f"postgresql://{user}:{quoted}@/{database}?host={self.folder}"

    def create(self, name: str, template: str = "template1") -> str:
        """A database of the user's own, a copy of the template; its URL."""
        words = "CREATE DATABASE {} TEMPLATE {} OWNER {}"
        self.execute(psycopg.sql.SQL(words).format(_name(name), _name(template), _name(USER)))
        return self.url(name)

    @contextmanager
    def database(self, template: str = "template1") -> Iterator[str]:
        """The URL of a database that is gone afterwards, whoever is still connected to it."""
        self._made += 1
        name = f"made_{self._made}"
        yield self.create(name, template)
        self.execute(psycopg.sql.SQL("DROP DATABASE {} WITH (FORCE)").format(_name(name)))

    def execute(self, statement: Any, *, database: str = "postgres") -> None:
        """One statement as the one who may do everything."""
        with self._connect(database) as connection:
            connection.execute(statement)

    def _connect(self, database: str) -> psycopg.Connection[Any]:
        return psycopg.connect(
            host=str(self.folder), dbname=database, user="admin", password=PASSWORD, autocommit=True
        )


def _name(text: str) -> psycopg.sql.Identifier:
    return psycopg.sql.Identifier(text)


@contextmanager
def cluster() -> Iterator[Cluster]:
    """A server with a database `vitrina_template`, in which the tables are made already."""
    from vitrina.gallery.database import Database

    found = programs_or_skip()
    # In the system's own place: the folders of pytest are closed to other users, their paths too long for a socket.
    with tempfile.TemporaryDirectory(prefix="vitrina-pg-", dir="/tmp", ignore_cleanup_errors=True) as folder:
        made = Cluster(Path(folder), found)
        try:
            made.start()
            made.execute(psycopg.sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(_name(USER), PASSWORD))
            Database(made.create(TEMPLATE)).close()
            yield made
        finally:
            made.stop(signal.SIGQUIT)
