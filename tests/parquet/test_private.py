"""Places on a disk, in values and in texts."""

from __future__ import annotations

import pyarrow
import pyarrow.compute
import pytest

from vitrina.parquet.private import LIKELY, base_name, home_in, without_places

PLACES = [
    ("/srv/photos/menu/a b.jpg", "a b.jpg"),
    ("/home/ana/a.jpg", "a.jpg"),
    ("~/photos/a.jpg", "a.jpg"),
    ("~ana/a.jpg", "a.jpg"),
    ("C:\\Users\\Ana\\a.jpg", "a.jpg"),
    ("d:/photos/a.jpg", "a.jpg"),
    ("\\\\server\\photos\\a.jpg", "a.jpg"),
    ("file:///srv/a.jpg", "a.jpg"),
    (" /srv/photos/ ", "photos"),
    ("seen in /home/ana/pics and /Users/bo/x", "seen in ~/pics and ~/x"),
    ("kept at C:\\Users\\Ana\\x", "kept at ~\\x"),
]
OTHERS = [
    *("menu/a.jpg", "a.jpg", "", "folder:trashnet", "and/or", "/", "/ 12", "1/2", "12:30"),
    *("https://example.org/home", "hub:org/name@abc"),
]


@pytest.mark.parametrize(("text", "left"), PLACES)
def test_places_go(text: str, left: str) -> None:
    assert without_places(text) == left


@pytest.mark.parametrize("text", OTHERS)
def test_other_texts_stay(text: str) -> None:
    assert without_places(text) == text


def test_what_would_be_changed_is_looked_at() -> None:
    """The quick look by Arrow leaves nothing out."""
    texts = [text for text, _ in PLACES]
    assert pyarrow.compute.match_substring_regex(pyarrow.array(texts), LIKELY).to_pylist() == [True] * len(
        texts
    )


def test_names() -> None:
    assert [base_name(path) for path in ("a/b.jpg", "a\\b.jpg", "b.jpg", "a/b/", "")] == [
        "b.jpg",
        "b.jpg",
        "b.jpg",
        "b",
        "",
    ]
    assert home_in("# Card\nfrom /home/ana/x\n") == "from /home/ana/x"
    assert home_in("# Card\nfrom folder:market, at /srv/x\n") is None
