"""What names a model."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from vitrina.errors import ModelUnavailable

# The Hub's own rule for names: letters, digits, ".", "_", "-", one slash.
_HUB = re.compile(r"(?P<name>[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*)(?:@(?P<revision>[\w./-]+))?", re.ASCII)


@dataclass(frozen=True, slots=True)
class ModelReference:
    """A bundled name, a folder or a Hub id; "scratch" stands for a new model, which is never read.

    `name` is "efficientnet-lite0" (bundled), a path (folder), "org/name" (hub) or "resnet-18" (scratch);
    `revision` is a branch, tag or commit and only a Hub id has one.
    """

    kind: Literal["bundled", "folder", "hub", "scratch"]
    name: str
    revision: str | None = None

    @classmethod
    def parse(cls, text: str | Path) -> ModelReference:
        """Read "bundled/efficientnet-lite0", "path/to/folder", "org/name" or "org/name@revision".

        A folder that exists is a folder, whatever its name looks like; so is a `Path`, a text without
        exactly one slash, and one that begins with ".", "~" or a slash. Raises ModelUnavailable for an
        empty text.
        """
        if isinstance(text, Path):
            return cls("folder", str(text))
        stripped = text.strip()
        if not stripped or "\0" in stripped:
            raise ModelUnavailable(
                "the name of a model",
                repr(text),
                "Write bundled/efficientnet-lite0, a folder, or org/name@revision.",
            )
        if stripped.startswith("bundled/"):
            return cls("bundled", stripped.removeprefix("bundled/"))
        hub = _HUB.fullmatch(stripped)
        if hub is None or Path(stripped).is_dir():
            return cls("folder", stripped)
        return cls("hub", hub["name"], hub["revision"])

    def __str__(self) -> str:
        if self.kind in ("bundled", "scratch"):
            return f"{self.kind}/{self.name}"
        return self.name if self.revision is None else f"{self.name}@{self.revision}"
