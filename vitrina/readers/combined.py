"""Labels, splits, columns of each picture, from folders and tables together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from vitrina.errors import BadRequest
from vitrina.labels import label_problem
from vitrina.readers.item import Remark, Skipped
from vitrina.readers.joined import Joined, Said
from vitrina.readers.levels import Levels, find_levels
from vitrina.readers.metadata import Table
from vitrina.readers.names import listed, shown
from vitrina.readers.naming import Named, Told, name_labels


@dataclass(frozen=True)
class Folder:
    """What a folder says of the pictures right in it. `problem`: why its name cannot be a label, or None."""

    label: str | None
    side: str | None
    below: int
    problem: str | None


@dataclass
class Counts:
    """How many pictures each sentence is about."""

    by_table: int = 0
    by_folder: int = 0
    loose: int = 0
    deeper: int = 0
    unfit: int = 0
    bad_folders: set[str] = field(default_factory=set)
    other_label: int = 0
    other_split: int = 0
    unnamed: list[str] = field(default_factory=list)
    doubled: int = 0
    other_sides: list[str] = field(default_factory=list)
    others: int = 0


@dataclass
class Combined:
    """`taken`: (place in the listing, label, split) of each picture; None for `folder_names` where folders are
    not read as classes. `problems`: a table's labels -> why each cannot be one, or None.
    """

    levels: Levels
    folders: dict[str, Folder]
    table_names: Named
    folder_names: Named | None
    problems: dict[str, str | None]
    taken: list[tuple[int, str | None, str | None]] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    remarks: list[Remark] = field(default_factory=list)
    counts: Counts = field(default_factory=Counts)


def combine(
    pictures: Sequence[str],
    tables: Sequence[Table],
    joined: Joined,
    *,
    told: Told,
    named_only: bool = False,
) -> Combined:
    """Settles the label and the split of each of `pictures`, or of those that tables name.

    A table's word stands before a folder's; each picture on which they differ is in `remarks`, as is each that
    no table names. Beside tables, folders are no classes where none is named like a label of theirs: one folder
    that holds all, or several where tables label at least half of the pictures. Raises BadRequest where labels
    do not fit what was told.
    """
    places = sorted(joined.said) if named_only else range(len(pictures))
    folders_of = [pictures[place].rpartition("/")[0] for place in places]
    combined = _settle_names(folders_of, tables, joined, told=told)
    combined.counts.others = len(pictures) - len(places)
    names = listed([shown(table.name) for table in tables], 3)
    for place, folder_name in zip(places, folders_of, strict=True):
        name, folder, said = shown(pictures[place]), combined.folders[folder_name], joined.said.get(place)
        if said is not None:
            _take_said(combined, place, folder, said, name)
            continue
        if tables:
            combined.counts.unnamed.append(name)
            combined.remarks.append(Remark(name, f"not named in {names}"))
        _take(combined, place, folder, name)
    return combined


def _settle_names(
    folders_of: Sequence[str], tables: Sequence[Table], joined: Joined, *, told: Told
) -> Combined:
    parts = {name: tuple(name.split("/")) if name else () for name in folders_of}
    levels = find_levels(parts.values())
    folders = {name: _folder(levels, path) for name, path in parts.items()}
    labels = [said.label for said in joined.said.values() if said.label is not None]
    where = listed([shown(table.name) for table in tables], 3)
    table_names = name_labels(labels, told.class_names, where=where)
    fit = {one.label for one in folders.values() if one.label is not None and one.problem is None}
    covered = bool(joined.said) and (len(fit) == 1 or (bool(labels) and 2 * len(labels) >= len(folders_of)))
    folder_names: Named | None
    try:
        folder_names = name_labels(fit, told.class_names, where="the names of the folders")
    except BadRequest:
        if not covered:
            raise
        folder_names = None
    if folder_names is not None and covered:
        shared = set(folder_names.text.values()) & set(table_names.text.values())
        folder_names = folder_names if shared else None
    problems = {label: label_problem(label) for label in table_names.text.values()}
    return Combined(levels, folders, table_names, folder_names, problems)


def _folder(levels: Levels, path: tuple[str, ...]) -> Folder:
    label = levels.label(path)
    problem = label_problem(label) if label is not None else None
    return Folder(label, levels.side(path), levels.below(path), problem)


def _take(combined: Combined, place: int, folder: Folder, name: str, side: str | None = None) -> None:
    """A picture of which no table gives the label."""
    counts = combined.counts
    label = None
    if combined.folder_names is None or folder.label is None:
        counts.loose += 1
    elif folder.problem is not None:
        reason = f"its folder's name cannot be a label: {folder.problem}"
        combined.skipped.append(Skipped(name, reason))
        counts.bad_folders.add(folder.label)
        return
    else:
        label = combined.folder_names.text[folder.label]
        counts.by_folder += 1
        counts.deeper += folder.below > 0
    combined.taken.append((place, label, side or folder.side))


def _take_said(combined: Combined, place: int, folder: Folder, said: Said, name: str) -> None:
    """A picture that a table names."""
    counts = combined.counts
    side = said.split or folder.side
    counts.doubled += bool(said.doubled - {"split"})
    if "split" in said.doubled:
        counts.other_sides.append(name)
    if said.split is not None and folder.side is not None and said.split != folder.side:
        counts.other_split += 1
        what = f"its folder says {folder.side}, {_tables(said)} says {said.split}, which was taken"
        combined.remarks.append(Remark(name, what))
    if "label" in said.doubled:
        combined.taken.append((place, None, side))
    elif said.label is None:
        _take(combined, place, folder, name, side)
    else:
        label = combined.table_names.text[said.label]
        if (problem := combined.problems[label]) is not None:
            counts.unfit += 1
            combined.skipped.append(Skipped(name, f"its label in {_tables(said)} cannot be one: {problem}"))
            return
        names = combined.folder_names
        other = names.text.get(folder.label) if names is not None and folder.label is not None else None
        if other is not None and other != label:
            counts.other_label += 1
            what = f"its folder says {other}, {_tables(said)} says {label}, which was taken"
            combined.remarks.append(Remark(name, what))
        counts.by_table += 1
        combined.taken.append((place, label, side))


def _tables(said: Said) -> str:
    return listed(map(shown, said.tables), 3)
