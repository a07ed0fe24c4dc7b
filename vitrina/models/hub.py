"""Fetching a model repository from the Hub."""

from __future__ import annotations

from pathlib import Path

from vitrina.errors import ModelUnavailable
from vitrina.models.reference import ModelReference

# Everything a transformers image classifier needs; code and pickles stay on the Hub.
_WANTED = [
    "config.json",
    "preprocessor_config.json",
    "processor_config.json",
    "model*.safetensors",
    "model.safetensors.index.json",
]
_COMMIT_LENGTH = 40
_SECONDS = 15.0


def fetch(reference: ModelReference) -> tuple[Path, str]:
    """(local folder, commit) of `org/name@revision`; without a revision the commit `main` points to now.

    A full commit that was fetched before is read from the cache when the Hub is unreachable, because it is
    certain to be the same; a branch is not. Raises ModelUnavailable: unreachable, no such repository or
    revision, not allowed, no safetensors.
    """
    from huggingface_hub import HfApi, snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

    try:
        info = HfApi().model_info(reference.name, revision=reference.revision, timeout=_SECONDS)
    except HfHubHTTPError as error:
        raise _refused(reference, error) from error
    # Whatever the network raises (the client's own errors, OSError, offline mode) means the same here.
    except Exception as error:
        cached = _cached(reference)
        if cached is not None:
            return cached
        raise _unreachable(reference, error) from error
    files = [sibling.rfilename for sibling in info.siblings or []]
    if not any(name.endswith(".safetensors") for name in files):
        pickles = [
            name for name in files if name.endswith((".bin", ".pt", ".pth", ".ckpt", ".h5", ".msgpack"))
        ]
        raise ModelUnavailable(
            f"model.safetensors in {reference}",
            ", ".join(sorted(pickles)[:3]) or "no weights",
            "Choose a revision with safetensors; pickled weights can run code and are never opened.",
        )
    try:
        folder = snapshot_download(reference.name, revision=info.sha, allow_patterns=_WANTED)
    except (HfHubHTTPError, LocalEntryNotFoundError, OSError) as error:
        raise _unreachable(reference, error) from error
    return Path(folder), str(info.sha)


def _cached(reference: ModelReference) -> tuple[Path, str] | None:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import LocalEntryNotFoundError

    commit = reference.revision or ""
    if len(commit) != _COMMIT_LENGTH:
        return None
    try:
        folder = snapshot_download(
            reference.name, revision=commit, allow_patterns=_WANTED, local_files_only=True
        )
    except LocalEntryNotFoundError:
        return None
    return Path(folder), commit


def _unreachable(reference: ModelReference, error: Exception) -> ModelUnavailable:
    from huggingface_hub import constants

    return ModelUnavailable(
        f"the model {reference} from the Hub at {constants.ENDPOINT}",
        f"that it cannot be reached ({type(error).__name__})",
        "Check the network, or use bundled/efficientnet-lite0 or a folder, which need none.",
    )


def _refused(reference: ModelReference, error: Exception) -> ModelUnavailable:
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
