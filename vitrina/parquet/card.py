"""The card of a collection as it lies beside its Parquet files."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from vitrina.cards.files_section import FilesTold, SideTold, files_section, with_section
from vitrina.cards.front_matter import configs_of, features_of
from vitrina.cards.merged import front_of, with_key
from vitrina.errors import BadRequest, Conflict
from vitrina.parquet.private import home_in
from vitrina.parquet.rows import Counted
from vitrina.parquet.shards import SideFiles

_OF_SPLIT = re.compile(r"\bsplit `([0-9a-f]{64})`")


def refuse_card(card: str, report: Mapping[str, Any]) -> None:
    """Raises Conflict where `card` was written for another split, BadRequest where it names a person's folder."""
    told = _OF_SPLIT.search(card)
    if told is not None and told[1] != report["fingerprint"]:
        raise Conflict(
            f"a card of the split as it is, {report['fingerprint'][:12]}",
            f"one of the split {told[1][:12]}",
            "Run python -m training card again.",
        )
    if (line := home_in(card)) is not None:
        raise BadRequest(
            "a card that names no folder of a person",
            " ".join(line.split())[:200],
            "Take it out of card/README.md.",
        )


def published_card(
    card: str,
    *,
    report: Mapping[str, Any],
    sides: Mapping[str, SideFiles],
    counted: Counted,
    columns: list[str],
    repo_id: str | None,
) -> str:
    """`card` with `dataset_info` (features, splits, sizes), `configs`, and the section on its files.

    `configs` that name every side with rows and no other stay; a side without rows is none to `datasets`. What else it
    says stays as it is, in its order. `dataset_size` counts bytes in memory, `download_size` those of the files, as the
    Hub does.
    """
    sides = {side: files for side, files in sides.items() if files.rows}
    features = [one for one in report["features"] if one["name"] in columns]
    info = {
        "features": features_of(features),
        "splits": [
            {"name": side, "num_bytes": files.in_memory, "num_examples": files.rows}
            for side, files in sides.items()
        ],
        "download_size": sum(files.on_disk for files in sides.values()),
        "dataset_size": sum(files.in_memory for files in sides.values()),
    }
    if _sides_of(card) != set(sides):
        card = with_key(card, "configs", configs_of(list(sides)))
    card = with_key(card, "dataset_info", info)
    told = FilesTold(
        {side: SideTold(files.rows, len(files.files), files.on_disk) for side, files in sides.items()},
        counted.rows,
        counted.changed,
        _ordered(counted.taken_out),
        _ordered(counted.written_anew),
        _ordered(counted.shortened),
    )
    targets = report["settings"].get("targets", ())
    return with_section(card, files_section(features, targets=targets, repo_id=repo_id, told=told))


def _sides_of(card: str) -> set[str]:
    """The sides that the first of its `configs` names."""
    try:
        return {one["split"] for one in front_of(card)["configs"][0]["data_files"]}
    except (KeyError, IndexError, TypeError):
        return set()


def _ordered(counts: Mapping[str, int]) -> dict[str, int]:
    """The most frequent first, equal ones by name."""
    return dict(sorted(counts.items(), key=lambda one: (-one[1], one[0])))
