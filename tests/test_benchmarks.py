"""The benchmarks of training run, at their smallest: both sides and a ratio are printed. No time is judged."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from benchmarks import (
    full_fine_tuning,
    gpu_fine_tuning,
    head_training,
    picture_preparation,
    trashnet_heads,
)
from benchmarks.splits import split_of_classes


def ratios(text: str) -> list[float]:
    """The number after each "ratio of ...:" or "ratio at ...:"."""
    return [float(found) for found in re.findall(r"ratio [^:\n]*: (\d+\.\d+)", text)]


def test_head_training_prints_both_sides(capsys: pytest.CaptureFixture[str]) -> None:
    head_training.main(
        ["--smallest", "--photos", "10", "--repeats", "2", "--epochs", "1", "2", "--rates", "0.003"]
    )
    said = capsys.readouterr().out
    assert re.search(r"vitrina: median .* photos/s", said)
    assert re.search(r"Trainer, 2 epochs: median", said)
    assert "Extrapolated, not measured, to 7,067 photos" in said
    assert re.search(r"vitrina, 0 flipped views: accuracy \d\.\d+", said)
    assert re.search(r"Trainer, 1 epochs, seed 0: accuracy \d\.\d+", said)
    assert "95 % interval" in said
    found = ratios(said)
    assert len(found) == 6  # Of seconds for two numbers of epochs: measured, extrapolated, beside the accuracies.
    assert min(found) > 0
    assert len(re.findall(r"\(repeats \d+\.\d+, \d+\.\d+\)", said)) == 4


def test_full_fine_tuning_prints_four_loops(capsys: pytest.CaptureFixture[str]) -> None:
    full_fine_tuning.main(["--smallest", "--steps", "1", "--batch", "4", "--repeats", "1"])
    said = capsys.readouterr().out
    for side in full_fine_tuning.SIDES:
        assert re.search(rf"{side}: median \d+\.\d+ images/s", said)
    assert len(ratios(said)) == 8
    assert min(ratios(said)) > 0


def test_trashnet_heads_prints_probe_and_stages(capsys: pytest.CaptureFixture[str]) -> None:
    trashnet_heads.main(["--smallest", "--seeds", "2"])
    said = capsys.readouterr().out
    assert re.search(r"train and evaluate: accuracy on test \d\.\d+ \(95 % interval", said)
    for side in ("vitrina", "probe", "probe, same rows", "vitrina, tuned"):
        assert re.search(rf"{side} +accuracy \d\.\d+ \(95 % interval .*by seed \d\.\d+, \d\.\d+", said)
    assert re.search(r"vitrina ahead of probe by [+-]\d+\.\d+ points", said)
    assert len(ratios(said)) == 4


def test_gpu_fine_tuning_runs_on_a_cpu(capsys: pytest.CaptureFixture[str]) -> None:
    told = ["--device", "cpu", "--smallest", "--batch", "4", "--steps", "1", "--warm", "1"]
    gpu_fine_tuning.main([*told, "--workers", "0", "--repeats", "1"])
    said = capsys.readouterr().out
    assert "matrix product in bf16" in said
    assert "1 counted steps a turn after 1\n" in said
    assert said.count("discarded, images/s") == 1
    for side in (gpu_fine_tuning.OURS, gpu_fine_tuning.SAME, gpu_fine_tuning.PLAIN, gpu_fine_tuning.BARE):
        assert re.search(rf"{side}: median [\d,]+\.\d images/s, \d+\.\d% of that rate", said)
    assert len(ratios(said)) == 3


def test_gpu_fine_tuning_counts_no_batch_that_was_ready_before(monkeypatch: pytest.MonkeyPatch) -> None:
    """Twelve processes keep two each."""
    told: list[int] = []
    monkeypatch.setattr(gpu_fine_tuning, "measure", lambda given: told.append(given.warm))
    gpu_fine_tuning.main(["--device", "cpu", "--workers", "12"])
    gpu_fine_tuning.main(["--device", "cpu", "--workers", "12", "--warm", "30"])
    gpu_fine_tuning.main(["--device", "cpu", "--workers", "0"])
    assert told == [24, 30, 5]


def test_gpu_fine_tuning_says_so_without_one(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    gpu_fine_tuning.main([])
    assert capsys.readouterr().out.startswith("No GPU here")


def test_picture_preparation_prints_a_ratio_and_the_parts(capsys: pytest.CaptureFixture[str]) -> None:
    picture_preparation.main(
        ["--smallest", "--photos", "12", "--width", "96", "--height", "64", "--repeats", "2"]
    )
    said = capsys.readouterr().out
    for side in (picture_preparation.OURS, picture_preparation.THEIRS):
        assert re.search(rf"{side}: median \d+\.\d+ ms of CPU a picture", said)
    assert len(ratios(said)) == 1
    assert re.search(r"of ours: read .* ms, draw .* ms, decode .* ms, crop, resize, flip .* ms", said)


def test_multiply_adds_of_the_published_network(tmp_path: Path) -> None:
    """ViT-B/16 at 224 pixels: 17.6 thousand million."""
    from transformers import ViTConfig

    ViTConfig(num_labels=1000).save_pretrained(tmp_path)
    assert gpu_fine_tuning.multiply_adds(tmp_path) == pytest.approx(17.58e9, rel=0.002)


def test_groups_stay_on_one_side() -> None:
    import numpy as np

    from vitrina.labels import LabelScheme

    groups = np.repeat(np.arange(30), 2)
    scheme, features = LabelScheme(("a", "b", "c")), np.zeros((60, 2))
    known = trashnet_heads.Known(features, groups % 3, groups, scheme, features, ())
    for train, test in trashnet_heads.folds(known, np.arange(60), seed=0):
        assert not set(groups[train]) & set(groups[test])
        assert len(set(known.labels[test])) == 3


def test_a_split_of_class_folders_leaves_other_folders_out(tmp_path: Path) -> None:
    from PIL import Image

    from vitrina.learning.sides import open_sides

    for number, name in enumerate(["a", "b"] * 4):
        place = tmp_path / "pile" / name
        place.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (16, 16), (30 * number, 0, 0)).save(place / f"{number}.jpg")
    (tmp_path / "pile" / "runs").mkdir()
    sides = open_sides(split_of_classes(tmp_path / "pile", tmp_path / "work", {"train": 4, "validation": 4}))
    assert sides.scheme.names == ("a", "b")
    assert [sides[side].labels.tolist() for side in ("train", "validation")] == [[0, 1, 0, 1], [0, 1, 0, 1]]
    assert len({*sides["train"].keys, *sides["validation"].keys}) == 8
