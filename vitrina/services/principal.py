"""Who is asking."""

from __future__ import annotations

from dataclasses import dataclass

from vitrina.errors import Forbidden

# The __Host- prefix makes the browser refuse the cookie unless it is Secure, host-only and for the whole host.
SESSION_COOKIE = "__Host-vitrina"


@dataclass(frozen=True, slots=True)
class Principal:
    """A visitor, or a member of staff by name. `address` is the peer's, after trusted proxies."""

    name: str | None
    address: str
    is_staff: bool = False

    @property
    def actor(self) -> str:
        """How events name them: `staff:ana` or `visitor`."""
        return f"staff:{self.name}" if self.is_staff else "visitor"

    def require_staff(self) -> None:
        """Raises Forbidden for a visitor. Every staff call of the service layer begins with this."""
        if not self.is_staff:
            raise Forbidden("a signed-in member of staff", "a visitor", "Sign in at /backend/sign-in.")
