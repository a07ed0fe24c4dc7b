"""Hostile file names become plain text to show."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vitrina.gallery.names import display_name


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("photo.jpg", "photo.jpg"),
        ("food/photo 1.jpg", "food/photo 1.jpg"),
        ("../../etc/passwd", "etc/passwd"),
        ("/etc/passwd", "passwd"),
        ("C:\\Users\\ana\\me.jpg", "me.jpg"),
        ("..\\..\\windows\\win.ini", "windows/win.ini"),
        ("a\x00b.jpg", "ab.jpg"),
        ("gpj\u202eexe.jpg", "gpjexe.jpg"),
        ("two\nlines\t.jpg", "two lines .jpg"),
        ("\U0001f355 pizza.jpg", "\U0001f355 pizza.jpg"),
        ("=cmd()|x.jpg", "=cmd()|x.jpg"),
        ("\ud800.jpg", ".jpg"),
        ("cafe\u0301.jpg", "café.jpg"),
        ("", "unnamed"),
        ("../..", "unnamed"),
        ("\u200b", "unnamed"),
    ],
)
def test_names(raw: str, shown: str) -> None:
    assert display_name(raw) == shown


def test_a_long_name_keeps_beginning_and_ending() -> None:
    shown = display_name("a" * 400 + ".jpg")
    assert len(shown) == 200
    assert shown.startswith("aaa")
    assert shown.endswith("….jpg".replace("…", "a"))
    assert "…" in shown


@settings(derandomize=True, max_examples=300, deadline=None)
@given(st.text(max_size=500))
def test_whatever_comes_in(raw: str) -> None:
    shown = display_name(raw)
    assert 1 <= len(shown) <= 200
    assert not any(unicodedata.category(character) in ("Cc", "Cf", "Cs") for character in shown)
    assert not any(part in ("", ".", "..") for part in shown.split("/"))
    assert display_name(shown) == shown
