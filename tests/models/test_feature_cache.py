"""Features that are kept: nothing twice, nothing damaged, nothing of another kind."""

from __future__ import annotations

import json
import logging
import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from vitrina.errors import BadRequest, ModelUnavailable, OutOfSpace
from vitrina.models import feature_cache, feature_shards
from vitrina.models.backbone import LoadedModel, load_model
from vitrina.models.feature_cache import FeatureCache
from vitrina.models.feature_shards import Shards
from vitrina.models.features import compute_features
from vitrina.models.preprocessing import with_preprocessing

ROOT = Path(__file__).resolve().parent.parent.parent


@dataclass
class Rows:
    """Pictures by key, counting what was decoded."""

    keys: list[str]
    seen: list[int] = field(default_factory=list)

    def picture(self, row: int) -> Image.Image:
        self.seen.append(row)
        colours = np.random.default_rng(int(self.keys[row])).integers(0, 256, (5, 6, 3), dtype=np.uint8)
        return Image.fromarray(colours).resize((60, 50))


@pytest.fixture
def tiny(vit_folder: Path) -> LoadedModel:
    return load_model(vit_folder)


@pytest.fixture(autouse=True)
def _small_shards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feature_cache, "SHARD", 4)


def rows(n: int) -> Rows:
    return Rows([str(number) for number in range(n)])


def shards_in(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob("*/*.json") if path.name != feature_shards.DESCRIPTION)


def test_the_second_run_computes_none(tmp_path: Path, tiny: LoadedModel) -> None:
    first, again = FeatureCache(tmp_path), FeatureCache(tmp_path)
    told: list[tuple[int, int]] = []
    features = first.features_of(tiny, rows(10), batch_size=2, progress=lambda *at: told.append(at))
    assert (first.computed, first.found) == (10, 0)
    assert told == [(0, 10), (2, 10), (4, 10), (6, 10), (8, 10), (10, 10)]
    assert len(shards_in(tmp_path)) == 3
    given = rows(10)
    assert again.features_of(tiny, given).tobytes() == features.tobytes()
    assert (again.computed, again.found, given.seen) == (0, 10, [])
    assert features.dtype == np.float32
    plain = rows(10)
    np.testing.assert_allclose(
        features, compute_features(tiny, [plain.picture(row) for row in range(10)]), atol=1e-5
    )


def test_only_what_is_missing_and_equal_keys_once(tmp_path: Path, tiny: LoadedModel) -> None:
    cache = FeatureCache(tmp_path)
    cache.features_of(tiny, rows(3))
    given = Rows(["2", "7", "0", "7", "2", "8"])
    features = cache.features_of(tiny, given)
    assert sorted(given.seen) == [1, 5]
    assert (cache.computed, cache.found) == (5, 2)
    np.testing.assert_array_equal(features[[0, 1]], features[[4, 3]])
    assert cache.features_of(tiny, Rows([])).shape == (0, 32)


def test_another_kind_is_another_number(tmp_path: Path, tiny: LoadedModel) -> None:
    cache = FeatureCache(tmp_path)
    cache.features_of(tiny, rows(2))
    kinds = [
        (tiny, {"view": "flip"}),
        (tiny, {"precision": "bf16"}),
        (replace(tiny, revision="other"), {}),
        (with_preprocessing(tiny, fit="crop"), {}),
    ]
    for number, (loaded, kind) in enumerate(kinds):
        cache.features_of(loaded, rows(2), **kind)
        assert cache.computed == 4 + 2 * number
    described = [json.loads(path.read_text()) for path in sorted(tmp_path.glob(f"*/{feature_shards.DESCRIPTION}"))]
    assert len(described) == 5
    assert {told["view"] for told in described} == {"plain", "flip"}
    assert {told["revision"] for told in described} == {tiny.revision, "other"}


