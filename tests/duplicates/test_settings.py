from __future__ import annotations

import pytest

from vitrina.duplicates import DuplicateSettings
from vitrina.errors import VitrinaError


def test_values_out_of_range_are_named_together() -> None:
    with pytest.raises(VitrinaError) as caught:
        DuplicateSettings(bits=65, series=2)
    assert str(caught.value) == (
        "Expected bits 0 to 64, neighbours from 0, cosine -1 to 1, partners and threads from 1, series from 3; "
        "found bits 65, series 2. Leave out what you have no reason to change."
    )
