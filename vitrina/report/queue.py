"""What the review page carries."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vitrina.report.examples import line_row, partner_rows
from vitrina.report.found import Found

# K keeps, R removes, U undoes; every other digit or letter is a class.
CLASS_KEYS = "123456789abcdefghijlmnopqstvwxyz"
MOST_PARTNERS = 6


def review_data(found: Found, *, limit: int) -> dict[str, Any]:
    """The first `limit` lines of the queue with their partners, the classes with their keys, as plain JSON values."""
    lines = list(found.queue[:limit])
    classes = list(found.collected["class_names"])
    return {
        "fingerprint": str(found.collected["fingerprint"]),
        "name": found.name,
        "total": len(found.queue),
        "classes": [
            {"name": name, "key": CLASS_KEYS[place] if place < len(CLASS_KEYS) else None}
            for place, name in enumerate(classes)
        ],
        "kinds": sorted({kind for line in lines for kind in line["kinds"]}),
        "items": [_item(found, line) for line in lines],
    }


def pictures_of(data: Mapping[str, Any]) -> list[str]:
    """The picture_ids that the page shows, sorted."""
    shown = {item["id"] for item in data["items"]}
    return sorted(shown | {one["id"] for item in data["items"] for one in item["partners"]})


def _item(found: Found, line: dict[str, Any]) -> dict[str, Any]:
    rows = partner_rows(found, line)
    event = found.decisions.get(str(line["picture_id"]))
    return {
        **_picture(found, line_row(found, line)),
        "suggestion": line["suggestion"],
        "kinds": list(line["kinds"]),
        "reasons": [str(reason) for reason in line["reasons"]],
        "partners": [_picture(found, row) for row in rows[:MOST_PARTNERS]],
        "more": max(0, len(rows) - MOST_PARTNERS),
        "before": None
        if event is None
        else {key: event.get(key) for key in ("kind", "label", "annotator", "made")},
    }


def _picture(found: Found, row: int) -> dict[str, Any]:
    survey = found.survey
    return {
        "id": str(survey["picture_id"].iat[row]),
        "file": found.file_names[row],
        "label": found.labels[row],
        "width": int(survey["width"].iat[row]),
        "height": int(survey["height"].iat[row]),
    }
