"""A model's configuration opens no other file, no other folder, no network."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.models.made import TINY, tiny
from vitrina.errors import ModelUnavailable
from vitrina.labels import LabelScheme
from vitrina.models.backbone import load_model, save_model
from vitrina.models.checkpoint import load_headless
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


def test_what_stays_within_is_let_through(tmp_path: Path) -> None:
    require_self_contained(
        tmp_path,
        {
            "architecture": "resnet50.a1_in1k",
            "model_args": {"img_size": [32, 32], "global_pool": "avg", "init_values": None},
            "_attn_implementation": "sdpa",
            "use_pretrained_backbone": False,
            "backbone": None,
            "label2id": {"model_args": 1, "transformers_weights": 2},
        },
        said="org/pets",
    )


def changed(folder: Path, **keys: Any) -> Path:
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8")) | keys), encoding="utf-8")
    return folder


def test_a_file_that_a_configuration_names_is_never_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """timm would open `checkpoint_path` with torch.load, whatever its name."""
    save_model(tiny("timm/resnet10t"), tmp_path / "pets")
    torch.save({"state_dict": {}}, tmp_path / "pets" / "README.md")
    changed(tmp_path / "pets", model_args={"checkpoint_path": str(tmp_path / "pets" / "README.md")})
    opened: list[Any] = []
    monkeypatch.setattr("torch.load", lambda *place, **_: opened.append(place))
    with pytest.raises(ModelUnavailable, match="found checkpoint_path"):
        load_model(tmp_path / "pets", said="org/pets")
    with pytest.raises(ModelUnavailable, match="found checkpoint_path"):
        load_headless(tmp_path / "pets", LabelScheme(("day", "night")), said="org/pets")
    assert opened == []


def test_the_hub_is_not_asked_for_a_backbone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The configuration of a detector would ask it before anything is built."""
    save_model(tiny("resnet-18"), tmp_path / "pets")
    changed(tmp_path / "pets", model_type="detr", backbone="org/evil", use_timm_backbone=False)
    asked: list[Any] = []

    def refuse(*place: Any, **_: Any) -> None:
        asked.append(place)
        raise OSError("no network here")

    monkeypatch.setattr("socket.getaddrinfo", refuse)
    with pytest.raises(ModelUnavailable, match="found backbone 'org/evil'"):
        load_model(tmp_path / "pets", said="org/pets")
    assert asked == []


def test_code_of_a_folder_does_not_run(tmp_path: Path) -> None:
    save_model(tiny("resnet-18"), tmp_path / "pets")
    (tmp_path / "pets" / "evil.py").write_text("raise SystemExit('it ran')\n", encoding="utf-8")
    told = {"AutoConfig": "evil.Config", "AutoModelForImageClassification": "evil.Model"}
    changed(tmp_path / "pets", auto_map=told)
    assert load_model(tmp_path / "pets").labels.names == ("cat", "dog", "owl")
    changed(tmp_path / "pets", model_type="evil")
    with pytest.raises(ModelUnavailable, match="contains custom code"):
        load_model(tmp_path / "pets")
