"""Sign-in against the small Hub, step by step as an app does it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest

from tests.hub.standin import HubStandIn

BACK = "http://127.0.0.1:1/login/callback?from=hub"
VERIFIER = "a verifier of some forty signs, made by the app"
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()


def authorize(hub: HubStandIn, **more: str) -> httpx.Response:
    asked = {"client_id": hub.sign_in.client_id, "redirect_uri": BACK, "response_type": "code", "state": "s1"}
    asked |= {"scope": "openid profile"} | more
    return httpx.get(f"{hub.endpoint}/oauth/authorize?{urlencode(asked)}")


def code(hub: HubStandIn, **more: str) -> str:
    told = parse_qs(urlsplit(authorize(hub, **more).headers["Location"]).query)
    assert (told["from"], told["state"]) == (["hub"], ["s1"])
    return told["code"][0]


def token(hub: HubStandIn, code: str, secret: str | None = None, **more: str) -> httpx.Response:
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": BACK} | more
    client = (hub.sign_in.client_id, hub.sign_in.client_secret if secret is None else secret)
    return httpx.post(f"{hub.endpoint}/oauth/token", data=form, auth=client)


def test_a_user_signs_in(hub: HubStandIn) -> None:
    places = httpx.get(f"{hub.endpoint}/.well-known/openid-configuration").json()
    assert places["token_endpoint"] == f"{hub.endpoint}/oauth/token"
    hub.sign_in.user = {"sub": "7", "preferred_username": "berta", "name": "Berta", "orgs": []}
    told = token(hub, code(hub, nonce="n1"))
    assert told.status_code == 200
    access = {"Authorization": f"Bearer {told.json()['access_token']}"}
    assert httpx.get(places["userinfo_endpoint"], headers=access).json() == hub.sign_in.user
    head, body, mark = told.json()["id_token"].split(".")
    claims = json.loads(base64.urlsafe_b64decode(body + "=="))
    assert (claims["sub"], claims["nonce"], claims["iss"]) == ("7", "n1", hub.endpoint)
    signed = hmac.new(hub.sign_in.client_secret.encode(), f"{head}.{body}".encode(), hashlib.sha256).digest()
    assert base64.urlsafe_b64decode(mark + "=") == signed
    assert hub.writes == 0


def test_the_client_may_name_itself_in_the_form(hub: HubStandIn) -> None:
    sign_in = hub.sign_in
    form = {"grant_type": "authorization_code", "code": code(hub), "redirect_uri": BACK}
    form |= {"client_id": sign_in.client_id, "client_secret": sign_in.client_secret}
    assert httpx.post(f"{hub.endpoint}/oauth/token", data=form).status_code == 200


def test_a_code_is_good_once(hub: HubStandIn) -> None:
    given = code(hub)
    assert token(hub, given).status_code == 200
    assert token(hub, given).json()["error"] == "invalid_grant"


def test_a_code_with_a_challenge_needs_its_verifier(hub: HubStandIn) -> None:
    asked = {"code_challenge": CHALLENGE, "code_challenge_method": "S256"}
    for verifier in ({}, {"code_verifier": "another"}):
        assert token(hub, code(hub, **asked), **verifier).json()["error"] == "invalid_grant"
    assert token(hub, code(hub, **asked), code_verifier=VERIFIER).status_code == 200


@pytest.mark.parametrize(
    ("more", "status", "error"),
    [
        ({"secret": "wrong"}, 401, "invalid_client"),
        ({"code": "made up"}, 400, "invalid_grant"),
        ({"redirect_uri": "http://127.0.0.1:1/elsewhere"}, 400, "invalid_grant"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
    ],
)
def test_no_token(hub: HubStandIn, more: dict[str, str], status: int, error: str) -> None:
    answer = token(hub, **{"code": code(hub), **more})
    assert (answer.status_code, answer.json()["error"]) == (status, error)
    userinfo = httpx.get(f"{hub.endpoint}/oauth/userinfo", headers={"Authorization": "Bearer made-up"})
    assert userinfo.status_code == 401


def test_no_code(hub: HubStandIn) -> None:
    assert authorize(hub, client_id="another").status_code == 400
    assert authorize(hub, response_type="token").status_code == 400
    hub.sign_in.redirects = ["http://127.0.0.1:2/login/callback"]
    assert authorize(hub).status_code == 400
    hub.sign_in.redirects.append(BACK)
    assert authorize(hub).status_code == 302
    hub.sign_in.consent = False
    assert parse_qs(urlsplit(authorize(hub).headers["Location"]).query)["error"] == ["access_denied"]
