"""Staff accounts: passwords, the throttle, sessions."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from argon2 import PasswordHasher
from gallery_made import on_sqlite

from vitrina.errors import BadRequest, Conflict, Forbidden, NotFound, TooMany
from vitrina.gallery.accounts import Accounts
from vitrina.gallery.database import Database
from vitrina.gallery.schema import account, session

PASSWORD = "correct horse battery"
HOME, AWAY = "127.0.0.1", "192.0.2.7"


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.time = datetime(2026, 1, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.time

    def pass_by(self, **span: float) -> None:
        self.time += timedelta(**span)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    database = Database(database_url)
    yield database
    database.close()


@pytest.fixture
def accounts(database: Database, clock: Clock) -> Accounts:
    accounts = Accounts(database, now=clock)
    # The real hash, at the least cost: what a password costs is not what is tested here.
    accounts._passwords = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    return accounts


def test_there_is_no_account_until_one_is_added(accounts: Accounts) -> None:
    assert not accounts.any()
    made = accounts.add("ana", PASSWORD)
    assert accounts.any()
    assert accounts.verify("ana", PASSWORD, address=HOME) == made
    assert accounts.verify("ana", PASSWORD + "!", address=HOME) is None
    assert accounts.verify("ben", PASSWORD, address=HOME) is None


@on_sqlite
def test_passwords_are_kept_as_argon2id(database: Database) -> None:
    Accounts(database).add("ana", PASSWORD)
    with database.reader() as connection:
        kept = connection.scalar(sa.select(account.c.password_hash))
    assert kept.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert PASSWORD not in kept


@on_sqlite
@pytest.mark.parametrize("name", ["", "Ana", "a b", "a" * 41, "ana\n", "../ana", "añа"])
def test_bad_names(accounts: Accounts, name: str) -> None:
    with pytest.raises(BadRequest) as refused:
        accounts.add(name, PASSWORD)
    assert str(refused.value) == (
        "Expected a name of 1 to 40 small letters, digits, dots, hyphens or underscores; "
        f"found {name!r}. Write it like ana."
    )


@on_sqlite
@pytest.mark.parametrize(
    ("password", "text"),
    [
        ("short", "Expected a password of 10 to 1024 characters; found one of 5. Choose a longer one."),
        (
            "x" * 1025,
            "Expected a password of 10 to 1024 characters; found one of 1025. Choose a shorter one.",
        ),
    ],
)
def test_bad_passwords(accounts: Accounts, password: str, text: str) -> None:
    with pytest.raises(BadRequest) as refused:
        accounts.add("ana", password)
    assert str(refused.value) == text
    assert not accounts.any()


def test_a_taken_name(accounts: Accounts) -> None:
    accounts.add("ana", PASSWORD)
    with pytest.raises(Conflict) as refused:
        accounts.add("ana", PASSWORD)
    assert str(refused.value) == (
        "Expected a name that no account has yet; found the account ana already there. Choose another name."
    )


def test_five_failures_close_an_account_for_a_while(accounts: Accounts, clock: Clock) -> None:
    accounts.add("ana", PASSWORD)
    for number in range(5):
        assert accounts.verify("ana", f"wrong {number}", address=f"192.0.2.{number}") is None
        clock.pass_by(minutes=1)
    with pytest.raises(TooMany) as refused:
        accounts.verify("ana", PASSWORD, address=HOME)
    assert str(refused.value) == (
        "Expected fewer failed sign-ins in 15 minutes; found 5. Wait 600 seconds, then try again."
    )
    assert refused.value.wait_seconds == 600
    clock.pass_by(seconds=600)
    assert accounts.verify("ana", PASSWORD, address=HOME) is not None


def test_an_unknown_name_is_throttled_alike(accounts: Accounts) -> None:
    for _ in range(5):
        assert accounts.verify("nobody", PASSWORD, address=HOME) is None
    with pytest.raises(TooMany):
        accounts.verify("nobody", PASSWORD, address=HOME)


def test_a_success_forgives_the_account_not_the_address(accounts: Accounts) -> None:
    accounts.add("ana", PASSWORD)
    for _ in range(5):
        for number in range(4):
            assert accounts.verify("ana", f"wrong {number}", address=AWAY) is None
        assert accounts.verify("ana", PASSWORD, address=HOME) is not None
    with pytest.raises(TooMany, match="found 20"):
        accounts.verify("ben", PASSWORD, address=AWAY)
    assert accounts.verify("ana", PASSWORD, address=HOME) is not None


def test_a_thousand_guesses_at_once_are_five(accounts: Accounts, database: Database) -> None:
    accounts.add("ana", PASSWORD)

    def guess(number: int) -> bool:
        try:
            return accounts.verify("ana", f"guess {number}", address=f"198.51.100.{number % 250}") is None
        except TooMany:
            return False

    with ThreadPoolExecutor(8) as pool:
        looked_at = sum(pool.map(guess, range(200)))
    assert looked_at == 5


def test_the_throttle_outlives_the_process(accounts: Accounts, database: Database, clock: Clock) -> None:
    accounts.add("ana", PASSWORD)
    for _ in range(5):
        accounts.verify("ana", "wrong password", address=HOME)
    with pytest.raises(TooMany):
        Accounts(database, now=clock).verify("ana", PASSWORD, address=HOME)


@pytest.mark.parametrize("odd", ["\x00" * 12, "\ud800" * 12, "x" * 1_000_000, ""])
def test_odd_names_and_passwords_are_only_wrong(accounts: Accounts, odd: str) -> None:
    accounts.add("ana", PASSWORD)
    assert accounts.verify("ana", odd, address=HOME) is None
    assert accounts.verify("nobody" + odd, PASSWORD, address=HOME) is None


def test_a_session(accounts: Accounts, database: Database, clock: Clock) -> None:
    ana = accounts.add("ana", PASSWORD)
    token = accounts.start_session(ana, lifetime=timedelta(hours=1))
    assert len(token) == 43
    with database.reader() as connection:
        assert token not in str(connection.execute(sa.select(session)).all())
    assert accounts.session(token) == ana
    assert accounts.session(token + "x") is None
    assert accounts.session("") is None
    assert accounts.session("\ud800") is None
    clock.pass_by(hours=1)
    assert accounts.session(token) is None
    accounts.start_session(ana)
    with database.reader() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(session)) == 1


def test_a_session_ends(accounts: Accounts) -> None:
    ana = accounts.add("ana", PASSWORD)
    first, second = accounts.start_session(ana), accounts.start_session(ana)
    accounts.end_session(first)
    accounts.end_session("unknown")
    assert accounts.session(first) is None
    assert accounts.session(second) == ana


def test_a_new_password_ends_every_session(accounts: Accounts) -> None:
    ana = accounts.add("ana", PASSWORD)
    token = accounts.start_session(ana)
    accounts.set_password("ana", "another long one")
    assert accounts.session(token) is None
    assert accounts.verify("ana", PASSWORD, address=HOME) is None
    assert accounts.verify("ana", "another long one", address=HOME) == ana
    with pytest.raises(
        NotFound, match=r"Expected the name of an account; found 'ben'\. Add the account first\."
    ):
        accounts.set_password("ben", PASSWORD)


def test_a_closed_account_lets_nobody_in_until_it_has_a_new_password(accounts: Accounts) -> None:
    ana = accounts.add("ana", PASSWORD)
    accounts.add("ben", PASSWORD)
    token = accounts.start_session(ana)
    accounts.close("ana")
    assert accounts.session(token) is None
    assert accounts.verify("ana", PASSWORD, address=HOME) is None
    assert accounts.names() == ["ana", "ben"]
    accounts.set_password("ana", "another long one")
    assert accounts.verify("ana", "another long one", address=HOME) == ana
    with pytest.raises(NotFound, match="found 'eva'"):
        accounts.close("eva")
    accounts.admit_outside(["eva"])
    outside(accounts, "eva")
    with pytest.raises(BadRequest) as error:
        accounts.close("eva@hf")
    assert str(error.value) == (
        "Expected an account with a password of ours; found eva@hf, which is let in by a list. "
        "Take the name off VITRINA_HUGGING_FACE_STAFF, then start the app again."
    )
    assert accounts.names() == ["ana", "ben", "eva@hf"]


def test_who_was_verified_before_it_was_closed_gets_no_session(accounts: Accounts) -> None:
    accounts.add("ana", PASSWORD)
    for change in (lambda: accounts.close("ana"), lambda: accounts.set_password("ana", "another long one")):
        accounts.set_password("ana", PASSWORD)
        ana = accounts.verify("ana", PASSWORD, address=HOME)
        assert ana is not None
        accounts.start_session(ana)
        change()
        with pytest.raises(
            Forbidden,
            match=r"Expected an account as it was verified; found one changed meanwhile\. Sign in again\.",
        ):
            accounts.start_session(ana)


def outside(accounts: Accounts, name: str, subject: str = "1") -> object:
    return accounts.enter_outside(name, subject, attempt=accounts.begin_outside(address=HOME))


def test_nobody_from_outside_is_admitted_unasked(accounts: Accounts) -> None:
    assert outside(accounts, "ana") is None
    accounts.admit_outside(["Ana"])
    made = outside(accounts, "aNA")
    assert made is not None
    assert made.name == "ana@hf"
    assert outside(accounts, "ana") == made
    assert outside(accounts, "ben") is None
    assert not accounts.any()  # None with a password.


def test_one_from_outside_has_no_password_and_gets_none(accounts: Accounts) -> None:
    accounts.admit_outside(["ana"])
    outside(accounts, "ana", "17")
    for password in ("huggingface:17", PASSWORD):
        assert accounts.verify("ana@hf", password, address=AWAY) is None
    with pytest.raises(BadRequest) as error:
        accounts.set_password("ana@hf", PASSWORD)
    assert str(error.value) == (
        "Expected an account with a password of ours; found ana@hf, which has none. Change it at Hugging Face."
    )
    with pytest.raises(BadRequest):
        accounts.add("ben@hf", PASSWORD)


def test_an_account_stays_with_whom_it_was_made_for(accounts: Accounts) -> None:
    accounts.admit_outside(["ana"])
    outside(accounts, "ana", "17")
    with pytest.raises(Conflict) as error:
        outside(accounts, "ana", "18")
    assert str(error.value) == (
        "Expected the user of Hugging Face for whom ana@hf was made; found another who has that name now. "
        "Let whoever runs this server list another name."
    )


def test_sessions_end_with_the_place_on_the_list(accounts: Accounts) -> None:
    accounts.admit_outside(["ana", "ben"])
    ana, ben = outside(accounts, "ana"), outside(accounts, "ben", "2")
    ours = accounts.add("ana", PASSWORD)
    tokens = [accounts.start_session(one) for one in (ana, ben, ours)]
    accounts.admit_outside(["ben"])
    assert [accounts.session(token) for token in tokens] == [None, ben, ours]
    accounts.admit_outside(["ana", "ben"])
    assert accounts.session(tokens[0]) is None  # It has ended; it did not only rest.


def test_failures_from_outside_count_by_address_alone(accounts: Accounts) -> None:
    accounts.admit_outside(["ana"])
    for _ in range(20):
        accounts.begin_outside(address=AWAY)
    with pytest.raises(TooMany):
        accounts.begin_outside(address=AWAY)
    with pytest.raises(TooMany):
        accounts.verify("ana", PASSWORD, address=AWAY)
    for _ in range(25):  # Who comes in is no failure.
        assert outside(accounts, "ana") is not None


@on_sqlite
@pytest.mark.parametrize("name", ["", "a b", "ana@hf", "x" * 38, "ñ", "a/b", "ana\n"])
def test_a_list_of_names_that_are_none_is_refused(accounts: Accounts, name: str) -> None:
    with pytest.raises(BadRequest) as error:
        accounts.admit_outside(["ana", name])
    assert error.value.expected == "user names of Hugging Face, at most 37 characters each"
    assert error.value.found == repr(name)
    assert error.value.next_step == "Write them as in the address of their profile, separated by commas."
