"""Our own sign-in for staff: page, cookie, gate before everything under /backend."""

from __future__ import annotations

from urllib.parse import parse_qs, quote, urlsplit

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from vitrina.errors import Busy, Forbidden, TooMany, VitrinaError
from vitrina.gallery.accounts import Account
from vitrina.server.problems import answer
from vitrina.server.settings import Settings
from vitrina.server.sign_in_page import Doors, Wishes, problem_in_words, sign_in_page
from vitrina.services import Services
from vitrina.services.pace import asker
from vitrina.services.principal import SESSION_COOKIE
from vitrina.services.wording import LANGUAGES

SESSION_SECONDS = 12 * 3600
SIGN_IN = "/backend/sign-in"
BY_HUGGING_FACE = f"{SIGN_IN}/hugging-face"
BACK_FROM_HUGGING_FACE = f"{BY_HUGGING_FACE}/callback"
_OPEN = (SIGN_IN, BY_HUGGING_FACE, BACK_FROM_HUGGING_FACE)
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
        try:
            principal = await run_in_threadpool(self.services.principal_of, request)
        except Busy as error:
            await answer(error, language=self.services.language_of(request))(scope, receive, send)
            return
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


def sign_in_routes(services: Services, settings: Settings) -> APIRouter:
    """GET and POST /backend/sign-in, POST /backend/sign-out."""
    router = APIRouter(include_in_schema=False)

    @router.get(SIGN_IN)
    def page(request: Request, next: str = "/backend/") -> Response:
        response = page_for(request, services, settings, next_page=next)
        chosen = request.query_params.get("language")
        if chosen in LANGUAGES:
            # The cookie that the switch of the other pages sets too, so that the choice stays.
            response.set_cookie("vitrina_language", chosen, max_age=365 * 24 * 3600, path="/", samesite="lax")
        return response

    @router.post(SIGN_IN)
    async def sign_in(request: Request) -> Response:
        require_same_origin(request)
        # A form of three short fields; read by hand so that nothing larger is ever parsed.
        body = await request.body()
        fields = parse_qs(body[:4096].decode("utf-8", "replace"), max_num_fields=5)
        first = {name: values[0] for name, values in fields.items()}
        return await run_in_threadpool(_signed_in, services, settings, request=request, fields=first)

    @router.post("/backend/sign-out")
    def sign_out(request: Request) -> Response:
        token = request.cookies.get(SESSION_COOKIE)
        if token:
            services.store.accounts.end_session(token)
        response = RedirectResponse("/", status_code=303)
        response.delete_cookie(SESSION_COOKIE, path="/", secure=True, httponly=True, samesite="lax")
        return response

    return router


def page_for(
    request: Request,
    services: Services,
    settings: Settings,
    *,
    next_page: str,
    problem: tuple[str, str] | None = None,
    name: str = "",
) -> Response:
    """The sign-in page as this request wants it. `problem` is a key of its words with what fills it in; 200
    without one, else as `_STATUS` has it.
    """
    doors = Doors(
        password=services.store.accounts.any(),
        hugging_face=settings.hugging_face is not None and bool(settings.hugging_face_staff),
        list_is_empty=settings.hugging_face is not None and not settings.hugging_face_staff,
    )
    wishes = Wishes(
        services.language_of(request),
        theme=request.cookies.get("vitrina_theme", ""),
        framed=request.headers.get("sec-fetch-dest") in ("iframe", "frame"),
    )
    said = problem_in_words(wishes.language, *problem) if problem else None
    html = sign_in_page(doors, wishes, next_page=own_page(next_page), problem=said, name=name)
    # The address may carry the code of a provider, which "same-origin", the policy of every page, tells nobody else.
    # With "no-referrer" the next try in this form would come from the origin "null", and be refused.
    headers = {"Cache-Control": "no-store"}
    return HTMLResponse(html, status_code=_STATUS[problem[0]] if problem else 200, headers=headers)


_STATUS = {
    "wrong": 401,
    "wait": 429,
    "begin_again": 400,
    "declined": 403,
    "not_listed": 403,
    "somebody_else": 403,
    "silent": 502,
}


def enter(services: Services, account: Account, *, next_page: str) -> Response:
    """Starts a session and goes on to `next_page`, where that is one of ours."""
    response = RedirectResponse(own_page(next_page), status_code=303)
    response.set_cookie(
        SESSION_COOKIE,
        services.store.accounts.start_session(account),
        max_age=SESSION_SECONDS,
        path="/",
        secure=True,
        httponly=True,
        samesite="lax",
    )
    return response


def own_page(address: str) -> str:
    """`address` where it is a staff page of this server, the desk otherwise: no open redirect."""
    clean = address.replace("\\", "/")
    ours = clean == "/backend" or clean.startswith(("/backend/", "/backend?"))
    plain = clean.isprintable() and len(clean) <= 1000 and not clean.startswith(SIGN_IN)
    return clean if ours and plain else "/backend/"


def _signed_in(
    services: Services, settings: Settings, *, request: Request, fields: dict[str, str]
) -> Response:
    address = asker(request.client.host if request.client else "unknown")
    name, next_page = fields.get("name", ""), fields.get("next", "/backend/")
    problem, account = ("wrong", ""), None
    try:
        account = services.store.accounts.verify(
            name[:100], fields.get("password", "")[:1000], address=address
        )
    except TooMany as error:
        problem = ("wait", str(error.wait_seconds))
    except Busy:
        raise  # Nobody looked at the password.
    except VitrinaError:
        pass  # What cannot be a name or a password is a wrong one: nobody is told which.
    if account is None:
        return page_for(request, services, settings, next_page=next_page, problem=problem, name=name)
    return enter(services, account, next_page=next_page)
