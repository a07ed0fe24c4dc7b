"""A model's layers from input to head: which of them train, how fast."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vitrina.errors import BadRequest
from vitrina.models.features import head_path

if TYPE_CHECKING:
    from transformers import PreTrainedModel

MODES = ("head", "last_n", "full", "scratch")
# Inside a stage the blocks are kept under one of these names: stages.2.blocks.0 (ConvNeXt of timm),
# encoder.stages.2.layers.0 (ResNet), encoder.layers.2.blocks.0 (Swin).
_NESTED = ("blocks", "layers")
_TOKENS = ("cls_token", "dist_token", "distillation_token", "mask_token", "register_tokens", "reg_token")
_POSITIONS = ("pos_embed", "position_embeddings", "relative_position_bias_table")


def layer_groups(model: PreTrainedModel) -> list[list[str]]:
    """Parameter names in groups from input to head, every parameter exactly once; the last group is the head.

    A group is one block (ViT, DeiT, DINOv2, Swin: one transformer block; ResNet, ConvNeXt, EfficientNet: one
    residual block). What stands before the first block is a group, what stands between two belongs to the later
    one, a final norm to the last, a final convolution is a group of its own. A model without numbered blocks is
    cut at its outermost parts. Raises ModelUnavailable for a model without one final linear layer.
    """
    head = head_path(model, said=type(model).__name__)
    names = [name for name, _ in model.named_parameters()]
    body = [name for name in names if not name.startswith(f"{head}.")]
    blocks = _blocks(model, body)
    if not any(blocks.values()):
        blocks = _outermost(body)
    groups = _in_order(model, body, blocks)
    return [*groups, [name for name in names if name.startswith(f"{head}.")]]


def freeze(model: PreTrainedModel, *, mode: str, last_n: int | None = None) -> int:
    """Let train what `mode` says, freeze the rest; returns how many numbers train.

    "head": the final linear layer alone (with its dense layers, see `mlp_head`); "last_n": it and the `last_n`
    groups of `layer_groups` before it; "full", "scratch": everything. Raises BadRequest for another mode, for
    `last_n` missing or out of range.
    """
    if mode not in MODES:
        raise BadRequest(f"a mode among {', '.join(MODES)}", repr(mode), "Correct the mode of training.")
    groups = layer_groups(model)
    trains = {"head": 1, "last_n": (last_n or 0) + 1}.get(mode, len(groups))
    in_range = isinstance(last_n, int) and not isinstance(last_n, bool) and 1 <= last_n < len(groups)
    if mode == "last_n" and not in_range:
        raise BadRequest(
            f"last_n from 1 to {len(groups) - 1} for {type(model).__name__}",
            repr(last_n),
            "Choose fewer layers; mode full trains all of them.",
        )
    chosen = {name for group in groups[-trains:] for name in group}
    if getattr(model, "backbone", None) is not None:
        chosen |= {name for name, _ in model.named_parameters() if name.startswith("hidden.")}
    for name, parameter in model.named_parameters():
        parameter.requires_grad_(name in chosen)
    return sum(parameter.numel() for parameter in model.parameters() if parameter.requires_grad)


def frozen_norms(model: PreTrainedModel) -> list[str]:
    """Names of the norms with running statistics (batch norm) whose surroundings do not train.

    In training mode they would go on measuring the pictures that pass, and a frozen backbone would drift.
    """
    modules = dict(model.named_modules())
    return [
        name
        for name, module in modules.items()
        if getattr(module, "running_mean", None) is not None and not _trains(modules, name)
    ]


def keep_frozen_in_eval(model: PreTrainedModel) -> None:
    """Call after every `model.train()`: the frozen norms keep their statistics."""
    for name in frozen_norms(model):
        model.get_submodule(name).eval()


def parameter_groups(
    model: PreTrainedModel, *, learning_rate: float, weight_decay: float, layer_decay: float = 1.0
) -> list[dict[str, Any]]:
    """Groups for AdamW: {"params", "lr", "weight_decay", "names"}, every trainable parameter exactly once.

    The head learns at `learning_rate`, each group of `layer_groups` below it at `layer_decay` times the rate of
    the one above (Clark et al. 2020, ELECTRA, arXiv 2003.10555; Bao et al. 2021, BEiT, arXiv 2106.08254). Biases,
    norms, scales, tokens, position embeddings do not decay. Raises BadRequest for values out of range, and where
    nothing trains.
    """
    if not (learning_rate > 0 and weight_decay >= 0 and 0 < layer_decay <= 1):
        raise BadRequest(
            "a learning rate above 0, a weight decay of at least 0, a layer decay above 0 up to 1",
            f"{learning_rate}, {weight_decay}, {layer_decay}",
            "Correct the optimiser's settings.",
        )
    parameters = dict(model.named_parameters())
    layers = layer_groups(model)
    made: dict[tuple[float, float], dict[str, Any]] = {}
    for depth, names in enumerate(layers):
        rate = learning_rate * layer_decay ** (len(layers) - 1 - depth)
        for name in names:
            parameter = parameters[name]
            if not parameter.requires_grad:
                continue
            decay = 0.0 if _undecayed(name, parameter) else weight_decay
            empty: dict[str, Any] = {"params": [], "lr": rate, "weight_decay": decay, "names": []}
            group = made.setdefault((rate, decay), empty)
            group["params"].append(parameter)
            group["names"].append(name)
    if not made:
        raise BadRequest("a model with parameters that train", "all of them frozen", "Choose a mode first.")
    return list(made.values())


def _undecayed(name: str, parameter: Any) -> bool:
    last = name.rsplit(".", 1)[-1]
    return parameter.ndim <= 1 or last == "bias" or last in _TOKENS or any(each in last for each in _POSITIONS)


def _trains(modules: dict[str, Any], name: str) -> bool:
    """Of a norm without parameters of its own the nearest part around it that has some decides."""
    while True:
        parameters = list(modules[name].parameters())
        if parameters or not name:
            return any(parameter.requires_grad for parameter in parameters)
        name = name.rpartition(".")[0]


def _blocks(model: PreTrainedModel, body: list[str]) -> dict[str, str | None]:
    """Parameter name -> the block that holds it, None for what stands between blocks."""
    composite = {name for name, module in model.named_modules() if any(True for _ in module.children())}
    found = {name: _block_of(name.split("."), composite) for name in body}
    # Whoever is named by a stage alone stands beside the blocks of that stage (a downsampling layer).
    inside = {block.rpartition(".")[0] for block in found.values() if block}
    stages = {prefix for block in inside for prefix in (block, block.rpartition(".")[0])}
    return {name: None if block in stages else block for name, block in found.items()}


def _block_of(parts: list[str], composite: set[str]) -> str | None:
    """The first numbered part that has parts of its own, and the numbered part within where it is a stage."""
    for at, part in enumerate(parts):
        block = ".".join(parts[: at + 1])
        if part.isdigit() and block in composite:
            rest = parts[at + 1 :]
            step = 1 if rest[:1] and rest[0].isdigit() else 2
            inner = ".".join([block, *rest[:step]])
            nested = step == 1 or (len(rest) > 1 and rest[0] in _NESTED and rest[1].isdigit())
            return inner if nested and inner in composite else block
    return None


def _outermost(body: list[str]) -> dict[str, str | None]:
    """The parts at the first level where there is more than one."""
    split = [name.split(".") for name in body]
    shared = 0
    while all(len(parts) > shared + 1 for parts in split) and len({tuple(p[: shared + 1]) for p in split}) == 1:
        shared += 1
    return {name: ".".join(parts[: shared + 1]) for name, parts in zip(body, split, strict=True)}


def _in_order(model: PreTrainedModel, body: list[str], blocks: dict[str, str | None]) -> list[list[str]]:
    """Groups in the order in which the model registers its parts, which is the order in which they run."""
    groups: dict[str, list[str]] = {}
    waiting: list[str] = []
    for name in body:
        block = blocks[name]
        if block is None:
            waiting.append(name)
            continue
        # What stands before the first block is a group; what stands between two belongs to the later one.
        if waiting and not groups:
            groups[""] = waiting
            waiting = []
        groups.setdefault(block, []).extend([*waiting, name])
        waiting = []
    shapes = dict(model.named_parameters())
    if waiting and (not groups or any(shapes[name].ndim > 1 for name in waiting)):
        return [*groups.values(), waiting]
    if waiting:
        list(groups.values())[-1].extend(waiting)
    return list(groups.values())
