"""The card of a collection: front matter, then what the reports say of it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from vitrina.cards.files_section import files_section
from vitrina.cards.front_matter import Told, front_matter
from vitrina.cards.limits import known_limits
from vitrina.cards.markdown import Markdown
from vitrina.cards.rendering import rendered
from vitrina.errors import BadRequest

Report = Mapping[str, Any]


def data_card(template: str, *, collect: Report, clean: Report, split: Report, told: Told) -> str:
    """The card as Markdown with its YAML block.

    `template` is Jinja's; text it prints is escaped, numbers come from the three reports. Raises BadRequest where the
    reports do not belong together, or lack what the template prints.
    """
    from jinja2 import TemplateError

    _refuse_strangers(collect, clean, split)
    # A source is named with its kind: "folder:trashnet".
    title = " ".join((told.title or re.sub(r"^[a-z0-9_]+:", "", collect["source"]["name"])).split())
    try:
        return rendered(
            template,
            front_matter=Markdown(
                front_matter(split, title=title, told=told, relabelled=clean["counts"]["relabelled"])
            ),
            title=title,
            told=told,
            collect=collect,
            clean=clean,
            split=split,
            limits=known_limits(collect, clean, split),
            files=files_section(
                split["features"], targets=split["settings"].get("targets", ()), repo_id=told.repo_id
            ),
        )
    except (KeyError, TemplateError) as error:
        raise BadRequest(
            "reports that hold what the card tells",
            f"{type(error).__name__}: {error}",
            "Run python -m training collect, clean, split again with this version.",
        ) from error


def _refuse_strangers(collect: Report, clean: Report, split: Report) -> None:
    for earlier, later, stage in ((collect, clean, "clean"), (clean, split, "split")):
        if later["input"]["fingerprint"] != earlier["fingerprint"]:
            raise BadRequest(
                f"a {stage}_report.json made of the {earlier['stage']}_report.json beside it",
                f"fingerprint {str(later['input']['fingerprint'])[:12]} instead of {str(earlier['fingerprint'])[:12]}",
                f"Run python -m training {stage} again.",
            )
    for left, told, stage in (
        (collect.get("digest"), clean["input"].get("digest"), "clean"),
        (clean.get("digest"), split["input"].get("clean_digest"), "split"),
    ):
        # The same pictures may have got other labels since.
        if left is not None and told is not None and left != told:
            raise BadRequest(
                f"a {stage}_report.json made of labels, groups and columns as they are now",
                "one made before they changed",
                f"Run python -m training {stage} WORK again.",
            )
