"""Staff accounts: passwords, throttled sign-in, sessions."""

from __future__ import annotations

import hashlib
import math
import re
import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import sqlalchemy as sa
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from vitrina.errors import BadRequest, Conflict, Forbidden, NotFound, TooMany
from vitrina.gallery.database import Database
from vitrina.gallery.schema import account, session, sign_in
from vitrina.gallery.times import utc_now

WINDOW = timedelta(minutes=15)
FAILURES_PER_ACCOUNT = 5
FAILURES_PER_ADDRESS = 20
LONGEST_PASSWORD = 1024  # a bound on what one attempt can cost
# The end of the names of those who sign in by Hugging Face. The rule for our own names has no "@", so that nobody
# else can be called that.
OUTSIDE = "@hf"
# Stands where others have the hash of a password: no password goes with it, and it says whose account it is when
# the name over there has become somebody else's.
_SUBJECT = "huggingface:"


@dataclass(frozen=True, slots=True)
class Account:
    """One member of staff. `credential` is a digest of what they signed in with."""

    id: int
    name: str
    created_at: datetime
    credential: str = field(default="", repr=False, compare=False)


class Accounts:
    """The staff of one store. `now` gives the present moment in UTC."""

    def __init__(self, database: Database, *, now: Callable[[], datetime] = utc_now) -> None:
        self._database = database
        self._now = now
        self._passwords = PasswordHasher()
        self._nobody: str | None = None
        self._outside: frozenset[str] = frozenset()

    def add(self, name: str, password: str) -> Account:
        """A new account. Raises BadRequest for a bad name or short password, Conflict for a taken name."""
        if not re.fullmatch(r"[a-z0-9_.-]{1,40}", name):
            raise BadRequest(
                "a name of 1 to 40 small letters, digits, dots, hyphens or underscores",
                repr(name[:80]),
                "Write it like ana.",
            )
        hashed = self._hash(password)
        with self._database.writer() as connection:
            if connection.scalar(sa.select(account.c.id).where(account.c.name == name)) is not None:
                raise Conflict(
                    "a name that no account has yet",
                    f"the account {name} already there",
                    "Choose another name.",
                )
            values = {"name": name, "password_hash": hashed, "created_at": self._now()}
            connection.execute(sa.insert(account).values(**values))
            made = _account(connection, account.c.name == name)
        assert made is not None
        return made

    def any(self) -> bool:
        """True once there is an account with a password."""
        ours = sa.select(account.c.id).where(~account.c.name.endswith(OUTSIDE, autoescape=True))
        with self._database.reader() as connection:
            return connection.scalar(ours.limit(1)) is not None

    def admit_outside(self, names: Iterable[str]) -> None:
        """Which users of Hugging Face are staff from now on, in whatever case they are written; at first nobody.

        Raises BadRequest for a name that cannot be one.
        """
        listed = sorted(names)
        for name in listed:
            if not re.fullmatch(rf"[A-Za-z0-9_.-]{{1,{40 - len(OUTSIDE)}}}", name):
                raise BadRequest(
                    f"user names of Hugging Face, at most {40 - len(OUTSIDE)} characters each",
                    repr(name[:80]),
                    "Write them as in the address of their profile, separated by commas.",
                )
        self._outside = frozenset(name.lower() for name in listed)

    def begin_outside(self, *, address: str) -> int:
        """An attempt to sign in by Hugging Face, which counts as failed until `enter_outside`. Raises TooMany."""
        return self._admit(OUTSIDE, address[:64])

    def enter_outside(self, name: str, subject: str, *, attempt: int) -> Account | None:
        """The account of a user of Hugging Face, made at the first sign-in; None for one who is not on the list.

        Raises Conflict where the account of that name was made for another user (another `subject`).
        """
        if name.lower() not in self._outside:
            return None
        ours, mark = name.lower() + OUTSIDE, _SUBJECT + subject
        with self._database.writer() as connection:
            theirs = connection.scalar(sa.select(account.c.password_hash).where(account.c.name == ours))
            if theirs is None:
                values = {"name": ours, "password_hash": mark, "created_at": self._now()}
                connection.execute(sa.insert(account).values(**values))
            elif theirs != mark:
                raise Conflict(
                    f"the user of Hugging Face for whom {ours} was made",
                    "another who has that name now",
                    "Let whoever runs this server list another name.",
                )
            connection.execute(sa.update(sign_in).where(sign_in.c.id == attempt).values(succeeded=True))
            return _account(connection, account.c.name == ours)

    def verify(self, name: str, password: str, *, address: str) -> Account | None:
        """The account, or None for a wrong name or password; both take the same time.

        Raises TooMany, with the seconds to wait, after 5 failures for one account or 20 from one
        address within 15 minutes. The limit holds across processes, restarts.
        """
        name, address = _writable(name[:40]), address[:64]
        attempt = self._admit(name, address)
        with self._database.reader() as connection:
            row = connection.execute(sa.select(account).where(account.c.name == name)).mappings().first()
        known = row is not None and not row["name"].endswith(OUTSIDE)
        hashed = row["password_hash"] if row is not None and known else self._hash_of_nobody()
        if not self._matches(hashed, password) or row is None or not known:
            return None
        with self._database.writer() as connection:
            connection.execute(sa.update(sign_in).where(sign_in.c.id == attempt).values(succeeded=True))
        return Account(row["id"], row["name"], row["created_at"], _digest(hashed))

    def start_session(self, owner: Account, *, lifetime: timedelta = timedelta(hours=12)) -> str:
        """A new token (43 URL-safe characters); only its SHA-256 is stored.

        Raises Forbidden where the account was closed, or got another password, since it was verified.
        """
        token, now = secrets.token_urlsafe(32), self._now()
        values = {"account_id": owner.id, "created_at": now, "expires_at": now + lifetime}
        with self._database.writer() as connection:
            connection.execute(sa.delete(session).where(session.c.expires_at <= now))
            there = _account(connection, account.c.id == owner.id)
            if there is None or there.credential != owner.credential:
                raise Forbidden("an account as it was verified", "one changed meanwhile", "Sign in again.")
            connection.execute(sa.insert(session).values(token_sha256=_digest(token), **values))
        return token

    def session(self, token: str) -> Account | None:
        """Whose session it is; None for an unknown, ended or expired one.

        The sessions of a user of Hugging Face who is no longer on the list end here.
        """
        now = self._now()
        with self._database.reader() as connection:
            owner = sa.select(session.c.account_id).where(
                session.c.token_sha256 == _digest(token), session.c.expires_at > now
            )
            found = _account(connection, account.c.id == owner.scalar_subquery())
        if found is not None and self._is_off_the_list(found.name):
            with self._database.writer() as connection:
                connection.execute(sa.delete(session).where(session.c.account_id == found.id))
            return None
        return found

    def end_session(self, token: str) -> None:
        """Ends the session; an unknown token is no error."""
        with self._database.writer() as connection:
            connection.execute(sa.delete(session).where(session.c.token_sha256 == _digest(token)))

    def set_password(self, name: str, password: str) -> None:
        """A new password; every session of the account ends. Raises BadRequest, NotFound."""
        if name.endswith(OUTSIDE):
            raise BadRequest(
                "an account with a password of ours",
                f"{name[:40]}, which has none",
                "Change it at Hugging Face.",
            )
        self._replace(name, self._hash(password))

    def close(self, name: str) -> None:
        """Nobody signs in by it any more, its sessions end; what it did keeps its name. A new password opens it again.

        Raises BadRequest for a user of Hugging Face, NotFound.
        """
        if name.endswith(OUTSIDE):
            raise BadRequest(
                "an account with a password of ours",
                f"{name[:40]}, which is let in by a list",
                "Take the name off VITRINA_HUGGING_FACE_STAFF, then start the app again.",
            )
        self._replace(name, self._passwords.hash(secrets.token_urlsafe(32)))

    def names(self) -> list[str]:
        """Of all accounts, those of users of Hugging Face too, from A to Z."""
        with self._database.reader() as connection:
            return sorted(connection.scalars(sa.select(account.c.name)))

    def _replace(self, name: str, hashed: str) -> None:
        with self._database.writer() as connection:
            owner = _account(connection, account.c.name == name)
            if owner is None:
                raise NotFound("the name of an account", repr(name[:80]), "Add the account first.")
            change = sa.update(account).where(account.c.id == owner.id)
            connection.execute(change.values(password_hash=hashed))
            connection.execute(sa.delete(session).where(session.c.account_id == owner.id))

    def _admit(self, name: str, address: str) -> int:
        # The attempt counts as failed before the password is looked at: otherwise guesses sent all at once
        # would each be let in before the first of them is written down.
        now = self._now()
        with self._database.writer() as connection:
            # Kept for a day, which is longer than the window needs; then forgotten.
            connection.execute(sa.delete(sign_in).where(sign_in.c.at < now - timedelta(days=1)))
            succeeded = sign_in.c.succeeded.is_(True)
            latest = sa.select(sa.func.max(sign_in.c.at)).where(sign_in.c.name == name, succeeded)
            last_success = connection.scalar(latest)
            since = max(now - WINDOW, last_success) if last_success else now - WINDOW
            if name != OUTSIDE:  # Everybody's who comes from there: one address must not keep the others out.
                attempts = (sign_in.c.name == name) & (sign_in.c.at > since)
                _throttle(connection, attempts, FAILURES_PER_ACCOUNT, now)
            recent = (sign_in.c.address == address) & (sign_in.c.at > now - WINDOW)
            _throttle(connection, recent, FAILURES_PER_ADDRESS, now)
            values = {"name": name, "address": address, "at": now, "succeeded": False}
            made = connection.execute(sa.insert(sign_in).values(**values)).inserted_primary_key
        assert made is not None
        return int(made[0])

    def _is_off_the_list(self, name: str) -> bool:
        return name.endswith(OUTSIDE) and name.removesuffix(OUTSIDE) not in self._outside

    def _hash(self, password: str) -> str:
        if not 10 <= len(password) <= LONGEST_PASSWORD:
            raise BadRequest(
                f"a password of 10 to {LONGEST_PASSWORD} characters",
                f"one of {len(password)}",
                "Choose a longer one." if len(password) < 10 else "Choose a shorter one.",
            )
        return self._passwords.hash(_encodable(password))

    def _hash_of_nobody(self) -> str:
        # An unknown name must cost what a known one does, or names can be told by the clock.
        if self._nobody is None:
            self._nobody = self._passwords.hash(secrets.token_urlsafe(16))
        return self._nobody

    def _matches(self, hashed: str, password: str) -> bool:
        try:
            return self._passwords.verify(hashed, _encodable(password[: LONGEST_PASSWORD + 1]))
        except (VerificationError, InvalidHashError):
            return False


