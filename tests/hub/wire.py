"""Requests as they came, answers as they go, the Hub's way of saying no."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit


@dataclass(frozen=True)
class Account:
    """Who a token stands for."""

    name: str
    write: bool = True
    organizations: tuple[str, ...] = ("org",)


@dataclass(frozen=True)
class Request:
    """`target`: path with query, as sent. `account`: whose token came along, if one did."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes
    account: Account | None = None

    @property
    def path(self) -> str:
        return urlsplit(self.target).path

    @property
    def query(self) -> dict[str, list[str]]:
        return parse_qs(urlsplit(self.target).query)

    def asked(self, name: str, default: str = "") -> str:
        return self.query.get(name, [default])[0]

    def flag(self, name: str) -> bool:
        return self.asked(name).lower() in ("true", "1")

    def json(self) -> dict[str, Any]:
        try:
            told = json.loads(self.body or b"{}")
        except ValueError as error:
            raise Refusal(400, "The body is not JSON.") from error
        if not isinstance(told, dict):
            raise Refusal(400, "The body is not a JSON object.")
        return told

    def form(self) -> dict[str, list[str]]:
        """The fields of a form, sent as such or as JSON."""
        if "json" in self.headers.get("Content-Type", ""):
            return {key: value if isinstance(value, list) else [value] for key, value in self.json().items()}
        return parse_qs(self.body.decode())


@dataclass
class Answer:
    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


class Refusal(Exception):
    """A request that gets an error; `code` is what the client reads from X-Error-Code."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        code: str | None = None,
        headers: Mapping[str, str] | None = None,
        more: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        told = {"X-Error-Message": message} | ({"X-Error-Code": code} if code else {}) | dict(headers or {})
        self.answer = as_json({"error": message, **(more or {})}, status=status, headers=told)


class Seen(NamedTuple):
    """A request that came. `status` 0: no whole answer went out."""

    method: str
    path: str
    status: int


def as_json(data: object, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Answer:
    told = {"Content-Type": "application/json; charset=utf-8", **(headers or {})}
    return Answer(status, json.dumps(data).encode(), told)
