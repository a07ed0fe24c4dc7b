"""What every request passes first: refused paths, security headers."""

from __future__ import annotations

import re
from urllib.parse import unquote

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from vitrina.errors import Forbidden
from vitrina.server.problems import answer

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
