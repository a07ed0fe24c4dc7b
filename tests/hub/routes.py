"""Which address is answered by what, and what counts as a change."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from tests.hub import large, reading, writing
from tests.hub.state import HubState, kind_of
from tests.hub.wire import Answer, Refusal, Request, as_json

NAME = r"(?P<name>[^/]+/[^/]+)"
API = rf"/api/(?P<plural>models|datasets|spaces)/{NAME}"
PAGE = rf"/(?:(?P<plural>datasets|spaces)/)?{NAME}"


class Route(NamedTuple):
    """`purpose`: what the requests are counted as. `answer` gets the named parts of the pattern that follow."""

    purpose: str
    methods: str
    pattern: str
    answer: Callable[..., Answer]


def _configuration(state: HubState, request: Request) -> Answer:
    return state.sign_in.configuration(state.endpoint)


def _authorize(state: HubState, request: Request) -> Answer:
    return state.sign_in.authorize(request)


def _token(state: HubState, request: Request) -> Answer:
    return state.sign_in.token(request, state.endpoint)


def _userinfo(state: HubState, request: Request) -> Answer:
    return state.sign_in.userinfo(request)


def _agents(state: HubState, request: Request) -> Answer:
    return as_json({"standardEnvVars": [], "harnesses": {}})


def _nothing(state: HubState, request: Request) -> Answer:
    return Answer(200)


ROUTES = (
    Route("sign in", "GET", r"/\.well-known/openid-configuration", _configuration),
    Route("sign in", "GET", r"/oauth/authorize", _authorize),
    Route("sign in", "POST", r"/oauth/token", _token),
    Route("sign in", "GET", r"/oauth/userinfo", _userinfo),
    Route("agents", "GET", r"/api/agent-harnesses", _agents),
    Route("telemetry", "HEAD", r"/api/telemetry/.*", _nothing),
    Route("whoami", "GET", r"/api/whoami-v2", reading.whoami),
    Route("validate", "POST", r"/api/validate-yaml", writing.validate_yaml),
    Route("create", "POST", r"/api/repos/create", writing.create),
    Route("delete", "DELETE", r"/api/repos/delete", writing.delete),
    Route("preupload", "POST", rf"{API}/preupload/(?P<revision>[^/]+)", writing.preupload),
    Route("batch", "POST", rf"{PAGE}\.git/info/lfs/objects/batch", large.batch),
    Route("upload", "PUT", r"/uploads/(?P<grant>[^/]+)", large.upload),
    Route("upload", "PUT", r"/uploads/(?P<grant>[^/]+)/(?P<number>\d+)", large.upload_part),
    Route("upload", "POST", r"/uploads/(?P<grant>[^/]+)", large.complete),
    Route("verify", "POST", rf"{API}/lfs-verify", large.verify),
    Route("commit", "POST", rf"{API}/commit/(?P<revision>[^/]+)", writing.commit),
    Route("branch", "POST", rf"{API}/branch/(?P<branch>[^/]+)", writing.create_branch),
    Route("branch", "DELETE", rf"{API}/branch/(?P<branch>[^/]+)", writing.delete_branch),
    Route("tag", "POST", rf"{API}/tag/(?P<revision>[^/]+)", writing.create_tag),
    Route("tag", "DELETE", rf"{API}/tag/(?P<tag>[^/]+)", writing.delete_tag),
    Route("info", "GET", API, reading.info),
    Route("info", "GET", rf"{API}/revision/(?P<revision>[^/]+)", reading.info),
    Route("refs", "GET", rf"{API}/refs", reading.references),
    Route("commits", "GET", rf"{API}/commits/(?P<revision>[^/]+)", reading.commits),
    Route("tree", "GET", rf"{API}/tree/(?P<revision>[^/]+)(?:/(?P<folder>.+))?", reading.tree),
    Route("paths", "POST", rf"{API}/paths-info/(?P<revision>[^/]+)", reading.paths_info),
    Route("file", "GET HEAD", rf"{PAGE}/(?:resolve|raw)/(?P<revision>[^/]+)/(?P<path>.+)", reading.resolve),
)
# Requests that change what others can see, whether they are let in or not.
CHANGES = ("create", "delete", "upload", "verify", "commit", "branch", "tag")
# Requests that ask only in order to change something afterwards.
PREPARATIONS = ("preupload", "batch", "validate")


def find(method: str, path: str) -> tuple[Route, dict[str, str]] | None:
    for route in ROUTES:
        found = re.fullmatch(route.pattern, path) if method in route.methods.split() else None
        if found:
            return route, {key: reading.named(text) for key, text in found.groupdict().items() if text}
    return None


def answer(state: HubState, request: Request) -> Answer:
    """What the Hub says; nothing of it is done where it is a refusal."""
    found = find(request.method, request.path)
    if found is None:
        return Refusal(404, "Sorry, we can't find the page you are looking for.").answer
    route, parts = found
    try:
        with state.lock:
            # A sign-in has tokens of its own.
            if route.purpose not in ("sign in", "agents", "telemetry"):
                request = Request(
                    request.method, request.target, request.headers, request.body, state.account(request)
                )
            if "name" not in parts:
                return route.answer(state, request, *parts.values())
            kind = kind_of(parts.pop("plural", "models"))
            repository = state.readable(kind, parts.pop("name"), request)
            return route.answer(state, request, repository, *parts.values())
    except Refusal as refusal:
        return refusal.answer
