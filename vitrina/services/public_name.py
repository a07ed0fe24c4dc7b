"""A model's name, and that it does not answer, as everyone may read it."""

from __future__ import annotations

from pathlib import PurePosixPath
from urllib.parse import unquote

from vitrina.errors import ModelUnavailable


def public_name(reference: str | None) -> str | None:
    """ "file:///srv/models/food@<commit>" becomes "food@<commit>": where it lies on the disk is nobody's business.

    Names of the Hub, bundled ones, and those of models in the data folder stay as they are.
    """
    if reference is None or not reference.startswith(("file:", "/")):
        return reference
    place, at, revision = reference.rpartition("@")
    return PurePosixPath(unquote(place if at else revision)).name + (at + revision if at else "")


def unavailable(reference: str | None, next_step: str) -> ModelUnavailable:
    """What a visitor is told of a model that cannot be loaded: why, and where it lies, are for staff and the log."""
    return ModelUnavailable(f"the model {public_name(reference)}", "that it cannot be loaded now", next_step)
