"""Writing the report of a run."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from vitrina.report.words import check_language
from vitrina.report.write import write_text
from vitrina.results.captions import captioned
from vitrina.results.confusion import confusion
from vitrina.results.current import MADE_OF, PAGE, made_of
from vitrina.results.figures import all_figures
from vitrina.results.galleries import galleries, pictures_of
from vitrina.results.maps import place_maps
from vitrina.results.page import render
from vitrina.results.pictures import HEAT, PICTURES, PictureOf, write_heat, write_thumbnails
from vitrina.results.plots import write_plots
from vitrina.results.read import Results, read_run

if TYPE_CHECKING:
    from PIL import Image

    HeatOf = Callable[[list[str]], Mapping[str, Image.Image]]

EXAMPLES = 12
_PLOTS = re.compile(
    r"(confusion|reliability|coverage|loss|metric|learning_rate|grid|answers-\d)-(en|es)-(day|night)\.png"
)


@dataclass(frozen=True)
class Sources:
    """Where pictures come from: `picture_of`, `heat_of`, `maps` as in `write_results`."""

    picture_of: PictureOf
    heat_of: HeatOf | None = None
    maps: Mapping[str, Path] = field(default_factory=dict)


def write_results(
    run: Path,
    *,
    picture_of: PictureOf,
    heat_of: HeatOf | None = None,
    maps: Mapping[str, Path] | None = None,
    language: str = "en",
    examples: int = EXAMPLES,
) -> Path:
    """Writes the page of an evaluated run as RUN/evaluation/index.html with its plots and pictures; its path.

    `picture_of`: the bytes of a picture by its picture_id (KeyError where it is unknown). `heat_of`: picture_ids ->
    heat maps over the pictures, those that it has. `maps`: what `map_plot.write_maps` returns, "en-day" ... -> PNG;
    "day" and "night" will do as well. The page carries every language; `language` is what it speaks where the
    browser names neither. At most `examples` pictures a gallery and a cell of the confusion matrix are shown.
    Stopped half-way it leaves no page. Raises NotFound where nothing was evaluated, BadRequest for another language,
    VitrinaError for a file of the run that cannot be read.
    """
    check_language(language)
    told = made_of(run)
    results = read_run(run)
    folder = run / "evaluation"
    # From here on there is no page until all that it shows is written.
    (folder / MADE_OF).unlink(missing_ok=True)
    (folder / PAGE).unlink(missing_ok=True)
    _clear(folder, write_plots(all_figures(results, confusion(results, limit=0)), folder))
    sources = Sources(picture_of, heat_of, maps or {})
    path = write_page(results, folder, sources, language=language, examples=examples)
    write_text(folder / MADE_OF, json.dumps(told, indent=2) + "\n")  # Last: it says that the rest is whole.
    return path


def write_page(
    results: Results, folder: Path, sources: Sources, *, language: str = "en", examples: int = EXAMPLES
) -> Path:
    """Writes the page with its pictures into `folder`, beside the plots; the path of index.html."""
    matrix = confusion(results, limit=examples)
    shown = galleries(results, limit=examples)
    told = pictures_of(shown)
    cells = [one.picture_id for cell in (matrix.open_cells if matrix else ()) for one in cell.shown]
    thumbnails = write_thumbnails(folder / PICTURES, [*told, *cells], sources.picture_of)
    asked = [one for one in told if one in thumbnails]
    heat = sources.heat_of(asked) if sources.heat_of is not None and asked else {}
    page = render(
        results,
        language=language,
        matrix=matrix,
        galleries=shown,
        plots=captioned(all_figures(results, matrix), matrix),
        maps=place_maps(sources.maps, folder),
        thumbnails=thumbnails,
        heat=write_heat(folder / HEAT, asked, heat),
        limit=examples,
    )
    return write_text(folder / PAGE, page)


def _clear(folder: Path, drawn: list[Path]) -> None:
    """Plots of an earlier page that this one does not show."""
    kept = {path.name for path in drawn}
    for path in folder.iterdir():
        if _PLOTS.fullmatch(path.name) and path.name not in kept:
            path.unlink()
