"""The files of the Space: the repository as it is, its README with the settings in its first block."""

from __future__ import annotations

import ast
import subprocess
from pathlib import Path

from vitrina.errors import NotFound, VitrinaError
from vitrina.repositories.manifest import Manifest
from vitrina.repositories.release import Content
from vitrina.repositories.repository import RepositoryError
from vitrina.space import with_space_block

# Without these a Space does not start.
_NEEDED = ("app.py", "requirements.txt", "space.yaml", "README.md")


def space_content(root: Path, *, at: str) -> tuple[Content, tuple[str, ...]]:
    """(what is sent, tracked files that are changed and not committed) of the checkout at `root`.

    What git does not know does not travel: no data folder, no token in a forgotten file. Raises NotFound for a folder
    that is no checkout, or lacks what a Space needs.
    """
    names = _git(root, "ls-files", "-z")
    missing = [name for name in _NEEDED if name not in names or not (root / name).is_file()]
    if missing:
        raise NotFound(
            f"{', '.join(missing)} in the checkout",
            "none that git knows",
            "Run it in the repository of Vitrina.",
        )
    files: dict[str, Path | bytes] = {
        name: root / name for name in names if (root / name).is_file() and not (root / name).is_symlink()
    }
    settings = (root / "space.yaml").read_text(encoding="utf-8")
    readme = (root / "README.md").read_text(encoding="utf-8")
    files["README.md"] = with_space_block(readme, settings).encode()
    changed = _git(root, "diff", "--name-only", "-z", "HEAD")
    head = _git(root, "rev-parse", "HEAD")[0].strip()
    manifest = Manifest(kind="space", name=f"Vitrina at {head[:12]}", created=at, files={})
    return Content.of(files, manifest), tuple(changed)


def check_space(folder: Path) -> None:
    """A Space as it was read back: the block is that of space.yaml, the entry is Python. Raises RepositoryError."""
    readme = (folder / "README.md").read_text(encoding="utf-8")
    settings = (folder / "space.yaml").read_text(encoding="utf-8")
    try:
        same = with_space_block(readme, settings) == readme
        ast.parse((folder / "app.py").read_bytes())
    except (VitrinaError, SyntaxError, ValueError) as problem:
        raise RepositoryError(
            "a Space that can start",
            f"{type(problem).__name__}: {problem}"[:200],
            "Correct that and publish again.",
        ) from problem
    if not same:
        raise RepositoryError(
            "the settings of space.yaml in the README's first block",
            "others",
            "Run python -m vitrina readme, then publish again.",
        )


def _git(root: Path, *words: str) -> list[str]:
    try:
        done = subprocess.run(
            ["git", "-C", str(root), *words], capture_output=True, text=True, check=True, timeout=60
        )
    except (OSError, subprocess.SubprocessError) as problem:
        raise NotFound(
            "a checkout of the repository, with git", type(problem).__name__, "Clone it, then run this in it."
        ) from problem
    return [name for name in done.stdout.split("\0") if name]
