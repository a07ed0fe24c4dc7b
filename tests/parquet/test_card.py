"""The card beside the files."""

from __future__ import annotations

from collections import Counter

from datasets.info import DatasetInfosDict
from huggingface_hub import DatasetCard

from tests.cards.made_reports import split_report
from tests.cards.test_data_card import card as data_card
from vitrina.cards.merged import front_of
from vitrina.parquet.card import published_card
from vitrina.parquet.rows import Counted
from vitrina.parquet.shards import SideFiles

SIDES = {
    "train": SideFiles(
        ("data/train-00000-of-00002.parquet", "data/train-00001-of-00002.parquet"), 1638, 900, 700
    ),
    "validation": SideFiles(("data/validation-00000-of-00001.parquet",), 180, 90, 70),
    "test": SideFiles((), 0, 0, 0),
}
COLUMNS = ["image", "label", "picture_id", "duplicate_group", "pixel_sha256", "balance_copy"]


def made(card: str, counted: Counted | None = None) -> str:
    counted = counted or Counted(1818, 2, Counter({"text": 1, "XMP": 2, "EXIF": 1}))
    return published_card(
        card, report=split_report(), sides=SIDES, counted=counted, columns=COLUMNS, repo_id="org/market"
    )


def test_what_the_hub_reads() -> None:
    before, after = data_card(), made(data_card())
    data = DatasetCard(after).data.to_dict()
    assert data["dataset_info"]["splits"] == [
        {"name": "train", "num_bytes": 900, "num_examples": 1638},
        {"name": "validation", "num_bytes": 90, "num_examples": 180},
    ]
    assert (data["dataset_info"]["download_size"], data["dataset_info"]["dataset_size"]) == (770, 990)
    assert [one["name"] for one in data["dataset_info"]["features"]] == COLUMNS
    assert [one["split"] for one in data["configs"][0]["data_files"]] == ["train", "validation"]
    ours = {"dataset_info", "configs"}
    rest = {key: value for key, value in front_of(before).items() if key not in ours}
    assert {key: value for key, value in front_of(after).items() if key not in ours} == rest
    assert list(front_of(after)) == list(front_of(before))
    assert "(XMP 2, EXIF 1, text 1)" in after


def test_the_body_keeps_its_words_and_their_order() -> None:
    before, after = data_card(), made(data_card())
    begin, end = "## Files\n", "## Where the pictures come from\n"
    assert after.split(end)[1] == before.split(end)[1]
    assert after.split("\n---\n")[1].split(begin)[0] == before.split("\n---\n")[1].split(begin)[0]


def test_own_configs_stay() -> None:
    card = data_card().replace("- config_name: default\n", "- config_name: all\n  default: true\n")
    card = card.replace("  - split: test\n    path: data/test-*\n", "")
    assert front_of(made(card))["configs"][0]["config_name"] == "all"
    assert front_of(made("# Bare\n"))["configs"][0]["config_name"] == "default"
    assert made("# Bare\n").startswith("---\nconfigs:\n")
    assert front_of(made("---\nconfigs: none\n---\n"))["configs"][0]["config_name"] == "default"


def test_published_again_it_is_the_same() -> None:
    once = made(data_card())
    assert made(once) == once


def test_datasets_takes_its_sizes() -> None:
    info = DatasetInfosDict.from_dataset_card_data(DatasetCard(made(data_card())).data)["default"]
    assert info.splits["train"].num_examples == 1638
    assert info.features["label"].names == ["dumplings", "grill", "menu"]
