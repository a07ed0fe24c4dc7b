"""When the far end is asked again, how long it is waited for, when not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpx2
import pytest
from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError, OfflineModeIsEnabled

from vitrina.repositories.patience import Patience, passes, status_of


def answered(status: int, **headers: str) -> HfHubHTTPError:
    request = httpx2.Request("POST", "http://127.0.0.1/x")
    return HfHubHTTPError(
        "no",
        response=httpx2.Response(
            status, headers={key.replace("_", "-"): value for key, value in headers.items()}, request=request
        ),
    )


class Asked:
    """Fails with each of the problems in turn, then gives "done"."""

    def __init__(self, *problems: Exception) -> None:
        self.problems = list(problems)
        self.times = 0

    def __call__(self) -> str:
        self.times += 1
        if self.problems:
            raise self.problems.pop(0)
        return "done"


def test_a_passing_failure_is_asked_again_after_longer_and_longer_waits() -> None:
    waits: list[float] = []
    call = Asked(answered(503), answered(500), httpx2.ReadTimeout("slow"), ConnectionResetError())
    assert Patience(sleep=waits.append).ask(call) == "done"
    assert waits == [1, 2, 4, 8]


def test_it_waits_as_long_as_it_is_told_but_not_for_ever() -> None:
    waits: list[float] = []
    later = format_datetime(datetime.now(UTC) + timedelta(seconds=40), usegmt=True)
    call = Asked(
        answered(429, Retry_After="7"), answered(429, Retry_After=later), answered(429, Retry_After="9000")
    )
    assert Patience(sleep=waits.append).ask(call) == "done"
    assert waits[0] == 7
    assert 35 < waits[1] <= 40
    assert waits[2] == 60


def test_the_last_failure_comes_out_as_it_came() -> None:
    last = answered(502)
    call = Asked(answered(500), answered(500), last, answered(500))
    with pytest.raises(HfHubHTTPError) as caught:
        Patience(tries=3, sleep=lambda _: None).ask(call)
    assert caught.value is last
    assert call.times == 3


@pytest.mark.parametrize(
    "problem", [answered(400), answered(401), answered(404), OfflineModeIsEnabled("off"), ValueError("odd")]
)
def test_what_does_not_pass_is_not_asked_again(problem: Exception) -> None:
    call = Asked(problem)
    with pytest.raises(type(problem)):
        Patience(sleep=lambda _: None).ask(call)
    assert call.times == 1
    assert not passes(problem)


@pytest.mark.parametrize("status", [409, 412, 500])
def test_what_has_happened_all_the_same_is_not_sent_twice(status: int) -> None:
    call = Asked(answered(status))
    assert Patience(sleep=lambda _: None).ask(call, happened=lambda: "it had happened") == "it had happened"
    assert call.times == 1


def test_where_one_cannot_look_the_next_try_tells() -> None:
    call = Asked(answered(500))
    looked = Asked(answered(500))
    assert Patience(sleep=lambda _: None).ask(call, happened=looked) == "done"
    assert looked.times == 1


def test_what_the_client_wraps_is_looked_through() -> None:
    """A failed upload comes as a RuntimeError, a failed fetch as "not in the cache"; both name their cause."""
    for wrapped in (RuntimeError("Error while uploading"), LocalEntryNotFoundError("not cached")):
        wrapped.__cause__ = answered(503)
        assert passes(wrapped)
        wrapped.__cause__ = answered(403)
        assert not passes(wrapped)
        assert status_of(wrapped) == 403
    assert not passes(LocalEntryNotFoundError("not cached"))
