"""The numbers a network computes in: float32, or bfloat16 where the processor has instructions for it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from vitrina.errors import BadRequest

if TYPE_CHECKING:
    from torch import nn

FLOAT32, BF16 = "float32", "bf16"
PRECISIONS = (FLOAT32, BF16)
# Names of torch.cpu.get_capabilities(). Without these instructions bfloat16 is emulated, slower than float32.
_INSTRUCTIONS = ("avx512_bf16", "amx_bf16")


def fast_precision(model: nn.Module) -> str:
    """ "bf16" where the device of `model` multiplies bfloat16 itself, else "float32".

    One rule for every architecture, from measurements (two cores with avx512_bf16, pictures a second of bf16 over
    those of float32, batches of 8 to 32): ViT-B/16 1.8 to 4.0, ViT-Tiny 1.3 to 1.5, the depthwise convolutions of
    EfficientNet-Lite0 1.5 to 1.8 (channels_last). None of them was slower.
    """
    import torch

    device = next(model.parameters()).device.type
    if device == "cuda":
        return BF16 if torch.cuda.is_bf16_supported(including_emulation=False) else FLOAT32
    if device == "cpu":
        known = torch.cpu.get_capabilities()
        return BF16 if any(known.get(name) for name in _INSTRUCTIONS) else FLOAT32
    return FLOAT32


@contextmanager
def computing(model: nn.Module, precision: str) -> Iterator[None]:
    """The block runs without gradients, its matrix products and convolutions in `precision`, sums in float32.

    Raises BadRequest for a precision that is not among PRECISIONS.
    """
    import torch

    if precision not in PRECISIONS:
        raise BadRequest(f"a precision among {', '.join(PRECISIONS)}", repr(precision), "Use float32.")
    with ExitStack() as stack:
        stack.enter_context(torch.inference_mode())
        if precision == BF16:
            device = next(model.parameters()).device.type
            stack.enter_context(torch.autocast(device, dtype=torch.bfloat16))
        yield
