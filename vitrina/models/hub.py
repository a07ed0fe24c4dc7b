"""Fetching a version of a model from its repository."""

from __future__ import annotations

import fnmatch
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from vitrina.errors import ModelUnavailable
from vitrina.models.checkpoint import SETTINGS
from vitrina.models.damage import damage
from vitrina.models.hub_refusals import failed, no_room, refused
from vitrina.models.reference import ModelReference
from vitrina.repositories.deadline import bound_the_client
from vitrina.repositories.folder import FolderRepository
from vitrina.repositories.manifest import MANIFEST
from vitrina.repositories.opening import folder_of
from vitrina.repositories.patience import Patience
from vitrina.repositories.repository import Repository, RepositoryError, is_commit

if TYPE_CHECKING:
    from huggingface_hub import RepoFile
    from huggingface_hub.hf_api import ModelInfo

# Everything a transformers image classifier needs, and what tells of it; code and pickles stay on the Hub.
_WANTED = [
    "config.json",
    "preprocessor_config.json",
    "processor_config.json",
    "model*.safetensors",
    "model.safetensors.index.json",
    "golden.png",
    "vitrina_manifest.json",
    "eval_results.json",
    "README.md",
]
# In these patterns "*" means "/" too: nothing out of a folder is wanted.
_UNWANTED = ["*/*"]
# Bytes of all wanted files together. A visitor who compares versions makes the server fetch them.
LARGEST_MODEL = 8 << 30
_PICKLED = (".bin", ".pt", ".pth", ".ckpt", ".h5", ".msgpack")
_SECONDS = 15.0
# Whoever waits for a model waits for this: two tries more, seconds apart.
PATIENCE = Patience(tries=3, first_wait=0.5, longest_wait=5.0)


def fetch(
    reference: ModelReference, *, endpoint: str | None = None, patience: Patience = PATIENCE
) -> tuple[Path, str]:
    """(local folder, commit) of `org/name@revision` or `file:///folder@revision`; without a revision what `main` points
    to now.

    A full commit that was fetched whole is read from the cache and the Hub is not asked, because it is certain to be
    the same; of a branch only the Hub knows. What is damaged there is fetched afresh, once. `endpoint` is the Hub's
    address, else that of HF_ENDPOINT. Raises ModelUnavailable: unreachable, no such repository or revision, not
    allowed, no safetensors, too large (LARGEST_MODEL), no room, files that are not those that the manifest names.
    """
    if reference.kind == "repository":
        return _from_folder(reference)
    cached = _cached(reference) if is_commit(reference.revision or "") else None
    broken = None if cached is None else damage(cached, said=str(reference))
    usable = cached is not None and broken is None
    if cached is not None and usable and _is_complete(cached, reference):
        return cached, str(reference.revision)
    try:
        return _from_hub(reference, endpoint, patience)
    except ModelUnavailable as error:
        # Whoever loaded it for a pipeline left what that needs; without the Hub this is what there is. Unless what came
        # by now, a listing or a manifest, says otherwise.
        there = _cached(reference) if usable else None
        if there is not None and damage(there, said=str(reference)) is None:
            return there, str(reference.revision)
        if broken is None:
            raise
        raise ModelUnavailable(
            broken.expected, f"{broken.found} in the cache; and {error.found}", error.next_step
        ) from error


def _from_folder(reference: ModelReference) -> tuple[Path, str]:
    place = folder_of(reference.name)
    assert place is not None
    repository = FolderRepository(place)
    try:
        commit = commit_of(repository, reference)
        folder = repository.download(commit)
    except RepositoryError as error:
        raise ModelUnavailable(error.expected, error.found, error.next_step) from error
    broken = damage(folder, said=str(reference))
    if broken is not None:
        raise ModelUnavailable(
            broken.expected, broken.found, "Restore the folder from a copy, or publish the version again."
        )
    return folder, commit


def commit_of(repository: Repository, reference: ModelReference) -> str:
    """What the reference's revision names there, `main` where it names none. Raises RepositoryError."""
    revision = reference.revision or "main"
    commit = repository.resolve(revision)
    if commit is None:
        raise RepositoryError(
            f"the revision {revision} of {reference.name}",
            "none of that name",
            "Name a branch, tag or commit that it has.",
        )
    return commit


def _from_hub(reference: ModelReference, endpoint: str | None, patience: Patience) -> tuple[Path, str]:
    from huggingface_hub.errors import HfHubHTTPError

    bound_the_client()
    try:
        info = patience.ask(lambda: _info(reference, endpoint))
        _require_safetensors(info, reference)
        commit = str(info.sha)
        _require_room(patience.ask(lambda: _wanted_files(reference, commit, endpoint)), reference)
        folder = patience.ask(lambda: _download(reference, commit, endpoint))
        broken = damage(folder, said=str(reference))
        if broken is not None:
            folder = patience.ask(lambda: _download(reference, commit, endpoint, again=True))
            broken = damage(folder, said=str(reference))
    except ModelUnavailable:
        raise
    except HfHubHTTPError as error:
        raise refused(reference, error) from error
    # Whatever else the network raises (the client's own errors, OSError, offline mode) means the same here.
    except Exception as error:
        raise failed(reference, error, endpoint) from error
    if broken is not None:
        raise broken
    return folder, commit


