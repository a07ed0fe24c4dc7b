"""What a backup says of itself."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from vitrina.repositories.repository import Repository, RepositoryError, StoredFile

BACKUP = "backup.json"
README = "README.md"
PICTURES, MODELS, ROWS = "pictures", "models", "rows"
_FORMAT = 1
_ENDINGS = {"JPEG": "jpg", "TIFF": "tif"}
_PICTURE = re.compile(r"pictures/[0-9a-f]{2}/(?P<sha256>[0-9a-f]{64})\.[a-z0-9]+")

ABOUT = """\
---
viewer: false
pretty_name: Backup of a Vitrina gallery
---

# Backup of a Vitrina gallery

Keep this repository private. It holds everything that the gallery keeps: original pictures with their metadata (place
and time of a photo, the camera's owner), names of staff, hashes of their passwords, every label with who gave it. Who
is signed in is not in it.

- `rows/TABLE.jsonl`: the rows of the database, one a line.
- `pictures/ab/HASH.jpg`: the originals; the name is the SHA-256 of the content. What comes again is not sent again.
- `models/`: the models that were trained on the gallery's own machine.
- `backup.json`: when it was taken, how many rows there are, the SHA-256 of every file. It is written last: the backup
  is what it names, and a file that it does not name is not part of it.

To have the gallery back, in an empty folder: `python -m vitrina restore THIS-REPOSITORY --into FOLDER`. Earlier
backups are earlier commits: `--revision COMMIT`.
"""


@dataclass(frozen=True)
class Backup:
    """What backup.json says. `taken`: UTC, ISO 8601; `schema` of the rows; `counts` of rows by table; `files` are all
    that belong to it; `missing` are SHA-256 of pictures that had no whole file then."""

    taken: str
    schema: str
    counts: dict[str, int]
    files: dict[str, StoredFile]
    missing: tuple[str, ...] = ()

    @property
    def pictures(self) -> dict[str, str]:
        """SHA-256 -> path of every original."""
        found = {path: sha256_in(path) for path in self.files}
        return {sha256: path for path, sha256 in found.items() if sha256 is not None}

    def under(self, folder: str) -> list[str]:
        """The paths in one of the folders."""
        return [path for path in self.files if path.startswith(f"{folder}/")]

    def to_bytes(self) -> bytes:
        """The file's content, a line for each of its files."""
        told = {
            "format": _FORMAT,
            "taken": self.taken,
            "schema": self.schema,
            "counts": self.counts,
            "missing": list(self.missing),
        }
        files = [f"{json.dumps(path)}: {json.dumps(list(one))}" for path, one in sorted(self.files.items())]
        return (json.dumps(told)[:-1] + ',\n"files": {\n' + ",\n".join(files) + "\n}}\n").encode()

    @classmethod
    def from_bytes(cls, content: bytes, *, said: str) -> Backup:
        """From the file's content; `said` names the repository. Raises RepositoryError."""
        try:
            told: dict[str, Any] = json.loads(content)
            if told["format"] != _FORMAT:
                raise ValueError(f"format {told['format']!r}")
            files = {
                _checked(path): StoredFile(int(size), str(sha256))
                for path, (size, sha256) in told["files"].items()
            }
            counts = {str(table): int(count) for table, count in told["counts"].items()}
            missing = tuple(str(sha256) for sha256 in told["missing"])
            return cls(str(told["taken"]), str(told["schema"]), counts, files, missing)
        except (ValueError, KeyError, TypeError, AttributeError) as problem:
            raise RepositoryError(
                f"a backup of format {_FORMAT} in {BACKUP} of {said}",
                f"{type(problem).__name__}: {problem}"[:200],
                "Restore an earlier one with --revision, or use the version of Vitrina that wrote it.",
            ) from problem


def picture_path(sha256: str, kind: str) -> str:
    """Where the original of that hash and format ("JPEG") lies in a backup."""
    return f"{PICTURES}/{sha256[:2]}/{sha256}.{_ENDINGS.get(kind, kind.lower())}"


def sha256_in(path: str) -> str | None:
    """The hash that a picture's path says; None for other files."""
    found = _PICTURE.fullmatch(path)
    return found["sha256"] if found else None


def read_backup(repository: Repository, commit: str) -> Backup | None:
    """The complete backup that a commit holds; None where there is none. Raises RepositoryError."""
    if BACKUP not in repository.files(commit):
        return None
    return Backup.from_bytes(repository.read(BACKUP, revision=commit), said=repository.name)


def _checked(path: str) -> str:
    """A path that stays where it belongs, whoever wrote the file."""
    parts = PurePosixPath(path).parts
    inside = len(parts) > 1 and parts[0] in (PICTURES, MODELS, ROWS) and not {"..", "."} & set(parts)
    if not inside or "\\" in path or "\0" in path or str(PurePosixPath(path)) != path:
        raise ValueError(f"the path {path[:100]!r}")
    return path