@pytest.mark.parametrize("damage", ["flipped bit", "cut", "gone", "no json", "fewer keys"])
def test_a_damaged_shard_is_computed_again(
    tmp_path: Path, tiny: LoadedModel, damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    features = FeatureCache(tmp_path).features_of(tiny, rows(8), batch_size=4)
    index = shards_in(tmp_path)[0]
    array = index.with_suffix(".npy")
    lost = len(json.loads(index.read_text())["keys"])
    if damage == "flipped bit":
        data = bytearray(array.read_bytes())
        data[-7] ^= 1
        array.write_bytes(data)
    elif damage == "cut":
        array.write_bytes(array.read_bytes()[:-40])
    elif damage == "gone":
        array.unlink()
    elif damage == "no json":
        index.write_text('{"keys": ["0"')
    else:
        index.write_text(json.dumps(json.loads(index.read_text()) | {"keys": ["0"]}))
    cache = FeatureCache(tmp_path)
    with caplog.at_level(logging.WARNING):
        again = cache.features_of(tiny, rows(8), batch_size=4)
    assert cache.computed == lost
    np.testing.assert_allclose(again, features, atol=1e-6)
    assert f"Features in {index.stem} are damaged" in caplog.text
    after = FeatureCache(tmp_path)
    after.features_of(tiny, rows(8))
    assert after.computed == 0


# No model in the process that dies: it takes seconds to load.
KILLED = """
import os, signal
from pathlib import Path
import numpy as np
from vitrina.models import feature_shards
replace, arrays = os.replace, []
def dying(source, target):
    arrays.extend([target] * str(target).endswith(".npy"))
    if len(arrays) == 2:
        os.kill(os.getpid(), signal.SIGKILL)
    replace(source, target)
feature_shards.os.replace = dying
shards = feature_shards.Shards(Path({folder!r}), 32)
for start in (0, 4, 8):
    shards.add([str(number) for number in range(start, start + 4)], np.full((4, 32), start))
"""


def test_a_kill_while_writing_loses_one_shard_at_most(tmp_path: Path, tiny: LoadedModel) -> None:
    FeatureCache(tmp_path).features_of(tiny, rows(0))
    (folder,) = tmp_path.iterdir()
    done = subprocess.run(
        [sys.executable, "-c", KILLED.format(folder=str(folder))], capture_output=True, text=True, cwd=ROOT
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert len(list(folder.glob(".*.partial"))) == 1
    cache = FeatureCache(tmp_path)
    features = cache.features_of(tiny, rows(12), batch_size=4)
    assert (cache.found, cache.computed) == (4, 8)
    assert not features[:4].any()
    np.testing.assert_allclose(
        features[4:], FeatureCache(tmp_path / "other").features_of(tiny, rows(12))[4:], atol=1e-5
    )


def test_what_the_killed_leave_is_swept_after_an_hour(tmp_path: Path) -> None:
    shards = Shards(tmp_path, 2)
    shards.add(["a"], np.ones((1, 2)))
    for name in (".x.npy.1.partial", "orphan.npy"):
        (tmp_path / name).write_bytes(b"half")
    (tmp_path / ".new.partial").write_bytes(b"half")
    for path in tmp_path.iterdir():
        if path.name != ".new.partial":
            os.utime(path, (1, 1))
    shards.sweep()
    assert sorted(path.suffix for path in tmp_path.iterdir()) == [".json", ".npy", ".partial"]
    assert list(shards.read()) == ["a"]


def test_two_at_once_do_no_harm(tmp_path: Path, vit_folder: Path) -> None:
    def run(_number: int) -> np.ndarray:
        return FeatureCache(tmp_path).features_of(load_model(vit_folder), rows(12), batch_size=4)

    with ThreadPoolExecutor(3) as threads:
        answers = list(threads.map(run, range(3)))
    for answer in answers[1:]:
        np.testing.assert_allclose(answer, answers[0], atol=1e-6)
    after = FeatureCache(tmp_path)
    after.features_of(load_model(vit_folder), rows(12))
    assert (after.computed, after.found) == (0, 12)


def test_features_that_are_not_finite_are_said_and_not_kept(tmp_path: Path, tiny: LoadedModel) -> None:
    tiny.model.vit.layernorm.weight.data[0] = float("nan")
    with pytest.raises(ModelUnavailable) as refused:
        FeatureCache(tmp_path).features_of(tiny, rows(3))
    assert str(refused.value) == (
        f"Expected finite features from {tiny.revision}; found others for 3 of 3 pictures. "
        "Copy the model again: its weights are damaged. If it is whole, set precision to float32."
    )
    assert not shards_in(tmp_path)


def test_features_computed_elsewhere_are_taken_over(tmp_path: Path, tiny: LoadedModel) -> None:
    cache = FeatureCache(tmp_path)
    made = np.random.default_rng(0).normal(size=(6, 32)).astype(np.float32)
    keys = ["0", "1", "2", "3", "4", "1"]
    assert cache.seed(tiny, keys, made, revision=tiny.revision) == 5
    assert cache.seed(tiny, keys, made, revision=tiny.revision) == 0
    np.testing.assert_array_equal(cache.features_of(tiny, rows(5)), made[:5])
    assert cache.computed == 0
    # Under another preprocessing nobody finds them.
    cache.features_of(with_preprocessing(tiny, fit="crop"), rows(5))
    assert cache.computed == 5


def test_what_does_not_fit_is_not_taken_over(tmp_path: Path, tiny: LoadedModel) -> None:
    with pytest.raises(BadRequest) as refused:
        FeatureCache(tmp_path).seed(tiny, ["0"], np.zeros((1, 32), dtype=np.float32), revision="another")
    assert str(refused.value) == (
        f"Expected finite features (1, 32) of {tiny.revision}; found (1, 32) of another. Compute them again."
    )
    with pytest.raises(BadRequest, match=r"found \(1, 31\) of"):
        FeatureCache(tmp_path).seed(tiny, ["0"], np.zeros((1, 31)), revision=tiny.revision)


def test_a_full_disk_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("no /dev/full")
    monkeypatch.setattr(Path, "with_name", lambda *_: full)
    monkeypatch.setattr(Path, "unlink", lambda *_, **__: None)
    with pytest.raises(OutOfSpace, match=r"Expected room for 0\.0 MiB of features at .*; found a full disk\."):
        feature_shards.write_whole(tmp_path / "a.npy", b"12345678")
