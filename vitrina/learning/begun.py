"""The folder of a run, begun or taken up again."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from vitrina.errors import Conflict
from vitrina.learning.record import BEGUN, REPORT, write_json


def begin(run: Path, frame: Mapping[str, Any], *, overwrite: bool) -> None:
    """RUN made ready for this frame; what lies there of the same frame stays.

    What was made by another recipe goes where `overwrite` is set, and where nothing came of it. Raises Conflict for
    another run's results, and for files that no run left.
    """
    begun = run / BEGUN
    others = [path for path in run.iterdir() if path.name != ".lock"]
    if others and not begun.is_file():
        raise Conflict(f"a new or empty folder at {run}", "other files in it", "Choose another --output_dir.")
    if others:
        there = json.loads(begun.read_text(encoding="utf-8"))
        if there == frame:
            return
        if not overwrite and _holds_results(run):
            changed = sorted(key for key in frame if there.get(key) != frame[key])
            raise Conflict(
                f"the run that {run} was begun with",
                f"another one (other {', '.join(changed)})",
                "Choose another --output_dir or name, or add --overwrite true to begin anew.",
            )
        # The report first: what is left of a run half cleared away is never taken for a whole one.
        for path in sorted(others, key=lambda path: path.name != REPORT):
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
    write_json(begun, frame)


def _holds_results(run: Path) -> bool:
    """Whether anything would be lost: a recipe that was refused at once leaves nothing that keeps its place."""
    return (
        (run / REPORT).is_file()
        or (run / "model").exists()
        or any((run / "checkpoints").glob("checkpoint-*"))
    )