def _throttle(
    connection: sa.Connection, condition: sa.ColumnElement[bool], allowed: int, now: datetime
) -> None:
    failed = sa.select(sign_in.c.at).where(condition, sign_in.c.succeeded.is_(False))
    times = connection.scalars(failed.order_by(sign_in.c.at.desc()).limit(allowed)).all()
    if len(times) < allowed:
        return
    seconds = max(1, math.ceil((times[-1] + WINDOW - now).total_seconds()))
    raise TooMany(
        "fewer failed sign-ins in 15 minutes",
        f"{allowed}",
        f"Wait {seconds} seconds, then try again.",
        wait_seconds=seconds,
    )


def _writable(name: str) -> str:
    # What is no name still counts as an attempt; NUL, half a character are nothing a database takes.
    return name.replace("\0", "\ufffd").encode("utf-8", "replace").decode()


def _encodable(password: str) -> bytes:
    return password.encode("utf-8", "surrogatepass")


def _digest(token: str) -> str:
    return hashlib.sha256(_encodable(token)).hexdigest()


def _account(connection: sa.Connection, condition: sa.ColumnElement[bool]) -> Account | None:
    columns = sa.select(account.c.id, account.c.name, account.c.created_at, account.c.password_hash)
    row = connection.execute(columns.where(condition)).first()
    return None if row is None else Account(row[0], row[1], row[2], _digest(row[3]))
