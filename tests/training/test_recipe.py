"""A training recipe: what it may say, what is said of what it may not."""

from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
import yaml

from training.arguments import DataArguments, ModelArguments
from training.recipe import DEFAULTS, Settings, help_text, load_settings, overrides, settings_of, with_values
from vitrina.errors import BadRequest


def refused(**content: Any) -> str:
    """The one message that ends it."""
    with pytest.raises(BadRequest) as refusal:
        settings_of(content, said="r.yaml")
    return str(refusal.value)


def made(**content: Any) -> Settings:
    return settings_of({"mode": "full", **content}, said="r.yaml")


def test_a_file_and_a_command_line_become_settings(tmp_path: Path) -> None:
    file = tmp_path / "galaxies.yaml"
    file.write_text(
        "about: three kinds\nmeasured: {accuracy: 0.9}\nmode: full\nlearning_rate: 1e-4\nmixup: 0.2\n"
        "augment: {flip: both}\n",
        encoding="utf-8",
    )
    words = "--mixup 0 --progressive 32 64 --find_learning_rate --seed=3 --class_weights {0:\u00a01} --fit pad"
    settings = load_settings(file, overrides([word.replace("\u00a0", " ") for word in words.split(" ")]))
    assert (settings.name, settings.about) == ("galaxies", "three kinds")
    assert settings.trainer == {"learning_rate": 1e-4, "seed": 3}
    assert settings.data == DataArguments(
        augment={"flip": "both"}, progressive=[32, 64], class_weights={"0": 1}, fit="pad"
    )
    assert settings.model == ModelArguments(mode="full", find_learning_rate=True)
    assert list(settings.told) == sorted(settings.told)
    assert not {"about", "measured"} & set(settings.told)
    assert json.loads(json.dumps(settings.told)) == settings.told


def test_defaults_are_those_of_the_dataclasses() -> None:
    settings = settings_of({}, said="recipes/plain.yaml")
    assert (settings.name, settings.model, settings.data) == ("plain", ModelArguments(), DataArguments())
    assert settings.trainer == settings.told == {}


def test_the_same_recipe_with_other_values() -> None:
    base = made(about="base", learning_rate=1e-3, name="base")
    other = with_values(base, {"learning_rate": "1e-2"}, name="base, learning_rate=0.01")
    assert (other.name, other.about) == ("base, learning_rate=0.01", "base")
    assert other.told == base.told | {"learning_rate": 1e-2, "name": "base, learning_rate=0.01"}
    assert base.trainer == {"learning_rate": 1e-3}
    with pytest.raises(BadRequest, match=r"learning_rate above 0; found -1\.0\. Correct it in worse"):
        with_values(base, {"learning_rate": -1}, name="worse")


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["--a", "1", "2", "--b", "--c=3", "--d=", "x"], {"a": "1, 2", "b": "true", "c": "3", "d": "x"}),
        (["--rate", "-1", "--augment", "{flip: horizontal}"], {"rate": "-1", "augment": "{flip: horizontal}"}),
        (["--a=", "--b"], {"a": "true", "b": "true"}),
        ([], {}),
    ],
)
def test_options_of_a_command_line(words: list[str], expected: dict[str, str]) -> None:
    assert overrides(words) == expected


@pytest.mark.parametrize("words", [["x"], ["-x", "3"], ["--"], ["--=3"], ["--a=1", "--a", "2"]])
def test_options_that_are_none_are_refused(words: list[str]) -> None:
    with pytest.raises(BadRequest, match=r"(options as --key value|each option once); found .*--|'-?x'"):
        overrides(words)


