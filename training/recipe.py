"""A training recipe: one YAML file with what the command line says on top of it, every key checked."""

from __future__ import annotations

import difflib
import os
import re
import sys
import typing
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from training.arguments import DataArguments, ModelArguments
from vitrina.errors import BadRequest
from vitrina.learning.ranges import refuse_out_of_range
from vitrina.learning.typed import name_of, read_as
from vitrina.recipe import read_yaml

if TYPE_CHECKING:
    from transformers import TrainingArguments

# What a recipe says beside settings: its name, a sentence for people, the record of what it reached.
_OWN = {"name": str, "about": str, "measured": dict}
# Where these differ from TrainingArguments: a run must be able to go on, to give back its best epoch, and to end with
# the same model whatever the machine's mood.
DEFAULTS: dict[str, Any] = {
    "seed": 0,
    "num_train_epochs": 3.0,
    "eval_strategy": "epoch",
    "save_strategy": "epoch",
    "logging_strategy": "epoch",
    "save_total_limit": 2,
    "load_best_model_at_end": True,
    "metric_for_best_model": "eval_loss",
    "restore_callback_states_from_checkpoint": True,
    "lr_scheduler_type": "cosine",
    "warmup_steps": 0.1,
    "per_device_train_batch_size": 16,
    "per_device_eval_batch_size": 32,
    "report_to": "trackio",
    # Frozen parameters are none to DistributedDataParallel; looking for unused ones costs a pass through the graph.
    "ddp_find_unused_parameters": False,
}
_PLAIN = "Leave it out: every picture of a batch is asked for by epoch and row."
_WHOLE = "Leave it out: validation is measured whole, each picture once."
_NO_HUB = "Leave it out: a run is never pushed while it trains."
# Set by the stage itself, or without a meaning here; in a recipe they would be ignored or break it. -> what to do
_OURS = {
    "output_dir": "Use the command's --output_dir instead.",
    "bf16": "Use precision: bf16 instead.",
    "fp16": "Use precision: bf16 instead.",
    "gradient_checkpointing": "Use activation_checkpointing instead.",
    "gradient_checkpointing_kwargs": "Use activation_checkpointing_kwargs instead.",
    "greater_is_better": "Leave it out: it follows from metric_for_best_model.",
    "resume_from_checkpoint": "Leave it out: a run goes on by itself.",
    "save_only_model": "Leave it out: a run could not go on from such a checkpoint.",
    "ignore_data_skip": "Leave it out: a run that goes on sees what it would have seen.",
    **dict.fromkeys(
        ("deepspeed", "fsdp", "fsdp_config"), "Leave it out: networks are trained whole on each device."
    ),
    "label_names": "Leave it out: it follows from the task.",
    "logging_nan_inf_filter": "Leave it out: a loss that is no number ends the run.",
    "local_rank": "Leave it out: torchrun and accelerate launch say it.",
    "remove_unused_columns": "Leave it out: pictures are prepared as they are read.",
    **dict.fromkeys(
        ("do_train", "do_eval", "do_predict"), "Leave it out: the stage is named by its command."
    ),
    **dict.fromkeys(("data_seed", "train_sampling_strategy", "length_column_name"), _PLAIN),
    **dict.fromkeys(("dataloader_drop_last", "auto_find_batch_size"), _PLAIN),
    **dict.fromkeys(("prediction_loss_only", "batch_eval_metrics", "eval_do_concat_batches"), _WHOLE),
    **dict.fromkeys(("push_to_hub", "hub_token", "hub_model_id", "hub_strategy", "hub_revision"), _NO_HUB),
    **dict.fromkeys(("hub_private_repo", "hub_always_push"), _NO_HUB),
}
# A run's folder is WORK/runs/NAME: one part of a path, which nothing hides or leads elsewhere.
_NAME = re.compile(r"\w(?:[\w .,+=@-]{0,158}[\w+=-])?")
_TUNED = ("last_n", "full", "scratch")
# What the other modes would leave unused.
_MODES = {
    "last_n": ("last_n",),
    **dict.fromkeys(("head", "head_views", "l2"), ("head",)),
    **dict.fromkeys(("layer_decay", "schedule", "find_learning_rate", "early_stopping"), _TUNED),
    **dict.fromkeys(("mixup", "progressive"), _TUNED),
}
# TrainingArguments takes any text, and fails on it when training begins.
_LEVELS = Literal["passive", "debug", "info", "warning", "error", "critical"]
_METRICS = {"regression": ("eval_loss", "eval_mae")}


