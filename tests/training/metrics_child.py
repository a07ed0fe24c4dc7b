"""Loads every metric by its folder without a network, and one inside the evaluator; prints what came of it.

Run as a process of its own: evaluate reads the places of its caches when it is imported.
"""

from __future__ import annotations

import json
import socket
import sys
from pathlib import Path

import datasets
import evaluate
import numpy as np
import torch
from PIL import Image
from transformers import ViTConfig, ViTForImageClassification, ViTImageProcessor, pipeline

NAMES = ("cat", "dog", "owl")


def refuse(*arguments: object) -> None:
    raise SystemExit("loading a metric opened a connection")


def tiny_model(folder: Path) -> Path:
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


def pictures() -> datasets.Dataset:
    generator = np.random.default_rng(0)
    images = [Image.fromarray(generator.integers(0, 256, (16, 16, 3), dtype=np.uint8)) for _ in range(12)]
    features = datasets.Features({"image": datasets.Image(), "label": datasets.ClassLabel(names=list(NAMES))})
    return datasets.Dataset.from_dict(
        {"image": images, "label": [i % 3 for i in range(12)]}, features=features
    )


def main(work: Path) -> None:
    socket.socket.connect = refuse  # type: ignore[assignment, method-assign]
    metrics = sorted(
        path.parent for path in Path("training/metrics").glob("*/*.py") if path.stem == path.parent.name
    )
    loaded = {folder.name: type(evaluate.load(str(folder))).__name__ for folder in metrics}
    model, data = str(tiny_model(work / "vit")), pictures()
    mapping = {name: index for index, name in enumerate(NAMES)}
    evaluator = evaluate.evaluator("image-classification")
    simple = evaluator.compute(
        model_or_pipeline=model,
        data=data,
        metric=evaluate.load("training/metrics/accuracy"),
        label_mapping=mapping,
    )
    resampled = evaluator.compute(
        model_or_pipeline=model,
        data=data,
        metric=evaluate.load("training/metrics/accuracy", "plain"),
        label_mapping=mapping,
        strategy="bootstrap",
        n_resamples=20,
        random_state=0,
    )
    answers = pipeline("image-classification", model)(data["image"][:])
    said = [mapping[max(each, key=lambda one: one["score"])["label"]] for each in answers]
    print(
        json.dumps(
            {
                "loaded": loaded,
                "simple": simple,
                "resampled": resampled,
                "said": said,
                "labels": data["label"][:],
            }
        )
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
