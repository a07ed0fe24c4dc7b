"""Why a version of a model did not come, in our three parts."""

from __future__ import annotations

import errno
from collections.abc import Iterator

from vitrina.errors import ModelUnavailable
from vitrina.models.reference import ModelReference

_FULL = (errno.ENOSPC, errno.EDQUOT)


def no_room(reference: ModelReference, found: str) -> ModelUnavailable:
    """The disk of the cache is full, or would be."""
    return ModelUnavailable(
        f"room in the cache for the model {reference}",
        found,
        "Free some, or set HF_HOME to a folder on a larger disk.",
    )


def failed(reference: ModelReference, error: Exception, endpoint: str | None) -> ModelUnavailable:
    """What no answer of the Hub tells: no network, no room, a name that is none."""
    from huggingface_hub import constants
    from huggingface_hub.errors import HFValidationError

    if isinstance(error, HFValidationError):
        return ModelUnavailable(
            "a name that a repository on the Hub can have",
            repr(reference.name)[:120],
            "Correct the name; a folder is written as ./folder.",
        )
    if any(isinstance(one, OSError) and one.errno in _FULL for one in _causes(error)):
        return no_room(reference, "a disk that is full")
    return ModelUnavailable(
        f"the model {reference} from the Hub at {endpoint or constants.ENDPOINT}",
        f"that it cannot be reached ({type(error).__name__})",
        "Check the network, or use bundled/efficientnet-lite0 or a folder, which need none.",
    )


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """The failure and what it came of: the client puts some into others."""
    while error is not None:
        yield error
        error = error.__cause__


def refused(reference: ModelReference, error: Exception) -> ModelUnavailable:
    """What the Hub answered, in our three parts."""
    from huggingface_hub.errors import GatedRepoError, RepositoryNotFoundError, RevisionNotFoundError

    found = f"the answer {getattr(getattr(error, 'response', None), 'status_code', 'error')}"
    step = "Try again later."
    if isinstance(error, GatedRepoError):
        found, step = "that it is gated", "Accept its terms on the Hub and set HF_TOKEN."
    elif isinstance(error, RevisionNotFoundError):
        found, step = (
            f"no revision {reference.revision}",
            "Name a branch, tag or commit that the repository has.",
        )
    elif isinstance(error, RepositoryNotFoundError):
        found = "no such repository (or a private one)"
        step = "Check the name; set HF_TOKEN for a private one; a folder is written as ./folder."
    return ModelUnavailable(f"the model {reference} on the Hub", found, step)
