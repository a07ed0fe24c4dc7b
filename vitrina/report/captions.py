"""What each plot says, in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from vitrina.report.found import Found
from vitrina.report.numbers import Bars, Numbers
from vitrina.report.plots import size_of
from vitrina.report.tables import extent
from vitrina.report.words import LANGUAGES, both, say


@dataclass(frozen=True)
class Plot:
    """A plot on the page: its name, its size in pixels of the page, its caption, its alt text by language."""

    name: str
    width: int
    height: int
    caption: Markup
    alts: Mapping[str, str]


def captioned(found: Found, numbers: Mapping[str, Numbers]) -> dict[str, Plot]:
    """Every plot with its caption, by name."""
    plots = {}
    for name, figures in numbers.items():
        key, values = f"caption.{name}", _values(found, name, figures)
        width, height = size_of(figures)
        alts = {
            language: f"{say(language, f'plot.{name}', n=figures.n)}. {say(language, key, **values)}"
            for language in LANGUAGES
        }
        plots[name] = Plot(name, width, height, both(key, **values), alts)
    return plots


def _values(found: Found, name: str, figures: Numbers) -> dict[str, Any]:
    if name == "class_counts":
        return _classes(found)
    if name == "sizes":
        sides: dict[str, int] = {}
        for side in ("width", "height"):
            least, median, most = extent(found, side) or (0, 0, 0)
            sides |= {f"{side}_least": int(least), f"{side}_most": int(most), f"{side}_median": round(median)}
        return sides
    if name == "aspect":
        wide, tall = found.survey["width"], found.survey["height"]
        return {
            "wide": int((wide > tall).sum()),
            "square": int((wide == tall).sum()),
            "tall": int((wide < tall).sum()),
        }
    if name == "modes" and isinstance(figures, Bars):
        return {"first": figures.names[0], "most": int(figures.series[0][1][0]), "n": figures.n}
    if name == "split_shares":
        return {}
    least, median, most = extent(found, name) or (0.0, 0.0, 0.0)
    return {"least": round(least), "median": round(median), "most": round(most)}


def _classes(found: Found) -> dict[str, Any]:
    now = found.collected["classes"] if found.cleaned is None else found.cleaned["classes"]["after"]
    ranked = sorted(now.items(), key=lambda pair: (-pair[1], pair[0])) or [("–", 0)]
    (largest, most), (smallest, least) = ranked[0], ranked[-1]
    return {"largest": largest, "most": most, "smallest": smallest, "least": least}