def _info(reference: ModelReference, endpoint: str | None) -> ModelInfo:
    from huggingface_hub import HfApi

    return HfApi(endpoint=endpoint).model_info(reference.name, revision=reference.revision, timeout=_SECONDS)


def _require_safetensors(info: ModelInfo, reference: ModelReference) -> None:
    files = [sibling.rfilename for sibling in info.siblings or []]
    if any(name.endswith(".safetensors") for name in files):
        return
    pickles = sorted(name for name in files if name.endswith(_PICKLED))
    raise ModelUnavailable(
        f"model.safetensors in {reference}",
        ", ".join(pickles[:3]) or "no weights",
        "Choose a revision with safetensors; pickled weights can run code and are never opened.",
    )


def _wanted_files(reference: ModelReference, commit: str, endpoint: str | None) -> list[RepoFile]:
    from huggingface_hub import HfApi, RepoFile

    tree = HfApi(endpoint=endpoint).list_repo_tree(reference.name, revision=commit)
    return [one for one in tree if isinstance(one, RepoFile) and _is_wanted(one.path)]


def _require_room(files: list[RepoFile], reference: ModelReference) -> None:
    """Before a byte travels. What the cache has already, by its SHA-256, needs no room."""
    whole = sum(one.size for one in files)
    if whole > LARGEST_MODEL:
        raise ModelUnavailable(
            f"a model of at most {LARGEST_MODEL / 1e9:.2f} GB in {reference}",
            f"{whole / 1e9:.2f} GB",
            "Choose a smaller model, or download it to a folder yourself and name that.",
        )
    kept = _blobs(reference)
    missing = sum(one.size for one in files if one.lfs is None or not (kept / one.lfs.sha256).is_file())
    free = shutil.disk_usage(next(place for place in kept.parents if place.is_dir())).free
    if missing > free:
        raise no_room(reference, f"{missing / 1e6:.2f} MB to fetch and {free / 1e6:.2f} MB free")


def _blobs(reference: ModelReference) -> Path:
    """Where the client's cache keeps the contents of the repository's files."""
    from huggingface_hub import constants
    from huggingface_hub.file_download import repo_folder_name

    folder = repo_folder_name(repo_id=reference.name, repo_type="model")
    return Path(constants.HF_HUB_CACHE).absolute() / folder / "blobs"


def _download(reference: ModelReference, commit: str, endpoint: str | None, *, again: bool = False) -> Path:
    """With `again` everything travels anew, and takes the place of what the cache holds.

    The manifest comes last: where it is, all that it names is. What is cut off before can be used like the files of
    anybody else.
    """
    from huggingface_hub import snapshot_download

    def travel(wanted: list[str], unwanted: list[str]) -> str:
        return snapshot_download(
            reference.name,
            revision=commit,
            allow_patterns=wanted,
            ignore_patterns=unwanted,
            endpoint=endpoint,
            force_download=again,
        )

    _unwrapped(lambda: travel(_WANTED, [*_UNWANTED, MANIFEST]))
    return Path(_unwrapped(lambda: travel([MANIFEST], _UNWANTED)))


def _unwrapped(call: Callable[[], str]) -> str:
    """Raises what the Hub answered, which the client hides behind "not in the cache"."""
    from huggingface_hub.errors import LocalEntryNotFoundError

    try:
        return call()
    except LocalEntryNotFoundError as error:
        if isinstance(error.__cause__, Exception):
            raise error.__cause__ from None
        raise


def _cached(reference: ModelReference) -> Path | None:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import IncompleteSnapshotError, LocalEntryNotFoundError

    try:
        folder = snapshot_download(
            reference.name,
            revision=reference.revision,
            allow_patterns=_WANTED,
            ignore_patterns=_UNWANTED,
            local_files_only=True,
        )
    except IncompleteSnapshotError as error:
        # A listing of the commit names more: what there is may be enough to answer with.
        folder = error.snapshot_path
        if not _has_what_loads(Path(folder), reference):
            return None
    except LocalEntryNotFoundError:
        return None
    # Who read a small file of the version, its manifest, leaves a folder with that alone.
    return Path(folder) if any(Path(folder).glob("*.safetensors")) else None


def _has_what_loads(folder: Path, reference: ModelReference) -> bool:
    """Whether the settings and weights that a listing of the commit names are there, whatever else is not."""
    needed = [path for path in _listed(reference) or [] if path in SETTINGS or path.endswith(".safetensors")]
    return all((folder / path).is_file() for path in needed)


def _is_complete(cached: Path, reference: ModelReference) -> bool:
    """Whether all that is wanted of the commit is there: with its manifest, or as a listing of the commit says.

    A pipeline leaves the weights and the configuration, and no listing.
    """
    if (cached / MANIFEST).is_file():
        return True
    listed = _listed(reference)
    return listed is not None and all((cached / path).is_file() for path in listed)


def _listed(reference: ModelReference) -> list[str] | None:
    """What is wanted of the files that a listing of the commit in the cache names; None where it holds no listing."""
    from huggingface_hub import get_cached_repo_tree
    from huggingface_hub.errors import CachedRepoTreeNotFoundError

    try:
        tree = get_cached_repo_tree(reference.name, revision=reference.revision)
    except CachedRepoTreeNotFoundError:
        return None
    return [one.path for one in tree if "/" not in one.path and _is_wanted(one.path)]


def _is_wanted(path: str) -> bool:
    return any(fnmatch.fnmatch(path, pattern) for pattern in _WANTED)
