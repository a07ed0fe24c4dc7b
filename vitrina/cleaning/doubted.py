"""What a person should look at in a cleaned collection."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from vitrina.cleaning.plan import Plan

if TYPE_CHECKING:
    from vitrina.doubts.doubt import Doubt
    from vitrina.doubts.queue import QueueEntry
    from vitrina.duplicates.found import Duplicates
    from vitrina.pile import Pile

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Doubted:
    """`queue`: what to look at, first things first, with rows of the pile. `not_looked_for`: kind -> why not."""

    queue: list[QueueEntry]
    not_looked_for: dict[str, str]

    @property
    def kinds(self) -> dict[str, int]:
        """Kind -> pictures in the queue that have it, sorted by kind."""
        return dict(sorted(Counter(kind for entry in self.queue for kind in entry.kinds).items()))

    def lines(self, pile: Pile) -> Iterator[dict[str, Any]]:
        """The lines of review_queue.jsonl."""
        ids, names = pile.survey["picture_id"].tolist(), pile.survey["file_name"].tolist()
        for rank, entry in enumerate(self.queue, start=1):
            yield {
                "rank": rank,
                "picture_id": ids[entry.row],
                "file_name": names[entry.row],
                "label": entry.label,
                "suggestion": entry.suggestion,
                "kinds": list(entry.kinds),
                "score": round(entry.score, 6),
                "reasons": list(entry.reasons),
                "partners": [ids[row] for row in entry.partners],
                "row": entry.row,
            }


@dataclass(frozen=True)
class _Kept:
    """The pictures that stay: rows of the pile, their labels, clusters, groups, features where there are any."""

    rows: np.ndarray
    labels: list[str | None]
    cluster: np.ndarray
    group: np.ndarray
    features: np.ndarray | None


def doubts_of(
    pile: Pile,
    duplicates: Duplicates,
    plan: Plan,
    *,
    group: np.ndarray,
    decided: Collection[str],
    label_errors: bool,
    seed: int,
    progress: Progress,
) -> Doubted:
    """Doubts about what `plan` keeps, by looks, labels, distances; no classifier judges its own `group` int64 (n,).

    Pictures in `decided` (picture ids) are not asked about again. Deterministic by `seed`.
    """
    from vitrina.doubts.looks import find_looks
    from vitrina.doubts.queue import review_queue

    kept = _kept(pile, duplicates, plan, group)
    missing: dict[str, str] = {}
    looks = find_looks(pile.survey.iloc[kept.rows], labels=kept.labels)
    missing |= {
        kind: f"{count} pictures are so: it is how this collection is" for kind, count in looks.common.items()
    }
    doubts = looks.doubts + _label_doubts(kept, missing, wanted=label_errors, seed=seed, progress=progress)
    if kept.features is None:
        missing |= dict.fromkeys(("outlier", "irrelevant"), "no features were computed")
    else:
        doubts += _far(kept, progress)
    ids = pile.survey["picture_id"].to_numpy()[kept.rows]
    asked = [doubt for doubt in doubts if _is_open(doubt, ids, decided)]
    progress("queue", 1, 1)
    return Doubted(review_queue(_in_the_pile(asked, kept.rows)), missing)


def _kept(pile: Pile, duplicates: Duplicates, plan: Plan, group: np.ndarray) -> _Kept:
    rows = np.array(plan.kept, dtype=np.int64)
    return _Kept(
        rows=rows,
        labels=[plan.labels[row] for row in plan.kept],
        cluster=duplicates.cluster[rows],
        group=group[rows],
        features=None if pile.features is None else np.asarray(pile.features[rows]),
    )


def _label_doubts(
    kept: _Kept, missing: dict[str, str], *, wanted: bool, seed: int, progress: Progress
) -> list[Doubt]:
    from vitrina.doubts.conflicts import label_conflicts
    from vitrina.doubts.label_errors import judge_labels, label_errors

    if not wanted or kept.features is None:
        missing["label_error"] = "no features were computed" if wanted else "switched off"
        return label_conflicts(kept.cluster, kept.labels)
    judged = judge_labels(kept.features, kept.labels, groups=kept.group, seed=seed, progress=progress)
    if judged.not_judged:
        said = ", ".join(f"{label} ({count})" for label, count in judged.not_judged.items())
        missing["label_error"] = f"labels that could not be judged: {said}"
    conflicts = label_conflicts(kept.cluster, kept.labels, quality=judged.quality)
    return conflicts + label_errors(judged, kept.labels)


def _far(kept: _Kept, progress: Progress) -> list[Doubt]:
    from vitrina.doubts.outliers import class_distances, outliers

    assert kept.features is not None
    distances = class_distances(kept.features, kept.labels, copies=kept.group, progress=progress)
    return outliers(distances, kept.labels)


def _is_open(doubt: Doubt, ids: np.ndarray, decided: Collection[str]) -> bool:
    """Two labels of one picture stay a question until all of its copies are decided."""
    rows = (doubt.row, *doubt.partners) if doubt.kind == "label_conflict" else (doubt.row,)
    return any(ids[row] not in decided for row in rows)


def _in_the_pile(doubts: list[Doubt], rows: np.ndarray) -> list[Doubt]:
    """The same doubts with rows of the pile instead of places among what is kept."""
    from dataclasses import replace

    return [
        replace(doubt, row=int(rows[doubt.row]), partners=tuple(int(rows[one]) for one in doubt.partners))
        for doubt in doubts
    ]
