"""Whose request it is where proxies stand before the server."""

from __future__ import annotations

import ipaddress

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send


class ProxyHops:
    """Puts the caller's address in the scope: the one `hops` from the right of X-Forwarded-For.

    Each proxy appends the address that spoke to it; what stands further left is what the caller wrote, and is
    believed by nobody. With 0 hops, a chain shorter than `hops` or text that is no address, the caller is the
    peer of the connection. The scheme that the proxy was asked with is taken over too.
    """

    def __init__(self, app: ASGIApp, *, hops: int) -> None:
        self.app = app
        self.hops = hops

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self.hops and scope["type"] in ("http", "websocket"):
            headers = Headers(scope=scope)
            address = _address(",".join(headers.getlist("x-forwarded-for")), self.hops)
            if address is not None:
                scope = {**scope, "client": (address, 0)}
            scheme = headers.get("x-forwarded-proto", "").split(",")[0].strip()
            if scope["type"] == "http" and scheme in ("http", "https"):
                scope = {**scope, "scheme": scheme}
        await self.app(scope, receive, send)


def _address(chain: str, hops: int) -> str | None:
    parts = chain.split(",")
    if len(parts) < hops:
        return None
    text = parts[-hops].strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        return None
