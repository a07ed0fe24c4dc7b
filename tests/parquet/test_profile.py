"""Colour profiles without names."""

from __future__ import annotations

import io

import pytest
from PIL import ImageCms

from tests.hostile_pictures import encoded, photo, swapped_profile
from tests.parquet.made import pixels, screen_profile
from vitrina.colour import LARGEST_PROFILE
from vitrina.parquet.profile import bare_profile


def test_colours_stay_names_go() -> None:
    before = screen_profile()
    after = bare_profile(before)
    assert after is not None
    assert b"SECRET" not in after
    assert "SECR".encode("utf-16-be") not in after
    opened = ImageCms.ImageCmsProfile(io.BytesIO(after))
    assert ImageCms.getProfileDescription(opened).strip() == "colour profile"
    assert (opened.profile.manufacturer or "", opened.profile.model or "") == ("", "")
    assert (opened.profile.creation_date.year, after[24:30]) == (2000, bytes([7, 208, 0, 7, 0, 1]))
    assert pixels(encoded(photo(), "PNG", icc_profile=after)) == pixels(
        encoded(photo(), "PNG", icc_profile=before)
    )
    assert pixels(encoded(photo(), "PNG", icc_profile=after)) != pixels(encoded(photo(), "PNG"))
    assert bare_profile(after) == after


@pytest.mark.parametrize(
    "profile",
    [
        None,
        b"",
        b"not a profile" * 99,
        ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes(),
        bytes(LARGEST_PROFILE + 1),
    ],
)
def test_what_no_colours_are_converted_by_goes_whole(profile: bytes | None) -> None:
    assert bare_profile(profile) is None


@pytest.mark.parametrize("length", [100, 130, 200, 400])
def test_a_profile_that_is_cut(length: int) -> None:
    assert bare_profile(swapped_profile()[:length]) is None
