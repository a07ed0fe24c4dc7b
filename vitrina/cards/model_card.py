"""The card of a model: front matter, then what the reports of training and evaluation say of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from vitrina.cards import model_figures as figures
from vitrina.cards.markdown import Markdown
from vitrina.cards.model_front_matter import ToldOfModel, base_model, model_front_matter
from vitrina.cards.model_limits import model_limits
from vitrina.cards.model_settings import abstains, listed, recipe_block, shell_block, shortened, use_block
from vitrina.cards.rendering import rendered
from vitrina.errors import BadRequest

Report = Mapping[str, Any]

_FILTERS: Mapping[str, Callable[..., str]] = {
    "shown": figures.shown,
    "interval": figures.interval,
    "with_interval": figures.with_interval,
    "listed": listed,
    "shortened": shortened,
}


def model_card(
    template: str, *, train: Report, evaluate: Report | None, split: Report | None, told: ToldOfModel
) -> str:
    """The card as Markdown with its YAML block.

    `template` is Jinja's; text it prints is escaped, numbers come from the reports. `evaluate` None: the card says
    that nothing was measured yet; `split` None: that groups were not counted. Raises BadRequest where the reports do
    not belong together, or lack what the template prints.
    """
    from jinja2 import TemplateError

    try:
        _refuse_strangers(train, evaluate, split)
        title = " ".join((told.title or train["name"]).split())
        return rendered(
            template,
            filters=_FILTERS,
            front_matter=Markdown(model_front_matter(train, evaluate, title=title, told=told)),
            title=title,
            told=told,
            train=train,
            evaluate=evaluate,
            split=split,
            on_the_hub=base_model(train) is not None,
            entering=_of(train["preprocessing"], ("size", "fit", "grey")),
            changed=_of(train["preprocessing"], ("augment", "mixup", "progressive")),
            use=use_block(train, told),
            abstains=abstains(train),
            recipe=recipe_block(train["recipe"]),
            command=shell_block(train["command"]),
            overall=figures.overall_rows(evaluate) if evaluate else [],
            averaged=figures.averaged_rows(evaluate) if evaluate else [],
            columns=figures.each_columns(train["task"]),
            each=figures.each_rows(evaluate) if evaluate else [],
            limits=model_limits(train, evaluate),
        )
    except (KeyError, TemplateError) as error:
        raise BadRequest(
            "reports that hold what the card tells",
            f"{type(error).__name__}: {error}",
            "Run python -m training train, evaluate again with this version.",
        ) from error


def _of(settings: Report, names: tuple[str, ...]) -> dict[str, Any]:
    """Those of `names` that say something."""
    return {name: settings[name] for name in names if settings.get(name) or settings.get(name) is False}


def _refuse_strangers(train: Report, evaluate: Report | None, split: Report | None) -> None:
    fingerprint = train["input"]["fingerprint"]
    pairs = []
    if split is not None:
        pairs.append((fingerprint, split["fingerprint"], "a split_report.json of the split it was trained on", "train"))
    if evaluate is not None:
        measured = "an eval_results.json measured on the split it was trained on"
        pairs.append((fingerprint, evaluate["data"]["fingerprint"], measured, "evaluate"))
        same = "an eval_results.json of the model as it is now"
        pairs.append((train["revision"], evaluate["model"]["revision"], same, "evaluate"))
        pairs.append((train["task"], evaluate["task"], "an eval_results.json of the same task", "evaluate"))
    for wanted, found, expected, stage in pairs:
        if wanted != found:
            raise BadRequest(
                expected, f"{str(found)[:32]} instead of {str(wanted)[:32]}", f"Run python -m training {stage} again."
            )
