"""Errors of the library as HTTP answers with a defined code."""

from __future__ import annotations

from collections.abc import Callable

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response

from vitrina.errors import (
    BadRequest,
    Busy,
    Conflict,
    Forbidden,
    ModelUnavailable,
    NotFound,
    OutOfSpace,
    PictureRefused,
    TooMany,
    VitrinaError,
)
from vitrina.refusals import in_words

# First match wins, so subclasses stand before their bases.
STATUS: tuple[tuple[type[VitrinaError], int], ...] = (
    (PictureRefused, 422),
    (BadRequest, 400),
    (Forbidden, 403),
    (NotFound, 404),
    (Conflict, 409),
    (TooMany, 429),
    (OutOfSpace, 507),
    (Busy, 503),
    (ModelUnavailable, 503),
    (VitrinaError, 400),
)


class RequestEnded(Exception):
    """Ends a request from inside its body's stream; the guard that limits bodies answers with `error`.

    No library's parser takes it for its own. `status` is the HTTP status where it is not the error's own.
    """

    def __init__(self, error: VitrinaError, status: int | None = None) -> None:
        super().__init__(str(error))
        self.error = error
        self.status = status


def status_of(error: VitrinaError) -> int:
    """The HTTP status of an error of the library; 413 for a picture with too many bytes."""
    if isinstance(error, PictureRefused) and error.reason == "too_many_bytes":
        return 413
    return next(status for kind, status in STATUS if isinstance(error, kind))


def answer(error: VitrinaError, *, status: int | None = None, language: str = "en") -> JSONResponse:
    """The JSON body every failed request has: {"error": {expected, found, next_step, message, reason}}.

    `message` is for a person, in their language; the other parts are in English.
    """
    body = {
        "expected": error.expected,
        "found": error.found,
        "next_step": error.next_step,
        "message": in_words(error, language),
        "reason": getattr(error, "reason", type(error).__name__),
    }
    headers = {"Cache-Control": "no-store"}
    if isinstance(error, TooMany):
        headers["Retry-After"] = str(error.wait_seconds)
    elif isinstance(error, ModelUnavailable | Busy):
        headers["Retry-After"] = "5"
    return JSONResponse({"error": body}, status_code=status or status_of(error), headers=headers)


def register_problems(app: FastAPI, *, language_of: Callable[[Request], str]) -> None:
    """Answer every error of the library, and every malformed request, in the three parts."""

    @app.exception_handler(VitrinaError)
    async def _known(request: Request, error: VitrinaError) -> Response:
        return answer(error, language=language_of(request))

    @app.exception_handler(RequestValidationError)
    async def _malformed(request: Request, error: RequestValidationError) -> Response:
        where = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()[:5])
        return answer(
            BadRequest("a request as /docs describes it", where, "Correct the named fields."),
            status=422,
            language=language_of(request),
        )
