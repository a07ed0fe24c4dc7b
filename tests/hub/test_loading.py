"""A stranger's three lines in a process of their own, against the small Hub."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path

import datasets
import numpy as np
import pytest
import torch
from PIL import Image
from transformers import ViTConfig, ViTForImageClassification, ViTImageProcessor

from tests.hub.standin import HubStandIn

NAMES = ["cat", "dog", "owl"]
LOAD = """
import json
from datasets import load_dataset
from transformers import AutoModelForImageClassification, pipeline
data = load_dataset("org/data")["train"]
answers = pipeline("image-classification", model="org/tiny", revision="v1")(data[0]["image"])
model = AutoModelForImageClassification.from_pretrained("org/tiny", revision="v1")
print(json.dumps({
    "classes": data.features["label"].names, "labels": data["label"][:], "size": data[0]["image"].size,
    "pixel": data[1]["image"].getpixel((0, 0)), "answers": {each["label"]: each["score"] for each in answers},
    "names": list(model.config.id2label.values()),
}))
"""


def tiny(folder: Path) -> Path:
    config = ViTConfig(
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=16,
        image_size=16,
        patch_size=8,
        id2label=dict(enumerate(NAMES)),
        label2id={name: index for index, name in enumerate(NAMES)},
    )
    torch.manual_seed(0)
    ViTForImageClassification(config).save_pretrained(folder)
    ViTImageProcessor(size={"height": 16, "width": 16}).save_pretrained(folder)
    return folder


def parquet() -> bytes:
    """Three pictures of one colour each, with their classes."""
    pictures = []
    for grey in (10, 100, 200):
        file = io.BytesIO()
        Image.fromarray(np.full((16, 20, 3), grey, dtype=np.uint8)).save(file, "PNG")
        pictures.append({"bytes": file.getvalue(), "path": f"{grey}.png"})
    features = datasets.Features({"image": datasets.Image(), "label": datasets.ClassLabel(names=NAMES)})
    out = io.BytesIO()
    datasets.Dataset.from_dict({"image": pictures, "label": [2, 0, 1]}, features=features).to_parquet(out)
    return out.getvalue()


@pytest.mark.slow
def test_a_pipeline_and_a_data_set(hub: HubStandIn, tmp_path: Path) -> None:
    model = hub.add("model", "org/tiny", tiny(tmp_path / "tiny"))
    model.tags["v1"] = model.branches["main"]
    model.commit("main", {"config.json": b"not a configuration"})
    hub.add("dataset", "org/data", {"data/train-00000-of-00001.parquet": parquet()}, private=True)
    environment = hub.environment(tmp_path / "cache", token=hub.read_token)
    command = [sys.executable, "-c", LOAD]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stderr
    loaded = json.loads(done.stdout.splitlines()[-1])
    assert loaded["classes"] == loaded["names"] == NAMES
    assert (loaded["labels"], loaded["size"], loaded["pixel"]) == ([2, 0, 1], [20, 16], [100, 100, 100])
    assert sorted(loaded["answers"]) == NAMES
    assert {seen.status for seen in hub.requests} <= {200, 206, 404}
    assert hub.writes == 0
