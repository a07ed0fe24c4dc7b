"""The folder of a trained model: found, copied whole."""

from __future__ import annotations

import filecmp
import json
import logging
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

from vitrina.durable import flush
from vitrina.errors import ModelUnavailable, NotFound, VitrinaError

log = logging.getLogger(__name__)

# No pickle among them: such a file can run code. Of these what is only read by people may differ from copy to copy.
_COPIED = (".json", ".safetensors", ".md")
_FOR_PEOPLE = (".md",)
RESULTS = "eval_results.json"


def find_model(told: Path) -> Path:
    """The model's folder: `told` itself, or model/ in it where `told` is the folder of a run. Raises NotFound."""
    told = told.expanduser()
    for folder in (told, told / "model"):
        if (folder / "config.json").is_file():
            return folder
    raise NotFound(
        f"a model's folder, or that of a run, at {told}",
        "neither config.json nor model/config.json" if told.is_dir() else "no such folder",
        "Name what python -m training train has written: RUN or RUN/model.",
    )


@contextmanager
def incoming_copy(model: Path, *, data: Path) -> Iterator[Path]:
    """A whole copy beside the models in `data`, under a name of its own; what is left of it goes at the end.

    Raises VitrinaError where it cannot be written, ModelUnavailable where the model changed meanwhile.
    """
    from vitrina.models.backbone import folder_revision

    before = folder_revision(model)
    partial = data / "models" / f".{uuid4().hex}.partial"
    try:
        try:
            partial.mkdir(parents=True)
            for path in _files(model):
                shutil.copyfile(path, partial / path.name)
                flush(partial / path.name)
        except OSError as problem:
            raise VitrinaError(
                f"room for a copy of {model} in {data / 'models'}",
                problem.strerror or type(problem).__name__,
                "Put that right, then run the command again.",
            ) from problem
        if digest_of(folder_revision(partial)) != digest_of(before):
            raise ModelUnavailable(
                f"the same weights in {model} from beginning to end",
                "others after copying",
                "Wait until whatever writes it is done, then run the command again.",
            )
        yield partial
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def put_in_place(incoming: Path, *, slug: str, data: Path) -> str:
    """Names the copy models/<slug>-<first 12 digits of the hash of its weights>, relative to `data`, as told.

    A folder of that name that holds the same stays, so that whoever has it open is not disturbed; another makes room.
    """
    from vitrina.models.backbone import folder_revision

    place = f"models/{slug}-{digest_of(folder_revision(incoming))}"
    final = data / place
    if final.is_dir() and _same(incoming, final):
        return place
    old = final.with_name(f".{uuid4().hex}.old")
    if final.exists():
        os.replace(final, old)
    try:
        os.replace(incoming, final)
    except OSError:
        if old.exists():
            os.replace(old, final)
        raise
    flush(final.parent)
    shutil.rmtree(old, ignore_errors=True)
    return place


def digest_of(revision: str) -> str:
    """The digits in a folder's revision, "name@sha256:0123456789ab"."""
    return revision.rpartition(":")[2]


def measured_in_run(model: Path) -> dict[str, Any] | None:
    """{accuracy, interval, n, revision, on}: what python -m training evaluate measured on test, of just these weights.

    `accuracy` 0 to 1, `interval` [low, high] its 95 % interval. None where the model lies in no run, or in one that
    has not measured it.
    """
    from vitrina.models.backbone import folder_revision

    try:
        found = json.loads((model.parent / "evaluation" / RESULTS).read_text(encoding="utf-8"))
        figure, told = found["test"]["accuracy"], str(found["model"]["revision"])
        low, high = figure["interval"]
        answer = {
            "accuracy": float(figure["value"]),
            "interval": [float(low), float(high)],
            "n": int(figure["n"]),
        }
    except (OSError, ValueError, KeyError, TypeError):
        return None
    if digest_of(told) != digest_of(folder_revision(model)):
        return None
    return answer | {"revision": told, "on": "test pictures of its run"}


def write_results(folder: Path, results: dict[str, Any]) -> None:
    """Writes eval_results.json as the pages read it, in one step."""
    partial = folder / f".{RESULTS}.{uuid4().hex}"
    partial.write_text(json.dumps(results, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    os.replace(partial, folder / RESULTS)


def read_results(folder: Path) -> dict[str, float] | None:
    """{accuracy, low, high, n} as `write_results` wrote them; None where there is nothing that can be read."""
    report = folder / RESULTS
    if not report.is_file():
        return None
    try:
        found = json.loads(report.read_text(encoding="utf-8"))
        low, high = found["interval"]
        return {"accuracy": found["accuracy"], "low": low, "high": high, "n": found["n"]}
    except (ValueError, KeyError, TypeError) as problem:
        log.warning("%s cannot be read: %s", report, problem)
        return None


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.is_file() and path.suffix in _COPIED)


def _same(one: Path, other: Path) -> bool:
    names = [path.name for path in _files(one) if path.suffix not in _FOR_PEOPLE and path.name != RESULTS]
    return filecmp.cmpfiles(one, other, names, shallow=False)[0] == names
