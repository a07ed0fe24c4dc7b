"""What training came to, for a terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def summary(report: Mapping[str, Any]) -> str:
    """What training came to, in a few lines."""
    figures, reproduced = report["validation"], report["reproduced"]
    measured = ", ".join(
        f"{name.replace('_', ' ')} {value:.3f}"
        for name, value in figures.items()
        if name != "n" and value is not None
    )
    lines = [
        f"{report['name']}: {measured} on {figures['n']:,} pictures of validation, which were used for choosing.",
        f"Saved, loaded afresh: {reproduced['metric']} {reproduced['loaded']:.3f} as before, on "
        f"{reproduced['n']:,} of them.",
    ]
    if report["abstention"] is not None:
        told = report["abstention"]
        lines.append(
            f"It abstains below {told['abstain_below']:.2f}: answers {told['coverage']:.0%}, of which "
            f"{_share(told['precision'])} are right there."
        )
    return "\n".join([*lines, f"Took {duration(report['minutes'])}."])


def duration(minutes: float) -> str:
    """In seconds below two minutes, else in minutes."""
    return f"{60 * minutes:.0f} seconds" if minutes < 2 else f"{minutes:.1f} minutes"


def _share(value: float | None) -> str:
    return "none" if value is None else f"{value:.1%}"
