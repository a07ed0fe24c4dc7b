"""Checkpoints that are complete or do not count."""

from __future__ import annotations

import json
import os
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vitrina.durable import flush
from vitrina.errors import ModelUnavailable, OutOfSpace

if TYPE_CHECKING:
    from torch import Tensor, nn

# Written last: {"files": {name: bytes}}.
COMPLETE = "complete.json"
_NAME = re.compile(r"checkpoint-(\d+)")
# What AdamW keeps beside the weights, with some room: two moments of each trained number, four bytes each.
_BYTES_A_NUMBER = 4
_SPARE = 64 * 1024 * 1024


def mark_complete(folder: Path) -> None:
    """Flush every file of a checkpoint to the disk, then write down that it is whole."""
    files = sorted(path for path in folder.iterdir() if path.is_file() and path.name != COMPLETE)
    for path in files:
        flush(path)
    partial = folder / f"{COMPLETE}.partial"
    sizes = {path.name: path.stat().st_size for path in files}
    partial.write_text(json.dumps({"files": sizes}, indent=2) + "\n", encoding="utf-8")
    flush(partial)
    os.replace(partial, folder / COMPLETE)
    flush(folder)


def is_complete(folder: Path) -> bool:
    """Whether every file is there as it was when the checkpoint was finished."""
    try:
        files = json.loads((folder / COMPLETE).read_text(encoding="utf-8"))["files"]
        return all((folder / name).stat().st_size == size for name, size in files.items())
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return False


def newest_complete(checkpoints: Path) -> tuple[Path | None, list[str]]:
    """(the complete checkpoint of the latest step, names of incomplete ones, which are removed)."""
    found = sorted(_of(checkpoints), key=_step)
    broken = [folder for folder in found if not is_complete(folder)]
    for folder in broken:
        shutil.rmtree(folder)
    whole = [folder for folder in found if folder not in broken]
    return (whole[-1] if whole else None), [folder.name for folder in broken]


def rotate(checkpoints: Path, *, keep: int | None, best: str | None) -> None:
    """Remove the oldest beyond `keep`, never the newest nor the one named as `best`."""
    found = sorted(_of(checkpoints), key=_step)
    if not keep or len(found) <= keep:
        return
    protected = {found[-1].name} | ({Path(best).name} if best else set())
    free = [folder for folder in found if folder.name not in protected]
    for folder in free[: len(found) - max(keep, len(protected))]:
        shutil.rmtree(folder, ignore_errors=True)


def state_of(model: nn.Module, folder: Path) -> dict[str, Tensor]:
    """Every tensor of the model in the checkpoint at `folder`, under the names that `model` uses.

    The Trainer loads the file's own names with strict=False, although ViT and its like are saved under older names:
    most tensors would silently stay as they are (transformers issues 43701, 40187). The model's own class knows
    both. Raises ModelUnavailable where a tensor is missing, left over or of another shape.
    """
    loaded, info = type(model).from_pretrained(  # type: ignore[attr-defined]
        folder, output_loading_info=True, local_files_only=True, use_safetensors=True
    )
    wrong = sorted(
        str(key[0] if isinstance(key, tuple) else key)
        for kind in ("missing_keys", "unexpected_keys", "mismatched_keys")
        for key in info[kind]
    )
    state: dict[str, Any] = loaded.state_dict()
    wrong += sorted(set(state) ^ set(model.state_dict()))
    if wrong:
        raise ModelUnavailable(
            f"every tensor of the model in {folder.name}",
            f"{len(wrong)} that do not fit ({', '.join(wrong[:3])})",
            "Remove that checkpoint; the run goes on from the one before.",
        )
    return state


def needed_bytes(model: nn.Module) -> int:
    """What one checkpoint takes on the disk: all numbers, and two more for each that is trained."""
    every = sum(tensor.numel() for tensor in model.state_dict().values())
    trained = sum(parameter.numel() for parameter in model.parameters() if parameter.requires_grad)
    return _BYTES_A_NUMBER * (every + 2 * trained) + _SPARE


def refuse_without_space(folder: Path, wanted: int, *, what: str) -> None:
    """Raises OutOfSpace where fewer than `wanted` bytes are free at `folder` or the nearest folder above it."""
    there = next(path for path in (folder, *folder.resolve().parents) if path.exists())
    free = shutil.disk_usage(there).free
    if free < wanted:
        raise OutOfSpace(
            f"{wanted / 2**20:,.0f} MiB of free disk for {what}",
            f"{free / 2**20:,.0f} MiB at {folder}",
            "Free some, or name another --output_dir; the same command then goes on from the last checkpoint.",
        )


def _of(checkpoints: Path) -> list[Path]:
    if not checkpoints.is_dir():
        return []
    return [path for path in checkpoints.iterdir() if path.is_dir() and _NAME.fullmatch(path.name)]


def _step(folder: Path) -> int:
    found = _NAME.fullmatch(folder.name)
    assert found is not None
    return int(found[1])
