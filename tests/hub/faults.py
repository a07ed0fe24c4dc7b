"""Things that go wrong on purpose, as often as the test says."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from tests.hub.wire import Answer, Refusal

MESSAGES = {
    401: "Invalid credentials in Authorization header",
    403: "Forbidden",
    404: "Not Found",
    409: "Conflict",
    412: "A commit has happened since. Please refresh and try again.",
    429: "Too Many Requests",
    500: "Internal Error - We're working hard to fix this as soon as possible!",
    503: "Service Temporarily Unavailable",
}


@dataclass
class Fault:
    """What happens to requests whose method and address (`path`, a pattern searched in path and query) fit.

    The first `skip` of them pass, the next `times` (None: all) are struck; `struck` counts these.
    One of:
      `status`  that answer, with `headers`, X-Error-Code `code`, `message`; `when` "after": although it was done
      `cut`     the connection ends: in the middle of what is sent (GET: of the answer; else of the request,
                nothing is done), or with `when` "after" once it was done, without an answer
      `slow`    seconds to wait before every piece of `piece` bytes of the request, then of the answer
      `flip`    one bit of the answer's middle byte is another
      `hang`    seconds without an answer, then `cut`; with `when` "after" it was done
    `call` is called each time it strikes, before anything else (with `when` "after": once it was done).
    Without `method`, `cut`, `slow` and `flip` leave HEAD alone.
    """

    path: str
    method: str | None = None
    times: int | None = 1
    skip: int = 0
    when: Literal["before", "after"] = "before"
    status: int | None = None
    code: str | None = None
    message: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    cut: bool = False
    slow: float | None = None
    piece: int = 1024
    flip: bool = False
    hang: float | None = None
    call: Callable[[], object] | None = None
    struck: int = 0

    def fits(self, method: str, target: str) -> bool:
        if self.method is None and method == "HEAD" and (self.cut or self.slow is not None or self.flip):
            return False
        return self.method in (None, method) and re.search(self.path, target) is not None

    def answer(self) -> Answer:
        assert self.status is not None
        message = self.message or MESSAGES.get(self.status, "It went wrong on purpose")
        return Refusal(self.status, message, code=self.code, headers=self.headers).answer


class Faults:
    """All faults that the test asked for, in that order; the first that fits strikes alone."""

    def __init__(self) -> None:
        self.all: list[Fault] = []
        self._lock = threading.Lock()

    def take(self, method: str, target: str) -> Fault | None:
        with self._lock:
            for fault in self.all:
                if not fault.fits(method, target) or (
                    fault.times is not None and fault.struck >= fault.times
                ):
                    continue
                if fault.skip > 0:
                    fault.skip -= 1
                    continue
                fault.struck += 1
                return fault
        return None

    def clear(self) -> None:
        with self._lock:
            self.all.clear()


def flipped(data: bytes) -> bytes:
    """As long as before; one bit in the middle is another."""
    middle = len(data) // 2
    return data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :] if data else data
