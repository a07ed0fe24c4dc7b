"""The YAML block of a data card, as the Hub reads it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from vitrina.errors import BadRequest

Report = Mapping[str, Any]

# The Hub's own steps: https://huggingface.co/docs/hub/datasets-cards, size_categories.
_SIZES = (
    (10**3, "n<1K"),
    (10**4, "1K<n<10K"),
    (10**5, "10K<n<100K"),
    (10**6, "100K<n<1M"),
    (10**7, "1M<n<10M"),
)


@dataclass(frozen=True)
class Told:
    """What only a person knows of the data. `license` as the Hub spells it, `language` of the labels as ISO 639 code,
    `repo_id` where it will be on the Hub.

    Raises BadRequest where one of the two cannot be.
    """

    license: str
    title: str | None = None
    description: str | None = None
    origin: str | None = None
    language: str = "en"
    repo_id: str | None = None

    def __post_init__(self) -> None:
        refuse_odd_licence(self.license)
        if not re.fullmatch(r"[a-z]{2,3}", self.language):
            raise BadRequest(
                "a language code of two or three letters, such as en",
                repr(self.language),
                "Correct --language.",
            )


def refuse_odd_licence(license: str) -> None:
    """Raises BadRequest for what cannot be the Hub's name of a licence."""
    if not re.fullmatch(r"[a-z0-9][a-z0-9.-]*", license):
        raise BadRequest(
            "a licence as the Hub spells it, such as mit, cc-by-4.0, other",
            repr(license),
            "Look it up at https://huggingface.co/docs/hub/repositories-licenses.",
        )


def front_matter(split: Report, *, title: str, told: Told, relabelled: int) -> str:
    """The block with its two lines of dashes, ending with a newline; read back by any YAML parser."""
    from huggingface_hub import DatasetCardData

    sides = list(split["counts"])
    data = DatasetCardData(
        license=told.license,
        pretty_name=title,
        language=[told.language],
        task_categories=["image-classification"],
        size_categories=[size_category(split["totals"]["pictures"])],
        # Labels came with the pictures; "other" beside it where a person corrected some here.
        annotations_creators=["found", "other"] if relabelled else ["found"],
        tags=["vitrina"],
        configs=configs_of(sides),
        # No `splits` yet: datasets wants bytes as well there, else it warns that it ignores the block.
        dataset_info={"features": features_of(split["features"])},
    )
    return f"---\n{data.to_yaml()}\n---\n"


def size_category(pictures: int) -> str:
    """The Hub's name for a number of pictures; all above ten million are one here."""
    return next((name for limit, name in _SIZES if pictures < limit), "n>10M")


def configs_of(sides: Sequence[str]) -> list[dict[str, Any]]:
    """Which Parquet files make up which side."""
    files = [{"split": side, "path": f"data/{side}-*"} for side in sides]
    return [{"config_name": "default", "data_files": files}]


def features_of(features: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The columns as `dataset_info` has them, from `features` as split_report.json has them."""
    return [
        {
            "name": one["name"],
            "dtype": {"class_label": {"names": {str(k): name for k, name in enumerate(one["names"])}}}
            if one["type"] == "class_label"
            else one["type"],
        }
        for one in features
    ]
