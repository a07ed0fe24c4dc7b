"""Whether the files of a fetched version are those that were published."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from vitrina.errors import ModelUnavailable
from vitrina.models.checkpoint import SETTINGS, weight_files
from vitrina.repositories.manifest import MANIFEST, Manifest, check_files, read_manifest
from vitrina.repositories.repository import RepositoryError, sha256_of

# What a model is loaded from; cards and figures are for people, who may have edited them since.
_LOADED = (".json", ".safetensors", ".png")
_GOLDEN = "golden.png"
_FIGURES = "eval_results.json"
_SHA256 = re.compile(r"[0-9a-f]{64}")


def damage(folder: Path, *, said: str) -> ModelUnavailable | None:
    """What is wrong with the files that a model is loaded from; None where nothing is known to be.

    Each is compared with the manifest, which must name every one that a model is loaded or tried from. Where somebody
    else published them, so without a manifest, the weights are compared with the SHA-256 by which the Hub's cache names
    them; other files are not.
    """
    try:
        manifest = read_manifest(folder)
        if manifest is not None:
            used = [path for path in manifest.files if path.endswith(_LOADED) and path != _FIGURES]
            check_files(folder, manifest, wanted=tuple(used))
            return _unlisted(folder, manifest, said)
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


def _unlisted(folder: Path, manifest: Manifest, said: str) -> ModelUnavailable | None:
    """A file that would be read although nobody can tell whether it is the published one."""
    read = [path.name for path in weight_files(folder, said=said)]
    read += [name for name in (*SETTINGS, _GOLDEN) if (folder / name).is_file()]
    other = sorted(set(read) - set(manifest.files))
    if not other:
        return None
    return ModelUnavailable(
        f"a {MANIFEST} of {said} that names every file the model is loaded from",
        f"none of {', '.join(other)}",
        "Publish the version again.",
    )


def _named_by_content(weights: list[Path]) -> Iterator[tuple[Path, str]]:
    for path in weights:
        name = path.resolve().name
        if _SHA256.fullmatch(name):
            yield path, name
