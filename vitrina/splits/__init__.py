"""Train, validation, test: stratified, grouped, checked."""

from vitrina.splits.assign import assign
from vitrina.splits.balance import class_weights, sample
from vitrina.splits.groups import join_groups
from vitrina.splits.leaks import Leaks, count_leaks, random_sides
from vitrina.splits.official import Dealt, LeftOut, keep_official, new_splits
from vitrina.splits.request import SIDES, SplitRequest

__all__ = [
    "SIDES",
    "Dealt",
    "Leaks",
    "LeftOut",
    "SplitRequest",
    "assign",
    "class_weights",
    "count_leaks",
    "join_groups",
    "keep_official",
    "new_splits",
    "random_sides",
    "sample",
]