def test_an_unknown_key_is_named_with_what_was_meant() -> None:
    assert refused(lerning_rate=1).startswith(
        "Expected keys that a recipe knows in r.yaml; found lerning_rate. Did you mean learning_rate"
    )
    assert refused(zzz=1).endswith("found zzz. python -m training train --help lists them.")
    with pytest.raises(BadRequest, match=r"keys that a recipe knows in r.yaml; found 3\."):
        settings_of({3: 1}, said="r.yaml")  # type: ignore[dict-item]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ({"learning_rate": "fast"}, "a number under learning_rate in r.yaml; found 'fast'. Correct learning_rate."),
        ({"learning_rate": float("nan")}, "a number under learning_rate"),
        ({"last_n": 1.5}, "a whole number under last_n"),
        ({"mode": "heads"}, "one of head, last_n, full, scratch under mode in r.yaml; found 'heads'"),
        ({"fit": "stretch"}, "one of crop, squash, pad under fit"),
        ({"find_learning_rate": "yes"}, "true or false under find_learning_rate"),
        ({"augment": "flip"}, "names with values under augment"),
        ({"augment": "{flip: "}, "names with values under augment"),
        ({"progressive": 32}, "a list of whole numbers under progressive"),
        ({"progressive": "["}, "a list of whole numbers under progressive"),
        ({"class_weights": "{"}, "YAML under class_weights"),
        ({"report_to": 3}, "a text or a list of texts under report_to"),
        ({"eval_strategy": "often"}, "one of no, steps, epoch under eval_strategy"),
        ({"lr_scheduler_type": "cosinus"}, "one of linear, cosine, cosine_with_restarts"),
        ({"log_level": "loud"}, "one of passive, debug, info, warning, error, critical under log_level"),
        ({"name": 3}, "a text under name"),
        ({"measured": 3}, "names with values under measured"),
    ],
)
def test_a_wrong_type_is_named_with_its_key(content: dict[str, Any], said: str) -> None:
    assert said in refused(**content)


@pytest.mark.parametrize(
    ("key", "value", "reach"),
    [
        ("mixup", -0.1, "from 0 to 10"),
        ("target_precision", 1.1, "above 0 to 1"),
        ("target_precision", 0, "above 0 to 1"),
        ("layer_decay", 0, "above 0 to 1"),
        ("layer_decay", 1.2, "above 0 to 1"),
        ("size", 4, "from 8 to 2,048"),
        ("early_stopping", -1, "from 0 upwards"),
        ("last_n", 0, "from 1 upwards"),
        ("head_views", 4, "from 0 to 3"),
        ("progressive", [16, 32], "from 32 to 1,024"),
        ("limit", 0, "from 1 upwards"),
        ("seed", -1, "from 0 to 4,294,967,295"),
        ("learning_rate", 0, "above 0"),
        ("num_train_epochs", 0, "above 0 to 100,000"),
        ("per_device_train_batch_size", 0, "from 1 upwards"),
        ("gradient_accumulation_steps", 0, "from 1 upwards"),
        ("label_smoothing_factor", 1, "from 0 to less than 1"),
        ("warmup_steps", -1, "from 0 upwards"),
        ("dataloader_num_workers", -1, "from 0 to 256"),
    ],
)
def test_a_number_out_of_range_is_named_with_its_key(key: str, value: Any, reach: str) -> None:
    said = refused(**{key: value})
    assert said.startswith(f"Expected {key} {reach}; found ")
    assert said.endswith(". Correct it in r.yaml.")


@pytest.mark.parametrize("name", ["a/b", "..", ".", "", ".hidden", "a\\b", "a\n", " a", "a ", "a/../b", "x" * 161])
def test_a_name_that_is_no_single_part_of_a_path_is_refused(name: str) -> None:
    assert "letters, digits, spaces or - . , + = @ under name in r.yaml; found " in refused(name=name)


@pytest.mark.parametrize(
    "name", ["a", "trashnet-head", "lr=0.1, full", "Galaxias de niño 2", "v1.2..3", "x" * 160, "r-augment="]
)
def test_other_names_are_taken(name: str) -> None:
    assert settings_of({"name": name}, said="r.yaml").name == name


