"""Labels taken from a column that a source brought along."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from vitrina.errors import BadRequest
from vitrina.labels import label_problem
from vitrina.readers.item import Item, Skipped, Source
from vitrina.readers.names import listed
from vitrina.readers.naming import as_label, name_labels


def take_labels(source: Source, column: str, *, class_names: Sequence[str] | None = None) -> Source:
    """`source` with its labels from `column`; what the source itself took for labels is dropped, which is said.

    Pictures whose value cannot be a label are skipped. Raises BadRequest where there is no such column, where its
    values are not among `class_names`.
    """
    if column not in source.columns:
        found = f"the columns {listed(source.columns)}" if source.columns else "none besides the labels"
        # The column that the reader took for labels by itself is none of them: its sentences say which it was.
        next_step = f"Name one of its columns, or leave it to the reader. {source.inferred}".rstrip()
        raise BadRequest(f"a column {column} in the source", found, next_step)
    where = f"the column {column}"
    values = [as_label((item.columns or {}).get(column), where=where) for item in source.items]
    named = name_labels((value for value in values if value is not None), class_names, where=where)
    items: list[Item] = []
    skipped = list(source.skipped)
    for item, value in zip(source.items, values, strict=True):
        label = named.text[value] if value is not None else None
        if label is not None and (problem := label_problem(label)) is not None:
            skipped.append(Skipped(item.file_name, f"its label in {where} cannot be one: {problem}"))
            continue
        rest = {name: one for name, one in (item.columns or {}).items() if name != column}
        items.append(replace(item, label=label, columns=rest or None))
    labels = {item.label for item in items}
    used = [name for name in named.class_names if class_names or name in labels]
    said = [source.inferred, f"Labels come from the column {column}, as told.", named.said]
    unlabelled = sum(item.label is None for item in items)
    if unlabelled:
        said.append(f"{unlabelled:,} of {len(items):,} pictures have no value there, so no label.")
    return replace(
        source,
        items=items,
        class_names=used,
        inferred=" ".join(filter(None, said)),
        skipped=skipped,
        columns=[name for name in source.columns if name != column],
    )
