"""What a version says of itself: every file with its SHA-256, the golden answer, the frozen test side."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vitrina.repositories.folder_files import require_path
from vitrina.repositories.repository import KINDS, Kind, RepositoryError, StoredFile, sha256_of

MANIFEST = "vitrina_manifest.json"
_FORMAT = 1
# The Hub writes this file itself where a repository has none.
BESIDE = (MANIFEST, ".gitattributes")


@dataclass(frozen=True)
class Manifest:
    """`files` are all of the version but the manifest itself; `labels` in the order of the model's outputs.

    `golden` are the scores, 0 to 1, that the model gives for golden.png. `test` is the frozen test side: {"sha256",
    "fingerprint", "n", "figures"}. `gate` is what it was compared with before it was published, as `Gate.as_dict` has
    it, with "before", the version in force then; `forced` the reason where that was overruled. `created` is UTC, ISO
    8601.
    """

    kind: Kind
    name: str
    created: str
    files: dict[str, StoredFile]
    labels: tuple[str, ...] = ()
    task: str | None = None
    golden: dict[str, float] | None = None
    test: dict[str, Any] | None = None
    gate: dict[str, Any] | None = None
    forced: str | None = None

    def to_bytes(self) -> bytes:
        """The file's content, the same for the same manifest."""
        told = {
            "format": _FORMAT,
            "kind": self.kind,
            "name": self.name,
            "created": self.created,
            "labels": list(self.labels),
            "task": self.task,
            "golden": self.golden,
            "test": self.test,
            "gate": self.gate,
            "forced": self.forced,
            "files": {
                path: {"size": one.size, "sha256": one.sha256} for path, one in sorted(self.files.items())
            },
        }
        return (json.dumps(told, indent=2, ensure_ascii=False) + "\n").encode()


def read_manifest(folder: Path) -> Manifest | None:
    """The manifest of a version; None where there is none. Raises RepositoryError for one that cannot be read."""
    path = folder / MANIFEST
    if not path.is_file():
        return None
    return manifest_of(path.read_bytes())


def manifest_of(content: bytes) -> Manifest:
    """From the file's content. Raises RepositoryError."""
    try:
        told = json.loads(content)
        if told["format"] != _FORMAT or told["kind"] not in KINDS:
            raise ValueError(f"format {told['format']!r}, kind {told['kind']!r}")
        files = {
            str(path): StoredFile(int(one["size"]), str(one["sha256"])) for path, one in told["files"].items()
        }
        for path in files:
            # Whoever wrote it may not make us look outside the version's own folder.
            require_path(path)
        golden = told["golden"]
        return Manifest(
            kind=told["kind"],
            name=str(told["name"]),
            created=str(told["created"]),
            files=files,
            labels=tuple(str(name) for name in told["labels"]),
            task=told["task"],
            golden=None if golden is None else {str(name): float(value) for name, value in golden.items()},
            test=told["test"] if isinstance(told["test"], dict) else None,
            gate=told["gate"] if isinstance(told["gate"], dict) else None,
            forced=told["forced"],
        )
    except (ValueError, KeyError, TypeError, AttributeError) as problem:
        raise RepositoryError(
            f"a manifest of format {_FORMAT} in {MANIFEST}",
            f"{type(problem).__name__}: {problem}"[:200],
            "Publish the version again, or open it with the version of Vitrina that wrote it.",
        ) from problem


def check_files(folder: Path, manifest: Manifest, *, wanted: tuple[str, ...] = ()) -> None:
    """Compare every file (of `wanted`, where it is told) with what the manifest says of it.

    Files beside those are not looked at: a model is loaded from what is named. Raises RepositoryError that names each
    file that is missing or another one.
    """
    wrong = []
    for path, told in sorted(manifest.files.items()):
        if wanted and path not in wanted:
            continue
        place = folder / path
        if not place.is_file():
            wrong.append(f"no {path}")
        elif place.stat().st_size != told.size or sha256_of(place) != told.sha256:
            wrong.append(f"another {path}")
    if wrong:
        raise RepositoryError(
            f"the files of {manifest.name} as its manifest names them",
            ", ".join(wrong[:5]) + (f" and {len(wrong) - 5} more" if len(wrong) > 5 else ""),
            "Fetch it again; where that does not help, restore it from a copy, or publish it anew.",
        )
