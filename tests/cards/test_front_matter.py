"""The YAML block, read back by those who will read it."""

from __future__ import annotations

import datasets
import pytest
import yaml
from datasets.info import DatasetInfosDict
from huggingface_hub import DatasetCard, DatasetCardData

from tests.cards.made_reports import split_report
from vitrina.cards.front_matter import Told, front_matter, size_category
from vitrina.errors import BadRequest

HOSTILE = ["a: b", "- x", "yes", "'\"", "#c", "{d}", "*e", "012", "null", "née | 🍜"]


def test_it_says_what_the_hub_asks_for() -> None:
    block = front_matter(
        split_report(), title="Night market", told=Told("cc-by-4.0", language="es"), relabelled=5
    )
    data = yaml.safe_load(block.strip("-\n"))
    assert data["license"] == "cc-by-4.0"
    assert data["pretty_name"] == "Night market"
    assert data["language"] == ["es"]
    assert data["task_categories"] == ["image-classification"]
    assert data["size_categories"] == ["1K<n<10K"]
    assert data["annotations_creators"] == ["found", "other"]
    assert data["configs"][0]["data_files"][2] == {"split": "test", "path": "data/test-*"}
    assert data["dataset_info"]["features"][0] == {"name": "image", "dtype": "image"}


@pytest.mark.parametrize("title", ["Night market", *HOSTILE, "--- \n---"])
def test_datasets_reads_features_and_labels_from_it(title: str) -> None:
    report = split_report()
    report["features"][1]["names"] = HOSTILE
    block = front_matter(report, title=title, told=Told("mit"), relabelled=0)
    card = DatasetCard(block + "\n# x\n")
    assert isinstance(card.data, DatasetCardData)
    assert card.data.pretty_name == title
    assert card.data.annotations_creators == ["found"]
    info = DatasetInfosDict.from_dataset_card_data(card.data)["default"]
    assert info.features["label"] == datasets.ClassLabel(names=HOSTILE)
    assert info.features["image"] == datasets.Image()
    assert info.features["balance_copy"] == datasets.Value("bool")


@pytest.mark.parametrize(
    ("pictures", "category"),
    [(0, "n<1K"), (999, "n<1K"), (1000, "1K<n<10K"), (10**6, "1M<n<10M"), (10**7, "n>10M")],
)
def test_size_categories(pictures: int, category: str) -> None:
    assert size_category(pictures) == category


@pytest.mark.parametrize(
    ("license", "language", "message"),
    [
        (
            "CC BY 4.0",
            "en",
            "Expected a licence as the Hub spells it, such as mit, cc-by-4.0, other; found 'CC BY 4.0'. "
            "Look it up at https://huggingface.co/docs/hub/repositories-licenses.",
        ),
        (
            "mit",
            "English",
            "Expected a language code of two or three letters, such as en; found 'English'. Correct --language.",
        ),
    ],
)
def test_what_the_hub_would_refuse(license: str, language: str, message: str) -> None:
    with pytest.raises(BadRequest) as refused:
        Told(license, language=language)
    assert str(refused.value) == message
