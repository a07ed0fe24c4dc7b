"""Which columns of a split leave, which stay at home."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from vitrina.errors import BadRequest

if TYPE_CHECKING:
    from datasets import Features

# Without these nobody could check that no picture lies on two sides, or that the labels are those of the split.
NEEDED = ("image", "label", "picture_id", "pixel_sha256", "duplicate_group", "balance_copy")


class Chosen(NamedTuple):
    """`features` of what leaves, in the split's order; `left_out`: name -> why."""

    features: Features
    left_out: dict[str, str]


def chosen_columns(features: Features, *, targets: Sequence[str], without: Sequence[str]) -> Chosen:
    """What is published of the columns of a split.

    Everything of one value a row is: `image`, its bytes without metadata; `label` and the targets, what is learned;
    `picture_id`, `pixel_sha256`, `duplicate_group`, `group`, `balance_copy`, by which anybody counts leaks and copies
    again; `source`, `file_name`, `official_split`, so that a row can be found where it came from, without folders of
    the disk (`vitrina.parquet.private`); the source's own columns, as it told them. Features, views, perceptual
    hashes lie beside a collection, not in the split, so they are not published. Left out: lists, structures, bytes,
    which no stage of ours writes and nothing here could clean; what `without` names. Raises BadRequest where
    `without` names a column that is not there or is needed, where the split is none
    of ours.
    """
    from datasets import ClassLabel, Features, Image, Value

    if not isinstance(features.get("image"), Image) or not {"picture_id", "pixel_sha256"} <= set(features):
        raise BadRequest(
            "a split with the columns image, picture_id, pixel_sha256",
            ", ".join(features),
            "Run python -m training split again.",
        )
    needed = {*NEEDED, *targets} & set(features)
    if strange := [name for name in without if name not in features or name in needed]:
        may = [name for name in features if name not in needed]
        raise BadRequest(
            f"columns to leave out among {', '.join(may) or 'none'}",
            ", ".join(strange),
            "Name others; the rest is needed to check the data set.",
        )
    kept: dict[str, Any] = {}
    left_out: dict[str, str] = {}
    for name, feature in features.items():
        single = isinstance(feature, ClassLabel) or (
            isinstance(feature, Value) and "binary" not in feature.dtype
        )
        if name in without:
            left_out[name] = "asked for"
        elif name == "image" or single:
            kept[name] = feature
        else:
            left_out[name] = "not one value a row"
    return Chosen(Features(kept), left_out)
