"""What each column of a published row means."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from vitrina.cards.markdown import Markdown, code

_MEANINGS = {
    "image": "the picture's file",
    "label": "number of the class, in the order of the table above",
    "picture_id": "SHA-256 of the file as it was collected, with whatever metadata it held then",
    "source": "where the picture was collected from",
    "file_name": "name of the file in that source",
    "group": "pictures with the same group lie on one side",
    "official_split": "the side on which the source had it",
    "duplicate_group": "copies, pictures of one scene or of one group share this number; each lies on one side",
    "pixel_sha256": "SHA-256 of width, height and the upright sRGB pixels: the same picture in any lossless format",
    "balance_copy": "true in rows that repeat a picture of train, to balance the classes",
}


def column_table(features: Sequence[Mapping[str, Any]], *, targets: Sequence[str] = ()) -> Markdown:
    """A Markdown table of the columns, `features` as split_report.json has them: name, type."""
    lines = ["| column | type | what it is |", "| --- | --- | --- |"]
    for one in features:
        name = one["name"]
        own = "a number to be predicted" if name in targets else "as the source tells it"
        lines.append(f"| {code(name)} | {code(one['type'])} | {_MEANINGS.get(name, own)} |")
    return Markdown("\n".join(lines))
