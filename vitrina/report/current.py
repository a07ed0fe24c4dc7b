"""Whether the pages show the stages as they are now."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

MADE_OF = "made_of.json"
PAGES = ("index.html", "review.html")
_REPORTS = {
    "collect": "collected/collect_report.json",
    "clean": "cleaned/clean_report.json",
    "split": "split/split_report.json",
}


def is_current(work: Path) -> bool:
    """True where WORK/report was made, to its end, of the very reports that lie in `work` now."""
    folder = work / "report"
    if not all((folder / page).is_file() for page in PAGES):
        return False
    try:
        return bool(json.loads((folder / MADE_OF).read_text(encoding="utf-8")) == made_of(work))
    except (OSError, ValueError):
        return False


def made_of(work: Path) -> dict[str, str | None]:
    """Stage -> SHA-256 of its report, None where it has none."""
    return {stage: _digest(work / place) for stage, place in _REPORTS.items()}


def _digest(path: Path) -> str | None:
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else None
