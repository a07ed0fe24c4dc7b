"""Whether the files of a fetched version are those that were published."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from vitrina.errors import ModelUnavailable
from vitrina.models.checkpoint import weight_files
from vitrina.repositories.manifest import check_files, read_manifest
from vitrina.repositories.repository import RepositoryError, sha256_of

# What a model is loaded from; cards and figures are for people, who may have edited them since.
_LOADED = (".json", ".safetensors", ".png")
_FIGURES = "eval_results.json"
_SHA256 = re.compile(r"[0-9a-f]{64}")


def damage(folder: Path, *, said: str) -> ModelUnavailable | None:
    """What is wrong with the files that a model is loaded from; None where nothing is known to be.

    They are compared with the manifest. Where somebody else published them, so without one, large files are compared
    with the SHA-256 by which the Hub's cache names them.
    """
    try:
        manifest = read_manifest(folder)
        if manifest is not None:
            used = [path for path in manifest.files if path.endswith(_LOADED) and path != _FIGURES]
            check_files(folder, manifest, wanted=tuple(used))
            return None
        weights = weight_files(folder, said=said)
    except RepositoryError as error:
        return ModelUnavailable(error.expected, error.found, error.next_step)
    except ModelUnavailable as error:
        return error
    other = [path.name for path, sha256 in _named_by_content(weights) if sha256_of(path) != sha256]
    if not other:
        return None
    return ModelUnavailable(
        f"the weights of {said} as they were published", f"another {', '.join(other)}", "Fetch it again."
    )


def _named_by_content(weights: list[Path]) -> Iterator[tuple[Path, str]]:
    for path in weights:
        name = path.resolve().name
        if _SHA256.fullmatch(name):
            yield path, name
