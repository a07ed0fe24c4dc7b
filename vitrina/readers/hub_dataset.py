"""Data sets of the `datasets` library: a folder it saved, or a repository on the Hub."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vitrina.errors import BadRequest, NotFound, VitrinaError
from vitrina.readers.budget import DEFAULT_ARCHIVE_LIMITS, MIB, ArchiveLimits
from vitrina.readers.names import listed, shown
from vitrina.readers.saved import Origin, SavedSource, as_source

if TYPE_CHECKING:
    import datasets

_DICT, _STATE, _INFO = "dataset_dict.json", "state.json", "dataset_info.json"
_NAME = re.compile(r"[\w][\w.-]*", re.ASCII)
_COMMIT = re.compile(r"[0-9a-f]{40}")
_SECONDS = 15.0
# Readers of the library that keep to the files of the repository; its HDF5 one, say, follows links elsewhere.
_BUILDERS = ("parquet", "arrow", "imagefolder", "webdataset")
_ANEW = "Save the data set anew with save_to_disk."


def fits(path: Path) -> bool:
    """Whether `path` is a folder that `save_to_disk` wrote."""
    return (path / _DICT).is_file() or ((path / _STATE).is_file() and (path / _INFO).is_file())


def read_saved_dataset(
    path: Path, *, class_names: Sequence[str] | None = None, limits: ArchiveLimits = DEFAULT_ARCHIVE_LIMITS
) -> SavedSource:
    """A Dataset or DatasetDict as `save_to_disk` left it; see `as_source` for what is taken for what.

    Raises BadRequest where it is damaged, names files outside the folder, or holds no pictures.
    """
    import datasets

    where = shown(path.resolve().name)
    folders = [path]
    if (path / _DICT).is_file():
        splits = _json(path / _DICT, where).get("splits")
        folders = [path / _plain_name(name, where) for name in (splits if isinstance(splits, list) else [])]
    for folder in folders:
        files = _json(folder / _STATE, where).get("_data_files")
        for told in files if isinstance(files, list) else [None]:
            _plain_name(told.get("filename") if isinstance(told, dict) else None, where)
    try:
        with _quiet():
            loaded = datasets.load_from_disk(str(path))
    except Exception as error:
        raise BadRequest(f"a saved data set, {where}", f"a damaged one ({_words(error)})", _ANEW) from error
    origin = Origin(where, f"dataset:{where}", path, (path,))
    return as_source(_parts(loaded, where), origin, class_names=class_names, limits=limits)


def read_hub_dataset(
    told: str, *, class_names: Sequence[str] | None = None, limits: ArchiveLimits = DEFAULT_ARCHIVE_LIMITS
) -> SavedSource:
    """`org/name`, `org/name@revision`, `org/name@revision#split` of the Hub, fetched by the `datasets` library.

    The revision is resolved to its commit first, and `Item.source` names that. A commit that was fetched before
    is read from the library's cache when the Hub cannot be reached. Code of the repository is never run. Raises
    NotFound where there is no such data set, revision or split; VitrinaError where the Hub cannot be reached;
    BadRequest where its files are of a kind that is not read, or hold no pictures.
    """
    import datasets

    whole, _, split = told.partition("#")
    name, _, revision = whole.partition("@")
    commit = _commit(name, revision or None)
    try:
        with _quiet():
            builder = _builder(name, commit, told)
            if split and split not in (builder.info.splits or {split: None}):
                raise NotFound(
                    f"a split {split} in {whole}", listed(builder.info.splits), "Name one of them."
                )
            builder.download_and_prepare()
            loaded = builder.as_dataset(split=split or None)
    except VitrinaError:
        raise
    except Exception as error:
        raise _failed(told, split, error) from error
    roots = (Path(datasets.config.HF_CACHE_HOME), Path(datasets.config.HF_DATASETS_CACHE))
    origin = Origin(told, f"hub:{name}@{commit}", Path(builder.cache_dir), roots)
    return as_source(_parts(loaded, told), origin, class_names=class_names, limits=limits)


def _builder(name: str, commit: str, told: str) -> datasets.DatasetBuilder:
    import datasets
    from datasets.naming import camelcase_to_snakecase
    from datasets.packaged_modules.cache.cache import Cache

    owner, _, last = name.partition("/")
    folder = Path(datasets.config.HF_DATASETS_CACHE) / f"{owner}___{camelcase_to_snakecase(last)}"
    # Prepared before: certain to be the same, and the Hub need not be reached. Left to itself the library would
    # take whatever commit it prepared last.
    if len(prepared := sorted(folder.glob(f"*/*/{commit}/{_INFO}"))) == 1:
        version, configuration = prepared[0].parent.parent, prepared[0].parent.parent.parent
        return Cache(
            repo_id=name, dataset_name=last, config_name=configuration.name, version=version.name, hash=commit
        )
    builder = datasets.load_dataset_builder(name, revision=commit)
    kind = str(builder.__module__.rpartition(".")[2])
    if kind == "cache":
        raise _unreachable(name, "it broke off")
    if kind not in _BUILDERS:
        raise _unreadable(told, f"files that the library reads as {kind}")
    return builder


def _commit(name: str, revision: str | None) -> str:
    """The commit that `revision` (the default branch where None) is now."""
    from huggingface_hub import HfApi
    from huggingface_hub.errors import HfHubHTTPError

    try:
        return str(HfApi().dataset_info(name, revision=revision, timeout=_SECONDS).sha)
    except HfHubHTTPError as error:
        raise _refused(name, revision, error) from error
    # Whatever the network raises (the client's own errors, OSError, offline mode) means the same here.
    except Exception as error:
        if revision is not None and _COMMIT.fullmatch(revision):
            return revision
        raise _unreachable(name, type(error).__name__) from error


def _unreachable(name: str, why: str) -> VitrinaError:
    from huggingface_hub import constants

    return VitrinaError(
        f"the data set {name} from the Hub at {constants.ENDPOINT}",
        f"that it cannot be reached ({why})",
        "Check the network, or give a folder, an archive or a file.",
    )


def _refused(name: str, revision: str | None, error: Exception) -> VitrinaError:
    from huggingface_hub.errors import GatedRepoError, RepositoryNotFoundError, RevisionNotFoundError

    expected = f"the data set {name} on the Hub"
    if isinstance(error, GatedRepoError):
        return NotFound(expected, "that it is gated", "Accept its terms on the Hub and set HF_TOKEN.")
    if isinstance(error, RevisionNotFoundError):
        next_step = "Name a branch, tag or commit that the repository has."
        return NotFound(expected, f"no revision {revision}", next_step)
    if isinstance(error, RepositoryNotFoundError):
        next_step = "Check the name; set HF_TOKEN for a private one; a folder is written as ./folder."
        return NotFound(expected, "no such data set (or a private one)", next_step)
    status = getattr(getattr(error, "response", None), "status_code", "error")
    return VitrinaError(expected, f"the answer {status}", "Try again later.")


def _failed(told: str, split: str, error: Exception) -> VitrinaError:
    said = _words(error)
    if split and "split" in said.lower():
        return NotFound(f"a split {split} in {told}", said, "Name a split that the data set has.")
    return _unreadable(told, said)


def _unreadable(told: str, found: str) -> BadRequest:
    kinds = "parquet, arrow, folders of pictures or WebDataset tars"
    next_step = "Download its files yourself and give the folder, the archive or the HDF5 file."
    return BadRequest(f"a data set of {kinds}, {told}", found, next_step)


def _parts(loaded: Any, where: str) -> Mapping[str, datasets.Dataset]:
    import datasets

    parts = dict(loaded) if isinstance(loaded, dict) else {str(loaded.split or "all"): loaded}
    if not parts or not all(isinstance(part, datasets.Dataset) for part in parts.values()):
        raise BadRequest(f"a data set with rows, {where}", "none", "Choose another data set.")
    return parts


def _json(path: Path, where: str) -> dict[str, Any]:
    try:
        if path.stat().st_size > MIB:
            raise ValueError("more than a megabyte")
        told = json.loads(path.read_bytes())
        if not isinstance(told, dict):
            raise ValueError("not an object")
    except (OSError, ValueError, RecursionError) as error:
        raise BadRequest(f"a sound {shown(path.name)} in {where}", _words(error), _ANEW) from error
    return told


def _plain_name(name: object, where: str) -> str:
    """A name out of the data set's own lists, which must not lead anywhere else."""
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise BadRequest(f"names of files beside each other in {where}", repr(name)[:80], _ANEW)
    return name


def _words(error: Exception) -> str:
    said = "".join(c if c.isprintable() else " " for c in str(error))
    return said[:200] or type(error).__name__


@contextmanager
def _quiet() -> Iterator[None]:
    """The library's progress bars where there is a person to see them, and nowhere else."""
    import datasets

    shown_before = not datasets.are_progress_bars_disabled()
    if shown_before and not sys.stderr.isatty():
        datasets.disable_progress_bars()
    try:
        yield
    finally:
        if shown_before:
            datasets.enable_progress_bars()
