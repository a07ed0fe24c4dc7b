from __future__ import annotations

import json
from pathlib import Path

from vitrina.report.current import MADE_OF, is_current, made_of


def test_pages_are_current_until_a_stage_says_something_else(tmp_path: Path) -> None:
    for place in ("collected/collect_report.json", "cleaned/clean_report.json"):
        (tmp_path / place).parent.mkdir()
        (tmp_path / place).write_text("{}")
    assert not is_current(tmp_path)
    (tmp_path / "report").mkdir()
    told = made_of(tmp_path)
    assert told["split"] is None
    (tmp_path / "report" / MADE_OF).write_text(json.dumps(told))
    assert is_current(tmp_path)
    (tmp_path / "cleaned" / "clean_report.json").write_text('{"more": 1}')
    assert not is_current(tmp_path)
    (tmp_path / "report" / MADE_OF).write_text("{ half a fi")
    assert not is_current(tmp_path)
