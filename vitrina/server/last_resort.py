"""What nobody caught, as an answer with a defined code."""

from __future__ import annotations

import logging

from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from vitrina.errors import BadRequest, VitrinaError
from vitrina.server.events import MISTAKES, is_mistake, mistake_of_caller
from vitrina.server.problems import RequestEnded, answer

log = logging.getLogger(__name__)


class LastResort:
    """Turns what nobody caught into an answer in three parts; nothing of the server's inside is told.

    Gradio lets malformed calls of its doors (an unknown event, a wrong type) end as exceptions, or answers
    500 itself: those are the caller's mistake (400), not the server's.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started, held = False, list[Message]()
        mistakes = list[VitrinaError]()
        before = MISTAKES.set(mistakes)

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
        except RequestEnded:
            raise
        except Exception as error:
            if started:
                raise
            await _answer(error, scope["path"])(scope, receive, send)
        else:
            if held:
                # Gradio logged what it was, unless it was the caller's mistake, which has a line already.
                response = answer(mistakes[0]) if mistakes else answer(_fault(), status=500)
                await response(scope, receive, send)
        finally:
            MISTAKES.reset(before)


def _answer(error: Exception, path: str) -> Response:
    if isinstance(error, ClientDisconnect):
        return answer(BadRequest("a whole body", "a connection that was cut", "Send it again."))
    if "/gradio_api/" in path and is_mistake(error):
        log.warning("malformed call of %s: %s", path[:200], type(error).__name__)
        return answer(mistake_of_caller())
    log.error("unexpected at %s", path[:200], exc_info=error)
    return answer(_fault(), status=500)


def _fault() -> VitrinaError:
    return VitrinaError(
        "a request that this server can answer", "a fault of its own", "Try again; the log names the fault."
    )