@dataclass(frozen=True)
class Settings:
    """One run, checked. `told` holds every key that was set, by whom it does not matter, in alphabetical order."""

    name: str
    about: str
    model: ModelArguments
    data: DataArguments
    trainer: dict[str, Any]
    told: dict[str, Any]

    def training_arguments(self, run: Path, *, bf16: bool = False) -> TrainingArguments:
        """What the Trainer is told; checkpoints go to RUN/checkpoints. Raises BadRequest."""
        from transformers import HfArgumentParser, TrainingArguments

        from vitrina.learning.trackers import tracker_names

        given = DEFAULTS | self.trainer | {"output_dir": str(run / "checkpoints")}
        given |= {"remove_unused_columns": False, "logging_nan_inf_filter": False, "bf16": bf16}
        metric = _metric(given["metric_for_best_model"])
        given |= {"metric_for_best_model": metric, "greater_is_better": metric == "eval_accuracy"}
        given.setdefault("dataloader_pin_memory", _has_cuda())
        if not _has_cuda() and (bf16 or _processes() > 1):
            # Unless the CPU is asked for by name, bf16 is refused, and each process takes itself for the only one.
            given.setdefault("use_cpu", True)
        # Nothing at all becomes [None] in TrainingArguments, which then is no tracker that it knows.
        given["report_to"] = tracker_names(given["report_to"]) or "none"
        given.setdefault("run_name", self.name)
        given.setdefault("project", run.resolve().parent.parent.name or "vitrina")
        # A bar of a hundred lines helps nobody who reads a file.
        given.setdefault("disable_tqdm", not sys.stderr.isatty())
        described: Any = TrainingArguments
        try:
            (answer,) = HfArgumentParser(described).parse_dict(given)
        except Exception as error:  # It refuses by ValueError, KeyError, ImportError, OSError, RuntimeError.
            found = " ".join(str(error).split())[:300].rstrip(".")
            raise BadRequest(
                f"training arguments that go together in the recipe {self.name}",
                found or type(error).__name__,
                "Correct the recipe.",
            ) from error
        return typing.cast("TrainingArguments", answer)


def load_settings(path: Path, more: Mapping[str, Any] | None = None) -> Settings:
    """The recipe at `path` with `more` on top. Raises BadRequest naming file and key: unknown, wrong type, no value.

    Texts in `more`, as a command line gives them, are read as the key's type.
    """
    content = read_yaml(Path(path))
    return settings_of({**content, **(more or {})}, said=Path(path).name)


def settings_of(content: Mapping[str, Any], *, said: str) -> Settings:
    """Settings of a mapping; `said` names it in messages. Raises BadRequest."""
    kinds = _kinds()
    told: dict[str, Any] = {}
    for key, value in content.items():
        if key in _OURS:
            # Without its value: one of them is a token.
            raise BadRequest(f"a recipe without {key}", f"it in {said}", _OURS[key])
        if key not in kinds:
            raise _unknown(str(key), kinds, said)
        told[key] = _read(value, kinds[key], key=key, said=said)
    name = _checked_name(told.get("name", Path(said).stem), said)
    model = ModelArguments(**_part(told, ModelArguments))
    data = DataArguments(**_part(told, DataArguments))
    own = {one.name for kind in (ModelArguments, DataArguments) for one in fields(kind)} | set(_OWN)
    trainer = {key: value for key, value in told.items() if key not in own}
    refuse_out_of_range(told, said)
    _refuse_unused(told, model.mode, said)
    _refuse_without_measure(trainer, model, task=data.task, said=said)
    recorded = {key: told[key] for key in sorted(told) if key not in ("measured", "about")}
    return Settings(name, str(told.get("about", "")), model, data, trainer, recorded)


def with_values(settings: Settings, more: Mapping[str, Any], *, name: str) -> Settings:
    """The same recipe with other values, under another name. Raises BadRequest."""
    changed = settings_of({**settings.told, **more, "name": name}, said=name)
    return replace(changed, about=settings.about)


def overrides(arguments: Sequence[str]) -> dict[str, str]:
    """ "--key value" or "--key=value", several values after one key joined as a list. Raises BadRequest."""
    answer: dict[str, str] = {}
    key = None
    for word in arguments:
        if word.startswith("--") and word.partition("=")[0].strip("-"):
            key, equals, value = word[2:].partition("=")
            if key in answer:
                raise BadRequest("each option once", f"--{key} twice", "Leave one of them out.")
            answer[key] = value if equals else ""
        elif key is None:
            raise BadRequest(
                "options as --key value", repr(word), "Write the option's name before its value."
            )
        else:
            answer[key] = f"{answer[key]}, {word}" if answer[key] else word
    bare = sorted(name for name, value in answer.items() if value == "")
    for name in bare:
        answer[name] = "true"
    return answer