@pytest.mark.parametrize(
    ("key", "instead"),
    [
        ("output_dir", "Use the command's --output_dir instead."),
        ("bf16", "Use precision: bf16 instead."),
        ("fp16", "Use precision: bf16 instead."),
        ("gradient_checkpointing", "Use activation_checkpointing instead."),
        ("push_to_hub", "Leave it out: a run is never pushed while it trains."),
        ("resume_from_checkpoint", "Leave it out: a run goes on by itself."),
        ("remove_unused_columns", "Leave it out: pictures are prepared as they are read."),
        ("greater_is_better", "Leave it out: it follows from metric_for_best_model."),
        ("dataloader_drop_last", "Leave it out: every picture of a batch is asked for by epoch and row."),
        ("prediction_loss_only", "Leave it out: validation is measured whole, each picture once."),
    ],
)
def test_what_the_stage_sets_is_left_to_it(key: str, instead: str) -> None:
    assert refused(**{key: True}) == f"Expected a recipe without {key}; found it in r.yaml. {instead}"


def test_a_token_is_neither_taken_nor_repeated() -> None:
    assert "hf_secret" not in refused(hub_token="hf_secret")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ({"mixup": 0.2}, "mixup with mode last_n or full or scratch alone in r.yaml; found mode head"),
        ({"mode": "full", "l2": [1]}, "l2 with mode head alone in r.yaml; found mode full. Leave l2 out."),
        ({"mode": "full", "last_n": 2}, "last_n with mode last_n alone"),
        ({"schedule": "one_cycle"}, "schedule with mode last_n or full or scratch alone"),
    ],
)
def test_what_the_mode_would_leave_unused_is_said(content: dict[str, Any], said: str) -> None:
    assert said in refused(**content)


