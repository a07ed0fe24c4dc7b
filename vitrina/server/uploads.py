"""A request body that ends as a file, hashed while it streams."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING
from urllib.parse import unquote

from fastapi import Request
from fastapi.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException
from starlette.requests import ClientDisconnect

from vitrina.errors import BadRequest
from vitrina.services import Services

if TYPE_CHECKING:
    from vitrina.gallery.files import Incoming

CHUNK = 1 << 20


@asynccontextmanager
async def received(request: Request, services: Services, *, max_bytes: int) -> AsyncIterator[Incoming]:
    """The whole body, raw or the one file of a form, as a finished temporary file; gone afterwards.

    Raises BadRequest for an empty or malformed body, PictureRefused for one over `max_bytes`, OutOfSpace.
    """
    incoming = services.store.ingest(services.decoder).incoming(max_bytes)
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
    try:
        async with request.form(max_files=1, max_fields=8, max_part_size=64 * 1024) as form:
            part = form.get("file")
            if part is None or isinstance(part, str):
                raise BadRequest(
                    "a form with one file in the field 'file'",
                    "fields " + (", ".join(sorted(form))[:100] or "none"),
                    "Send it as curl -F file=@photo.jpg does.",
                )
            while chunk := await part.read(CHUNK):
                yield chunk
    # Starlette turns a parser error into an HTTPException of its own where an app is in the scope.
    except (MultiPartException, HTTPException) as error:
        detail = getattr(error, "message", None) or getattr(error, "detail", "")
        raise BadRequest(
            "a well-formed multipart form with one file",
            str(detail)[:200],
            "Send it as curl -F file=@photo.jpg does.",
        ) from error


def file_name_of(request: Request) -> str:
    """The file name a page sent along, percent-encoded in X-File-Name; display text only, never a path."""
    return unquote(request.headers.get("x-file-name", ""), errors="replace")[:400] or "photo"
