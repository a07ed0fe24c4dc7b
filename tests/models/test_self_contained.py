"""A model's configuration opens no other file, no other folder, no network."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from typing import Any

import pytest

from tests.models.made import TINY, tiny
from vitrina.errors import ModelUnavailable
from vitrina.models.backbone import load_model, save_model
from vitrina.models.self_contained import require_self_contained


@pytest.fixture(scope="module")
def timm_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("timm") / "model"
    save_model(tiny("timm/vit_tiny_patch16_224"), folder)
    return folder


@pytest.mark.parametrize("name", sorted(TINY))
def test_what_we_make_ourselves_passes(name: str, tmp_path: Path) -> None:
    save_model(tiny(name), tmp_path / "model")
    assert load_model(tmp_path / "model").model is not None


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        (
            {"model_args": {"checkpoint_path": "/etc/passwd"}},
            "options of the architecture alone in model_args",
        ),
        ({"model_args": {"cache_dir": "/tmp"}}, "found cache_dir. Save the model again without them"),
        ({"model_args": {"pretrained": True}}, "found pretrained"),
        ({"model_args": {"pretrained_cfg_overlay": {"file": "/etc/passwd"}}}, "found pretrained_cfg_overlay"),
        ({"model_args": {"embed_dim": {"file": "/x"}}}, "found embed_dim"),
        ({"architecture": "hf-hub:evil/model"}, "a plain name as architecture .*; found 'hf-hub:evil/model'"),
        ({"architecture": "local-dir:/etc"}, "a plain name as architecture"),
        ({"architecture": "../../x"}, "a plain name as architecture"),
        ({"backbone": "resnet50"}, "names nothing outside its folder; found backbone 'resnet50'"),
        ({"use_pretrained_backbone": True}, "found use_pretrained_backbone 'True'. Save the whole model"),
        ({"attn_implementation": "org/kernel"}, "found attn_implementation 'org/kernel'"),
        ({"text_config": {"transformers_weights": "other.bin"}}, "found transformers_weights 'other.bin'"),
    ],
)
def test_what_reaches_outside_is_refused_before_anything_is_opened(
    timm_folder: Path, tmp_path: Path, changed: dict[str, Any], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = json.loads((timm_folder / "config.json").read_text()) | changed
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "model.safetensors").write_bytes((timm_folder / "model.safetensors").read_bytes())

    def refuse(*_: object) -> None:
        raise AssertionError("the network was asked")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    with pytest.raises(ModelUnavailable, match=said):
        load_model(folder)


def test_an_adapter_is_said(tmp_path: Path) -> None:
    (tmp_path / "adapter_config.json").write_text("{}")
    with pytest.raises(
        ModelUnavailable, match=r"found adapter_config\.json, by which the model is another one"
    ):
        require_self_contained(tmp_path, {}, said="it")


def test_class_names_are_only_names(tmp_path: Path) -> None:
    require_self_contained(tmp_path, {"label2id": {"backbone": "0", "checkpoint_path": "1"}}, said="it")
