"""The section on the files, before and after they are published."""

from __future__ import annotations

import pytest

from vitrina.cards.files_section import FilesTold, SideTold, files_section, with_section
from vitrina.errors import BadRequest

FEATURES = [{"name": "image", "type": "image"}]
TABLE = "| column | type | what it is |\n| --- | --- | --- |\n| `image` | `image` | the picture's file |"
TOLD = FilesTold(
    {"train": SideTold(1200, 2, 34567)},
    1200,
    3,
    {"EXIF": 2, "text": 1},
    {"a <b> reason": 1},
    {"file_name": 4},
)


def test_before() -> None:
    assert files_section(FEATURES) == (
        "Not published yet. In the working folder:\n\n```python\nfrom datasets import load_from_disk\n\n"
        f'data = load_from_disk("split/dataset")\n```\n\n{TABLE}'
    )
    told = files_section(FEATURES, repo_id="org/market")
    assert (
        told
        == f'```python\nfrom datasets import load_dataset\n\ndata = load_dataset("org/market")\n```\n\n{TABLE}'
    )


def test_after() -> None:
    assert files_section(FEATURES, repo_id="org/market", told=TOLD) == (
        '```python\nfrom datasets import load_dataset\n\ndata = load_dataset("org/market")\n```\n\n'
        "| side | rows | Parquet files | bytes |\n| --- | ---: | ---: | ---: |\n| train | 1,200 | 2 | 34,567 |\n\n"
        "No file holds EXIF (but for an orientation alone), GPS, XMP, IPTC, text, comment or thumbnail. "
        "Rows whose file lost something: 3 of 1,200 (EXIF 2, text 1). The pixels are the same.\n"
        "Written anew as PNG, as Vitrina decodes them (upright, sRGB, 8 bits, first frame): 1 "
        "(a &lt;b&gt; reason: 1).\n"
        "Values without the folders of the disk they named: file_name 4.\n\n" + TABLE
    )
    local = files_section(FEATURES, told=FilesTold({}, 0, 0))
    assert local.startswith(
        "FOLDER stands for the path of the folder that holds this card.\n\n```python\nfrom "
    )
    assert 'data = load_dataset("FOLDER")\n```\n' in local


@pytest.mark.parametrize("repo_id", ["a b/c", "a/b/c", "", '"/x', "-a/b", "../x"])
def test_a_name_that_cannot_be(repo_id: str) -> None:
    with pytest.raises(BadRequest) as refused:
        files_section(FEATURES, repo_id=repo_id)
    assert str(refused.value) == (
        f"Expected a repository of the Hub, such as org/name; found {repo_id!r}. Correct the name."
    )


def test_the_section_takes_the_place_of_the_old_one() -> None:
    card = "# T\n\n## Files\n\nold\n\n### More\n\nold\n\n## Limits\n\nx\n"
    assert with_section(card, "new") == "# T\n\n## Files\n\nnew\n\n## Limits\n\nx\n"
    assert with_section("# T\n\n## Files\nold", "new") == "# T\n\n## Files\n\nnew\n"
    assert with_section("# T\n\nx", "new") == "# T\n\nx\n\n## Files\n\nnew\n"
    once = with_section(card, "new")
    assert with_section(once, "new") == once
