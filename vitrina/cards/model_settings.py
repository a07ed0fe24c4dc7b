"""How a model was made and how it is used, as blocks of code without paths of the machine it was made on."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from pathlib import PurePosixPath, PureWindowsPath
from typing import Any

import yaml

from vitrina.cards.markdown import Markdown, fenced, printed
from vitrina.cards.model_figures import shown
from vitrina.cards.model_front_matter import ToldOfModel

Report = Mapping[str, Any]

# Architectures that transformers learns of by `register` of these modules.
OWN_MODELS = {
    "SmallCnnForImageClassification": "vitrina.models.small_cnn",
    "BackboneWithMlpForImageClassification": "vitrina.models.mlp_head",
}


def use_block(train: Report, told: ToldOfModel) -> Markdown:
    """Python that loads the model and asks it about one picture; runs as it stands where the model can be reached."""
    where = json.dumps(told.repo_id or told.folder, ensure_ascii=False)
    lines = ["from transformers import pipeline", ""]
    own = OWN_MODELS.get(str((train.get("model") or {}).get("architecture")))
    if own is not None:
        lines += [f"from {own} import register", "", "register()  # The network is one of Vitrina's own."]
    lines.append(f'classify = pipeline("image-classification", model={where})')
    everything = f"top_k={len(train['labels'])}"
    if train["task"] == "multi_label":
        lines.append(f'answers = classify("photo.jpg", {everything})  # each from 0 to 1, on its own')
    elif train["task"] == "regression":
        lines.append(f'answers = classify("photo.jpg", {everything})  # numbers from 0 to 1')
    else:
        lines.append('best = classify("photo.jpg")[0]  # {"label": ..., "score": ...}')
        if abstains(train):
            lines.append('sure = best["score"] >= classify.model.config.abstain_below')
    return fenced("\n".join(lines), "python")


def abstains(train: Report) -> bool:
    """Whether a threshold is there that lets some answers pass: 0 lets all pass, 1 stands for "none reached it"."""
    return 0 < ((train.get("abstention") or {}).get("abstain_below") or 0) < 1


def recipe_block(recipe: Report) -> Markdown:
    """Every setting that was told, as YAML; whole paths are cut to their last part."""
    text = yaml.safe_dump(_without_paths(recipe), sort_keys=True, allow_unicode=True, width=100)
    return fenced(text, "yaml")


def shell_block(command: str) -> Markdown:
    """The command; whole paths are cut to their last part."""
    try:
        words = shlex.split(command)
    except ValueError:
        words = [word.strip("'\"") for word in command.split()]  # A quote that nobody closed.
    cut = []
    for word in words:
        option, equals, value = word.partition("=") if word.startswith("-") else ("", "", word)
        cut.append(f"{option}{equals}{shlex.quote(shortened(value))}" if value else word)
    return fenced(" ".join(cut), "bash")


def shortened(text: str) -> str:
    """The last part of an absolute path, which names the machine and its owner; any other text as it is."""
    for kind in (PurePosixPath, PureWindowsPath):
        path = kind(text)
        if (path.is_absolute() or text.startswith("~")) and path.name:
            return path.name
    return text


def listed(value: object) -> Markdown:
    """Names with values on one line, "size 224, grey no, augment (flip yes)"; what holds nothing is "none"."""
    if isinstance(value, Mapping):
        parts = [
            f"{printed(str(name))} {f'({listed(one)})' if isinstance(one, Mapping) and one else listed(one)}"
            for name, one in value.items()
        ]
        return Markdown(", ".join(parts) or "none")
    if isinstance(value, list | tuple):
        return Markdown(" ".join(listed(one) for one in value) or "none")
    if isinstance(value, float):
        return Markdown(shown(value) if 0 < abs(value) < 0.001 else repr(round(value, 3)))
    return Markdown(
        "none" if value is None else printed(shortened(value) if isinstance(value, str) else value)
    )


def _without_paths(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(name): _without_paths(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_without_paths(one) for one in value]
    return shortened(value) if isinstance(value, str) else value
