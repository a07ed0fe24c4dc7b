"""The files of a model as it is published, from the folder of its run."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vitrina.cards.model_settings import OWN_MODELS
from vitrina.cards.of_run import RUN_REPORTS
from vitrina.cards.reports import read_report
from vitrina.errors import BadRequest, ModelUnavailable, NotFound
from vitrina.models.backbone import LoadedModel, load_model
from vitrina.models.checkpoint import SETTINGS, weight_files
from vitrina.models.golden import GOLDEN, golden_picture, golden_scores
from vitrina.publication.reproduced import require_measured_as_it_is, require_reproduced
from vitrina.repositories.manifest import Manifest

_RESULTS = "eval_results.json"


@dataclass(frozen=True)
class ModelFiles:
    """`files` without the card; `left_out` are names in the model's folder that do not travel."""

    name: str
    files: Mapping[str, Path | bytes]
    left_out: tuple[str, ...]
    loaded: LoadedModel
    results: Mapping[str, Any]
    golden: Mapping[str, float]

    def manifest(self, *, at: str, gate: dict[str, Any] | None, forced: str | None) -> Manifest:
        """What is told of the version; its files are put in by `Content.of`."""
        data = self.results["data"]
        return Manifest(
            kind="model",
            name=self.name,
            created=at,
            files={},
            labels=self.loaded.labels.names,
            task=self.loaded.labels.task,
            golden=dict(self.golden),
            test={
                "sha256": data["sha256"],
                "fingerprint": data["fingerprint"],
                "n": data["n"],
                "figures": self.results["test"],
            },
            gate=gate,
            forced=forced,
        )


def model_files(
    run: Path, *, name: str, work: Path | None = None, say: Callable[[str], None] = print
) -> ModelFiles:
    """The model in RUN/model with what was measured on test, loaded to see that it answers as it did.

    `work` is the working folder of the run's split, where it moved; `say` is told what could not be reproduced. Raises
    NotFound where it was not trained or not evaluated, ModelUnavailable where it does not load, BadRequest where the
    figures are those of another model or of other settings, where they do not come out again, or where plain
    transformers cannot load it.
    """
    folder = run / "model"
    if not (folder / "config.json").is_file():
        raise NotFound(
            f"a trained model in {run.resolve().name}", "none", "Run python -m training train first."
        )
    results = read_report(run, "evaluate", RUN_REPORTS["evaluate"])
    loaded = load_model(folder)
    require_measured_as_it_is(run, loaded, results)
    _require_plain(folder)
    require_reproduced(run, loaded, results, work=work, say=say)
    names = [*SETTINGS, *(path.name for path in weight_files(folder, said=str(folder)))]
    files: dict[str, Path | bytes] = {name: folder / name for name in names if (folder / name).is_file()}
    left_out = [path.name for path in folder.iterdir() if path.name not in {*files, "README.md"}]
    picture = golden_picture()
    files[GOLDEN] = picture
    files[_RESULTS] = (json.dumps(results, indent=2, ensure_ascii=False) + "\n").encode()
    return ModelFiles(name, files, tuple(sorted(left_out)), loaded, results, golden_scores(loaded, picture))


def _require_plain(folder: Path) -> None:
    """Who has never heard of Vitrina must be able to load it."""
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        own = set(config.get("architectures") or ()) & set(OWN_MODELS)
    except (ValueError, TypeError, AttributeError) as problem:
        raise ModelUnavailable(
            "readable JSON in config.json", str(problem).rstrip("."), "Train the model again."
        ) from problem
    if own:
        raise BadRequest(
            "a model that plain transformers loads",
            f"{', '.join(sorted(own))}, a network of Vitrina's own",
            "Train with --head linear, or an architecture of transformers: what is published must load anywhere.",
        )
