"""What a person decided of a picture: events that are appended, folded, never changed."""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from vitrina.errors import BadRequest, NotFound
from vitrina.labels import label_problem

DECISION_KINDS = ("keep", "remove", "relabel", "undo")
_NAMED = 5  # Wrong ones named in one error; the rest are counted.


@dataclass(frozen=True, slots=True)
class Decision:
    """One annotation event.

    `picture_id`: SHA-256 of the file, 64 hexadecimal digits; `kind`: one of DECISION_KINDS; `label`: the new one
    for relabel, for keep the one that was confirmed (or None); `annotator`: who; `made`: when, ISO 8601 in UTC;
    `replaces`: the label that the person saw. An undo takes back what stands for the picture then, so that
    what stood before it stands again. Two events equal in everything are one event told twice.
    """

    picture_id: str
    kind: str
    label: str | None
    annotator: str
    made: str
    replaces: str | None = None


def read_decisions(
    path: Path, *, picture_ids: Collection[str] | None = None, class_names: Collection[str] | None = None
) -> list[Decision]:
    """The decisions of a .jsonl (an object a line) or .csv file (a first line with the names), in its order.

    Columns: picture_id, kind, label, annotator, made, replaces; others are not read. `made` is needed: it
    tells a decision repeated from the same file given twice. With `picture_ids`, `class_names` (relabel
    alone) whatever is not among them is refused, all of it in one error. Raises NotFound, BadRequest with the line.
    """
    if path.suffix not in (".jsonl", ".csv"):
        raise BadRequest("decisions in a .jsonl or .csv file", path.name, "Save them as one of the two.")
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        raise NotFound(f"decisions at {path}", "no such file", "Check the name.") from None
    except UnicodeDecodeError as error:
        raise BadRequest(
            f"UTF-8 text in {path.name}", f"another byte at {error.start}", "Save it as UTF-8."
        ) from None
    rows = _json_lines(text, path.name) if path.suffix == ".jsonl" else _csv_rows(text, path.name)
    decisions = {number: _decision(row, f"line {number} of {path.name}") for number, row in rows}
    if picture_ids is not None:
        strange = {
            line: one.picture_id for line, one in decisions.items() if one.picture_id not in picture_ids
        }
        next_step = "Decide on the pictures of this working folder, or collect those first."
        _refuse("pictures of this collection", strange, next_step)
    if class_names is not None:
        relabelled = {line: str(one.label) for line, one in decisions.items() if one.kind == "relabel"}
        strange = {line: label for line, label in relabelled.items() if label not in class_names}
        next_step = "Choose a known label, or add the class to the collection first."
        _refuse(f"labels among {', '.join(list(class_names)[:20])}", strange, next_step)
    return list(decisions.values())


def read_annotations(
    path: Path, *, picture_ids: Collection[str] | None = None, class_names: Collection[str] | None = None
) -> list[Decision]:
    """What `append_decisions` has written so far, as `read_decisions` reads it; nothing where there is no file."""
    return read_decisions(path, picture_ids=picture_ids, class_names=class_names) if path.exists() else []


def fold(decisions: Iterable[Decision]) -> dict[str, Decision]:
    """picture_id -> the decision that stands, sorted by picture_id. The later event wins, in the order given.

    The order is that of the file, not of the clocks. An undo with nothing to take back does nothing; an event
    repeated is the same event.
    """
    standing: dict[str, list[Decision]] = {}
    for event in dict.fromkeys(decisions):
        before = standing.setdefault(event.picture_id, [])
        if event.kind != "undo":
            before.append(event)
        elif before:
            before.pop()
    return {picture_id: events[-1] for picture_id, events in sorted(standing.items()) if events}


