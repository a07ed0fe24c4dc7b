"""A configuration that names nothing outside the model's own folder."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from vitrina.errors import ModelUnavailable

_PLAIN_NAME = re.compile(r"[A-Za-z0-9_.-]+")
# timm takes these beside `checkpoint_path`, which opens any file, and others that reach its cache or the network.
_TIMM_OPTIONS = """
    act_layer attn_drop_rate avg_down base_width block_reduce_first bn_eps bn_momentum cardinality channel_multiplier
    channels class_token conv_bias conv_mlp deep_stem depth depths dims downsample drop_block_rate drop_path_rate
    drop_rate dynamic_img_pad dynamic_img_size embed_dim embed_dims expand_ratio fc_norm final_norm fix_stem
    global_pool head_dim head_hidden_size head_init_scale hidden_dim img_size in_chans init_values kernel_sizes layers
    ls_init_value mlp_ratio mlp_ratios no_embed_class norm_eps norm_layer num_blocks num_features num_heads num_layers
    num_reg_tokens output_stride pad_type patch_drop_rate patch_size pool_size pos_drop_rate pos_embed pre_norm
    proj_drop_rate qk_norm qkv_bias reduce_first reg_tokens replace_stem_pool stem_bias stem_chs stem_kernel_size
    stem_size stem_type stem_width strict_img_size use_abs_pos use_rel_pos weight_init window_size
    """.split()  # noqa: SIM905 (a list of eighty words reads better as words)
# Other weights than those that are looked at, fused or quantised ones, backbones that are asked for on the Hub.
_REACHING = ("transformers_weights", "quantization_config", "fusion_config", "use_pretrained_backbone")
_REACHING_NAMES = ("backbone", "backbone_kwargs")
# A name with a slash is a kernel of the Hub, which is code.
_IMPLEMENTATION = re.compile(r"_?(attn|experts)_implementation(_internal)?")
_IMPLEMENTATIONS = (None, "eager", "sdpa")
# Their keys are the names of classes, whatever those are.
_OF_CLASSES = ("label2id", "id2label")


def require_self_contained(folder: Path, config: Mapping[str, Any], *, said: str) -> None:
    """Refuse what would make transformers or timm read another file, another folder or the network.

    `auto_map` stays: code of a folder runs only where it is trusted, which it never is here. Raises ModelUnavailable.
    """
    if (folder / "adapter_config.json").exists():
        raise ModelUnavailable(
            f"a whole model in {said}",
            "adapter_config.json, by which the model is another one",
            "Merge the adapter into its model and save that.",
        )
    for part in _parts(config):
        _require_plain_timm(part, said)
        for key, value in sorted(part.items(), key=lambda item: str(item[0])):
            if _reaches(str(key), value):
                raise ModelUnavailable(
                    f"a config.json of {said} that names nothing outside its folder",
                    f"{key} {str(value)[:80]!r}",
                    "Save the whole model without it: nothing is loaded but the folder's own weights.",
                )


def _parts(value: Any) -> Iterator[Mapping[str, Any]]:
    """Every object in the configuration: some hold that of another model."""
    if isinstance(value, Mapping):
        yield value
        value = [one for key, one in value.items() if key not in _OF_CLASSES]
    if isinstance(value, list):
        for one in value:
            yield from _parts(one)


def _require_plain_timm(part: Mapping[str, Any], said: str) -> None:
    architecture, options = part.get("architecture"), part.get("model_args")
    if architecture is not None and not _PLAIN_NAME.fullmatch(str(architecture)):
        raise ModelUnavailable(
            f"a plain name as architecture in config.json of {said}",
            repr(str(architecture)[:80]),
            "Name an architecture of timm, without a place that it comes from.",
        )
    if options is None:
        return
    named = options if isinstance(options, Mapping) else {"model_args": options}
    other = sorted(
        str(key) for key, value in named.items() if key not in _TIMM_OPTIONS or not _is_plain(value)
    )
    if other:
        raise ModelUnavailable(
            f"options of the architecture alone in model_args in config.json of {said}",
            ", ".join(other[:5]),
            "Save the model again without them: what builds a network is its sizes, not files.",
        )


def _is_plain(value: Any) -> bool:
    if isinstance(value, list):
        return all(_is_plain(one) for one in value)
    return value is None or isinstance(value, bool | int | float | str)


def _reaches(key: str, value: Any) -> bool:
    if _IMPLEMENTATION.fullmatch(key):
        return value not in _IMPLEMENTATIONS
    if key in _REACHING_NAMES:
        # Models of ours with dense layers hold the configuration of their backbone there.
        return isinstance(value, str) or (key == "backbone_kwargs" and bool(value))
    return key in _REACHING and bool(value)
