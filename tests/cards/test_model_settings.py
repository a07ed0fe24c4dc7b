"""Blocks of code of a model card; the one that loads a model is run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from PIL import Image

from tests.cards.made_model_reports import NAMES, train_report
from vitrina.cards.model_front_matter import ToldOfModel
from vitrina.cards.model_settings import abstains, listed, recipe_block, shell_block, shortened, use_block


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a tiny model under market-head/model and a photo."""
    import torch
    from transformers import ViTConfig, ViTForImageClassification, ViTImageProcessor

    config = ViTConfig(
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=16,
        image_size=16,
        patch_size=8,
        id2label=dict(enumerate(NAMES)),
        label2id={name: index for index, name in enumerate(NAMES)},
        problem_type="single_label_classification",
        abstain_below=0.2,
    )
    torch.manual_seed(0)
    place = tmp_path_factory.mktemp("use")
    folder = place / "market-head" / "model"
    ViTForImageClassification(config).save_pretrained(folder)
    ViTImageProcessor(size={"height": 16, "width": 16}).save_pretrained(folder)
    Image.new("RGB", (40, 30), (200, 40, 10)).save(place / "photo.jpg")
    return place


def run(block: str, place: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    lines = block.splitlines()
    assert (lines[0], lines[-1]) == ("```python", "```")
    monkeypatch.chdir(place)
    done: dict[str, Any] = {}
    exec("\n".join(lines[1:-1]), done)
    return done


def test_it_runs_as_it_stands(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done = run(use_block(train_report(), ToldOfModel(folder="market-head/model")), place, monkeypatch)
    assert done["best"]["label"] in NAMES
    assert done["sure"] is True
    done = run(
        use_block(train_report("multi_label"), ToldOfModel(folder="market-head/model")), place, monkeypatch
    )
    assert {one["label"] for one in done["answers"]} == set(NAMES)


@pytest.mark.parametrize(
    ("architecture", "module"),
    [
        ("SmallCnnForImageClassification", "vitrina.models.small_cnn"),
        ("BackboneWithMlpForImageClassification", "vitrina.models.mlp_head"),
    ],
)
def test_a_network_of_our_own_is_introduced_first(
    architecture: str, module: str, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = train_report()
    report["model"]["architecture"] = architecture
    block = use_block(report, ToldOfModel(folder="market-head/model"))
    assert (
        block.index(f"from {module} import register") < block.index("register()") < block.index("classify =")
    )
    assert run(block, place, monkeypatch)["best"]["label"] in NAMES


def test_where_the_model_is() -> None:
    assert 'model="ana/market")' in use_block(train_report(), ToldOfModel(repo_id="ana/market"))
    hostile = use_block(train_report("regression"), ToldOfModel(folder='a"); import os\n```'))
    assert hostile.splitlines()[0] == "````python"
    assert r'model="a\"); import os\n```")' in hostile
    assert "numbers from 0 to 1" in hostile


@pytest.mark.parametrize(("threshold", "expected"), [(None, False), (0.0, False), (0.7, True), (1.0, False)])
def test_abstains(threshold: float | None, expected: bool) -> None:
    train = train_report()
    train["abstention"]["abstain_below"] = threshold
    assert abstains(train) is expected
    assert ("sure = " in use_block(train, ToldOfModel())) is expected
    assert not abstains(train | {"abstention": None})


def test_the_recipe_is_yaml_of_every_setting() -> None:
    recipe = train_report()["recipe"] | {"targets": ["/a/b", "née"], "augment": {"crop": "~/c/d"}}
    lines = recipe_block(recipe).splitlines()
    assert (lines[0], lines[-1]) == ("```yaml", "```")
    assert yaml.safe_load("\n".join(lines[1:-1])) == recipe | {
        "data": "market",
        "targets": ["b", "née"],
        "augment": {"crop": "d"},
    }


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("train /home/ana/m.yaml --data=/home/ana/w --seed 0", "train m.yaml --data=w --seed 0"),
        ("train '/home/ana b/my m.yaml'", "train 'my m.yaml'"),
        ("python -m training train work --lr 1e-3 -q", "python -m training train work --lr 1e-3 -q"),
        ("train 'C:\\Users\\ana\\w'", "train w"),
        ("train '/home/ana", "train ana"),
    ],
)
def test_the_command_names_no_machine(command: str, expected: str) -> None:
    assert shell_block(command) == f"```bash\n{expected}\n```"


def test_shortened() -> None:
    assert [shortened(text) for text in ("/a/b", "~/b", "C:\\a\\b", "a/b", "org/name@rev", "/", "")] == [
        "b",
        "b",
        "b",
        "a/b",
        "org/name@rev",
        "/",
        "",
    ]


def test_listed() -> None:
    said = listed(
        {"size": 224, "grey": False, "lr": 5e-05, "value": 0.26123, "gpu": None, "augment": {"flip": True}}
    )
    assert said == "size 224, grey no, lr 5.0e-05, value 0.261, gpu none, augment (flip yes)"
    assert listed({"mixup": 0.0}) == "mixup 0.0"
    assert listed({}) == listed(None) == listed([]) == "none"
    assert listed({"views": ["none", "flip"], "x": {}}) == "views none flip, x none"
    assert listed({"a|b": "<i>", "p": "/home/ana/w"}) == r"a\|b &lt;i&gt;, p w"
