from __future__ import annotations

from pathlib import Path

import pytest

from vitrina.cleaning.remembered import RememberedComparisons
from vitrina.duplicates.confirm import Judgement

NEAR, NOTHING = Judgement("near", "turned left", 0.97, True), Judgement("different")


def test_what_was_compared_is_known_again(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "comparisons.jsonl"
    with RememberedComparisons(path) as memory:
        memory[1, 2, 0, 0] = NEAR
        memory[3, 9, 4, 1] = NOTHING
    with RememberedComparisons(path) as again:
        assert dict(again) == {(1, 2, 0, 0): NEAR, (3, 9, 4, 1): NOTHING}
        assert len(again) == 2
        with pytest.raises(TypeError, match="not forgotten"):
            del again[1, 2, 0, 0]


@pytest.mark.parametrize("cut", range(2, 40, 6))
def test_half_a_line_at_the_end_is_compared_again(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "comparisons.jsonl"
    with RememberedComparisons(path) as memory:
        memory[1, 2, 0, 0] = NEAR
        memory[3, 9, 4, 1] = NOTHING
    path.write_bytes(path.read_bytes()[:-cut])
    with RememberedComparisons(path) as memory:
        assert dict(memory) == {(1, 2, 0, 0): NEAR}
        memory[3, 9, 4, 1] = NOTHING
    with RememberedComparisons(path) as again:
        assert dict(again) == {(1, 2, 0, 0): NEAR, (3, 9, 4, 1): NOTHING}
