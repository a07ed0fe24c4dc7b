"""Who goes where, before anything is written."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np

from vitrina.errors import BadRequest
from vitrina.splits.balance import class_weights, sample
from vitrina.splits.before import leaks_before
from vitrina.splits.groups import join_groups
from vitrina.splits.official import NO_LABEL, NO_TARGETS, UNDERSAMPLED, LeftOut, keep_official, new_splits
from vitrina.splits.request import SIDES, SplitRequest
from vitrina.splits.rows import Rows
from vitrina.splits.targets import strata

Balance = Literal["none", "weights", "undersample", "oversample"]


@dataclass
class Plan:
    """`sides` (n), None for those in `left_out`; `copies` are rows that train holds once more each time they occur;
    `said` tells in a sentence where the sides come from; `before` are the leaks without all this; `class_weights` and
    `balance` stand in the report as they are."""

    sides: list[str | None]
    left_out: list[LeftOut]
    said: str
    before: dict[str, Any]
    copies: list[int] = field(default_factory=list)
    class_weights: dict[str, float] | None = None
    balance: dict[str, Any] | None = None

    def rows_of(self) -> dict[str, list[int]]:
        """Rows of each side that has any, in their order, without copies."""
        return {
            side: [row for row, at in enumerate(self.sides) if at == side]
            for side in SIDES
            if side in self.sides
        }


def make_plan(
    rows: Rows,
    request: SplitRequest,
    *,
    official: Literal["keep", "ignore"] = "keep",
    balance: Balance = "none",
    balance_to: int | None = None,
) -> Plan:
    """Sides for all rows, then train balanced as asked. Raises BadRequest where the request cannot be met."""
    if balance_to is not None and balance not in ("undersample", "oversample"):
        raise BadRequest(
            "--balance_to with --balance undersample or oversample",
            f"--balance {balance}",
            "Name how to come to that number, or leave it out.",
        )
    groups = join_groups(*rows.columns.values())
    keys = rows.pixel_sha256
    labels = _dealt_under(rows, groups, request, official=official)
    if official == "keep":
        dealt = keep_official(rows.official_split, labels, groups=groups, keys=keys, request=request)
    else:
        dealt = new_splits(labels, groups, keys=keys, request=request)
    left_out = dealt.left_out
    if rows.targets is not None:
        left_out = [replace(one, reason=NO_TARGETS) if one.reason == NO_LABEL else one for one in left_out]
    answer = Plan(dealt.sides, left_out, dealt.said, leaks_before(rows, groups, request))
    if balance == "weights":
        answer.class_weights = class_weights([str(rows.label[row]) for row in _train(answer)])
    elif balance != "none":
        _sample(answer, rows, kind=balance, to=balance_to, seed=request.seed)
    return answer


def _dealt_under(
    rows: Rows, groups: np.ndarray, request: SplitRequest, *, official: Literal["keep", "ignore"]
) -> list[str | None]:
    if rows.targets is None:
        return rows.label
    # Of a source with official sides only what is train, or nothing yet, is dealt.
    fixed = [official == "keep" and side not in (None, "train") for side in rows.official_split]
    free = [row for row, already in enumerate(fixed) if not already]
    return strata(rows.own_label, rows.targets, groups=groups, rows=free, sides=len(request.sides))


def _train(answer: Plan) -> list[int]:
    return [row for row, side in enumerate(answer.sides) if side == "train"]


def _sample(
    answer: Plan, rows: Rows, *, kind: Literal["undersample", "oversample"], to: int | None, seed: int
) -> None:
    train = _train(answer)
    labels = [str(rows.label[row]) for row in train]
    sampled = sample(labels, keys=[rows.pixel_sha256[row] for row in train], kind=kind, to=to, seed=seed)
    for index in sampled.dropped:
        answer.sides[train[index]] = None
        answer.left_out.append(LeftOut(train[index], "train", UNDERSAMPLED))
    answer.copies = [train[index] for index in sampled.copies]
    answer.balance = {
        "kind": kind,
        "to": sampled.to,
        "before": sampled.before,
        "after": sampled.after,
        "copies": len(sampled.copies),
        "left_out": len(sampled.dropped),
    }
