"""Writing the report of a working folder."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from vitrina.report.captions import captioned
from vitrina.report.current import MADE_OF, made_of
from vitrina.report.examples import leaks, pictures_of, problems, quarantined, relabelled
from vitrina.report.found import Found, read_work
from vitrina.report.numbers import all_numbers
from vitrina.report.page import embedded, render, review_words
from vitrina.report.pictures import FOLDER, write_pictures
from vitrina.report.plots import write_plots
from vitrina.report.queue import pictures_of as pictures_of_review
from vitrina.report.queue import review_data
from vitrina.report.tables import class_rows, side_rows, steps, unaccounted
from vitrina.report.words import check_language

EXAMPLES = 12
REVIEWED = 2000


def write_report(
    work: Path, *, language: str = "en", examples: int = EXAMPLES, reviewed: int = REVIEWED
) -> Path:
    """Writes WORK/report from what the stages have left in `work`; the path of its index.html.

    Both pages carry every language; `language` ("en", "es") is what they speak where the browser names neither.
    At most `examples` cases of each problem are shown, at most `reviewed` lines of the review queue; the pages say
    out of how many. Raises NotFound where nothing was collected, BadRequest for another language, VitrinaError
    for a stage's report that cannot be read.
    """
    check_language(language)
    told = made_of(work)
    found = read_work(work)
    folder = work / "report"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MADE_OF).unlink(missing_ok=True)  # Stopped from here on, the pages are of no one state.
    write_plots(all_numbers(found), folder)
    page = write_pages(found, folder, language=language, examples=examples, reviewed=reviewed)
    write_text(folder / MADE_OF, json.dumps(told, indent=2) + "\n")  # Last: it says that the rest is whole.
    return page


def write_pages(
    found: Found, folder: Path, *, language: str = "en", examples: int = EXAMPLES, reviewed: int = REVIEWED
) -> Path:
    """Writes the two pages with their thumbnails into `folder`, beside the plots; the path of index.html."""
    review = review_data(found, limit=reviewed)
    shown = _examples(found, limit=examples)
    wanted = [*pictures_of(shown.pop("all")), *pictures_of_review(review)]
    thumbnails = write_pictures(found, folder / FOLDER, wanted)
    review["thumbnails"] = {one: thumbnails[one] for one in pictures_of_review(review) if one in thumbnails}
    texts, data = embedded(review_words()), embedded(review)
    write_text(folder / "review.html", render("review", language=language, found=found, data=data, texts=texts))
    values = {**_tables(found), **shown, "thumbnails": thumbnails, "limit": examples}
    values["plots"] = captioned(found, all_numbers(found))
    return write_text(folder / "index.html", render("index", language=language, found=found, **values))


def _examples(found: Found, *, limit: int) -> dict[str, Any]:
    groups = problems(found, limit=limit)
    decided = relabelled(found, limit=limit)
    leaking = {moment: leaks(found, moment, limit=limit) for moment in ("before", "after")}
    return {
        "problems": groups,
        "decided": decided,
        "leaks": leaking,
        "quarantined": quarantined(found, limit=limit),
        "all": [decided, *leaking.values(), *(problem for group in groups.values() for problem in group)],
    }


def _tables(found: Found) -> dict[str, Any]:
    rows = steps(found)
    return {
        "steps": rows,
        "unaccounted": unaccounted(rows),
        "classes": class_rows(found),
        "sides": side_rows(found),
    }


def write_text(path: Path, text: str) -> Path:
    """Writes `text` as UTF-8. Atomic: whoever has the page open finds the old one whole or the new one whole."""
    partial = path.with_name(path.name + ".partial")
    # Names of files may hold halves of letters that no encoding has.
    partial.write_bytes(text.encode("utf-8", errors="replace"))
    os.replace(partial, path)
    return path
