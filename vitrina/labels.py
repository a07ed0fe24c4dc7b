"""The ordered class names of a task."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

from vitrina.errors import BadRequest

LONGEST_LABEL = 64
TASKS = ("single_label", "multi_label", "regression")

# Control, format (bidirectional marks are among them), surrogate, private, unassigned, line or paragraph
# separator: what a reader cannot see, or what makes one label look like another.
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def label_problem(name: str) -> str | None:
    """What keeps `name` from being a label, as a phrase, or None where it may be one.

    A label has 1 to 64 characters (Unicode code points), no space at either end, no control, bidirectional or
    other invisible character.
    """
    if not isinstance(name, str):
        return f"{name!r}, which is not text"
    if not name.strip():
        return "an empty name"
    if len(name) > LONGEST_LABEL:
        return f"a name of {len(name)} characters that begins with {name[:20]!a}"
    if name != name.strip():
        return f"{name!a}, with a space at one end"
    unseen = next((c for c in name if unicodedata.category(c) in _UNSEEN), None)
    if unseen is not None:
        return f"{name!a}, which holds the invisible character U+{ord(unseen):04X}"
    return None


@dataclass(frozen=True)
class LabelScheme:
    """Class names in the order of a model's outputs; index i is output i.

    `names` are unique (compared after Unicode normalisation NFC), each fit to be a label (see
    `label_problem`). Raises BadRequest where they are not, where there is none, or where `task` is not one of
    TASKS.
    """

    names: tuple[str, ...]
    task: str = "single_label"

    def __post_init__(self) -> None:
        object.__setattr__(self, "names", tuple(self.names))
        if self.task not in TASKS:
            raise BadRequest(
                f"a task among {', '.join(TASKS)}", repr(self.task), "Correct the task of the label scheme."
            )
        if not self.names:
            raise BadRequest("at least one label", "none", "Name the classes of the collection.")
        seen: set[str] = set()
        for name in self.names:
            problem = label_problem(name)
            if problem is not None:
                raise BadRequest(
                    f"labels of 1 to {LONGEST_LABEL} visible characters", problem, "Rename that class."
                )
            key = unicodedata.normalize("NFC", name)
            if key in seen:
                next_step = "Give each class a name of its own."
                raise BadRequest("labels that differ", f"{name!r} twice", next_step)
            seen.add(key)

    @property
    def id2label(self) -> dict[int, str]:
        """Output index -> label, as a transformers config holds it."""
        return dict(enumerate(self.names))

    @property
    def label2id(self) -> dict[str, int]:
        """Label -> output index."""
        return {name: index for index, name in enumerate(self.names)}

    def index(self, name: str) -> int:
        """The output index of `name`, 0 to len(names) - 1. Raises BadRequest naming the known labels."""
        try:
            return self.names.index(name)
        except ValueError:
            raise BadRequest(
                f"one of the labels {', '.join(self.names)}",
                repr(name)[: LONGEST_LABEL + 40],
                "Choose a known label, or add it to the collection first.",
            ) from None
