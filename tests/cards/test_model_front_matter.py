"""The YAML block of a model card, read back by the Hub's own classes."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from huggingface_hub import EvalResult, ModelCard, ModelCardData

from tests.cards.made_model_reports import eval_results as evaluation
from tests.cards.made_model_reports import figure, train_report
from tests.cards.made_reports import hexes
from tests.cards.test_front_matter import HOSTILE
from vitrina.cards.model_front_matter import ToldOfModel, base_model, eval_results, model_front_matter
from vitrina.errors import BadRequest

TOLD = ToldOfModel("apache-2.0", repo_id="ana/market", dataset_id="ana/night-market")


def read(evaluate: Any, told: ToldOfModel = TOLD, task: str = "single_label", title: str = "Market") -> ModelCardData:
    card = ModelCard(model_front_matter(train_report(task), evaluate, title=title, told=told) + "\n# x\n")
    assert isinstance(card.data, ModelCardData)
    return card.data


@pytest.mark.parametrize("task", ["single_label", "multi_label", "regression"])
def test_results_come_back_as_they_were_put_in(task: str) -> None:
    evaluate = evaluation(task)
    data = read(evaluate, task=task)
    results = data.eval_results
    assert results == eval_results(train_report(task), evaluate, told=TOLD)
    assert results is not None
    assert len(results) == 3
    assert {one.dataset_revision for one in results} == {hexes("7")}
    assert {(one.dataset_type, one.dataset_name, one.dataset_split) for one in results} == {
        ("ana/night-market", "market", "test")
    }
    assert not any(one.verified for one in results)
    assert data.metrics == sorted(one.metric_type for one in results)


def test_values_are_those_measured() -> None:
    results = read(evaluation()).eval_results
    assert results is not None
    assert [(one.metric_type, one.metric_value, one.metric_args) for one in results] == [
        ("accuracy", 0.9050279329608939, None),
        ("f1", 0.863477, {"average": "macro"}),
        ("calibration_error", 0.0312, {"bins": 15}),
    ]
    assert isinstance(results[0], EvalResult)


def test_what_the_hub_asks_for() -> None:
    data = read(evaluation())
    assert (data.license, data.library_name, data.pipeline_tag) == (
        "apache-2.0",
        "transformers",
        "image-classification",
    )
    assert data.datasets == ["ana/night-market"]
    assert data.tags == ["vitrina"]
    assert data.base_model is None
    assert read(evaluation("regression"), task="regression").tags == ["vitrina", "image-regression"]


def test_nothing_measured_nothing_claimed() -> None:
    for evaluate in (None, evaluation()):
        if evaluate is not None:
            evaluate["test"] |= {"accuracy": figure(None), "macro": {}, "calibration_error": None}
        block = model_front_matter(train_report(), evaluate, title="Market", told=ToldOfModel())
        assert yaml.safe_load(block.strip("-\n")) == {
            "library_name": "transformers",
            "pipeline_tag": "image-classification",
            "tags": ["vitrina"],
        }


@pytest.mark.parametrize("title", [*HOSTILE, "--- \n---", "<script>", "|x"])
def test_hostile_titles(title: str) -> None:
    data = read(evaluation(), title=title)
    assert data.model_name == title
    assert data.eval_results is not None


@pytest.mark.parametrize(
    ("reference", "revision", "mode", "expected"),
    [
        ("google/vit-base-patch16-224", "google/vit-base-patch16-224@0a1b", "full", "google/vit-base-patch16-224"),
        ("google/vit-base-patch16-224@main", "google/vit-base-patch16-224@0a1b", "head", "google/vit-base-patch16-224"),
        ("bundled/efficientnet-lite0", "bundled/efficientnet-lite0@0.1.0", "head", None),
        ("models/vit", "vit@sha256:0123456789ab", "head", None),
        ("/home/ana/vit", "vit@sha256:0123456789ab", "head", None),
        ("scratch/resnet-18", "scratch/resnet-18", "scratch", None),
        ("microsoft/resnet-50", "microsoft/resnet-50@0a1b", "scratch", None),
        (None, None, "scratch", None),
    ],
)
def test_base_model_is_one_of_the_hub_or_none(
    reference: str | None, revision: str | None, mode: str, expected: str | None
) -> None:
    train = train_report() | {"mode": mode}
    train["model"] |= {"reference": reference, "revision": revision}
    assert base_model(train) == expected


@pytest.mark.parametrize(
    ("told", "message"),
    [
        (
            {"license": "Apache 2"},
            "Expected a licence as the Hub spells it, such as mit, cc-by-4.0, other; found 'Apache 2'. "
            "Look it up at https://huggingface.co/docs/hub/repositories-licenses.",
        ),
        (
            {"repo_id": "market"},
            "Expected a repository of the Hub as org/name for repo_id; found 'market'. Correct --repo_id.",
        ),
        (
            {"dataset_id": "a/b/c"},
            "Expected a repository of the Hub as org/name for dataset_id; found 'a/b/c'. Correct --dataset_id.",
        ),
    ],
)
def test_what_the_hub_would_refuse(told: dict[str, str], message: str) -> None:
    with pytest.raises(BadRequest) as refused:
        ToldOfModel(**told)
    assert str(refused.value) == message
