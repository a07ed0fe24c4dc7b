"""collect_report.json: what became of every picture."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from vitrina.pile.columns import Columns
from vitrina.readers.item import Source

_NEEDED = ("label", "official_split", "format", "mode", "width", "height")


def account(
    survey: Path, *, source: Source, columns: Columns, shards: Sequence[dict[str, Any]]
) -> dict[str, Any]:
    """The part of the report that is counted: from survey.parquet and from what the shards say of themselves."""
    import pyarrow.parquet

    table = pyarrow.parquet.read_table(survey, columns=list(_NEEDED))
    seen = {name: table.column(name).to_pylist() for name in _NEEDED}
    quarantined = [one for shard in shards for one in shard["quarantined"]]
    labels = Counter(seen["label"])
    return {
        "counts": {
            "found": len(source.items),
            "taken": table.num_rows,
            "quarantined": len(quarantined),
            "skipped": len(source.skipped),
            "unlabelled": labels[None],
        },
        "class_names": list(columns.class_names),
        "classes": {name: labels[name] for name in columns.class_names},
        "official_splits": _counted(side for side in seen["official_split"] if side is not None),
        "columns": [ours for _, ours, _ in columns.told],
        "columns_renamed": columns.renamed,
        "quarantined": quarantined,
        "quarantine_reasons": _counted(one["reason"] for one in quarantined),
        "skipped": [{"file_name": one.file_name, "reason": one.reason} for one in source.skipped],
        "remarks": [{"file_name": one.file_name, "what": one.what} for one in source.remarks],
        "formats": _counted(seen["format"]),
        "modes": _counted(seen["mode"]),
        "width": _spread(seen["width"]),
        "height": _spread(seen["height"]),
        # As the decoder counted them, the picture with the most: not what the code is meant to do.
        "decode_passes": max((shard["most_decodes"] for shard in shards), default=0),
    }


def _counted(values: Any) -> dict[str, int]:
    """The most frequent first, equal ones by name."""
    return dict(sorted(Counter(values).items(), key=lambda pair: (-pair[1], pair[0])))


def _spread(values: Sequence[int]) -> dict[str, float] | None:
    if not values:
        return None
    return {"least": min(values), "median": statistics.median(values), "most": max(values)}
