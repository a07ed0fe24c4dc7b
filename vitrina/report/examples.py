"""Examples of each problem, chosen from the reports."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from vitrina.report.found import Found
from vitrina.report.tables import BY_FEATURES, BY_LOOKS, not_looked_for

COPIES = ("bytes", "pixels", "near")
DOUBTS = ("label_error", *(kind for kind in BY_FEATURES if kind != "label_error"), *BY_LOOKS)
MOST_COPIES = 4


@dataclass(frozen=True)
class Shown:
    """One picture of an example. `status`: kept, out (taken out), stays (a copy that is still there), doubt,
    partner, or the side of a split that it is on ("side.train")."""

    picture_id: str
    file_name: str
    label: str | None
    width: int
    height: int
    status: str
    sharpness: float | None = None


@dataclass(frozen=True)
class Example:
    """Pictures side by side. `why`: the text key that says why the kept one; `reasons`: what a stage wrote, in
    English; `more`: pictures of the same cluster that are not shown."""

    pictures: tuple[Shown, ...]
    why: str | None = None
    reasons: tuple[str, ...] = ()
    suggestion: str | None = None
    more: int = 0


@dataclass(frozen=True)
class Problem:
    """One kind of trouble: `total` cases of it, the first of them as examples; `not_looked`: why
    nobody looked, as `not_looked_for` says it."""

    kind: str
    total: int
    examples: tuple[Example, ...]
    not_looked: str | None = None

    @property
    def one_each(self) -> bool:
        """Whether every example is a single picture."""
        return all(len(example.pictures) == 1 for example in self.examples)


@dataclass(frozen=True)
class Quarantined:
    """Files that were not taken for one reason; `files` are the first of them as the stage reported them."""

    reason: str
    total: int
    files: tuple[dict[str, Any], ...]


def problems(found: Found, *, limit: int) -> dict[str, list[Problem]]:
    """All kinds of trouble as {"copies": ..., "labels": ..., "looks": ...}, at most `limit` examples each."""
    conflicts = [cluster for cluster in _clusters(found) if cluster["conflict"]]
    return {
        "copies": [_copies(found, kind, limit) for kind in COPIES],
        "labels": [
            _of_clusters(found, "label_conflict", conflicts, limit),
            _doubts(found, "label_error", limit),
        ],
        "looks": [_doubts(found, kind, limit) for kind in DOUBTS if kind != "label_error"],
    }


def quarantined(found: Found, *, limit: int) -> list[Quarantined]:
    """The unreadable files by reason, the most frequent reason first."""
    by_reason: dict[str, list[dict[str, Any]]] = {}
    for one in found.collected["quarantined"]:
        by_reason.setdefault(str(one["reason"]), []).append(one)
    ranked = sorted(by_reason.items(), key=lambda pair: (-len(pair[1]), pair[0]))
    return [Quarantined(reason, len(files), tuple(files[:limit])) for reason, files in ranked]


def relabelled(found: Found, *, limit: int) -> Problem:
    """What people decided, last decision first: the picture as collected, the decision as `why`, the label that it
    got as `suggestion`, who decided as the only reason."""
    decided = [] if found.cleaned is None else list(found.cleaned["decided"])
    examples = [
        Example(
            pictures=(replace(row_shown(found, rows[0], "doubt"), label=found.collected_labels[rows[0]]),),
            why=f"decided.{event['kind']}",
            reasons=(str(event.get("annotator") or ""),),
            suggestion=event.get("label"),
        )
        for event in reversed(decided)
        if (rows := found.rows_of.get(str(event["picture_id"]), []))
    ]
    return Problem("decided", len(decided), tuple(examples[:limit]))


def leaks(found: Found, moment: str, *, limit: int) -> Problem:
    """Groups that lie on two sides of a split; `moment`: before, after."""
    told = {} if found.split is None else found.split["leaks"][moment]
    groups = list(told.get("examples", []))[:limit]
    return Problem(moment, int(told.get("groups", 0)), tuple(_leak_example(found, group) for group in groups))


def _leak_example(found: Found, group: Sequence[dict[str, Any]]) -> Example:
    rows = [found.row_of(str(one["picture_id"]), str(one["file_name"])) for one in group[:MOST_COPIES]]
    shown = (row_shown(found, row, f"side.{one['side']}") for row, one in zip(rows, group, strict=False))
    return Example(tuple(shown))


def row_shown(found: Found, row: int, status: str) -> Shown:
    """One row of the collection, to be shown."""
    survey = found.survey
    return Shown(
        picture_id=str(survey["picture_id"].iat[row]),
        file_name=found.file_names[row],
        label=found.labels[row],
        width=int(survey["width"].iat[row]),
        height=int(survey["height"].iat[row]),
        status=status,
    )


def line_row(found: Found, line: dict[str, Any]) -> int:
    """The row of the collection that a line of the review queue speaks of."""
    return found.row_of(str(line["picture_id"]), str(line["file_name"]))


def partner_rows(found: Found, line: dict[str, Any]) -> list[int]:
    """Rows of the partners of a line of the review queue, without the line's own.

    Of files that are the same byte for byte one is enough, or one of each label where they have several.
    """
    own = line_row(found, line)
    rows: dict[tuple[str, str | None], int] = {}
    for picture_id in map(str, line["partners"]):
        for row in found.rows_of.get(picture_id, []):
            if row != own:
                rows.setdefault((picture_id, found.labels[row]), row)
    return list(rows.values())


def pictures_of(several: Iterable[Problem]) -> list[str]:
    """The picture_ids that the examples show, sorted."""
    return sorted({one.picture_id for problem in several for e in problem.examples for one in e.pictures})


def _clusters(found: Found) -> list[dict[str, Any]]:
    return [] if found.cleaned is None else list(found.cleaned["clusters"])


def _copies(found: Found, kind: str, limit: int) -> Problem:
    clusters = [cluster for cluster in _clusters(found) if cluster["kind"] == kind]
    # Clusters that hold two labels have a place of their own; here they come last.
    return _of_clusters(found, kind, sorted(clusters, key=lambda cluster: bool(cluster["conflict"])), limit)


def _of_clusters(found: Found, kind: str, clusters: Sequence[dict[str, Any]], limit: int) -> Problem:
    return Problem(
        kind,
        total=len(clusters),
        examples=tuple(_cluster_example(found, cluster) for cluster in clusters[:limit]),
        not_looked=not_looked_for(found, kind),
    )


def _cluster_example(found: Found, cluster: dict[str, Any]) -> Example:
    pictures = sorted(cluster["pictures"], key=lambda one: not one["kept"])
    # Where nothing went, "kept" would say nothing: the copies are all still there.
    settled = not cluster["conflict"] and not pictures[-1]["kept"]
    near = cluster["kind"] == "near"
    shown = tuple(
        Shown(
            picture_id=str(one["picture_id"]),
            file_name=str(one["file_name"]),
            label=one["label"],
            width=int(one["width"]),
            height=int(one["height"]),
            status="out" if not one["kept"] else "kept" if settled else "stays",
            sharpness=float(one["sharpness"]) if near else None,
        )
        for one in pictures[:MOST_COPIES]
    )
    why = why_kept(found, cluster["kind"], pictures) if settled else "why.left"
    if cluster["conflict"]:
        why = "why.conflict"
    return Example(shown, why=why, more=len(pictures) - len(shown))


def why_kept(found: Found, kind: str, pictures: Sequence[dict[str, Any]]) -> str:
    """The text key that says why the first of `pictures` is kept rather than those that are not.

    The order of the reasons is the one in which vitrina.duplicates chooses.
    """
    kept, others = pictures[0], [one for one in pictures if not one["kept"]]
    if kept["label"] is not None and any(one["label"] is None for one in others):
        return "why.labelled"
    official = [
        found.official_split(found.row_of(str(one["picture_id"]), str(one["file_name"])))
        for one in (kept, *others)
    ]
    if official[0] in ("test", "validation") and any(split != official[0] for split in official[1:]):
        return f"why.in_{official[0]}"
    if kind in ("bytes", "pixels"):
        return f"why.{kind}"
    areas = [one["width"] * one["height"] for one in others]
    if all(kept["width"] * kept["height"] > area for area in areas):
        return "why.largest"
    if all(kept["sharpness"] > one["sharpness"] for one in others):
        return "why.sharpest"
    return "why.best"


def _doubts(found: Found, kind: str, limit: int) -> Problem:
    lines = [line for line in found.queue if kind in line["kinds"]]
    total = 0 if found.cleaned is None else int(found.cleaned["review"]["kinds"].get(kind, len(lines)))
    return Problem(
        kind,
        total=max(total, len(lines)),
        examples=tuple(_doubt_example(found, line, kind) for line in lines[:limit]),
        not_looked=not_looked_for(found, kind),
    )


def _doubt_example(found: Found, line: dict[str, Any], kind: str) -> Example:
    # The partners of a picture with several doubts may belong to another of them.
    partners = partner_rows(found, line) if line["kinds"] == [kind] else []
    pictures = [row_shown(found, line_row(found, line), "doubt")]
    pictures += [row_shown(found, row, "partner") for row in partners[:1]]
    return Example(
        pictures=tuple(pictures),
        reasons=reasons_for(line, kind),
        suggestion=line["suggestion"] if kind in ("label_error", "outlier") else None,
    )


def reasons_for(line: dict[str, Any], kind: str) -> tuple[str, ...]:
    """The reasons of one kind, where kinds and reasons come in pairs; else all of them."""
    kinds, reasons = line["kinds"], tuple(str(reason) for reason in line["reasons"])
    if len(kinds) != len(reasons):
        return reasons
    return tuple(reason for of, reason in zip(kinds, reasons, strict=True) if of == kind)
