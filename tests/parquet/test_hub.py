"""A stranger loads what was published, in a process of their own."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import warnings
from pathlib import Path

import pytest
from huggingface_hub import HfApi, constants

from tests.hub.standin import HubStandIn
from vitrina.parquet import DatasetFiles, check_dataset

LOOK = """
import json
told = {side: len(part) for side, part in data.items()}
row = data["train"][0]
print(json.dumps([told, data["train"].features["label"].names, row["image"].size, list(row)]))
"""


def test_the_lines_of_the_card_load_it(
    published: DatasetFiles, work: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The client of 2.4 hands a large file to httpx2 in a way that httpx2 calls old.
    warnings.filterwarnings("ignore", message="Use 'content=<...>'", category=DeprecationWarning)
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
    card = (published.folder / "README.md").read_text("utf-8")
    lines = re.search(r"```python\n(.*?)```", card, re.DOTALL)
    assert lines is not None
    with HubStandIn() as hub:
        api = HfApi(endpoint=hub.endpoint, token=hub.token)
        api.create_repo("org/market", repo_type="dataset")
        api.upload_folder(repo_id="org/market", folder_path=published.folder, repo_type="dataset")
        done = subprocess.run(
            [sys.executable, "-c", lines[1] + LOOK],
            env=hub.environment(tmp_path / "cache"),
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        counts, names, size, columns = json.loads(done.stdout.splitlines()[-1])
        back = Path(
            api.snapshot_download(
                "org/market",
                repo_type="dataset",
                cache_dir=tmp_path / "snapshot",
                local_dir=tmp_path / "back",
            )
        )
        assert hub.errors == []
    assert counts == {"train": 22, "validation": 4, "test": 4}
    assert names == ["dumplings", "menu"]
    assert tuple(size) in {(32, 24), (96, 64), (64, 96)}
    assert columns == list(published.columns)
    report = json.loads((work / "split" / "split_report.json").read_text("utf-8"))
    assert check_dataset(back, report).rows == counts
