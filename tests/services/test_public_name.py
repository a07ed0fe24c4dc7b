"""Where a model lies on the disk is told to nobody."""

from __future__ import annotations

import pytest

from vitrina.services.public_name import public_name, unavailable


@pytest.mark.parametrize(
    ("reference", "said"),
    [
        ("file:///srv/my%20models/food@0123", "food@0123"),
        ("file:///srv/a%40b/food@0123", "food@0123"),
        ("/srv/models/food", "food"),
        ("org/name@0123", "org/name@0123"),
        ("models/food-12@sha256:34", "models/food-12@sha256:34"),
        ("bundled/efficientnet-lite0@0.1.0+map:ab", "bundled/efficientnet-lite0@0.1.0+map:ab"),
        (None, None),
    ],
)
def test_the_folder_is_left_out(reference: str | None, said: str | None) -> None:
    assert public_name(reference) == said


def test_what_a_visitor_is_told_of_a_model_that_does_not_load() -> None:
    assert str(unavailable("file:///srv/models/food@0123", "Try again later.")) == (
        "Expected the model food@0123; found that it cannot be loaded now. Try again later."
    )
