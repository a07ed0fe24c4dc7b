"""Errors that say what was expected, what was found, what to do next."""

from __future__ import annotations


class VitrinaError(Exception):
    """An error in three parts, so that whoever reads it can act on it.

    `expected` and `found` are noun phrases without a full stop; `next_step` is a whole sentence.
    """

    def __init__(self, expected: str, found: str, next_step: str) -> None:
        super().__init__(expected, found, next_step)
        self.expected = expected
        self.found = found
        self.next_step = next_step

    def __str__(self) -> str:
        return f"Expected {self.expected}; found {self.found}. {self.next_step}"


class PictureRefused(VitrinaError):
    """A file that is not taken as a picture. `reason` is a short code, stable across versions:

    empty, not_a_picture, format_not_allowed, truncated, corrupt, too_many_pixels, side_too_long,
    too_many_bytes, too_slow, too_much_memory, decoder_died.
    """

    def __init__(self, expected: str, found: str, next_step: str, *, reason: str) -> None:
        super().__init__(expected, found, next_step)
        self.reason = reason

    def __reduce__(self) -> tuple[object, ...]:
        # Exceptions cross process borders by pickle, which knows nothing of keyword-only arguments.
        return _rebuild_refusal, (self.expected, self.found, self.next_step, self.reason)


def _rebuild_refusal(expected: str, found: str, next_step: str, reason: str) -> PictureRefused:
    return PictureRefused(expected, found, next_step, reason=reason)


class BadRequest(VitrinaError):
    """The request itself is wrong (HTTP 400)."""


class Forbidden(VitrinaError):
    """The principal may not do this (HTTP 403)."""


class NotFound(VitrinaError):
    """There is no such thing (HTTP 404)."""


class Conflict(VitrinaError):
    """The thing exists already, or was already done (HTTP 409)."""


class Stale(Conflict):
    """Somebody else changed it since it was read (HTTP 409)."""


class TooMany(VitrinaError):
    """Too many attempts in too short a time (HTTP 429). `wait_seconds` says when to come back."""

    def __init__(self, expected: str, found: str, next_step: str, *, wait_seconds: int) -> None:
        super().__init__(expected, found, next_step)
        self.wait_seconds = wait_seconds


class OutOfSpace(VitrinaError):
    """The disk is nearly full: uploads stop, labels still work (HTTP 507)."""


class Busy(VitrinaError):
    """Somebody else holds what is needed, longer than it is worth waiting (HTTP 503)."""


class ModelUnavailable(VitrinaError):
    """A model that cannot be loaded, or is not ready yet (HTTP 503)."""