def test_what_changes_nothing_is_no_error() -> None:
    usual = {"mixup": 0, "progressive": [], "schedule": "trainer", "last_n": 1, "early_stopping": 0, "l2": []}
    for mode in ("head", "last_n", "full", "scratch"):
        assert settings_of({"mode": mode, **usual}, said="r.yaml").model.mode == mode


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ({"metric_for_best_model": "eval_f1"}, "eval_loss or eval_accuracy under metric_for_best_model"),
        (
            {"metric_for_best_model": "accuracy", "task": "regression", "targets": ["x"]},
            "eval_loss or eval_mae under metric_for_best_model in r.yaml; found 'accuracy'",
        ),
        ({"eval_strategy": False}, "eval_strategy epoch or steps in r.yaml; found no"),
        (
            {"mode": "full", "early_stopping": 2, "load_best_model_at_end": False},
            "load_best_model_at_end beside early_stopping",
        ),
    ],
)
def test_an_epoch_is_chosen_by_what_is_measured(content: dict[str, Any], said: str) -> None:
    assert said in refused(**content)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("seed: 1\nseed: 2\n", "YAML in the recipe r.yaml; found the key 'seed' stands twice"),
        ("a: {", "YAML in the recipe r.yaml"),
        ("- a\n", "keys and values in the recipe r.yaml; found list"),
        ("", "keys and values in the recipe r.yaml; found NoneType"),
    ],
)
def test_a_file_that_is_no_recipe_is_said(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "r.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(BadRequest) as refusal:
        load_settings(file)
    assert said in str(refusal.value)


def test_a_file_that_cannot_be_read_is_said(tmp_path: Path) -> None:
    with pytest.raises(BadRequest, match=r"a recipe at .*nothing.yaml; found No such file"):
        load_settings(tmp_path / "nothing.yaml")
    (tmp_path / "latin.yaml").write_bytes("about: ni\xf1o\n".encode("latin-1"))
    with pytest.raises(BadRequest, match=r"latin.yaml; found bytes that are not UTF-8. Check the path."):
        load_settings(tmp_path / "latin.yaml")


def test_what_the_trainer_is_told(tmp_path: Path) -> None:
    told = made(learning_rate=1e-4, save_strategy=False, load_best_model_at_end=False).training_arguments(
        tmp_path / "work" / "runs" / "r"
    )
    assert told.output_dir == str(tmp_path / "work" / "runs" / "r" / "checkpoints")
    assert (told.learning_rate, told.seed, told.warmup_steps) == (1e-4, 0, 0.1)
    assert (told.run_name, told.project, told.report_to) == ("r", "work", ["trackio"])
    assert (told.save_strategy, told.eval_strategy, told.push_to_hub) == ("no", "epoch", False)
    assert not (tmp_path / "work").exists()
    assert set(DEFAULTS) <= {one.name for one in fields(told)}


@pytest.mark.parametrize(
    ("metric", "greater"),
    [(None, False), ("loss", False), ("eval_loss", False), ("accuracy", True), ("eval_accuracy", True)],
)
def test_the_better_epoch_is_the_one_with_the_better_metric(tmp_path: Path, metric: str | None, greater: bool) -> None:
    told = made(metric_for_best_model=metric).training_arguments(tmp_path)
    assert told.greater_is_better is greater
    assert told.metric_for_best_model == f"eval_{'accuracy' if greater else 'loss'}"


def test_a_mean_error_is_better_when_it_is_less(tmp_path: Path) -> None:
    told = made(metric_for_best_model="mae", task="regression", targets=["x"]).training_arguments(tmp_path)
    assert (told.metric_for_best_model, told.greater_is_better) == ("eval_mae", False)


def test_what_a_cpu_does_is_asked_of_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without it bf16 is refused, and each of several processes takes itself for the only one."""
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    settings = made(report_to="none")
    assert settings.training_arguments(tmp_path, bf16=True).bf16
    assert not settings.training_arguments(tmp_path).use_cpu
    from training import recipe

    monkeypatch.setattr(recipe, "_processes", lambda: 2)
    assert settings.training_arguments(tmp_path).use_cpu
    monkeypatch.setattr(recipe, "_has_cuda", lambda: True)
    assert not settings.training_arguments(tmp_path).use_cpu


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ({"save_strategy": "steps"}, "--load_best_model_at_end requires the save and eval strategy to match"),
        ({"dataloader_prefetch_factor": 2}, "--dataloader_prefetch_factor can only be set when"),
        ({"accelerator_config": {"x": 1}}, ""),
    ],
)
def test_arguments_that_do_not_go_together_end_in_one_message(
    tmp_path: Path, content: dict[str, Any], said: str, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(BadRequest) as refusal:
        made(**content).training_arguments(tmp_path)
    text = str(refusal.value)
    assert text.startswith("Expected training arguments that go together in the recipe r; found ")
    assert said in text
    assert text.endswith(". Correct the recipe.")
    assert "\n" not in text
    assert "Traceback" not in capfd.readouterr().err


def test_help_names_every_key_of_our_own() -> None:
    text = help_text()
    for kind in (ModelArguments, DataArguments):
        for one in fields(kind):
            assert f"  {one.name:20} {one.metadata['help']}" in text
    assert text.startswith("usage: python -m training train RECIPE.yaml")


def test_a_command_says_it_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Whatever is wrong with a recipe ends before anything is read or written."""
    from training.__main__ import main

    file = tmp_path / "r.yaml"
    file.write_text(yaml.safe_dump({"data": str(tmp_path / "work")}), encoding="utf-8")
    for words in (["--mixup", "-1"], ["--augment", "{"], ["--name", "../x"], ["--lerning_rate", "1"], ["x"]):
        assert main(["train", str(file), *words]) == 2
        said = capsys.readouterr()
        assert said.err.startswith("python -m training train: Expected ")
        assert said.err.count("\n") == 1
        assert said.out == ""
    assert sorted(path.name for path in tmp_path.iterdir()) == ["r.yaml"]
    assert main(["train", "--help"]) == 0
    assert "find_learning_rate" in capsys.readouterr().out
