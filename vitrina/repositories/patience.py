"""Asking a far end again, when and as often as that makes sense."""

from __future__ import annotations

import email.utils
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from httpx2 import Response

T = TypeVar("T")
# Answers that may be others a little later: a limit of requests, a server that starts or is overloaded.
PASSING = (408, 429, 500, 502, 503, 504)


@dataclass(frozen=True)
class Patience:
    """`tries` in all; waits double from `first_wait` seconds on, none longer than `longest_wait` seconds, which also
    bounds what a Retry-After asks for. `sleep` is told seconds."""

    tries: int = 5
    first_wait: float = 1.0
    longest_wait: float = 60.0
    sleep: Callable[[float], None] = time.sleep

    def ask(self, call: Callable[[], T], *, happened: Callable[[], T | None] | None = None) -> T:
        """What `call` gives; after a passing failure again.

        `happened` looks whether a call that failed has had its effect all the same (its answer may have been lost):
        what it gives, where that is not None, is the answer, and nothing is sent twice. The last failure is raised as
        it came; one that does not pass at once, but not before `happened` was asked.
        """
        wait = self.first_wait
        for attempt in range(1, self.tries + 1):
            try:
                return call()
            except Exception as problem:
                told = None if happened is None or not _may_have_happened(problem) else _quietly(happened)
                if told is not None:
                    return told
                if attempt == self.tries or not passes(problem):
                    raise
                self.sleep(min(self.longest_wait, _asked_for(problem) or wait))
                wait *= 2
        raise AssertionError("unreachable")


def passes(problem: Exception) -> bool:
    """Whether the same request may succeed a little later."""
    import httpx2
    from huggingface_hub.errors import OfflineModeIsEnabled

    status, root = status_of(problem), _root_of(problem)
    if status is not None:
        return status in PASSING
    if isinstance(root, OfflineModeIsEnabled):
        return False
    return isinstance(root, (httpx2.TransportError, ConnectionError, TimeoutError))


def status_of(problem: BaseException) -> int | None:
    """The HTTP status that a failure carries, if it is an answer at all."""
    response = response_of(problem)
    return None if response is None else int(response.status_code)


def response_of(problem: BaseException) -> Response | None:
    """The answer that a failure, or what it came of, carries."""
    found: Response | None = getattr(_root_of(problem), "response", None)
    return found


def _root_of(problem: BaseException) -> BaseException:
    """The client puts failures of uploads into a RuntimeError, those of fetching into "not in the cache"."""
    from huggingface_hub.errors import LocalEntryNotFoundError

    while problem.__cause__ is not None and isinstance(problem, (RuntimeError, LocalEntryNotFoundError)):
        problem = problem.__cause__
    return problem


def _may_have_happened(problem: Exception) -> bool:
    # 409 and 412 too: the client may have sent the request again by itself after an answer that was lost.
    return passes(problem) or status_of(problem) in (409, 412)


def _quietly(happened: Callable[[], T | None]) -> T | None:
    try:
        return happened()
    # Looking is asking the same far end: where it does not answer now, the next try will tell.
    except Exception:
        return None


def _asked_for(problem: Exception) -> float | None:
    """Seconds in Retry-After, which is a number or a date (RFC 9110, section 10.2.3)."""
    response = response_of(problem)
    told = None if response is None else response.headers.get("retry-after")
    if told is None:
        return None
    if told.strip().isdecimal():
        return float(told)
    try:
        return max(0.0, email.utils.parsedate_to_datetime(told).timestamp() - time.time())
    except ValueError:
        return None
