"""Duplicates: exact copies, near copies, pictures of one scene."""

from vitrina.duplicates.check import DuplicateIndex, Match, NewPicture
from vitrina.duplicates.confirm import Judgement
from vitrina.duplicates.found import Duplicates, Pair
from vitrina.duplicates.pictures import Pictures
from vitrina.duplicates.search import find_duplicates
from vitrina.duplicates.settings import DuplicateSettings

__all__ = [
    "DuplicateIndex",
    "DuplicateSettings",
    "Duplicates",
    "Judgement",
    "Match",
    "NewPicture",
    "Pair",
    "Pictures",
    "find_duplicates",
]
