"""The table of columns."""

from __future__ import annotations

from vitrina.cards.columns import column_table


def test_each_column_has_its_meaning() -> None:
    features = [
        {"name": "picture_id", "type": "string"},
        {"name": "smooth", "type": "float64"},
        {"name": "a|b`c", "type": "string"},
    ]
    assert column_table(features, targets=["smooth"]) == (
        "| column | type | what it is |\n"
        "| --- | --- | --- |\n"
        "| `picture_id` | `string` | SHA-256 of the file as it was collected, with whatever metadata it held then |\n"
        "| `smooth` | `float64` | a number to be predicted |\n"
        "| `abc` | `string` | as the source tells it |"
    )