def append_decisions(annotations: Path, decisions: Iterable[Decision]) -> int:
    """Add what `annotations` (.jsonl, made where absent) does not hold yet, in order; returns how many were new.

    Whole and durable when it returns; what was there stays byte for byte. One writer at a time. Raises
    BadRequest where a line of it cannot be read.
    """
    known = set(read_annotations(annotations))
    new = [event for event in dict.fromkeys(decisions) if event not in known]
    if not new and annotations.exists():
        return 0
    text = annotations.read_bytes().decode("utf-8-sig") if annotations.exists() else ""
    if text and not text.endswith("\n"):
        text += "\n"
    text += "".join(json.dumps(asdict(event), ensure_ascii=False) + "\n" for event in new)
    # Beside it, then in its place: a line half written by a process that was stopped would spoil the file.
    partial = annotations.with_name(f".{annotations.name}.{uuid4().hex}.partial")
    try:
        with partial.open("w", encoding="utf-8", newline="") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(partial, annotations)
    finally:
        partial.unlink(missing_ok=True)
    return len(new)


def _json_lines(text: str, name: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    # Split at line feeds alone: a label may hold characters that splitlines takes for ends of lines.
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except json.JSONDecodeError:
            row = None
        if not isinstance(row, dict):
            raise BadRequest(
                f"a JSON object in line {number} of {name}",
                repr(line[:40]),
                "Correct that line, or take it out.",
            )
        yield number, row


def _csv_rows(text: str, name: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    reader = csv.DictReader(io.StringIO(text, newline=""))
    missing = [
        one for one in ("picture_id", "kind", "annotator", "made") if one not in (reader.fieldnames or [])
    ]
    if missing:
        raise BadRequest(
            f"a first line of {name} with the columns picture_id, kind, label, annotator, made",
            f"none called {', '.join(missing)}",
            "Add the first line with those names.",
        )
    for row in reader:
        yield reader.line_num, row


def _decision(row: Mapping[str, Any], where: str) -> Decision:
    """Raises BadRequest: each part in words, with the line."""
    told = {field.name: row.get(field.name) for field in fields(Decision)}
    for name, value in told.items():
        if value is not None and not isinstance(value, str):
            raise BadRequest(f"text as {name} in {where}", repr(value)[:40], "Put it in quotation marks.")
    text = {name: value.strip() if value else "" for name, value in told.items()}
    if not text["picture_id"]:
        raise BadRequest(
            f"a picture_id in {where}", "none", "Copy it from review_queue.jsonl, or from the report."
        )
    kind = text["kind"]
    if kind not in DECISION_KINDS:
        known = ", ".join(DECISION_KINDS)
        raise BadRequest(f"one of the kinds {known} in {where}", repr(kind)[:60], "Write one of those.")
    if not text["annotator"]:
        next_step = "Write who decided, so that it can be asked about later."
        raise BadRequest(f"an annotator in {where}", "none", next_step)
    if kind == "relabel":
        problem = label_problem(told["label"] or "")
        if problem is not None:
            raise BadRequest(f"the new label in {where}", problem, "Write the label that is right.")
    return Decision(
        picture_id=text["picture_id"],
        kind=kind,
        label=told["label"] or None,
        annotator=text["annotator"],
        made=_moment(text["made"], where),
        replaces=told["replaces"] or None,
    )


def _moment(told: str, where: str) -> str:
    """`told` in UTC. The same moment in another zone is the same moment, so the same event."""
    try:
        moment = datetime.fromisoformat(told)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise BadRequest(
            f"a moment with its time zone as made in {where}",
            repr(told)[:60] if told else "none",
            "Write it like 2026-03-01T18:30:00Z, a different one for each decision on a picture.",
        )
    return moment.astimezone(UTC).isoformat()


def _refuse(expected: str, strange: Mapping[int, str], next_step: str) -> None:
    """Raises BadRequest where anything is strange, naming the first five with their lines."""
    if not strange:
        return
    named = [f"{value} (line {line})" for line, value in list(strange.items())[:_NAMED]]
    more = f" and {len(strange) - len(named)} more" if len(strange) > len(named) else ""
    raise BadRequest(expected, ", ".join(named) + more, next_step)
