"""Features as pictures come: the same numbers as all at once, the same bits every time."""

from __future__ import annotations

import platform
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from vitrina.errors import BadRequest
from vitrina.models import streamed
from vitrina.models.backbone import LoadedModel, load_model
from vitrina.models.features import compute_features
from vitrina.models.streamed import FeatureStream


@pytest.fixture(scope="module")
def tiny(vit_folder: Path) -> LoadedModel:
    return load_model(vit_folder)


@pytest.fixture
def arrays(pictures: list[Image.Image]) -> list[np.ndarray]:
    return [np.asarray(picture) for picture in pictures]


def test_the_same_as_all_at_once(tiny: LoadedModel, arrays: list[np.ndarray]) -> None:
    with FeatureStream(tiny) as stream:
        for _ in range(2):
            for pixels in arrays * 6:
                stream.add(pixels)
            rows = stream.drain()
            assert rows.dtype == np.float32
            assert np.allclose(rows, compute_features(tiny, arrays * 6), atol=1e-5)
        assert stream.revision == tiny.revision


def test_the_same_bits_between_two_drains(tiny: LoadedModel, arrays: list[np.ndarray]) -> None:
    with FeatureStream(tiny) as stream:
        seen = []
        for before in (0, 5):
            for pixels in arrays[:before]:
                stream.add(pixels)
            stream.drain()
            for pixels in arrays * 4:
                stream.add(pixels)
            seen.append(stream.drain())
    assert seen[0].tobytes() == seen[1].tobytes()


def test_no_pictures_no_rows(tiny: LoadedModel) -> None:
    with FeatureStream(tiny) as stream:
        assert stream.drain().shape == (0, 32)


def test_large_pictures_make_small_batches(
    tiny: LoadedModel, arrays: list[np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes: list[int] = []

    def counted(loaded: LoadedModel, batch: list[np.ndarray], *, batch_size: int) -> np.ndarray:
        sizes.append(len(batch))
        return compute_features(loaded, batch, batch_size=batch_size)

    monkeypatch.setattr(streamed, "compute_features", counted)
    monkeypatch.setattr(streamed, "BATCH_BYTES", arrays[0].nbytes * 2)
    with FeatureStream(tiny) as stream:
        for _ in range(5):
            stream.add(arrays[0])
        assert len(stream.drain()) == 5
    assert sizes == [2, 2, 1]


def test_what_cannot_be_computed_is_said(tiny: LoadedModel) -> None:
    with FeatureStream(tiny) as stream:
        stream.add(np.zeros((4, 4), dtype=np.uint8))
        with pytest.raises(BadRequest, match=r"Expected an array uint8 \(height, width, 3\)"):
            stream.drain()


def test_memory_is_kept_where_the_library_can() -> None:
    # In a process of its own: what it sets stays for as long as the process lives.
    code = "from vitrina.models.memory import keep_memory; print(keep_memory())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == str(platform.libc_ver()[0] == "glibc")
