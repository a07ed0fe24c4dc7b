"""What counts as a copy, what does not, which one stays."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.duplicates.photos_made import WAYS, pictures, scene
from vitrina.duplicates.check import DuplicateIndex, NewPicture
from vitrina.duplicates.perceptual import encode
from vitrina.duplicates.search import find_duplicates
from vitrina.duplicates.settings import DuplicateSettings
from vitrina.errors import VitrinaError
from vitrina.models.backbone import load_model
from vitrina.models.features import compute_features


@pytest.mark.parametrize("way", WAYS)
def test_a_copy_is_found_and_the_original_stays(way: str) -> None:
    images = [scene(seed) for seed in range(6)]
    found = find_duplicates(pictures([*images, WAYS[way](images[2])]))
    (pair,) = [pair for pair in found.pairs if pair.kind == "near"]
    assert (pair.first, pair.second) == (2, 6)
    assert found.cluster.tolist() == [0, 1, 2, 3, 4, 5, 2]
    assert found.keep.sum() == 6
    if way in ("smaller", "grey"):
        assert found.keep.tolist() == [True] * 6 + [False]


def test_equal_pixels_are_a_star_whatever_they_show() -> None:
    flat = Image.new("RGB", (100, 100), (9, 9, 9))
    found = find_duplicates(pictures([flat, scene(1), flat, flat]))
    assert [(pair.first, pair.second, pair.kind) for pair in found.pairs] == [
        (0, 2, "bytes"),
        (0, 3, "bytes"),
    ]
    assert found.keep.sum() == 2


def test_flat_and_tiny_pictures_do_not_collapse() -> None:
    """Black, white and flat ones all hash alike; a few pixels look alike without being copies."""
    rng = np.random.default_rng(0)
    flat = [Image.new("RGB", (90, 90), (level, level, level)) for level in (0, 3, 128, 252, 255)]
    noise = [Image.fromarray((rng.random((90, 90, 3)) * 6).astype(np.uint8)) for _ in range(5)]
    tiny = [scene(seed).resize((40, 30)) for seed in (1, 1, 2)]
    tiny[1] = tiny[1].point(lambda value: min(255, value + 1))
    found = find_duplicates(pictures([*flat, *noise, *tiny]))
    assert found.pairs == []
    assert found.keep.all()
    assert found.counts["comparable"] == 0


def test_frames_of_one_camera_stay_and_stay_together() -> None:
    """A still scene, fresh noise and a moving light in each frame: related, none removed."""
    rng = np.random.default_rng(3)
    still = np.asarray(scene(5), dtype=np.float32) * 0.5
    frames = []
    for number in range(12):
        frame = still + rng.normal(0, 6, still.shape)
        frame[60 + 4 * number : 66 + 4 * number, 40 + 8 * number : 60 + 8 * number] += 120
        frames.append(Image.fromarray(frame.clip(0, 255).astype(np.uint8)))
    found = find_duplicates(pictures([*frames, scene(9)]))
    assert found.keep.all()
    assert len(set(found.cluster.tolist())) == 13
    assert len(set(found.group.tolist()[:12])) == 1
    assert found.group[12] not in found.group[:12]


def test_the_same_answer_whatever_the_threads_and_whatever_is_remembered() -> None:
    images = [scene(seed) for seed in range(4)]
    everything = pictures([*images, *(WAYS[way](images[1]) for way in ("smaller", "mirrored", "grey"))])
    memory: dict = {}
    one = find_duplicates(everything, settings=DuplicateSettings(threads=1), memory=memory)
    two = find_duplicates(everything, settings=DuplicateSettings(threads=2))
    compared = dict(memory)
    again = find_duplicates(everything, memory=memory)
    assert one.pairs == two.pairs == again.pairs
    assert memory == compared
    assert one.keep.tolist() == two.keep.tolist()


@pytest.mark.parametrize("way", WAYS)
def test_one_new_picture_is_checked_against_a_collection(way: str) -> None:
    index = DuplicateIndex(pictures([scene(seed) for seed in range(6)]))
    view = np.asarray(WAYS[way](scene(3)))
    (match,) = index.check(NewPicture(view, (view.shape[1], view.shape[0])))
    assert (match.row, match.kind) == (3, "near")
    other = np.asarray(scene(77))
    assert index.check(NewPicture(other, (256, 192))) == []


def test_wrong_parts_are_refused() -> None:
    with pytest.raises(VitrinaError, match=r"bits 0 to 64.*found bits 65\. Leave out"):
        DuplicateSettings(bits=65)
    index = DuplicateIndex(pictures([scene(seed) for seed in range(3)], np.eye(3, 8, dtype=np.float32)))
    view = np.asarray(scene(9))
    with pytest.raises(VitrinaError, match="backbone that the collection's features come from"):
        index.check(NewPicture(view, (256, 192), feature=np.ones(5, np.float32)))


def test_the_hash_is_imagededups() -> None:
    from imagededup.methods import PHash

    view = np.asarray(scene(4).resize((128, 96)))
    assert encode(view) == PHash(verbose=False).encode_image(image_array=view)


def test_copies_of_dedup_truth(shared_data: Path) -> None:
    """A third of the groups, at the bar of the whole set: recall 0.90, precision 0.98."""
    folder = shared_data / "dedup_truth"
    with (folder / "truth.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if int(row["group"]) % 3 == 0]
    opened = [Image.open(folder / "images" / row["file"]).convert("RGB") for row in rows]
    for image in opened:
        image.thumbnail((256, 256))
    features = compute_features(
        load_model("bundled/efficientnet-lite0"), [np.asarray(image) for image in opened]
    )
    found = find_duplicates(pictures(opened, features))
    group = np.array([int(row["group"]) for row in rows])
    together = np.triu(found.cluster[:, None] == found.cluster[None, :], 1)
    same = np.triu(group[:, None] == group[None, :], 1)
    assert (together & same).sum() / same.sum() >= 0.9
    assert (together & same).sum() / together.sum() >= 0.98


def test_no_frame_of_a_night_is_removed(shared_data: Path) -> None:
    frames = sorted((shared_data / "night_sky_meteor_video" / "allsky_b").glob("*.jpg"))[:60]
    opened = [Image.open(path).convert("RGB") for path in frames]
    for image in opened:
        image.thumbnail((256, 256))
    found = find_duplicates(pictures(opened))
    assert found.keep.all()
