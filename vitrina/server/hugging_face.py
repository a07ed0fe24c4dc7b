"""Whom Hugging Face says somebody is: its OpenID endpoints, asked."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

from vitrina.errors import Forbidden, VitrinaError

if TYPE_CHECKING:
    import httpx2

# One answer, from connecting to its last byte. A page waits for at most three of them.
ANSWER_SECONDS = 8.0
LARGEST_ANSWER = 64 * 1024
# Who may sign in is all that is asked; Spaces include these two whatever their settings say.
SCOPES = "openid profile"
OAUTH_VARIABLES = ("OAUTH_CLIENT_ID", "OAUTH_CLIENT_SECRET", "OPENID_PROVIDER_URL")
_ENDPOINTS = ("authorization_endpoint", "token_endpoint", "userinfo_endpoint")
_KEPT_SECONDS = 3600.0


class HuggingFaceSilent(VitrinaError):
    """Hugging Face did not answer, or not in a way that says who somebody is."""


@dataclass(frozen=True)
class OAuthApp:
    """The app that a Space with `hf_oauth: true` is given. `host` is the Space's own, "" elsewhere."""

    client_id: str
    client_secret: str = field(repr=False)
    provider: str
    host: str = ""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> OAuthApp | None:
        """Read OAUTH_CLIENT_ID, OAUTH_CLIENT_SECRET, OPENID_PROVIDER_URL (SPACE_HOST); None where one is absent.

        Raises VitrinaError for a provider that is not asked over HTTPS.
        """
        parts = [environment.get(name, "").strip() for name in OAUTH_VARIABLES]
        if not all(parts):
            return None
        address = urlsplit(parts[2])
        loopback = address.hostname in ("127.0.0.1", "localhost", "::1")
        if not address.netloc or not (address.scheme == "https" or (address.scheme == "http" and loopback)):
            raise VitrinaError(
                "an https address in OPENID_PROVIDER_URL",
                repr(parts[2])[:200],
                "Set it to https://huggingface.co.",
            )
        # With a domain of one's own it is a list, the Space's *.hf.space first: the only one that may be returned to.
        host = environment.get("SPACE_HOST", "").split(",")[0].strip()
        return cls(parts[0], parts[1], parts[2].rstrip("/"), host)


@dataclass(frozen=True)
class Person:
    """A user of Hugging Face. `subject` stays when `name` changes."""

    subject: str
    name: str


class HuggingFace:
    """The provider's endpoints. No secret, token or code is in an error or a log line of it."""

    def __init__(
        self,
        app: OAuthApp,
        *,
        seconds: float = ANSWER_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.app = app
        self._seconds = seconds
        self._clock = clock
        self._known: tuple[float, dict[str, str]] | None = None

    async def address_to_ask(self, *, state: str, challenge: str, return_to: str) -> str:
        """Where to send the browser. `challenge` is the S256 challenge of PKCE (RFC 7636).

        Raises HuggingFaceSilent.
        """
        endpoint = (await self._endpoints())["authorization_endpoint"]
        query = {
            "response_type": "code",
            "client_id": self.app.client_id,
            "redirect_uri": return_to,
            "scope": SCOPES,
            "state": state,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        return f"{endpoint}?{urlencode(query)}"

    async def person(self, code: str, *, verifier: str, return_to: str) -> Person:
        """Who came back with `code`, which is worth one question.

        Raises Forbidden where the code is refused (used already, too old, somebody else's), HuggingFaceSilent.
        """
        endpoints = await self._endpoints()
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": return_to,
            "client_id": self.app.client_id,
            "code_verifier": verifier,
        }
        secret = (self.app.client_id, self.app.client_secret)
        given = await self._ask("POST", endpoints["token_endpoint"], data=form, auth=secret)
        token = given.get("access_token")
        if not isinstance(token, str) or not token:
            raise _silent("an answer without an access token")
        told = await self._ask(
            "GET", endpoints["userinfo_endpoint"], headers={"Authorization": f"Bearer {token}"}
        )
        subject, name = told.get("sub"), told.get("preferred_username")
        if not (isinstance(subject, str) and 0 < len(subject) <= 200 and isinstance(name, str)):
            raise _silent("an answer that names nobody")
        if not re.fullmatch(r"[A-Za-z0-9_.-]{1,100}", name):
            raise _silent("an answer with a name that is none")
        return Person(subject, name)

    async def _endpoints(self) -> dict[str, str]:
        if self._known is not None and self._clock() < self._known[0]:
            return self._known[1]
        found = await self._ask("GET", f"{self.app.provider}/.well-known/openid-configuration")
        endpoints = {name: str(found.get(name, "")) for name in _ENDPOINTS}
        if not all(_origin(address) == _origin(self.app.provider) for address in endpoints.values()):
            # The secret goes there: nowhere but to the host that was named in the settings.
            raise _silent("a configuration that names no endpoints of its own host")
        self._known = (self._clock() + _KEPT_SECONDS, endpoints)
        return endpoints

    async def _ask(self, method: str, address: str, **options: Any) -> dict[str, Any]:
        import httpx2

        # Not compressed: what is read is then no longer than what is sent.
        headers = {"Accept": "application/json", "Accept-Encoding": "identity", **options.pop("headers", {})}
        try:
            async with (
                asyncio.timeout(self._seconds),
                httpx2.AsyncClient(timeout=self._seconds) as client,
                client.stream(method, address, headers=headers, **options) as answer,
            ):
                body = await _read(answer)
        except TimeoutError as error:
            raise _silent(f"no answer within {self._seconds:g} seconds") from error
        except (httpx2.HTTPError, httpx2.InvalidURL, OSError) as error:
            raise _silent(f"no connection ({type(error).__name__})") from error
        found = _object(body)
        if answer.status_code == 400 and method == "POST":
            raise _refused(found)
        if answer.status_code != 200:
            raise _silent(f"status {answer.status_code}")
        if found is None:
            raise _silent("an answer that is no JSON object")
        return found


async def _read(answer: httpx2.Response) -> bytes:
    body = bytearray()
    async for piece in answer.aiter_bytes():
        body += piece
        if len(body) > LARGEST_ANSWER:
            raise _silent(f"more than {LARGEST_ANSWER} bytes")
    return bytes(body)


def _origin(address: str) -> tuple[str, str]:
    try:
        parts = urlsplit(address)
    except ValueError:
        return "", ""
    return parts.scheme, parts.netloc


def _object(body: bytes) -> dict[str, Any] | None:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _refused(told: dict[str, Any] | None) -> VitrinaError:
    # RFC 6749, 5.2: these two are about the app's own settings, the rest about the code.
    if (told or {}).get("error") in ("invalid_client", "unauthorized_client"):
        return _silent("a refusal of the app's own client id or secret")
    return Forbidden("a sign-in that was just begun", "one used already, or too old", "Sign in again.")


def _silent(found: str) -> HuggingFaceSilent:
    return HuggingFaceSilent(
        "an answer of Hugging Face that says who you are",
        found,
        "Try again in a minute, or sign in with a password.",
    )
