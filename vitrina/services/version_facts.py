"""What one version of a model says of itself: its figures, its card, how it came to be published."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vitrina.repositories.manifest import MANIFEST, Manifest, manifest_of
from vitrina.repositories.repository import Repository, RepositoryUnreachable

RESULTS, CARD = "eval_results.json", "README.md"
# Far above what training writes; a file beyond is not read into the memory of a server.
LARGEST = 8 << 20
LONGEST_CARD = 100_000
# Which figures of the test side are told for each task, the first of them as the one to judge by.
FIGURES: dict[str, tuple[tuple[str, tuple[str, ...]], ...]] = {
    "single_label": (
        ("accuracy", ("accuracy",)),
        ("macro_f1", ("macro", "f1")),
        ("calibration_error", ("calibration_error",)),
    ),
    "multi_label": (
        ("mean_average_precision", ("mean_average_precision",)),
        ("macro_f1", ("macro", "f1")),
        ("exact_match", ("exact_match",)),
    ),
    "regression": (("mae", ("mae",)), ("rmse", ("rmse",)), ("r2", ("r2",))),
}


@dataclass(frozen=True)
class Facts:
    """All that is shown of a version. It never changes: a version is a commit.

    `figures`: [{name, value, interval, n}] on test, as `FIGURES` orders them. `per_class`: [{label, value, interval,
    n}] of recall. `test`: the SHA-256 of the test side they were measured on. `created` is UTC, ISO 8601.
    """

    created: str | None = None
    forced: str | None = None
    test: str | None = None
    figures: tuple[dict[str, Any], ...] = ()
    per_class: tuple[dict[str, Any], ...] = ()
    card: str | None = None
    by_vitrina: bool = False


def read_facts(repository: Repository, commit: str) -> Facts:
    """Fetch the three small files of a version. Raises RepositoryError, RepositoryUnreachable."""
    folder = repository.download(commit, wanted=[MANIFEST, RESULTS, CARD])
    found = {name: _content(folder / name) for name in (MANIFEST, RESULTS, CARD)}
    manifest = None if found[MANIFEST] is None else manifest_of(found[MANIFEST] or b"")
    lacking = [] if manifest is None else [name for name in (RESULTS, CARD) if name in manifest.files]
    if any(found[name] is None for name in lacking):
        # Out of a cache that holds a part of it alone: the rest is there, and cannot be asked for now.
        raise RepositoryUnreachable(
            f"the card and the figures of {repository.name} at {commit[:12]}",
            "a part of them in the cache",
            "Try again when the Hub can be reached.",
        )
    return facts_of(manifest, found[RESULTS], found[CARD])


def facts_of(manifest: Manifest | None, results: bytes | None, card: bytes | None) -> Facts:
    """From the contents of the files; what is not as it should be is left out rather than believed."""
    told = _results(results)
    return Facts(
        created=manifest.created if manifest else None,
        forced=manifest.forced if manifest else None,
        test=_test_of(manifest, told),
        figures=tuple(_figures(told)),
        per_class=tuple(_recalls(told)),
        card=None if card is None else card.decode("utf-8", "replace")[:LONGEST_CARD],
        by_vitrina=manifest is not None,
    )


def _content(path: Path) -> bytes | None:
    if not path.is_file() or path.stat().st_size > LARGEST:
        return None
    return path.read_bytes()


def _results(content: bytes | None) -> Mapping[str, Any]:
    try:
        told = json.loads(content or b"{}")
    except ValueError:
        return {}
    return told if isinstance(told, Mapping) else {}


def _test_of(manifest: Manifest | None, told: Mapping[str, Any]) -> str | None:
    for place in (manifest.test if manifest else None, told.get("data")):
        if isinstance(place, Mapping) and isinstance(place.get("sha256"), str):
            return str(place["sha256"])
    return None


def _figures(told: Mapping[str, Any]) -> list[dict[str, Any]]:
    found = []
    for name, path in FIGURES.get(str(told.get("task")), ()):
        place: Any = told.get("test")
        for key in path:
            place = place.get(key) if isinstance(place, Mapping) else None
        figure = figure_of(place)
        if figure is not None:
            found.append({"name": name, **figure})
    return found


def _recalls(told: Mapping[str, Any]) -> list[dict[str, Any]]:
    test = told.get("test")
    classes = test.get("per_class") if isinstance(test, Mapping) else None
    found = []
    for label, one in classes.items() if isinstance(classes, Mapping) else ():
        figure = figure_of(one.get("recall")) if isinstance(one, Mapping) else None
        if figure is not None:
            support = one.get("support")
            n = support if isinstance(support, int) and support >= 0 else figure["n"]
            found.append({"label": str(label), **figure, "n": n})
    return found


def figure_of(told: Any) -> dict[str, Any] | None:
    """{value, interval, n} where it is one; `interval` is None where none was told. JSON may hold NaN: that is none."""
    if not isinstance(told, Mapping) or not _is_number(told.get("value")):
        return None
    interval, n = told.get("interval"), told.get("n")
    known = isinstance(interval, list) and len(interval) == 2 and all(map(_is_number, interval))
    return {
        "value": float(told["value"]),
        "interval": [float(end) for end in interval] if known and interval else None,
        "n": n if isinstance(n, int) and not isinstance(n, bool) and n >= 0 else None,
    }


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
