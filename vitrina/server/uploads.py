"""A request body that ends as a file, hashed while it streams."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING
from urllib.parse import unquote

from fastapi import Request
from fastapi.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from vitrina.errors import BadRequest, Busy, TooMany
from vitrina.server.forms import FormFile
from vitrina.services import Services
from vitrina.services.pace import asker

if TYPE_CHECKING:
    from vitrina.gallery.files import Incoming


class Places:
    """How many bodies may be under way at one time: `total` in all, `each` from one address.

    Requests run on one event loop: it takes no lock.
    """

    def __init__(self, *, total: int, each: int) -> None:
        self.total = total
        self.each = each
        self._taken: Counter[str] = Counter()

    @contextmanager
    def taken(self, address: str) -> Iterator[None]:
        """One place. Raises TooMany where the address has `each`, Busy where all are taken."""
        key = asker(address)
        if self._taken[key] >= self.each:
            raise TooMany(
                f"at most {self.each} pictures from one address at a time",
                "more",
                "Wait for the answers, then send the next.",
                wait_seconds=1,
            )
        if self._taken.total() >= self.total:
            raise Busy(f"at most {self.total} pictures on their way in", "as many", "Try again in 5 seconds.")
        self._taken[key] += 1
        try:
            yield
        finally:
            self._taken[key] -= 1
            if not self._taken[key]:
                del self._taken[key]


@asynccontextmanager
async def received(
    request: Request, services: Services, *, max_bytes: int, places: Places
) -> AsyncIterator[Incoming]:
    """The whole body, raw or the one file of a form, as a finished temporary file; gone afterwards.

    Raises BadRequest for an empty or malformed body, PictureRefused for one over `max_bytes`, OutOfSpace,
    TooMany, Busy; the last three before a byte of the body is read, as far as it declares its length.
    """
    address = request.client.host if request.client else "unknown"
    with places.taken(address):
        declared = request.headers.get("content-length", "")
        size = min(int(declared), max_bytes) if declared.isdecimal() else 0
        files = services.store.files
        incoming = await run_in_threadpool(lambda: files.incoming(max_bytes=max_bytes, size=size))
        try:
            chunks = _form_file(request) if _is_form(request) else request.stream()
            try:
                async for chunk in chunks:
                    if chunk:
                        await run_in_threadpool(incoming.write, chunk)
            except ClientDisconnect as error:
                raise BadRequest("a whole body", "a connection that was cut", "Send it again.") from error
            await run_in_threadpool(incoming.finish)
            yield incoming
        finally:
            await run_in_threadpool(incoming.discard)


def _is_form(request: Request) -> bool:
    return request.headers.get("content-type", "").lower().startswith("multipart/")


async def _form_file(request: Request) -> AsyncIterator[bytes]:
    form = FormFile(request.headers.get("content-type", ""))
    async for chunk in request.stream():
        yield form.feed(chunk)
    form.finish()


def file_name_of(request: Request) -> str:
    """The file name a page sent along, percent-encoded in X-File-Name; display text only, never a path."""
    return unquote(request.headers.get("x-file-name", ""), errors="replace")[:400] or "photo"
