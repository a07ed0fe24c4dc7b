"""Sign-in by account: the Hub's OpenID endpoints, which say yes for the user that the test chose."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode, urlsplit

from tests.hub.wire import Answer, Refusal, Request, as_json


def _user() -> dict[str, Any]:
    return {
        "sub": "ana-0001",
        "name": "Ana",
        "preferred_username": "ana",
        "profile": "https://huggingface.co/ana",
        "picture": "https://huggingface.co/ana.png",
        "email": "ana@example.org",
        "email_verified": True,
        "orgs": [{"sub": "org-0001", "name": "Org", "preferred_username": "org", "roleInOrg": "admin"}],
    }


@dataclass
class SignIn:
    """`user`: who signs in next. `redirects`: where to (empty: anywhere). `consent` False: the user says no."""

    client_id: str = "vitrina-test"
    client_secret: str = "a secret of the test"
    user: dict[str, Any] = field(default_factory=_user)
    redirects: list[str] = field(default_factory=list)
    consent: bool = True
    codes: dict[str, dict[str, Any]] = field(default_factory=dict)
    access: dict[str, dict[str, Any]] = field(default_factory=dict)

    def configuration(self, endpoint: str) -> Answer:
        return as_json(
            {
                "issuer": endpoint,
                "authorization_endpoint": f"{endpoint}/oauth/authorize",
                "token_endpoint": f"{endpoint}/oauth/token",
                "userinfo_endpoint": f"{endpoint}/oauth/userinfo",
                "scopes_supported": ["openid", "profile", "email"],
                "response_types_supported": ["code"],
                "grant_types_supported": ["authorization_code"],
                "code_challenge_methods_supported": ["S256"],
                "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
                "id_token_signing_alg_values_supported": ["HS256"],
                "subject_types_supported": ["public"],
            }
        )

    def authorize(self, request: Request) -> Answer:
        """Back to the app with a code and its state; no page to press a button on."""
        back = request.asked("redirect_uri")
        if request.asked("client_id") != self.client_id:
            raise Refusal(400, "Unknown client_id")
        if not urlsplit(back).scheme or (self.redirects and back not in self.redirects):
            raise Refusal(400, "redirect_uri is not one of the app's")
        if request.asked("response_type") != "code":
            raise Refusal(400, "response_type must be code")
        told = {"state": request.asked("state")} if request.asked("state") else {}
        if not self.consent:
            told |= {"error": "access_denied", "error_description": "The user denied the request"}
        else:
            told["code"] = secrets.token_urlsafe(16)
            names = ("redirect_uri", "scope", "nonce", "code_challenge", "code_challenge_method")
            self.codes[told["code"]] = {name: request.asked(name) for name in names} | {
                "user": dict(self.user)
            }
        sign = "&" if urlsplit(back).query else "?"
        return Answer(302, headers={"Location": f"{back}{sign}{urlencode(told)}"})

    def token(self, request: Request, endpoint: str) -> Answer:
        """A code, once, for an access token."""
        form = {name: values[0] for name, values in request.form().items()}
        if self._client(request, form) != (self.client_id, self.client_secret):
            raise _error("invalid_client", "Client authentication failed", status=401)
        if form.get("grant_type") != "authorization_code":
            raise _error("unsupported_grant_type", "only authorization_code")
        told = self.codes.pop(form.get("code", ""), None)
        if told is None:
            raise _error("invalid_grant", "The code is unknown or was used before")
        if form.get("redirect_uri") != told["redirect_uri"]:
            raise _error("invalid_grant", "redirect_uri is not the one of the code")
        if told["code_challenge"] and not _proves(told, form.get("code_verifier", "")):
            raise _error("invalid_grant", "code_verifier does not fit code_challenge")
        access = f"hf_oauth_{secrets.token_urlsafe(16)}"
        self.access[access] = told["user"]
        answer = {"access_token": access, "token_type": "bearer", "expires_in": 28800, "scope": told["scope"]}
        if "openid" in told["scope"].split():
            answer["id_token"] = self._signed(told, endpoint)
        return as_json(answer, headers={"Cache-Control": "no-store"})

    def userinfo(self, request: Request) -> Answer:
        access = (request.headers.get("Authorization") or "").removeprefix("Bearer ")
        if access not in self.access:
            raise _error("invalid_token", "The access token is unknown", status=401)
        return as_json(self.access[access])

    def _client(self, request: Request, form: dict[str, str]) -> tuple[str, str]:
        told = request.headers.get("Authorization") or ""
        if told.startswith("Basic "):
            try:
                name, _, secret = base64.b64decode(told.removeprefix("Basic ")).decode().partition(":")
            except ValueError:
                return "", ""
            return name, secret
        return form.get("client_id", ""), form.get("client_secret", "")

    def _signed(self, told: dict[str, Any], endpoint: str) -> str:
        """The identity as a JSON Web Token under the client's secret."""
        begun = int(time.time())
        claims = told["user"] | {"iss": endpoint, "aud": self.client_id, "iat": begun, "exp": begun + 28800}
        if told["nonce"]:
            claims["nonce"] = told["nonce"]
        parts = [_base64(json.dumps(part).encode()) for part in ({"alg": "HS256", "typ": "JWT"}, claims)]
        body = ".".join(parts)
        mark = hmac.new(self.client_secret.encode(), body.encode(), hashlib.sha256).digest()
        return f"{body}.{_base64(mark)}"


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _proves(told: dict[str, Any], verifier: str) -> bool:
    if told["code_challenge_method"] == "S256":
        return _base64(hashlib.sha256(verifier.encode()).digest()) == told["code_challenge"]
    return bool(verifier == told["code_challenge"])


def _error(name: str, description: str, *, status: int = 400) -> Refusal:
    refusal = Refusal(status, description)
    refusal.answer = as_json({"error": name, "error_description": description}, status=status)
    return refusal
