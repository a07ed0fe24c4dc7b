"""What the split's report says, from the plan and from what was written."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from vitrina.splits.before import described
from vitrina.splits.leaks import Leaks
from vitrina.splits.plan import Plan
from vitrina.splits.rows import Rows
from vitrina.splits.written import contents, fingerprint, hashes

if TYPE_CHECKING:
    from datasets import DatasetDict

# With 27 of 30 right, the 95 % interval (Wilson) is 0.74 to 0.97: below this a class's figures say little.
FEW = 30


def figures(plan: Plan, rows: Rows, *, written: DatasetDict, after: Leaks) -> dict[str, Any]:
    """The report but for stage, input, settings. Counts, hashes, fingerprint are those of `written`."""
    out = [_named(rows, each.row, each.side) | {"reason": each.reason} for each in plan.left_out]
    counts = contents(written, list(rows.columns), targets=rows.target_names)
    classes: Counter[str] = Counter()
    for side in counts.values():
        classes.update(side["classes"])
    return {
        "said": plan.said,
        "counts": counts,
        "totals": {"pictures": sum(side["pictures"] for side in counts.values()), "classes": dict(classes)},
        "small_classes": {"fewer_than": FEW, "classes": {k: n for k, n in classes.items() if n < FEW}},
        "left_out": sorted(out, key=lambda one: (one["reason"], one["file_name"], one["picture_id"])),
        "left_out_reasons": dict(sorted(Counter(each["reason"] for each in out).items())),
        "leaks": {
            "before": plan.before,
            "after": {"what": "the splits as written"} | described(after, [], []),
        },
        "class_weights": plan.class_weights,
        "balance": plan.balance,
        "features": _features(written),
        "hashes": hashes(written),
        "fingerprint": fingerprint(written, targets=rows.target_names),
    }


def _named(rows: Rows, row: int, side: str | None) -> dict[str, Any]:
    return {
        "picture_id": rows.picture_id[row],
        "file_name": rows.file_name[row],
        "label": rows.label[row],
        "side": side,
    }


def _features(written: DatasetDict) -> list[dict[str, Any]]:
    """The columns as they were written: name, type ("image", "class_label", "string", ...), class names."""
    answer: list[dict[str, Any]] = []
    for name, feature in next(iter(written.values())).features.items():
        names = getattr(feature, "names", None)
        if names is not None:
            answer.append({"name": name, "type": "class_label", "names": list(names)})
        else:
            image = type(feature).__name__ == "Image"
            answer.append({"name": name, "type": "image" if image else getattr(feature, "dtype", "unknown")})
    return answer
