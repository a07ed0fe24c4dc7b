"""The rules of the house: imports go one way, importing does nothing, the gate is clean."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest
import yaml

from vitrina.server.settings import Settings
from vitrina.space import space_block, with_space_block

ROOT = Path(__file__).resolve().parent.parent
MODULES = sorted([*ROOT.glob("vitrina/**/*.py"), *ROOT.glob("training/**/*.py"), ROOT / "app.py"])

# What each part may import of the house; the first prefix that fits decides.
GROUND = (
    "vitrina.durable",
    "vitrina.errors",
    "vitrina.labels",
    "vitrina.prediction",
    "vitrina.images",
    "vitrina.recipe",
    "vitrina.decoder",
    "vitrina.refusals",
)
LAW: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("vitrina.gallery", ("vitrina.gallery", "vitrina.readers", *GROUND)),
    ("vitrina.measures", ("vitrina.measures", *GROUND)),
    ("vitrina.augment", ("vitrina.augment", *GROUND)),
    ("vitrina.repositories", ("vitrina.repositories", *GROUND)),
    (
        "vitrina.models",
        ("vitrina.models", "vitrina.measures", "vitrina.readers", "vitrina.repositories", *GROUND),
    ),
    (
        "vitrina.learning",
        ("vitrina.learning", "vitrina.models", "vitrina.augment", "vitrina.measures", *GROUND),
    ),
    ("vitrina.results", ("vitrina.results", "vitrina.report", "vitrina.measures", *GROUND)),
    ("vitrina.readers", ("vitrina.readers", "vitrina.errors", "vitrina.labels", "vitrina.images")),
    ("vitrina.pile", ("vitrina.pile", "vitrina.readers", *GROUND)),
    ("vitrina.duplicates", ("vitrina.duplicates", *GROUND)),
    ("vitrina.doubts", ("vitrina.doubts", "vitrina.models", *GROUND)),
    (
        "vitrina.cleaning",
        ("vitrina.cleaning", "vitrina.pile", "vitrina.duplicates", "vitrina.doubts", *GROUND),
    ),
    ("vitrina.splits", ("vitrina.splits", *GROUND)),
    ("vitrina.cards", ("vitrina.cards", *GROUND)),
    (
        "vitrina.publication",
        (
            "vitrina.publication",
            "vitrina.repositories",
            "vitrina.cards",
            "vitrina.models",
            "vitrina.measures",
            "vitrina.learning",
            "vitrina.parquet",
            "vitrina.space",
            *GROUND,
        ),
    ),
    ("vitrina.parquet", ("vitrina.parquet", "vitrina.cards", "vitrina.splits", "vitrina.colour", *GROUND)),
    ("vitrina.report", ("vitrina.report", "vitrina.pile", *GROUND)),
    ("vitrina.sky", ("vitrina.sky", "vitrina.errors", "vitrina.labels", "vitrina.images")),
    (
        "vitrina.services",
        ("vitrina.services", "vitrina.gallery", "vitrina.models", "vitrina.repositories", *GROUND),
    ),
    ("vitrina.pages", ("vitrina.pages", "vitrina.services", *GROUND)),
    ("vitrina.server", ("vitrina",)),
    (
        "vitrina.starter",
        (
            "vitrina.first_model",
            "vitrina.services",
            "vitrina.sky",
            "vitrina.models",
            "vitrina.gallery",
            "vitrina.readers",
            *GROUND,
        ),
    ),
    ("vitrina.first_model", ("vitrina.models", "vitrina.gallery", *GROUND)),
    ("vitrina.__main__", ("vitrina",)),
    ("vitrina.space", ("vitrina.errors",)),
    (
        "vitrina",
        (
            "vitrina.errors",
            "vitrina.labels",
            "vitrina.images",
            "vitrina.colour",
            "vitrina.prediction",
            "vitrina.decoder",
        ),
    ),
    (
        "training",
        (
            "training",
            "vitrina.models",
            "vitrina.readers",
            "vitrina.pile",
            "vitrina.duplicates",
            "vitrina.doubts",
            "vitrina.cleaning",
            "vitrina.splits",
            "vitrina.cards",
            "vitrina.report",
            "vitrina.augment",
            "vitrina.measures",
            "vitrina.learning",
            "vitrina.results",
            "vitrina.sky",
            "vitrina.repositories",
            "vitrina.parquet",
            "vitrina.publication",
            *GROUND,
        ),
    ),
    ("app", ("vitrina.server", "vitrina.errors")),
)


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            names.add(node.module)
    return names


@pytest.mark.parametrize("path", MODULES, ids=module_name)
def test_imports_go_one_way(path: Path) -> None:
    name = module_name(path)
    allowed = next(allowed for prefix, allowed in LAW if name == prefix or name.startswith(prefix + "."))
    ours = {n for n in imported(path) if n.split(".")[0] in ("vitrina", "training", "app") and n != "vitrina"}
    broken = {n for n in ours if not any(n == a or n.startswith(a + ".") for a in allowed)}
    assert not broken, f"{name} may not import {sorted(broken)}"


def test_stages_do_not_import_one_another() -> None:
    """But for those that are a road through them."""
    for path in ROOT.glob("training/*.py"):
        if path.stem not in ("prepare", "run", "grid", "suite", "__main__"):
            ours = {name for name in imported(path) if name.startswith("training")}
            # `accelerate launch -m training.train` runs the stage by its name, as the command does.
            assert ours <= {"training.arguments", "training.recipe", "training.__main__"}, path


@pytest.mark.parametrize("path", [p for p in MODULES if "gallery" in p.parts], ids=module_name)
def test_gallery_needs_neither_gradio_nor_torch(path: Path) -> None:
    heavy = {"torch", "torchvision", "transformers", "timm", "gradio", "sklearn"}
    assert not {n.split(".")[0] for n in imported(path)} & heavy


def test_pages_hold_no_sql() -> None:
    for path in ROOT.glob("vitrina/pages/**/*.py"):
        assert not {n.split(".")[0] for n in imported(path)} & {"sqlalchemy", "sqlite3", "alembic"}, path
        assert not re.search(
            r"\b(SELECT|INSERT INTO|UPDATE|DELETE FROM)\b", path.read_text(encoding="utf-8")
        ), path


def test_importing_everything_does_nothing(tmp_path: Path) -> None:
    """Every module in one process, in an empty folder: no file appears, no network, no torch, no handlers."""
    names = [module_name(p) for p in MODULES if not module_name(p).endswith("__main__")]
    light = [
        n
        for n in names
        if not n.startswith(("vitrina.models", "vitrina.learning", "vitrina.first_model", "training"))
    ]
    code = f"""
