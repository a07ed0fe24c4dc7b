"""README, "Load a model": its lines, run as they stand where nobody has heard of Vitrina."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from tests.hub.conftest import hub
from tests.hub.standin import HubStandIn
from tests.models.made import tiny
from tests.served import ROOT
from vitrina.labels import LabelScheme
from vitrina.models.backbone import save_model

__all__ = ["hub"]


def lines(name: str) -> str:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    found = re.search(rf"<!-- {name} -->\n```python\n(.*?)```", readme, re.DOTALL)
    assert found is not None, name
    return found.group(1)


@pytest.mark.slow
def test_the_lines_of_the_readme_load_a_model_and_a_data_set(hub: HubStandIn, tmp_path: Path) -> None:
    from datasets import ClassLabel, Dataset, Features, Value
    from datasets import Image as ImageFeature

    save_model(tiny("vit-tiny", scheme=LabelScheme(("soup", "salad"))), tmp_path / "model")
    model = hub.add("model", "org/name", tmp_path / "model")
    model.branches["champion"] = model.branches["main"]
    Image.new("RGB", (64, 48), "orange").save(tmp_path / "photo.jpg")
    features = Features(
        {"image": ImageFeature(), "label": ClassLabel(names=["soup", "salad"]), "id": Value("int64")}
    )
    photo = {"bytes": (tmp_path / "photo.jpg").read_bytes(), "path": None}
    rows = Dataset.from_dict({"image": [photo], "label": [1], "id": [7]}, features=features)
    (tmp_path / "data").mkdir()
    rows.to_parquet(tmp_path / "data" / "test-00000-of-00001.parquet")
    hub.add(
        "dataset",
        "org/data",
        {
            "data/test-00000-of-00001.parquet": (
                tmp_path / "data" / "test-00000-of-00001.parquet"
            ).read_bytes()
        },
    )
    done = subprocess.run(
        [sys.executable, "-c", lines("load") + lines("load by hand")],
        env=hub.environment(tmp_path / "cache"),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    answers, best, names = done.stdout.splitlines()[-3:]
    assert "'label': 'soup'" in answers
    assert best in ("soup", "salad")
    assert names == "['soup', 'salad']"
