"""The rows of a cleaned collection, as far as a split looks at them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vitrina.errors import BadRequest, NotFound
from vitrina.splits.targets import Targets, read_targets, require_some

if TYPE_CHECKING:
    from datasets import Dataset

# What a picture's own content ties together, before any column of the user.
OWN_GROUPS = ("duplicate_group", "pixel_sha256", "picture_id")
_NOT_TO_GROUP_BY = frozenset({"image", "label", "official_split", *OWN_GROUPS})


@dataclass(frozen=True)
class Copy:
    """A picture that cleaning took out as a copy `of` another, which it names by its picture_id."""

    picture_id: str
    file_name: str
    label: str | None
    official_split: str | None
    of: str


@dataclass(frozen=True)
class Rows:
    """n rows in the order of `dataset`, which holds `pixel_sha256` beside its own columns.

    `label` is None where there is none; `columns` holds those whose equal values stay on one side, by name; `copies`
    are no rows. Where `targets` were asked for, the highest stands in `label` for one that is missing.
    """

    dataset: Dataset
    picture_id: list[str]
    pixel_sha256: list[str]
    file_name: list[str]
    label: list[str | None]
    official_split: list[str | None]
    columns: dict[str, list[Hashable | None]]
    copies: list[Copy] = field(default_factory=list)
    targets: Targets | None = None

    @property
    def target_names(self) -> tuple[str, ...]:
        """The columns that were asked for as targets."""
        return () if self.targets is None else self.targets.names

    @property
    def own_label(self) -> list[str | None]:
        """The label of each row in words, without what stands for one."""
        return labels_of(self.dataset)

    def digest(self) -> str:
        """SHA-256 over all that decides on a split: another order of the rows gives the same."""
        columns = [self.pixel_sha256, self.label, self.official_split, *self.columns.values()]
        names = list(self.columns)
        if self.targets is not None:
            columns.append([self.targets.told(row) for row in range(len(self.label))])
            names += ["targets", *self.targets.names]
        lines = sorted(json.dumps(row, default=str) for row in zip(*columns, strict=True))
        return hashlib.sha256("\n".join([json.dumps(names), *lines]).encode()).hexdigest()


def read_rows(cleaned: Path, *, keep_together: Sequence[str] = (), targets: Sequence[str] = ()) -> Rows:
    """The rows of `cleaned`, a folder with `dataset` and `survey.parquet` in one order.

    Grouped by OWN_GROUPS, by the column `group` where it is there and not empty, by `keep_together`. `targets` are
    columns of numbers: a row without a label that has them all counts as one of its highest. Raises NotFound,
    BadRequest.
    """
    if not (cleaned / "clean_report.json").is_file():
        raise NotFound(
            f"a cleaned collection in {cleaned.parent}",
            "no cleaned/clean_report.json",
            f"Run python -m training clean {cleaned.parent} first.",
        )
    from datasets import load_from_disk
    from pyarrow.parquet import read_table

    dataset: Any = load_from_disk(str(cleaned / "dataset"))
    survey = read_table(cleaned / "survey.parquet")
    if survey.column("picture_id").to_pylist() != dataset["picture_id"][:]:
        raise BadRequest(
            "cleaned/survey.parquet in the order of cleaned/dataset",
            f"{survey.num_rows} and {len(dataset)} rows that do not agree",
            f"Run python -m training clean {cleaned.parent} again.",
        )
    for name in ("pixel_sha256", "duplicate_group"):
        # A source may have columns of these names: a data set that Vitrina published has.
        if name in dataset.column_names:
            dataset = dataset.remove_columns(name)
        dataset = dataset.add_column(name, survey.column(name).to_pylist())
    names = [*OWN_GROUPS, *_user_columns(dataset, keep_together)]
    file_name = survey.column("file_name").to_pylist()
    read = read_targets(dataset, targets, file_names=file_name) if targets else None
    rows = Rows(
        dataset=dataset,
        picture_id=survey.column("picture_id").to_pylist(),
        pixel_sha256=survey.column("pixel_sha256").to_pylist(),
        file_name=file_name,
        label=labels_of(dataset),
        official_split=[side or None for side in survey.column("official_split").to_pylist()],
        columns={name: dataset[name][:] for name in names},
        copies=_copies(cleaned),
    )
    return rows if read is None else _with_targets(rows, read)


def _with_targets(rows: Rows, targets: Targets) -> Rows:
    """A copy without a label counts as what the picture that it is a copy of counts as."""
    require_some(targets)
    label = targets.stands_for(rows.label)
    by_picture = dict(zip(rows.picture_id, label, strict=True))
    copies = [replace(copy, label=copy.label or by_picture.get(copy.of)) for copy in rows.copies]
    return replace(rows, label=label, copies=copies, targets=targets)


def labels_of(dataset: Dataset) -> list[str | None]:
    """The label of each row in words; None where it is absent, empty or -1."""
    feature: Any = dataset.features.get("label")
    if feature is None:
        return [None] * len(dataset)
    values = list(dataset["label"][:])
    names = getattr(feature, "names", None)
    if names is None:
        return [None if value in (None, "") else str(value) for value in values]
    return [None if value is None or value < 0 else str(names[value]) for value in values]


def _copies(cleaned: Path) -> list[Copy]:
    """From the report of cleaning; their official splits from the survey of the collection, where it is still there."""
    from pyarrow.parquet import read_table

    removed = json.loads((cleaned / "clean_report.json").read_text(encoding="utf-8"))["removed"]
    official: dict[tuple[str, str], str | None] = {}
    survey = cleaned.parent / "collected" / "survey.parquet"
    if survey.is_file():
        columns = ["picture_id", "file_name", "official_split"]
        for row in read_table(survey, columns=columns).to_pylist():
            official[row["picture_id"], row["file_name"]] = row["official_split"] or None
    return [
        Copy(
            one["picture_id"],
            one["file_name"],
            one["label"],
            official.get((one["picture_id"], one["file_name"])),
            one["of"],
        )
        for one in removed
        if one.get("of")
    ]


def _user_columns(dataset: Dataset, keep_together: Sequence[str]) -> list[str]:
    here = [name for name in dataset.column_names if name not in _NOT_TO_GROUP_BY]
    unknown = [name for name in keep_together if name not in here]
    if unknown:
        raise BadRequest(
            f"--keep_together with columns among {', '.join(here)}",
            ", ".join(unknown),
            "Name columns of the collection.",
        )
    told = ["group"] if "group" in here and any(dataset["group"][:]) else []
    return sorted({*told, *keep_together})
