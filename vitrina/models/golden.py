"""The golden picture: what a model must answer wherever it is loaded."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from vitrina.errors import ModelUnavailable
from vitrina.models.backbone import LoadedModel, load_model
from vitrina.models.damage import damage
from vitrina.models.inputs import pixel_values
from vitrina.repositories.manifest import MANIFEST, Manifest, read_manifest
from vitrina.repositories.repository import RepositoryError

GOLDEN = "golden.png"
# How far a score, 0 to 1, may lie from what the manifest tells. Other processors and versions round otherwise (about
# 1e-5 in float32) and resize a little otherwise; other weights, another head or preprocessing lie far beyond.
TOLERANCE = 0.01
_SHAPE = (288, 384)


@dataclass(frozen=True)
class Verified:
    """A model that was looked at before it serves: loaded, with every tensor accounted for.

    `manifest` is None, and `not_verified` says what could not be looked at, where it was not published by Vitrina.
    """

    loaded: LoadedModel
    manifest: Manifest | None
    not_verified: tuple[str, ...] = ()


def golden_picture() -> bytes:
    """A PNG, RGB, 384 x 288: colours, edges, textures in whole numbers, drawn; nobody's photo has to travel."""
    from PIL import Image

    height, width = _SHAPE
    y, x = np.mgrid[0:height, 0:width].astype(np.int64)
    picture = np.stack(
        [x * 255 // (width - 1), y * 255 // (height - 1), 255 - x * 255 // (width - 1)], axis=2
    )
    disc = (x - 120) ** 2 + (y - 140) ** 2 < 80**2
    picture[disc] = np.stack([200 - y, 60 + x // 4, 40 + (x * y) % 64], axis=2)[disc]
    stripes = (x > 230) & (y > 60) & ((x + 2 * y) // 12 % 2 == 0)
    picture[stripes] = (250, 240, 210)
    checks = (x > 40) & (x < 200) & (y > 225) & ((x // 8 + y // 8) % 2 == 0)
    picture[checks] = (20, 30, 45)
    file = io.BytesIO()
    Image.fromarray(picture.clip(0, 255).astype(np.uint8)).save(file, format="PNG")
    return file.getvalue()


def golden_scores(loaded: LoadedModel, picture: bytes) -> dict[str, float]:
    """Class -> probability, 0 to 1, that a model gives for the picture."""
    import torch

    with torch.inference_mode():
        logits = loaded.model(pixel_values=pixel_values(loaded, [picture])).logits.double()[0]
        scores = logits.softmax(-1) if loaded.labels.task == "single_label" else logits.sigmoid()
    return {name: float(score) for name, score in zip(loaded.labels.names, scores, strict=True)}


def verify_model(folder: Path, *, said: str) -> Verified:
    """Compare every file that the model is loaded from with the manifest, load, account for every tensor, ask about the
    golden picture.

    Raises ModelUnavailable that says what is not as it should be. A folder that somebody else published loads too:
    `not_verified` names what could not be compared, for want of a manifest.
    """
    try:
        manifest = read_manifest(folder)
        if manifest is not None:
            _require_model(manifest, said)
    except RepositoryError as error:
        raise ModelUnavailable(error.expected, error.found, error.next_step) from error
    problem = damage(folder, said=said)
    if problem is not None:
        raise problem
    loaded = load_model(folder, said=said)
    if manifest is None:
        return Verified(loaded, None, _unverifiable(said))
    _compare_labels(loaded, manifest, said)
    _compare_answer(loaded, manifest, folder, said)
    return Verified(loaded, manifest)


def _require_model(manifest: Manifest, said: str) -> None:
    if manifest.kind != "model":
        raise ModelUnavailable(f"a model in {said}", f"a {manifest.kind}", "Name a model's repository.")


def _compare_labels(loaded: LoadedModel, manifest: Manifest, said: str) -> None:
    if loaded.labels.names != manifest.labels or loaded.labels.task != manifest.task:
        raise ModelUnavailable(
            f"the classes that {MANIFEST} of {said} names ({', '.join(manifest.labels)})",
            ", ".join(loaded.labels.names),
            "Publish the version again.",
        )


def _compare_answer(loaded: LoadedModel, manifest: Manifest, folder: Path, said: str) -> None:
    if manifest.golden is None:
        raise ModelUnavailable(
            f"the golden answer in {MANIFEST} of {said}", "none", "Publish the version again."
        )
    if not (folder / GOLDEN).is_file():
        raise ModelUnavailable(f"{GOLDEN} in {said}", "none", "Fetch it again.")
    golden, found = manifest.golden, golden_scores(loaded, (folder / GOLDEN).read_bytes())
    far = max(abs(found[name] - golden.get(name, np.inf)) for name in found)
    if not far <= TOLERANCE:
        name = max(found, key=lambda one: abs(found[one] - golden.get(one, np.inf)))
        raise ModelUnavailable(
            f"the golden answer of {said} ({name} {golden.get(name, float('nan')):.3f})",
            f"{name} {found[name]:.3f}",
            "Load it with the versions of the libraries in requirements.txt, or publish it again.",
        )


def _unverifiable(said: str) -> tuple[str, ...]:
    return (
        f"There is no {MANIFEST} with {said}: it was not published by Vitrina, or the file did not come along.",
        "That its files are those that were published could not be verified.",
        "That it answers here as it did there (the golden picture) could not be verified.",
        "Its figures, where its card has some, were not measured by Vitrina.",
    )