def help_text() -> str:
    """What `python -m training train --help` prints."""
    lines = [
        "usage: python -m training train RECIPE.yaml [--output_dir RUN] [--overwrite true] [--key value ...]",
        "",
        "The recipe is a YAML file of the keys below and of any key of transformers' TrainingArguments",
        "(learning_rate, num_train_epochs, per_device_train_batch_size, seed, report_to, ...). An option on the",
        "command line comes before the recipe. RUN is DATA/runs/NAME unless it is named. The same command goes on",
        "where a run was stopped. Several processes: torchrun or accelerate launch -m training.train RECIPE.yaml.",
        "",
    ]
    for kind in (ModelArguments, DataArguments):
        lines += [f"  {one.name:20} {one.metadata['help']}" for one in fields(kind)]
    return "\n".join(lines)


def _part(told: Mapping[str, Any], kind: type) -> dict[str, Any]:
    return {one.name: told[one.name] for one in fields(kind) if one.name in told}


def _kinds() -> dict[str, Any]:
    """Key -> its type, of everything a recipe may say."""
    from transformers import TrainingArguments

    kinds: dict[str, Any] = {}
    for kind in (TrainingArguments, ModelArguments, DataArguments):
        hints = typing.get_type_hints(kind)
        kinds |= {one.name: hints[one.name] for one in fields(kind) if one.init}
    return kinds | _OWN | {"log_level": _LEVELS, "log_level_replica": _LEVELS}


def _checked_name(name: str, said: str) -> str:
    if not _NAME.fullmatch(name):
        raise BadRequest(
            f"a name of 1 to 160 letters, digits, spaces or - . , + = @ under name in {said}",
            repr(name)[:120],
            "The run's folder is named by it: begin with a letter or digit, use no slashes.",
        )
    return name


def _refuse_unused(told: Mapping[str, Any], mode: str, said: str) -> None:
    usual = {one.name: one for kind in (ModelArguments, DataArguments) for one in fields(kind)}
    for key, modes in _MODES.items():
        # Nothing is lost where it says what would be so anyway.
        if key not in told or mode in modes or not told[key] or told[key] == usual[key].default:
            continue
        raise BadRequest(
            f"{key} with mode {' or '.join(modes)} alone in {said}", f"mode {mode}", f"Leave {key} out."
        )


def _refuse_without_measure(
    trainer: Mapping[str, Any], model: ModelArguments, *, task: str, said: str
) -> None:
    """An epoch is chosen, and training stopped early, by a metric that has to be there."""
    known = _METRICS.get(task, ("eval_loss", "eval_accuracy"))
    metric = trainer.get("metric_for_best_model", "eval_loss")
    if _metric(metric) not in known:
        raise BadRequest(
            f"{' or '.join(known)} under metric_for_best_model in {said}", repr(metric), "Correct the metric."
        )
    if trainer.get("eval_strategy", "epoch") == "no":
        raise BadRequest(
            f"eval_strategy epoch or steps in {said}", "no", "A run is followed on validation: leave it out."
        )
    if model.early_stopping and not trainer.get("load_best_model_at_end", True):
        raise BadRequest(
            f"load_best_model_at_end beside early_stopping in {said}", "false", "Leave one of them out."
        )


def _metric(name: str | None) -> str:
    return f"eval_{(name or 'loss').removeprefix('eval_')}"


def _unknown(key: str, kinds: Mapping[str, Any], said: str) -> BadRequest:
    near = difflib.get_close_matches(key, kinds, n=3)
    meant = f"Did you mean {' or '.join(near)}?" if near else "python -m training train --help lists them."
    return BadRequest(f"keys that a recipe knows in {said}", key, meant)


def _read(value: Any, kind: Any, *, key: str, said: str) -> Any:
    """`value` as `kind`; texts are read as YAML first where the kind is no text."""
    try:
        return read_as(value, kind)
    except (TypeError, ValueError):
        raise BadRequest(
            f"{name_of(kind)} under {key} in {said}", repr(value)[:120], f"Correct {key}."
        ) from None


def _processes() -> int:
    """As torchrun and accelerate say it to each of them."""
    return int(os.environ.get("WORLD_SIZE", "1"))


def _has_cuda() -> bool:
    import torch

    return torch.cuda.is_available()
