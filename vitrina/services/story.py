"""The story of how a label came to be, told in sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vitrina.services.wording import label_title, sentence, who

if TYPE_CHECKING:
    from vitrina.gallery.annotations import Event
    from vitrina.gallery.collections import Collection
    from vitrina.gallery.pictures import PictureDetail


def event_sentence(
    event: Event, collection: Collection, language: str, *, named: bool, undone: Event | None = None
) -> str:
    """One event as a sentence. `undone` is the event that an undo took back."""
    title = label_title(collection.label_titles, event.label or "", language)
    actor = who(language, event.actor, named=named)
    if event.kind == "import":
        if event.label is None:
            return sentence(language, "import_plain")
        return sentence(language, "import_simulator" if event.actor == "simulator" else "import", label=title)
    if event.kind == "undo":
        what = event_sentence(undone, collection, language, named=named) if undone else ""
        return sentence(language, "undo", who=actor, what=what.rstrip("."))
    return sentence(language, event.kind, who=actor, label=title)


def told(
    detail: PictureDetail, collection: Collection, language: str, *, named: bool
) -> list[dict[str, str]]:
    """[{at, what}], oldest first: every event and every model's answer.

    Suggestions of visitors, names of staff, and what was taken back are told to staff alone (`named`).
    """
    undone = {event.undoes for event in detail.story if event.kind == "undo"}
    by_id = {event.id: event for event in detail.story}
    lines = [
        (
            event.at,
            event_sentence(event, collection, language, named=named, undone=by_id.get(event.undoes or -1)),
        )
        for event in detail.story
        if named or (event.kind not in ("suggest", "undo") and event.id not in undone)
    ]
    for prediction, at in detail.predictions:
        title = label_title(collection.label_titles, prediction.top_label, language)
        key = "answered_unsure" if prediction.abstained else "answered"
        sure = round(100 * prediction.scores[prediction.top_label])
        lines.append((at, sentence(language, key, label=title, confidence=sure)))
    return [{"at": at.isoformat(), "what": what} for at, what in sorted(lines, key=lambda line: line[0])]
