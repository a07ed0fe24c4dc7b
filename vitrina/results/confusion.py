"""Which class is said for which."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from vitrina.results.predicted import Predicted
from vitrina.results.read import Results

MOST_CLASSES = 24
MOST_PAIRS = 40


@dataclass(frozen=True)
class Cell:
    """`count` pictures of the class `true` that the model called `said`; `share` of all of the class `true`, 0..1.
    `shown`: the first of them, highest confidence first; `place` names the cell in the page."""

    true: str
    said: str
    count: int
    share: float
    place: str
    shown: tuple[Predicted, ...] = ()

    @property
    def right(self) -> bool:
        """Whether it lies on the diagonal."""
        return self.true == self.said


@dataclass(frozen=True)
class Confusion:
    """The matrix, rows what pictures are, columns what the model said, both in the order of `names`."""

    names: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]

    @cached_property
    def n(self) -> int:
        """Pictures counted."""
        return sum(self.totals)

    @cached_property
    def totals(self) -> tuple[int, ...]:
        """Pictures of each class."""
        return tuple(sum(cell.count for cell in row) for row in self.rows)

    @cached_property
    def mistaken(self) -> tuple[Cell, ...]:
        """The cells off the diagonal that hold pictures, fullest first."""
        wrong = [cell for row in self.rows for cell in row if cell.count and not cell.right]
        return tuple(sorted(wrong, key=lambda cell: (-cell.count, cell.true, cell.said)))

    @property
    def whole(self) -> bool:
        """Whether the matrix is small enough to be shown; else its `mistaken` cells are."""
        return len(self.names) <= MOST_CLASSES

    @property
    def open_cells(self) -> tuple[Cell, ...]:
        """The cells whose pictures the page holds, in the order in which it names them."""
        if not self.whole:
            return self.mistaken[:MOST_PAIRS]
        return tuple(cell for row in self.rows for cell in row if cell.count)


def confusion(results: Results, *, limit: int) -> Confusion | None:
    """The matrix of the test set with at most `limit` pictures a cell; None where there is none."""
    told = results.evaluated["test"].get("confusion")
    if not told:
        return None
    named = set(results.class_names)
    others = {name for name in told if name not in named}
    others |= {said for row in told.values() for said in row if said not in named}
    names = (*results.class_names, *sorted(others))
    behind: dict[tuple[str, str], list[Predicted]] = {}
    for one in sorted(results.test, key=lambda one: (-(one.confidence or 0.0), one.picture_id)):
        for label in one.labels:
            behind.setdefault((label, one.said[0]), []).append(one)
    rows = []
    for row, true in enumerate(names):
        counts = [int(told.get(true, {}).get(said, 0)) for said in names]
        total = max(1, sum(counts))
        rows.append(
            tuple(
                Cell(
                    true=true,
                    said=said,
                    count=counts[column],
                    share=counts[column] / total,
                    place=f"cell-{row}-{column}",
                    shown=tuple(behind.get((true, said), [])[:limit]),
                )
                for column, said in enumerate(names)
            )
        )
    return Confusion(names, tuple(rows))