import logging, os, socket, sys
def refuse(*a, **k): raise SystemExit("importing opened a connection")
socket.socket.connect = refuse
before = list(logging.getLogger().handlers)
import importlib
for name in {light!r}:
    importlib.import_module(name)
heavy = [m for m in ("torch", "transformers", "timm", "sklearn", "gradio") if m in sys.modules]
assert heavy in ([], ["gradio"]), heavy
for name in {names!r}:
    importlib.import_module(name)
assert logging.getLogger().handlers == before
assert os.listdir(".") == [], os.listdir(".")
"""
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "HF_HUB_OFFLINE": "1",
        "GRADIO_ANALYTICS_ENABLED": "False",
    }
    environment |= {
        "HOME": str(tmp_path / "home"),
        "MPLCONFIGDIR": str(tmp_path / "home"),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    empty = tmp_path / "empty"
    empty.mkdir()
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=empty, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_gallery_path_opens_without_torch() -> None:
    code = "import vitrina.server.app, sys; assert 'torch' not in sys.modules and 'transformers' not in sys.modules"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_house_numbers() -> None:
    for path in MODULES:
        text = path.read_text(encoding="utf-8")
        assert text.count("\n") <= 300, f"{path.name} is over 300 lines"
        tree = ast.parse(text)
        assert ast.get_docstring(tree), f"{path.name} says nothing of itself"
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                body = [n for n in node.body if not isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)]
                lines = sum((n.end_lineno or n.lineno) - n.lineno + 1 for n in body)
                assert lines <= 50, f"{path.name}:{node.name} has {lines} lines"
    assert (ROOT / "app.py").read_text(encoding="utf-8").count("\n") < 40
    assert (ROOT / "training" / "__main__.py").read_text(encoding="utf-8").count("\n") < 60


def test_readme_block_is_generated_from_space_yaml() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    settings = (ROOT / "space.yaml").read_text(encoding="utf-8")
    assert with_space_block(readme, settings) == readme, "run: python -m vitrina readme"
    block = space_block(settings)
    assert yaml.safe_load(block.strip("-\n")) == yaml.safe_load(settings)
    assert len(yaml.safe_load(settings)["short_description"]) <= 60  # The Hub refuses longer ones.


def test_space_runs_the_gradio_it_was_tried_with() -> None:
    import gradio

    settings = yaml.safe_load((ROOT / "space.yaml").read_text(encoding="utf-8"))
    assert gradio.__version__.rsplit(".", 1)[0] == settings["sdk_version"].rsplit(".", 1)[0]


def test_readme_names_every_setting() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    missing = [f.name for f in fields(Settings) if f"VITRINA_{f.name.upper()}" not in readme]
    assert missing == ["server_name", "server_port"]  # Gradio's own names serve for these two.


def test_readme_names_what_is_there() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for name in re.findall(r"`((?:vitrina|training|tests)/[\w./-]+)`", readme):
        assert (ROOT / name).exists(), name
    house = readme.split("## The house")[1].split("```")[1]
    for line in house.strip().splitlines()[3:-3]:
        if line.startswith("  "):
            assert (ROOT / "vitrina" / line.split()[0]).exists(), line


@pytest.mark.parametrize("gate", [["ruff", "check", "."], ["mypy"]], ids=["ruff", "mypy"])
def test_gate(gate: list[str]) -> None:
    if gate == ["mypy"] and os.environ.get("CI"):
        gate = [*gate, "--cache-dir=/dev/null"]  # Nobody comes back to what it would keep.
    done = subprocess.run([sys.executable, "-m", *gate], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
