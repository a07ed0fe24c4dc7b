"""Reports of stages read, texts written in one step."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any
from uuid import uuid4

from vitrina.errors import BadRequest, NotFound

SPLIT = "split/split_report.json"


def read_report(folder: Path, stage: str, place: str) -> dict[str, Any]:
    """The report that `stage` left at `place` in a folder. Raises NotFound, BadRequest where it is no JSON."""
    path, name = folder / place, folder.resolve().name
    if not path.is_file():
        raise NotFound(
            f"the report of {stage} at {place} in {name}", "none", f"Run python -m training {stage} first."
        )
    try:
        report: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        again = f"Run python -m training {stage} again."
        raise BadRequest(f"JSON at {place} in {name}", str(error), again) from error
    return report


def write_text(final: Path, text: str) -> None:
    """In one step: whoever reads it meanwhile sees the old one or the new one."""
    final.parent.mkdir(parents=True, exist_ok=True)
    partial = final.with_name(f".{final.name}.{uuid4().hex}.partial")
    try:
        partial.write_text(text, encoding="utf-8")
        os.replace(partial, final)
    finally:
        partial.unlink(missing_ok=True)
