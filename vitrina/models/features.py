"""What the layer before the head says of a picture."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from typing import TYPE_CHECKING, Any

import numpy as np

from vitrina.errors import ModelUnavailable
from vitrina.models.backbone import LoadedModel
from vitrina.models.inputs import PictureLike, batches, pixel_values
from vitrina.models.precision import FLOAT32, computing

if TYPE_CHECKING:
    import torch


def compute_features(
    loaded: LoadedModel,
    pictures: Sequence[PictureLike],
    *,
    batch_size: int = 32,
    progress: Callable[[int, int], None] | None = None,
    precision: str = FLOAT32,
) -> np.ndarray:
    """float32 (n, d): the input of the final linear layer (pooled), so that weight @ feature + bias = logit.

    Preprocessing is the classifier's. `progress(done, n)` is called after each batch. `precision` is what the
    network computes in, see `vitrina.models.precision`. Not for use from two threads on one model. Raises
    ModelUnavailable for a model without one final linear layer, PictureRefused.
    """
    # (n, d) is filled in place: a list of batches would hold everything twice while joining.
    features = np.zeros((len(pictures), final_linear(loaded)[2].in_features), dtype=np.float32)
    done = 0
    with closing(feature_batches(loaded, pictures, batch_size=batch_size, precision=precision)) as computed:
        for rows in computed:
            features[done : done + len(rows)] = rows
            done += len(rows)
            if progress is not None:
                progress(done, len(pictures))
    return features


def feature_batches(
    loaded: LoadedModel, pictures: Sequence[PictureLike], *, batch_size: int, precision: str = FLOAT32
) -> Generator[np.ndarray, None, None]:
    """The rows of `compute_features`, a batch at a time. `pictures` is sliced, so that it may decode when asked.

    While the network computes one batch, a thread prepares the next. Close it where it is left early.
    """
    linear = final_linear(loaded)[2]
    caught: list[torch.Tensor] = []
    hook = linear.register_forward_pre_hook(lambda _module, given: caught.append(given[0]))
    prepared = (pixel_values(loaded, batch) for batch in batches(pictures, batch_size))
    try:
        with closing(_ahead(prepared)) as ready:
            for values in ready:
                with computing(loaded.model, precision):
                    loaded.model(pixel_values=values.to(linear.weight.device))
                    pooled = caught.pop().float().cpu()
                if pooled.ndim != 2:
                    raise ModelUnavailable(
                        f"pooled features (batch, d) in {loaded.reference}",
                        f"shape {tuple(pooled.shape)}",
                        "Choose a backbone that pools before its head.",
                    )
                yield pooled.numpy()
    finally:
        hook.remove()


def _ahead(values: Iterator[torch.Tensor]) -> Generator[torch.Tensor, None, None]:
    """The same values, each made in a thread while the caller is busy with the one before."""
    with ThreadPoolExecutor(1, thread_name_prefix="vitrina-pictures") as thread:
        coming: Future[torch.Tensor | None] = thread.submit(next, values, None)
        while (value := coming.result()) is not None:
            coming = thread.submit(next, values, None)
            yield value


def final_linear(loaded: LoadedModel) -> tuple[Any, str, torch.nn.Linear]:
    """(parent module, attribute name, layer) of the linear layer that gives the logits.

    timm says which layer it is (`get_classifier`); transformers calls it `classifier`, bare (ViT, Swin,
    ConvNeXt) or last in a sequence (ResNet, RegNet). Raises ModelUnavailable for two heads, a convolution,
    or none.
    """
    path = head_path(loaded.model, said=str(loaded.reference), outputs=len(loaded.labels.names))
    parent, _, attribute = path.rpartition(".")
    layer: Any = loaded.model.get_submodule(path)
    return loaded.model.get_submodule(parent), attribute, layer


def head_path(model: Any, *, said: str, outputs: int | None = None) -> str:
    """The name of that layer in the model, "classifier" or "timm_model.fc"; `outputs` None takes any number.

    Raises ModelUnavailable as `final_linear` does.
    """
    import torch

    inner = getattr(model, "timm_model", None)
    head = inner.get_classifier() if inner is not None else getattr(model, "classifier", None)
    if isinstance(head, torch.nn.Sequential) and len(head):
        head = head[-1]
    if not isinstance(head, torch.nn.Linear) or outputs not in (None, head.out_features):
        raise ModelUnavailable(
            f"one final linear layer {'' if outputs is None else f'with {outputs} outputs '}in {said}",
            f"{type(head).__name__ if head is not None else 'none'} in {type(model).__name__}",
            "Choose another backbone, such as bundled/efficientnet-lite0 or a ViT.",
        )
    return next(name for name, module in model.named_modules() if module is head)
