"""bfloat16 where it pays, with nearly the same answers."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image

from vitrina.errors import BadRequest
from vitrina.models.backbone import LoadedModel
from vitrina.models.features import compute_features
from vitrina.models.precision import computing, fast_precision


def test_features_of_bf16_are_close(bundled: LoadedModel, pictures: list[Image.Image]) -> None:
    plain = compute_features(bundled, pictures)
    quick = compute_features(bundled, pictures, precision="bf16")
    assert quick.dtype == np.float32
    assert quick.tobytes() != plain.tobytes()
    cosine = (plain * quick).sum(axis=1) / np.linalg.norm(plain, axis=1) / np.linalg.norm(quick, axis=1)
    assert cosine.min() > 0.99


@pytest.mark.parametrize(
    ("known", "said"),
    [
        ({"avx512_bf16": True}, "bf16"),
        ({"amx_bf16": True, "avx512_bf16": False}, "bf16"),
        ({"avx512_f": True, "avx512_bf16": False}, "float32"),
        ({}, "float32"),
    ],
)
def test_only_where_the_processor_has_it(
    known: dict[str, bool], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: known)
    assert fast_precision(torch.nn.Linear(2, 2)) == said


def test_other_devices_compute_in_float32() -> None:
    assert fast_precision(torch.nn.Linear(2, 2, device="meta")) == "float32"


def test_inside_there_are_no_gradients() -> None:
    layer = torch.nn.Linear(2, 2)
    with computing(layer, "bf16"):
        answer = layer(torch.ones(1, 2))
    assert answer.dtype == torch.bfloat16
    assert answer.is_inference()


def test_another_precision_is_refused() -> None:
    with pytest.raises(BadRequest) as refused, computing(torch.nn.Linear(2, 2), "int8"):
        pass
    assert str(refused.value) == "Expected a precision among float32, bf16; found 'int8'. Use float32."
