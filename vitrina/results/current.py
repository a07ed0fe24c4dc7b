"""Whether the page shows the evaluation as it is now."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

MADE_OF = "made_of.json"
PAGE = "index.html"
SOURCES = {
    "evaluation": "evaluation/eval_results.json",
    "test": "evaluation/predictions.jsonl",
    "validation": "evaluation/validation_predictions.jsonl",
    "training": "train_report.json",
    "history": "history.csv",
}


def is_current(run: Path) -> bool:
    """True where RUN/evaluation/index.html was made, to its end, of the very files that lie in `run` now."""
    folder = run / "evaluation"
    try:
        told = json.loads((folder / MADE_OF).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return (folder / PAGE).is_file() and bool(told == made_of(run))


def made_of(run: Path) -> dict[str, str | None]:
    """Source -> SHA-256 of its file, None where there is none."""
    return {name: _digest(run / place) for name, place in SOURCES.items()}


def _digest(path: Path) -> str | None:
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else None
