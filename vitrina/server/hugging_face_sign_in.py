"""Sign-in by Hugging Face account: there, back, into a session of our own."""

from __future__ import annotations

import base64
import hashlib
import json
import logging
import secrets
from typing import NamedTuple
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse, Response

from vitrina.errors import Conflict, Forbidden, TooMany
from vitrina.gallery.accounts import Account
from vitrina.server.hugging_face import ANSWER_SECONDS, HuggingFace, HuggingFaceSilent
from vitrina.server.settings import Settings
from vitrina.server.sign_in import BACK_FROM_HUGGING_FACE, BY_HUGGING_FACE, SIGN_IN, enter, own_page, page_for
from vitrina.services import Services
from vitrina.services.pace import asker

log = logging.getLogger(__name__)

ASKED_COOKIE = "__Host-vitrina-asked"
ASKED_SECONDS = 600


class Asked(NamedTuple):
    """What one browser was sent away with. `verifier` is PKCE's secret; it never leaves the browser and us."""

    state: str
    verifier: str
    next_page: str


def hugging_face_routes(
    services: Services, settings: Settings, *, seconds: float = ANSWER_SECONDS
) -> APIRouter:
    """GET /backend/sign-in/hugging-face, and .../callback where Hugging Face sends the browser back to.

    It has `seconds` for each answer.

    Authorization code with PKCE (RFC 7636), bound to the browser that asked by a cookie (RFC 9700, 2.1). Where no
    app or no staff of Hugging Face is set, both lead to the sign-in page, which says so.
    """
    router = APIRouter(include_in_schema=False)
    desk = _Desk(services, settings, seconds)
    router.get(BY_HUGGING_FACE)(desk.send_away)
    router.get(BACK_FROM_HUGGING_FACE)(desk.take_back)
    return router


class _Desk:
    def __init__(self, services: Services, settings: Settings, seconds: float) -> None:
        self._services = services
        self._settings = settings
        app = settings.hugging_face if settings.hugging_face_staff else None
        self._hugging_face = HuggingFace(app, seconds=seconds) if app is not None else None

    async def send_away(self, request: Request, next: str = "/backend/", here: bool = False) -> Response:
        there = self._hugging_face
        if there is None:
            return RedirectResponse(SIGN_IN, status_code=303)
        host = there.app.host
        if host and request.headers.get("host") != host and not here:
            # Hugging Face returns to the Space's own host alone; the cookie must be there. `here`: once, whatever
            # a proxy makes of the header.
            query = urlencode({"next": own_page(next), "here": "1"})
            return RedirectResponse(f"https://{host}{BY_HUGGING_FACE}?{query}", status_code=303)
        asked = Asked(secrets.token_urlsafe(32), secrets.token_urlsafe(48), own_page(next))
        try:
            address = await there.address_to_ask(
                state=asked.state, challenge=_challenge(asked.verifier), return_to=self._return_to(request)
            )
        except HuggingFaceSilent as error:
            return await self._page(request, asked.next_page, problem=("silent", ""), reason=error)
        response = RedirectResponse(address, status_code=303, headers={"Cache-Control": "no-store"})
        response.set_cookie(
            ASKED_COOKIE,
            _packed(asked),
            max_age=ASKED_SECONDS,
            path="/",
            secure=True,
            httponly=True,
            samesite="lax",
        )
        return response

    async def take_back(self, request: Request, state: str = "", code: str = "", error: str = "") -> Response:
        if self._hugging_face is None:
            return RedirectResponse(SIGN_IN, status_code=303)
        asked = _unpacked(request.cookies.get(ASKED_COOKIE, ""))
        if asked is None or not secrets.compare_digest(
            asked.state.encode(), state.encode("utf-8", "replace")
        ):
            return await self._page(request, "/backend/", problem=("begin_again", ""))
        response = await self._answer(request, asked, code=code[:4000], error=error)
        response.delete_cookie(ASKED_COOKIE, path="/", secure=True, httponly=True, samesite="lax")
        return response

    async def _answer(self, request: Request, asked: Asked, *, code: str, error: str) -> Response:
        problem: tuple[str, str]
        if error or not code:
            problem = ("declined" if error else "begin_again", "")
            return await self._page(request, asked.next_page, problem=problem)
        try:
            account, name = await self._account(request, asked, code)
        except TooMany as reason:
            problem = ("wait", str(reason.wait_seconds))
        except HuggingFaceSilent as reason:
            return await self._page(request, asked.next_page, problem=("silent", ""), reason=reason)
        except Forbidden:
            problem = ("begin_again", "")
        except Conflict as reason:
            return await self._page(request, asked.next_page, problem=("somebody_else", ""), reason=reason)
        else:
            if account is not None:
                return await run_in_threadpool(enter, self._services, account, next_page=asked.next_page)
            log.warning("Hugging Face sign-in: %s is not among the staff", name)
            problem = ("not_listed", name)
        return await self._page(request, asked.next_page, problem=problem)

    async def _account(self, request: Request, asked: Asked, code: str) -> tuple[Account | None, str]:
        assert self._hugging_face is not None
        accounts = self._services.store.accounts
        address = asker(request.client.host if request.client else "unknown")
        attempt = await run_in_threadpool(accounts.begin_outside, address=address)
        person = await self._hugging_face.person(
            code, verifier=asked.verifier, return_to=self._return_to(request)
        )
        account = await run_in_threadpool(
            accounts.enter_outside, person.name, person.subject, attempt=attempt
        )
        return account, person.name

    async def _page(
        self,
        request: Request,
        next_page: str,
        *,
        problem: tuple[str, str],
        reason: HuggingFaceSilent | Conflict | None = None,
    ) -> Response:
        if reason is not None:
            log.warning("Hugging Face sign-in: expected %s; found %s", reason.expected, reason.found)
        return await run_in_threadpool(
            page_for, request, self._services, self._settings, next_page=next_page, problem=problem
        )

    def _return_to(self, request: Request) -> str:
        assert self._hugging_face is not None
        host = self._hugging_face.app.host
        if host:
            return f"https://{host}{BACK_FROM_HUGGING_FACE}"
        return f"{request.url.scheme}://{request.url.netloc}{BACK_FROM_HUGGING_FACE}"


def _challenge(verifier: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def _packed(asked: Asked) -> str:
    return base64.urlsafe_b64encode(json.dumps(asked).encode()).decode().rstrip("=")


def _unpacked(text: str) -> Asked | None:
    """What `_packed` made; None for anything else. It is the browser's own: nothing in it is believed but by it."""
    try:
        found = json.loads(base64.urlsafe_b64decode(text[:4000] + "=" * (-len(text[:4000]) % 4)))
        asked = Asked(*found)
        # Half a character, which JSON may spell, is nothing that goes into an address.
        "".join(asked).encode()
    except (ValueError, TypeError, RecursionError):
        return None
    return asked if all(isinstance(part, str) and part for part in asked) else None
