"""What every request passes first: size, pace, refused paths, security headers."""

from __future__ import annotations

import asyncio
import logging
import re
from urllib.parse import unquote

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from vitrina.errors import BadRequest, Forbidden, PictureRefused, VitrinaError
from vitrina.server.problems import answer

log = logging.getLogger(__name__)

# Gradio compiles its HTML templates in the browser, which needs 'unsafe-eval'; nothing may come from another
# host. Spaces show the app in a frame of huggingface.co.
CONTENT_POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; media-src 'self' blob: data:; font-src 'self' data:; connect-src 'self' data: blob:; "
    "worker-src 'self' blob:; object-src 'none'; base-uri 'self'; form-action 'self'; "
    "frame-ancestors 'self' https://huggingface.co https://*.hf.space"
)

SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), microphone=(), geolocation=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Content-Security-Policy": CONTENT_POLICY,
}

# What the pages use of Gradio's doors. It has others, which fetch an address given by the caller, edit the app's
# source with a language model, write to the disk or tell how the server fares (safety rule 9): those, and
# whatever a later version adds, are shut.
_GRADIO_OPEN = re.compile(
    r"/gradio_api/(info/?|openapi\.json|app_id/?|theme\.css|startup-events|upload|upload_progress|reset/?|cancel"
    r"|heartbeat/[\w-]+|queue/(join|data|status)|(run|api|call|call/v2)/\w+(/\w+)?/?|file=(?!https?:|/?https?:).*)$"
)
_SHUT = re.compile(
    r"/(monitoring|pwa_icon|login|logout|svelte)(/|$)|proxy=|file=/*https?:|file/+https?:", re.IGNORECASE
)


def is_refused(path: str) -> bool:
    """Whether `path`, decoded, leads to a door of Gradio's that the pages do not use."""
    if _SHUT.search(path):
        return True
    _, door, rest = path.partition("/gradio_api/")
    return bool(door) and not _GRADIO_OPEN.fullmatch(door + rest)


IDLE_SECONDS = 30.0
BODY_SECONDS = 300.0


class SecurityHeaders:
    """Adds the security headers to every answer, keeping those a route set itself."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in SECURITY_HEADERS.items():
                    if name not in headers:
                        headers[name] = value
            await send(message)

        await self.app(scope, receive, send_with_headers)


class RefusedPaths:
    """Answers 403 on the paths that would make the server fetch an address or tell its inside."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            # Decoded twice: an encoded slash or colon must not carry a refused path past this check.
            path = unquote(unquote(scope["path"]))
            if is_refused(path):
                error = Forbidden("a path this app serves", path[:100], "Use the addresses in /docs.")
                await answer(error)(scope, receive, send)
                return
        await self.app(scope, receive, send)


class LastResort:
    """Turns what nobody caught into an answer with a defined code; nothing of the server's inside is told.

    Gradio lets malformed calls of its doors (an unknown event, a wrong type) end as exceptions: those are the
    caller's mistake, not the server's.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started, held = False, list[Message]()

        async def hold_failures(message: Message) -> None:
            # An inner app answers its own failure with a bare 500 before it lets the exception through.
            nonlocal started
            if held or (message["type"] == "http.response.start" and message["status"] == 500):
                held.append(message)
                return
            started = True
            await send(message)

        try:
            await self.app(scope, receive, hold_failures)
        except _TooLong:
            raise
        except Exception as error:
            if started:
                raise
            await self._answer(error, scope["path"])(scope, receive, send)
        else:
            for message in held:
                await send(message)

    def _answer(self, error: Exception, path: str) -> Response:
        if "/gradio_api/" in path and isinstance(
            error, LookupError | ValueError | TypeError | AttributeError
        ):
            log.warning("malformed call of %s: %s", path[:200], type(error).__name__)
            mistake = BadRequest("an event as /config describes it", "another", "Call it as the pages do.")
            return answer(mistake)
        log.error("unexpected at %s", path[:200], exc_info=error)
        problem = VitrinaError(
            "a request that this server can answer",
            "a fault of its own",
            "Try again; the log names the fault.",
        )
        return answer(problem, status=500)


class _TooLong(Exception):
    def __init__(self, error: VitrinaError, status: int) -> None:
        super().__init__(str(error))
        self.error = error
        self.status = status


class BodyLimit:
    """Ends a request whose body is larger than `max_bytes`, idle for 30 s, or longer than 300 s under way."""

    def __init__(self, app: ASGIApp, *, max_bytes: int) -> None:
        self.app = app
        self.max_bytes = max_bytes

    def _too_large(self, found: str) -> PictureRefused:
        return PictureRefused(
            f"a request body of at most {self.max_bytes} bytes",
            found,
            "Send a smaller file, or several requests.",
            reason="too_many_bytes",
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        declared = Headers(scope=scope).get("content-length", "")
        if declared.isdecimal() and int(declared) > self.max_bytes:
            await answer(self._too_large(f"{declared} bytes"))(scope, receive, send)
            return
        started = False

        async def watch_start(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self.app(scope, self._counted(receive), watch_start)
        except _TooLong as problem:
            if started:  # Nothing true can be said any more; the server closes the connection.
                raise
            await answer(problem.error, status=problem.status)(scope, receive, send)

    def _counted(self, receive: Receive) -> Receive:
        loop = asyncio.get_running_loop()
        begun, received, complete = loop.time(), 0, False

        async def counted() -> Message:
            nonlocal received, complete
            if complete:  # What comes now is the disconnect, which may take as long as the answer.
                return await receive()
            left = min(IDLE_SECONDS, begun + BODY_SECONDS - loop.time())
            try:
                message = await asyncio.wait_for(receive(), max(left, 0.001))
            except TimeoutError as error:
                slow = PictureRefused(
                    f"a body within {BODY_SECONDS:.0f} s and no pause over {IDLE_SECONDS:.0f} s",
                    f"{received} bytes and then nothing",
                    "Send it again.",
                    reason="too_slow",
                )
                raise _TooLong(slow, 408) from error
            received += len(message.get("body", b""))
            complete = message["type"] != "http.request" or not message.get("more_body", False)
            if received > self.max_bytes:
                raise _TooLong(self._too_large(f"more than {self.max_bytes} bytes"), 413)
            return message

        return counted
