"""The OpenID endpoints are asked with bounds, and what is not understood names nobody."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from tests.hub.standin import HubStandIn
from tests.hub.wire import as_json
from vitrina.errors import Forbidden, VitrinaError
from vitrina.server.hugging_face import LARGEST_ANSWER, HuggingFace, HuggingFaceSilent, OAuthApp, Person

BACK = "https://org-app.hf.space/backend/sign-in/hugging-face/callback"
# RFC 7636, appendix B.
VERIFIER, CHALLENGE = (
    "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
    "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
)


@pytest.fixture
def hub() -> Iterator[HubStandIn]:
    with HubStandIn() as standin:
        yield standin
    assert standin.errors == []


def app_of(hub: HubStandIn, **changes: Any) -> OAuthApp:
    known = {
        "client_id": hub.sign_in.client_id,
        "client_secret": hub.sign_in.client_secret,
        "provider": hub.endpoint,
    }
    return OAuthApp(**(known | changes))


def code_from(hub: HubStandIn, there: HuggingFace) -> str:
    """What the browser brings back."""
    address = asyncio.run(there.address_to_ask(state="s", challenge=CHALLENGE, return_to=BACK))
    back = httpx.get(address).headers["location"]
    return parse_qs(urlsplit(back).query)["code"][0]


def person(there: HuggingFace, code: str, verifier: str = VERIFIER) -> Person:
    return asyncio.run(there.person(code, verifier=verifier, return_to=BACK))


def test_the_right_way(hub: HubStandIn) -> None:
    there = HuggingFace(app_of(hub))
    address = asyncio.run(there.address_to_ask(state="a state", challenge=CHALLENGE, return_to=BACK))
    assert address.startswith(f"{hub.endpoint}/oauth/authorize?")
    assert {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()} == {
        "response_type": "code",
        "client_id": "vitrina-test",
        "redirect_uri": BACK,
        "scope": "openid profile",
        "state": "a state",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
    }
    assert person(there, code_from(hub, there)) == Person("ana-0001", "ana")
    asked = [seen.path for seen in hub.requests if seen.path.startswith("/.well-known")]
    assert len(asked) == 1  # Kept for an hour.


def test_the_endpoints_are_asked_for_again_after_an_hour(hub: HubStandIn) -> None:
    now = [0.0]
    there = HuggingFace(app_of(hub), clock=lambda: now[0])
    for moment, asked in ((0.0, 1), (3599.0, 1), (3601.0, 2)):
        now[0] = moment
        asyncio.run(there.address_to_ask(state="s", challenge=CHALLENGE, return_to=BACK))
        assert hub.counts["sign in"] == asked


def test_a_code_is_worth_one_question_of_its_own_browser(hub: HubStandIn) -> None:
    there = HuggingFace(app_of(hub))
    code = code_from(hub, there)
    assert person(there, code).name == "ana"
    for spent, verifier in ((code, VERIFIER), (code_from(hub, there), "x" * 43), ("made up", VERIFIER)):
        with pytest.raises(Forbidden) as error:
            person(there, spent, verifier)
        assert str(error.value) == (
            "Expected a sign-in that was just begun; found one used already, or too old. Sign in again."
        )


@pytest.mark.parametrize(
    ("path", "how", "found"),
    [
        ("openid-configuration", {"status": 500}, "status 500"),
        ("oauth/token", {"status": 503}, "status 503"),
        ("oauth/userinfo", {"status": 429}, "status 429"),
        ("oauth/token", {"hang": 5.0}, "no answer within 0.3 seconds"),
        ("oauth/userinfo", {"slow": 0.2, "piece": 8}, "no answer within 0.3 seconds"),
        ("oauth/token", {"cut": True}, "no connection (RemoteProtocolError)"),
        ("oauth/userinfo", {"status": 302, "headers": {"Location": "http://127.0.0.1:1/"}}, "status 302"),
    ],
)
def test_a_provider_that_fails_is_named(hub: HubStandIn, path: str, how: dict[str, Any], found: str) -> None:
    code = code_from(hub, HuggingFace(app_of(hub)))
    hub.fault(path, **how)
    with pytest.raises(HuggingFaceSilent) as error:
        person(HuggingFace(app_of(hub), seconds=0.3), code)
    assert error.value.found == found
    assert error.value.expected == "an answer of Hugging Face that says who you are"
    assert error.value.next_step == "Try again in a minute, or sign in with a password."


@pytest.mark.parametrize(
    "user",
    [
        {},
        {"sub": "", "preferred_username": "ana"},
        {"sub": 7, "preferred_username": "ana"},
        {"sub": "x" * 201, "preferred_username": "ana"},
        {"sub": "1", "preferred_username": None},
        {"sub": "1", "preferred_username": "ana\n"},
        {"sub": "1", "preferred_username": "<b>"},
        {"sub": "1", "preferred_username": "ana@hf"},
        {"sub": "1", "preferred_username": "ana", "name": "x" * LARGEST_ANSWER},
    ],
)
def test_an_answer_that_is_not_understood_names_nobody(hub: HubStandIn, user: Any) -> None:
    there = HuggingFace(app_of(hub))
    code = code_from(hub, there)
    hub.sign_in.codes[code]["user"] = user
    with pytest.raises(HuggingFaceSilent):
        person(there, code)


@contextmanager
def saying(body: bytes, *, status: int = 200) -> Iterator[str]:
    """The address of a server that says `body` to everything."""

    class Saying(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Saying) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (b"<html>busy</html>", "an answer that is no JSON object"),
        (b'["a"]', "an answer that is no JSON object"),
        (b"null", "an answer that is no JSON object"),
        (b"\xff\xfe", "an answer that is no JSON object"),
        (b"[" * 20_000, "an answer that is no JSON object"),
        (b"{}", "a configuration that names no endpoints of its own host"),
        (
            b'{"authorization_endpoint": "https://[::1"}',
            "a configuration that names no endpoints of its own host",
        ),
        (b" " * (LARGEST_ANSWER + 1), f"more than {LARGEST_ANSWER} bytes"),
    ],
)
def test_what_is_no_answer_is_named(body: bytes, found: str) -> None:
    with saying(body) as provider, pytest.raises(HuggingFaceSilent) as error:
        person(HuggingFace(OAuthApp("id", "hush", provider)), "code")
    assert error.value.found == found


def test_a_wrong_secret_is_the_apps_own_fault_and_told_nowhere(hub: HubStandIn) -> None:
    there = HuggingFace(app_of(hub, client_secret="hush"))
    with pytest.raises(HuggingFaceSilent) as error:
        person(there, code_from(hub, there))
    assert error.value.found == "status 401"
    assert "hush" not in repr(there.app) + str(error.value)
    assert "client_secret" not in repr(there.app)


def test_a_client_that_is_refused_with_400_is_no_fault_of_the_code(hub: HubStandIn) -> None:
    there = HuggingFace(app_of(hub))
    code = code_from(hub, there)
    refusal = as_json({"error": "unauthorized_client"}, status=400)
    hub.sign_in.token = lambda request, endpoint: refusal  # type: ignore[method-assign]
    with pytest.raises(HuggingFaceSilent) as error:
        person(there, code)
    assert error.value.found == "a refusal of the app's own client id or secret"


def test_the_secret_goes_to_the_named_host_alone(hub: HubStandIn) -> None:
    with HubStandIn() as other:
        hub.state.endpoint = other.endpoint
        with pytest.raises(HuggingFaceSilent) as error:
            person(HuggingFace(app_of(hub)), "code")
        assert error.value.found == "a configuration that names no endpoints of its own host"
        assert other.requests == []


def test_the_app_is_what_a_space_is_given() -> None:
    environment = {
        "OAUTH_CLIENT_ID": "id",
        "OAUTH_CLIENT_SECRET": "hush",
        "OAUTH_SCOPES": "openid profile",
        "OPENID_PROVIDER_URL": "https://huggingface.co/",
        "SPACE_HOST": "org-app.hf.space,food.example",
    }
    app = OAuthApp.from_environment(environment)
    assert app == OAuthApp("id", "hush", "https://huggingface.co", "org-app.hf.space")
    for name in ("OAUTH_CLIENT_ID", "OAUTH_CLIENT_SECRET", "OPENID_PROVIDER_URL"):
        assert OAuthApp.from_environment(environment | {name: " "}) is None
    for address in ("http://huggingface.co", "huggingface.co", "ftp://127.0.0.1"):
        with pytest.raises(VitrinaError) as error:
            OAuthApp.from_environment(environment | {"OPENID_PROVIDER_URL": address})
        assert str(error.value) == (
            f"Expected an https address in OPENID_PROVIDER_URL; found '{address}'. Set it to https://huggingface.co."
        )
