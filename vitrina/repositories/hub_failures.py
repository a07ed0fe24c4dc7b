"""What went wrong at the Hub, in our three parts."""

from __future__ import annotations

from vitrina.repositories.patience import passes, status_of
from vitrina.repositories.repository import RepositoryChanged, RepositoryError, RepositoryUnreachable

_SIGN_IN = (
    "Set HF_TOKEN to a token that may read it, and write to it where something is sent, or correct the name."
)


def as_ours(problem: Exception, *, said: str) -> RepositoryError:
    """The failure as a RepositoryError; `said` names the repository. No token and no address of a request is in it."""
    from huggingface_hub.errors import (
        GatedRepoError,
        LocalEntryNotFoundError,
        LocalTokenNotFoundError,
        OfflineModeIsEnabled,
    )

    status = status_of(problem)
    if isinstance(problem, LocalTokenNotFoundError):
        return RepositoryError(f"a token of the Hub for {said}", "none", _SIGN_IN)
    if isinstance(problem, OfflineModeIsEnabled):
        return RepositoryUnreachable(
            f"{said} on the Hub", "HF_HUB_OFFLINE=1, which forbids asking", "Unset it, then try again."
        )
    if isinstance(problem, GatedRepoError):
        return RepositoryError(
            f"access to {said}", "that it is gated", "Accept its terms on the Hub and set HF_TOKEN."
        )
    if status is not None:
        return _answered(problem, status, said=said)
    if isinstance(problem, LocalEntryNotFoundError):
        return RepositoryUnreachable(
            f"{said} on the Hub or in the cache", "neither", "Check the network, then try again."
        )
    if passes(problem):
        return RepositoryUnreachable(
            f"an answer for {said} from the Hub",
            f"none ({type(problem).__name__})",
            "Check the network, then try again: what was done already is not done twice.",
        )
    return RepositoryError(
        f"{said} as the Hub keeps it",
        f"{type(problem).__name__}: {str(problem).splitlines()[0] if str(problem) else ''}"[:200].rstrip(
            ": ."
        ),
        "Put that right, then try again.",
    )


def _answered(problem: Exception, status: int, *, said: str) -> RepositoryError:
    from huggingface_hub.errors import EntryNotFoundError, RevisionNotFoundError

    if status in (409, 412):
        return RepositoryChanged(
            f"{said} as it was read",
            f"that it changed meanwhile (HTTP {status})",
            "Somebody else was faster: look at what is there, then try again.",
        )
    if isinstance(problem, RevisionNotFoundError):
        return RepositoryError(
            f"that revision of {said}", "none of that name", "Name a branch, tag or commit that it has."
        )
    if isinstance(problem, EntryNotFoundError):
        return RepositoryError(f"that file in {said}", "no such file", "Name another file or version.")
    if status in (401, 403):
        found = "no right to it, or no such repository" if status == 401 else "that this token may not do it"
        return RepositoryError(f"access to {said}", f"{found} (HTTP {status})", _SIGN_IN)
    if status == 404:
        return RepositoryError(
            said, "no such repository (or a private one)", "Correct the name; set HF_TOKEN for a private one."
        )
    if passes(problem):
        found = "too many requests" if status == 429 else "that the Hub cannot answer now"
        return RepositoryUnreachable(
            f"an answer for {said} from the Hub",
            f"{found} (HTTP {status})",
            "Wait a few minutes, then try again: what was done already is not done twice.",
        )
    return RepositoryError(
        f"that the Hub takes what is sent to {said}",
        f"HTTP {status}",
        "Look at what was sent, then try again.",
    )
