"""The part of a data card that tells of the files: how they are loaded, what a row holds, what was taken out."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from vitrina.cards.columns import column_table
from vitrina.cards.markdown import Markdown, fenced, printed
from vitrina.errors import BadRequest

HEADING = "## Files"


class SideTold(NamedTuple):
    """Rows of a side, its Parquet files, their bytes."""

    rows: int
    files: int
    size: int


@dataclass(frozen=True)
class FilesTold:
    """What was written. Counts are of rows with a picture: `taken_out` by what was found, `written_anew` by reason."""

    sides: Mapping[str, SideTold]
    rows: int
    changed: int
    taken_out: Mapping[str, int] = field(default_factory=dict)
    written_anew: Mapping[str, int] = field(default_factory=dict)
    shortened: Mapping[str, int] = field(default_factory=dict)


def files_section(
    features: Sequence[Mapping[str, Any]],
    *,
    targets: Sequence[str] = (),
    repo_id: str | None = None,
    told: FilesTold | None = None,
) -> Markdown:
    """The section without its heading. `told` is None before anything is published.

    Raises BadRequest for a `repo_id` that the Hub cannot have.
    """
    parts: list[str] = [_loading(repo_id, published=told is not None)]
    if told is not None:
        parts += [_sizes(told), _changes(told)]
    return Markdown("\n\n".join([*parts, column_table(features, targets=targets)]))


def with_section(card: str, section: str) -> str:
    """`card` with the text under HEADING replaced up to the next heading of its rank; appended where it has none."""
    whole = f"{HEADING}\n\n{section}\n"
    found = re.search(rf"^{HEADING}[ \t]*$.*?(?=^## |\Z)", card, re.MULTILINE | re.DOTALL)
    if found is None:
        return f"{card.rstrip()}\n\n{whole}"
    rest = card[found.end() :]
    return card[: found.start()] + whole + ("\n" + rest if rest else "")


def _loading(repo_id: str | None, *, published: bool) -> Markdown:
    if repo_id is not None and not re.fullmatch(r"[\w][\w.-]*(/[\w][\w.-]*)?", repo_id, re.ASCII):
        raise BadRequest("a repository of the Hub, such as org/name", repr(repo_id), "Correct the name.")
    if repo_id is None and not published:
        lines = ["from datasets import load_from_disk", "", 'data = load_from_disk("split/dataset")']
        return Markdown("Not published yet. In the working folder:\n\n" + fenced("\n".join(lines), "python"))
    # Without a name of the Hub the card lies beside its files; datasets wants a folder with a name, not ".".
    lines = ["from datasets import load_dataset", "", f'data = load_dataset("{repo_id or "FOLDER"}")']
    where = (
        "" if repo_id is not None else "FOLDER stands for the path of the folder that holds this card.\n\n"
    )
    return Markdown(where + fenced("\n".join(lines), "python"))


def _sizes(told: FilesTold) -> Markdown:
    lines = ["| side | rows | Parquet files | bytes |", "| --- | ---: | ---: | ---: |"]
    for side, (rows, files, size) in told.sides.items():
        lines.append(f"| {printed(side)} | {printed(rows)} | {printed(files)} | {printed(size)} |")
    return Markdown("\n".join(lines))


def _changes(told: FilesTold) -> Markdown:
    said = [
        "No file holds EXIF (but for an orientation alone), GPS, XMP, IPTC, text, comment or thumbnail. "
        f"Rows whose file lost something: {printed(told.changed)} of {printed(told.rows)}"
        + (f" ({_listed(told.taken_out)})." if told.taken_out else ".")
        + " The pixels are the same."
    ]
    if told.written_anew:
        said.append(
            "Written anew as PNG, as Vitrina decodes them (upright, sRGB, 8 bits, first frame): "
            f"{printed(sum(told.written_anew.values()))} ({_listed(told.written_anew, ': ')})."
        )
    if told.shortened:
        said.append(f"Values without the folders of the disk they named: {_listed(told.shortened)}.")
    return Markdown("\n".join(said))


def _listed(counts: Mapping[str, int], between: str = " ") -> str:
    return ", ".join(f"{printed(what)}{between}{printed(count)}" for what, count in counts.items())
