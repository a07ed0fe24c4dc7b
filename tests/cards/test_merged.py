"""One key of the YAML block."""

from __future__ import annotations

import pytest

from vitrina.cards.merged import front_of, with_key
from vitrina.errors import BadRequest

CARD = """---
license: mit
tags:
- a
# of ours
dataset_info:
  features:
  - name: image

  splits: []
# why
configs:
- config_name: default
---

# T
---
dataset_info: not this
"""
AGAIN = "let python -m training card write the card again."


def test_only_its_lines_change() -> None:
    assert with_key(CARD, "dataset_info", {"size": 1, "names": ["né", "on"]}) == CARD.replace(
        "dataset_info:\n  features:\n  - name: image\n\n  splits: []\n",
        "dataset_info:\n  size: 1\n  names:\n  - né\n  - 'on'\n",
    )
    assert with_key(CARD, "tags", ["b"]) == CARD.replace("tags:\n- a\n", "tags:\n- b\n")
    assert with_key(CARD, "license", "x: y") == CARD.replace("license: mit\n", "license: 'x: y'\n")


def test_what_is_new_comes_last() -> None:
    assert with_key(CARD, "viewer", False) == CARD.replace("default\n---\n", "default\nviewer: false\n---\n")
    assert with_key("# T\n", "viewer", True) == "---\nviewer: true\n---\n\n# T\n"
    assert with_key("---\n---\n# T\n", "viewer", True) == "---\nviewer: true\n---\n# T\n"
    assert front_of("# T\n") == {}
    assert front_of(CARD)["license"] == "mit"


@pytest.mark.parametrize("key", ["dataset_info", "configs", "tags", "license", "new"])
def test_twice_is_once(key: str) -> None:
    once = with_key(CARD, key, {"a": [1, {"b": None}]})
    assert with_key(once, key, {"a": [1, {"b": None}]}) == once
    assert front_of(once) == front_of(CARD) | {key: {"a": [1, {"b": None}]}}


@pytest.mark.parametrize("front", ["dataset_info: &x [1]\nother: *x\n", "{dataset_info: 1, other: 2}\n"])
def test_a_block_in_which_keys_hang_together(front: str) -> None:
    with pytest.raises(BadRequest) as refused:
        with_key(f"---\n{front}---\n", "dataset_info", 1)
    assert refused.value.expected in (
        "a YAML block in which dataset_info stands in lines of its own",
        "a card that begins with a YAML block of keys and values",
    )
    assert refused.value.next_step.endswith(AGAIN)


@pytest.mark.parametrize(("front", "found"), [("- a\n", "list"), ("a: [\n", "while parsing")])
def test_what_is_no_block(front: str, found: str) -> None:
    with pytest.raises(BadRequest) as refused:
        front_of(f"---\n{front}---\n")
    assert str(refused.value).startswith(
        f"Expected a card that begins with a YAML block of keys and values; found {found}"
    )
    assert str(refused.value).endswith(f"Correct it, or {AGAIN}")
