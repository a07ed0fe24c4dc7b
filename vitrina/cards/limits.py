"""What a reader of the card should know before trusting the collection."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Report = Mapping[str, Any]


def known_limits(collect: Report, clean: Report, split: Report) -> list[str]:
    """Sentences computed from the reports, most telling first; every number in them stands in one of the reports."""
    answer = [*_classes(split), *_labels(clean), *_absent(collect, clean, split), *_balance(split)]
    return [sentence for sentence in answer if sentence]


def _classes(split: Report) -> list[str]:
    counts: Mapping[str, int] = split["totals"]["classes"]
    smallest = min(counts, key=lambda name: (counts[name], name))
    counted = "class, or highest target," if split["settings"].get("targets") else "class"
    answer = [f"The smallest {counted} is {smallest}: {counts[smallest]:,}."]
    few = split["small_classes"]
    if few["classes"]:
        said = ", ".join(f"{name} ({count:,})" for name, count in few["classes"].items())
        answer.append(
            f"Classes of fewer than {few['fewer_than']:,} pictures, for which a test says little: {said}."
        )
    for side, told in split["counts"].items():
        none = [name for name, count in told["classes"].items() if not count]
        if none:
            answer.append(f"No pictures in {side} of {', '.join(none)}.")
    return answer


def _labels(clean: Report) -> list[str]:
    relabelled = clean["counts"]["relabelled"]
    changed = f"; a person changed {relabelled:,}" if relabelled else ""
    answer = [f"Labels are those of the source{changed}."]
    review = clean["review"]
    if review["total"]:
        kinds = ", ".join(
            f"{name.replace('_', ' ')} {count:,}" for name, count in review["kinds"].items() if count
        )
        answer.append(
            f"Pictures with doubts that no person has looked into yet: {review['total']:,} ({kinds}); one picture may "
            "be doubtful in several ways."
        )
    if clean["settings"].get("remove", "near") != "near":
        answer.append("Near copies were not taken out; they lie on one side of the split.")
    return answer


def _absent(collect: Report, clean: Report, split: Report) -> list[str]:
    counts = collect["counts"]
    answer = []
    if counts["quarantined"]:
        reasons = ", ".join(
            f"{name.replace('_', ' ')} {count:,}" for name, count in collect["quarantine_reasons"].items()
        )
        answer.append(
            f"Files that could not be read as pictures, and are not in it: {counts['quarantined']:,} ({reasons})."
        )
    if counts["skipped"]:
        answer.append(f"Files or folders skipped by the reader: {counts['skipped']:,}.")
    out = [f"{reason} {count:,}" for reason, count in split["left_out_reasons"].items()]
    if out:
        answer.append(f"Pictures left out of the splits, by reason: {', '.join(out)}.")
    if clean["counts"]["irrelevant"]:
        answer.append(f"Pictures that a person took out: {clean['counts']['irrelevant']:,}.")
    return answer


def _balance(split: Report) -> list[str]:
    if split["class_weights"]:
        return ["Classes differ in size; weights for training stand in split_report.json."]
    balance = split["balance"]
    if not balance:
        return []
    if balance["kind"] == "undersample":
        return [
            f"Train is undersampled to at most {balance['to']:,} pictures a class; left out: "
            f"{balance['left_out']:,}. Shares of classes in train are not those of the source."
        ]
    return [
        f"Train is oversampled to at least {balance['to']:,} rows a class; rows that repeat a picture: "
        f"{balance['copies']:,} (balance_copy is true there). Shares of classes in train are not those of the source."
    ]
