"""Our own sign-in for staff: page, cookie, gate before everything under /backend."""

from __future__ import annotations

from urllib.parse import parse_qs, quote, urlsplit

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from vitrina.errors import Forbidden, TooMany, VitrinaError
from vitrina.server.problems import answer
from vitrina.server.sign_in_page import sign_in_page
from vitrina.services import Services
from vitrina.services.pace import asker
from vitrina.services.principal import SESSION_COOKIE

SESSION_SECONDS = 12 * 3600
_OPEN = ("/backend/sign-in",)
_SAFE = ("GET", "HEAD", "OPTIONS")


def same_origin(headers: Headers) -> bool:
    """Whether an unsafe request comes from a page of this very host.

    Browsers send Origin with every POST; where it is missing, Sec-Fetch-Site must say so, and a request
    with neither (curl, a script) carries no cookie that somebody else's page could have made it send.
    """
    origin = headers.get("origin")
    if origin is not None:
        return urlsplit(origin).netloc == headers.get("host", "") and origin != "null"
    return headers.get("sec-fetch-site", "none") in ("same-origin", "none")


def require_same_origin(request: Request) -> None:
    """Raises Forbidden for an unsafe request from another origin."""
    if request.method not in _SAFE and not same_origin(request.headers):
        raise _foreign(request.headers)


def _foreign(headers: Headers) -> Forbidden:
    return Forbidden(
        "a request from a page of this server",
        f"one from {headers.get('origin') or 'another site'}"[:200],
        "Open the staff pages of this server and act there.",
    )


class StaffGate:
    """Lets only a signed-in member of staff pass to /backend: pages, events, uploads, files, the queue.

    One door for the whole mounted Blocks, because every Gradio event is an endpoint whether it is shown or
    not. The service layer asks for the principal again behind it.
    """

    def __init__(self, app: ASGIApp, *, services: Services) -> None:
        self.app = app
        self.services = services

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope.get("path", "")
        inside = path == "/backend" or path.startswith("/backend/")
        if scope["type"] not in ("http", "websocket") or not inside or path in _OPEN:
            await self.app(scope, receive, send)
            return
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
            return
        request = Request(scope)
        principal = await run_in_threadpool(self.services.principal_of, request)
        if not principal.is_staff:
            await self._turn_away(request)(scope, receive, send)
        elif request.method not in _SAFE and not same_origin(request.headers):
            await answer(_foreign(request.headers))(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    def _turn_away(self, request: Request) -> Response:
        wants_page = request.method == "GET" and "text/html" in request.headers.get("accept", "")
        if wants_page:
            here = request.url.path + (f"?{request.url.query}" if request.url.query else "")
            return RedirectResponse(f"/backend/sign-in?next={quote(here)}", status_code=303)
        error = Forbidden("a signed-in member of staff", "no valid session", "Sign in at /backend/sign-in.")
        return answer(error, status=401)


def sign_in_routes(services: Services) -> APIRouter:
    """GET and POST /backend/sign-in, POST /backend/sign-out."""
    router = APIRouter(include_in_schema=False)

    @router.get("/backend/sign-in")
    def page(request: Request, next: str = "/backend/") -> HTMLResponse:
        return HTMLResponse(
            sign_in_page(
                services.language_of(request),
                next_page=_own_page(next),
                open_for_staff=services.store.accounts.any(),
            ),
            headers={"Cache-Control": "no-store"},
        )

    @router.post("/backend/sign-in")
    async def sign_in(request: Request) -> Response:
        require_same_origin(request)
        # A form of three short fields; read by hand so that nothing larger is ever parsed.
        body = await request.body()
        fields = parse_qs(body[:4096].decode("utf-8", "replace"), max_num_fields=5)
        return await run_in_threadpool(_signed_in, services, request, {k: v[0] for k, v in fields.items()})

    @router.post("/backend/sign-out")
    def sign_out(request: Request) -> Response:
        token = request.cookies.get(SESSION_COOKIE)
        if token:
            services.store.accounts.end_session(token)
        response = RedirectResponse("/", status_code=303)
        response.delete_cookie(SESSION_COOKIE, path="/", secure=True, httponly=True, samesite="lax")
        return response

    return router


def _signed_in(services: Services, request: Request, fields: dict[str, str]) -> Response:
    next_page = _own_page(fields.get("next", "/backend/"))
    language = services.language_of(request)
    address = asker(request.client.host if request.client else "unknown")
    accounts = services.store.accounts
    problem, status = "wrong", 401
    try:
        account = accounts.verify(
            fields.get("name", "")[:100], fields.get("password", "")[:1000], address=address
        )
    except TooMany as error:
        account, problem, status = None, f"wait:{error.wait_seconds}", 429
    except VitrinaError:
        account = None
    if account is None:
        page = sign_in_page(
            language,
            next_page=next_page,
            open_for_staff=accounts.any(),
            problem=problem,
            name=fields.get("name", ""),
        )
        return HTMLResponse(page, status_code=status, headers={"Cache-Control": "no-store"})
    response = RedirectResponse(next_page, status_code=303)
    response.set_cookie(
        SESSION_COOKIE,
        accounts.start_session(account),
        max_age=SESSION_SECONDS,
        path="/",
        secure=True,
        httponly=True,
        samesite="lax",
    )
    return response


def _own_page(address: str) -> str:
    """`address` where it is a staff page of this server, the desk otherwise: no open redirect."""
    clean = address.replace("\\", "/")
    return clean if clean.startswith("/backend") and "\n" not in clean and "\r" not in clean else "/backend/"
