"""The end of a card: what the model was compared with before it was published, and who overruled that why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from vitrina.cards.markdown import escaped
from vitrina.cards.model_figures import shown

HEADING = "## Before it was published"


def with_publication(
    card: str,
    *,
    version_before: str | None,
    compared: Sequence[Mapping[str, Any]],
    n: int,
    forced: str | None,
) -> str:
    """The card with a section of the gate's rows: name, new, champion, n, passes; `forced` is the reason told.

    A first version has no rows: the section then says that there was nothing to compare with.
    """
    lines = [card.rstrip("\n"), "", HEADING, ""]
    if version_before is None:
        lines.append("It is the first version of its repository: there was none to compare it with.")
    elif not compared:
        lines.append(f"It was not compared with {escaped(version_before)}, the version in force.")
    else:
        lines += [
            f"It was compared with {escaped(version_before)}, the version in force, on the same {n:,} test pictures.",
            "",
            f"| figure | this one | {escaped(version_before)} | pictures | within the margin |",
            "| --- | ---: | ---: | ---: | --- |",
            *(
                f"| {escaped(one['name'])} | {shown(one['new'])} | {shown(one['champion'])} | {one['n']:,} "
                f"| {'yes' if one['passes'] else '**no**'} |"
                for one in compared
            ),
        ]
    if forced is not None:
        lines += ["", f"Published all the same, for this reason: {escaped(forced)}"]
    return "\n".join(lines) + "\n"
