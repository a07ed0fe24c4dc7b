"""What was inferred, in sentences."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from vitrina.readers.combined import Combined
from vitrina.readers.item import SPLIT_NAMES
from vitrina.readers.joined import Joined
from vitrina.readers.metadata import Table
from vitrina.readers.names import count, listed, shown


def inferred(combined: Combined, tables: Sequence[Table], joined: Joined) -> str:
    """All there is to say on how pictures were read, the most important first."""
    said = [*_folders(combined, tables), *_tables(combined, tables, joined), *_left_out(combined)]
    sides = Counter(side for _, _, side in combined.taken)
    if found := [f"{sides[side]:,} {side}" for side in SPLIT_NAMES if sides[side]]:
        said.append(f"Splits: {', '.join(found)}.")
    return " ".join(said)


def columns_of(tables: Sequence[Table]) -> list[str]:
    """What the tables add, each column once, in their order."""
    return list(dict.fromkeys(column for table in tables for column in table.columns))


def _say(number: int, one: str, many: str) -> Iterator[str]:
    """`one` for 1, `many` with its N for more, nothing for 0."""
    if number:
        yield one if number == 1 else many.replace("N", f"{number:,}", 1)


def _folders(combined: Combined, tables: Sequence[Table]) -> Iterator[str]:
    counts, levels, names = combined.counts, combined.levels, combined.folder_names
    labels = sorted({one.label for one in combined.folders.values() if one.label and not one.problem})
    read = names is not None and bool(labels)
    if not combined.taken and not tables:
        yield "No pictures were found."
    elif names is not None and read:
        yield f"{count(len(labels), 'class folder')} read as labels: {listed(labels)}."
        if any(name != text for name, text in names.text.items()):
            yield names.said
    elif labels:
        unlike = f"named like no label of {_names(tables)}, so not read as classes: {listed(labels)}."
        yield from _say(len(labels), f"1 folder is {unlike}", f"N folders are {unlike}")
    elif not tables:
        yield f"A plain pile of {count(len(combined.taken), 'picture')} without labels, no class folders."
    if levels.splits == 0 and read:
        yield "The top folders are named like splits, so the folders below were read as classes."
    if levels.passed not in ((), ("SPLIT",)) or (levels.splits or 0) > levels.classes:
        yield f"Folders read as {levels.pattern if read else '/'.join(map(shown, levels.passed))}."
    took = "in deeper folders took the label of the folder above."
    yield from _say(counts.deeper, f"1 picture {took}", f"N pictures {took}")
    if read and not tables:
        outside = "outside the class folders"
        yield from _say(
            counts.loose, f"1 picture {outside} has no label.", f"N pictures {outside} have no label."
        )


def _tables(combined: Combined, tables: Sequence[Table], joined: Joined) -> Iterator[str]:
    if not tables:
        return
    counts, names, s = combined.counts, _names(tables), "" if len(tables) > 1 else "s"
    of = f"{len(joined.said):,} of {count(len(joined.said) + len(counts.unnamed) + counts.others, 'picture')}"
    labels = listed(sorted({table.label_column for table in tables if table.label_column is not None}))
    labelled = f"labels from the column {labels}" if labels else "without a column of labels"
    yield f"{names} name{s} {of}, {labelled}."
    if combined.table_names.said:
        yield combined.table_names.said
    if columns := columns_of(tables):
        yield f"{names} add{s} {count(len(columns), 'column')}: {listed(columns)}."
    lost = f"to no picture here: {listed(joined.lost, 5)}."
    yield from _say(len(joined.lost), f"1 row leads {lost}", f"N rows lead {lost}")
    by = "by the last part of the name or without its extension."
    yield from _say(joined.loosely, f"1 row found its picture {by}", f"N rows found their pictures {by}")
    row = f"no row in {names}: {listed(counts.unnamed, 5)}."
    yield from _say(len(counts.unnamed), f"1 picture has {row}", f"N pictures have {row}")
    for number, what in ((counts.other_label, "label"), (counts.other_split, "split")):
        other = f"in a folder of another {what} than {names} give{s}; {names} win{s}."
        yield from _say(number, f"1 picture lies {other}", f"N pictures lie {other}")
    twice = "named more than once with contradictions, which were left out."
    yield from _say(counts.doubled, f"1 picture is {twice}", f"N pictures are {twice}")
    kept = "named in more than one split; the strictest was kept, test before validation before train"
    sided = f"{kept}: {listed(counts.other_sides, 5)}."
    yield from _say(len(counts.other_sides), f"1 picture is {sided}", f"N pictures are {sided}")
    unlabelled = sum(label is None for _, label, _ in combined.taken)
    yield from _say(unlabelled, "1 picture has no label.", "N pictures have no label.")


def _left_out(combined: Combined) -> Iterator[str]:
    counts = combined.counts
    out = "left out because the name cannot be a label."
    yield from _say(len(counts.bad_folders), f"1 folder {out}", f"N folders {out}")
    out = "left out because the label in a table cannot be one."
    yield from _say(counts.unfit, f"1 picture {out}", f"N pictures {out}")


def _names(tables: Sequence[Table]) -> str:
    return listed([shown(table.name) for table in tables], 3)
